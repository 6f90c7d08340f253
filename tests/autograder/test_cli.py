"""The command line: it teaches, and bad input gets one clear sentence and an exit status of not 0."""

import csv
import os
import sqlite3
import subprocess
import sys

import pytest

from autograder.__main__ import HELP, main
from autograder.model import Flag


@pytest.mark.parametrize("command", [None, *HELP])
def test_help_teaches_on_every_command(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"] if command else ["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert len(said) >= 300
    if command is None:
        assert all(name in said for name in HELP) and "docs/instructors.md" in said
    else:
        assert f"examples:\n  autograder {command}" in said


def test_python_m_autograder_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "--help"], capture_output=True, text=True, check=True
    )
    assert "usage: autograder" in done.stdout


@pytest.mark.parametrize(
    "args", [["grade", "--all"], ["release"], ["doctor"], ["report"], ["demo"]]
)
def test_outside_the_course_folder(args, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(args) == 1
    said = capsys.readouterr().err
    assert "is not in a course" in said and "--course" in said and said.count("\n") == 1


def test_below_the_course_folder_it_finds_the_course(course, monkeypatch, capsys):
    monkeypatch.chdir(course.solutions / "01_tiny")
    assert main(["release", "--check"]) == 0


def test_a_configuration_that_does_not_run(course, autograder):
    (course.root / "nbgrader_config.py").write_text("c = get_config()\nc.x = 1 / 0\n")
    status, _, err = autograder("release")
    assert status == 1 and "nbgrader_config.py does not run: division by zero" in err


@pytest.mark.parametrize("command", ["grade", "release", "report", "feedback"])
def test_an_unknown_assignment(course, hand_in, autograder, command):
    hand_in("ann")
    course.gradebook.write_bytes(b"")
    status, _, err = autograder(command, "01_tiyn")
    assert status == 1 and "there is no assignment 01_tiyn: did you mean 01_tiny?" in err


def test_a_course_without_assignments(course, autograder):
    (course.solutions / "01_tiny" / "tiny.ipynb").unlink()
    for command in ("release", "feedback"):
        status, _, err = autograder(command)
        assert status == 1 and "there is no assignment in" in err


def test_grade_wants_to_know_what(course, hand_in, autograder):
    hand_in("ann")
    status, _, err = autograder("grade")
    assert status == 1 and "Name assignments, or say --all. Handed in so far: 01_tiny 1" in err


def test_no_submissions(autograder):
    status, _, err = autograder("grade", "01_tiny")
    assert status == 1
    assert "put submissions into autograder/submitted/STUDENT/01_tiny/" in err


def test_a_student_who_handed_in_nothing(hand_in, autograder):
    hand_in("ann")
    status, _, err = autograder("grade", "--all", "--student", "bob")
    assert status == 1 and "bob handed in nothing" in err


def test_report_and_feedback_before_anything_is_graded(hand_in, autograder):
    hand_in("ann")
    for command in ("report", "feedback"):
        status, _, err = autograder(command)
        assert status == 1 and "run `autograder grade` first" in err


def test_a_gradebook_that_is_none(course, hand_in, autograder):
    hand_in("ann")
    course.gradebook.write_text("these are my notes, in a file of the wrong name " * 20)
    for command in (["grade", "--all"], ["report"]):
        status, _, err = autograder(*command)
        assert status == 1 and "gradebook.db is not a gradebook" in err
    assert "my notes" in course.gradebook.read_text()


def test_a_gradebook_that_is_locked(course, hand_in, autograder, monkeypatch):
    for name in (
        "nbgrader_api.PATIENCE",
        "record.gradebook.IMPATIENCE",
        "grade.PAUSE",
        "grade.WAIT",
    ):
        monkeypatch.setattr(f"autograder.{name}", 0.1)
    hand_in("ann")
    with sqlite3.connect(course.gradebook) as other:
        other.execute("create table x (y)")
        other.commit()
        other.execute("begin exclusive")
        status, _, err = autograder("grade", "--all")
        other.rollback()
    assert status == 1 and "gradebook.db is locked: another program is writing to it" in err
    assert "Waiting for it; nothing is lost." in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("grade 01_tiny --all", "either name assignments or say --all, not both"),
        ("grade --all --workers 0", "0 workers grade nothing"),
        ("grade --all --workers -3", "-3 workers grade nothing"),
        ("grade 1_tiny", "there is no assignment 1_tiny: did you mean 01_tiny?"),
        ("grade zzz", "there is no assignment zzz: known: 01_tiny"),
        ("grade --all --student bob", "bob handed in nothing"),
        ("grade --all --student ../ann", "../ann handed in nothing"),
        ("release --bundle x.tar", "the bundle is a zip: call it x.tar.zip"),
        ("release --bundle x.zip --check", "leave out --check and --force"),
        ("release --bundle x.zip --force", "leave out --check and --force"),
        ("release --bundle x.zip", "is missing in"),
        ("release 01_tiyn --bundle x.zip", "did you mean 01_tiny?"),
        ("collect gone.zip", "gone.zip is not there"),
        ("collect . --assignment 01_tiyn", "did you mean 01_tiny?"),
        ("report --roster r.csv", "Say --format canvas or --format moodle"),
        ("report --format canvas --roster gone.csv", "gone.csv cannot be read: No such file"),
        ("report --format canvas --roster r.csv --csv r.csv", "r.csv is the roster"),
        ("report --csv x --html x", "--csv and --html are the same file"),
        ("report --csv no/such/folder/x.csv", "x.csv cannot be written: No such file"),
        ("report --html no/such/folder/x.html", "x.html cannot be written: No such file"),
        ("report --csv .", "cannot be written"),
        ("report 01_tiyn", "did you mean 01_tiny?"),
        ("feedback --student bob", "bob handed in nothing"),
    ],
)
def test_bad_input_gets_one_sentence(
    course, hand_in, graded, autograder, monkeypatch, tmp_path, args, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.csv").write_text("Student,ID,SIS User ID,SIS Login ID,Section\n")
    graded("ann")
    status, _, err = autograder(*args.split())
    assert status == 1 and said in err and err.count("\n") == 1, err
    assert err.startswith("autograder: ")


@pytest.mark.parametrize(
    "args",
    ["", "grad", "grade --all --workers two", "collect", "report --format excel", "release --chek"],
)
def test_what_cannot_be_understood_shows_how_it_is_said(args, capsys):
    with pytest.raises(SystemExit) as ended:
        main(args.split())
    assert ended.value.code == 2 and "usage: autograder" in capsys.readouterr().err


def test_report_writes_table_csv_and_class_page(course, graded, autograder):
    graded("ann")
    graded("bob", first=2.0, flags=[Flag("torch.optim called", "double calls torch.optim.SGD.")])
    status, out, _ = autograder("report")
    assert status == 0
    assert "ann      01_tiny       1/3  double-test: double(3) is 6" in out
    assert "flag: double calls torch.optim.SGD." in out
    rows = list(csv.reader(open(course.root / "autograder" / "scores.csv", newline="")))  # noqa: SIM115
    assert rows[1:] == [
        ["ann", "01_tiny", "1", "3", "False", "double-test: double(3) is 6"],
        ["bob", "01_tiny", "3", "3", "False", ""],
    ]
    page = (course.root / "autograder" / "report.html").read_text()
    for words in ("squares, not doubles", "1 of 2", "torch.optim called", "stand-in 2"):
        assert words in page


def test_what_could_not_be_graded_is_said_in_report(course, graded, autograder):
    graded("dan", verdict="tiny.ipynb is empty.")
    status, out, _ = autograder("report", "--format", "canvas")
    assert status == 0 and "not graded" in out and "tiny.ipynb is empty." in out
    text = (course.root / "autograder" / "scores-canvas.csv").read_text()
    assert text.splitlines()[-1] == "dan,,,dan,,"
    assert "tiny.ipynb is empty." in (course.root / "autograder" / "report.html").read_text()


def test_report_fills_in_a_roster(course, graded, autograder, tmp_path):
    graded("lovelaceada")
    graded("eve")
    log = course.submitted / ".collected.jsonl"
    log.write_text(
        '{"student": "eve", "assignment": "01_tiny", "source": "Canvas", "number": "7"}\n{"stud'
    )
    roster, out = tmp_path / "r.csv", tmp_path / "out.csv"
    head = "Student,ID,SIS User ID,SIS Login ID,Section\n"
    roster.write_text(f'{head}"Lovelace, Ada",1,,al,A\n"Smith, E",7,,es,A\n')
    args = ("report", "--format", "canvas", "--roster", str(roster), "--csv", str(out))
    status, _, err = autograder(*args)
    assert status == 0 and err == ""
    assert out.read_text().splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,01_tiny",
        "    Points Possible,,,,,3",
        '"Lovelace, Ada",1,,al,A,1',
        '"Smith, E",7,,es,A,1',
    ]
    graded("mallory")
    status, _, err = autograder(*args)
    assert status == 1 and err == "autograder: not in r.csv: mallory.\n"


def test_feedback_writes_the_pages_anew(course, graded, autograder):
    graded("ann")
    page = course.feedback / "ann" / "01_tiny" / "tiny.html"
    page.unlink()
    status, out, _ = autograder("feedback", "--student", "ann")
    assert status == 0 and "1 of 1 pages" in out and "double(3) is 6" in page.read_text()


def test_collect_takes_a_folder_in(course, autograder, tmp_path):
    inbox = tmp_path / "inbox"
    (inbox / "ann").mkdir(parents=True)
    (inbox / "bob").mkdir()
    (inbox / "ann" / "tiny.ipynb").write_bytes(
        (course.exercises / "01_tiny" / "tiny.ipynb").read_bytes()
    )
    (inbox / "bob" / "essay.txt").write_text("sorry")
    status, out, err = autograder("collect", str(inbox), "--dry-run")
    assert (
        status == 1
        and "1 of 2 submissions would be taken." in out
        and "1 could not be taken" in err
    )
    assert not (course.submitted / "ann").exists()
    status, out, _ = autograder("collect", str(inbox))
    assert "1 of 2 submissions are in" in out and "Next: `autograder grade --all`." in out
    assert (course.submitted / "ann" / "01_tiny" / "tiny.ipynb").exists()


def test_an_empty_source_is_said(autograder, tmp_path):
    (tmp_path / "inbox").mkdir()
    status, _, err = autograder("collect", str(tmp_path / "inbox"))
    assert status == 1 and "looks like something that was handed in" in err


def test_a_dry_run_says_what_would_be_graded(course, graded, hand_in, autograder):
    hand_in("ann")
    status, out, _ = autograder("grade", "--all", "--dry-run")
    assert status == 0 and "ann" in out and "1 would be graded; 0 are graded" in out
    assert not (course.autograded / "ann").exists()


@pytest.mark.parametrize("command", ["grade --all", "feedback", "report", "collect ."])
def test_ctrl_c_says_what_is_kept(course, graded, autograder, monkeypatch, command):
    graded("ann")

    def stop(*_, **__):
        raise KeyboardInterrupt

    for name in (
        "autograder.grade.grade",
        "autograder.record.feedback",
        "autograder.report.results",
        "autograder.intake.collect",
    ):
        monkeypatch.setattr(name, stop)
    status, _, err = autograder(*command.split())
    assert status == 130 and "stopped." in err and err.strip().endswith(".")


def test_our_own_mistake_is_one_sentence_too(course, graded, autograder, monkeypatch):
    graded("ann")
    monkeypatch.setattr("autograder.report.results", lambda *_: 1 / 0)
    status, _, err = autograder("report")
    assert status == 1 and "ZeroDivisionError: division by zero. This should not happen" in err


def test_a_reader_that_has_seen_enough(course, graded):
    """autograder report | head -1"""
    graded("ann")
    code = (
        f"from autograder.__main__ import main; main(['report', '--course', {str(course.root)!r}])"
    )
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert b"Traceback" not in done.stderr
