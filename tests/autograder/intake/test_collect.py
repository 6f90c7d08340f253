"""From a folder, the nbgrader exchange, a Moodle or Canvas zip into submitted/STUDENT/ASSIGNMENT/."""

import pytest

from autograder.course import Submission, Trouble
from autograder.intake import read
from autograder.intake.registry import FILE

from .conftest import MASTER, ONE, book, collect, ids, there, zipped


def told(taken):
    return [(one.student, one.assignment, one.trouble) for one in taken]


@pytest.mark.parametrize(
    "path",
    [
        "ada/01_tiny/tiny.ipynb",
        "01_tiny/ada/tiny.ipynb",
        "01_tiny/ada_tiny.ipynb",
        "ada/tiny.ipynb",
        "ada_tiny.ipynb",
        "ada_homework.ipynb",
        "ada/01_tiny/draft/tiny.ipynb",
        "ada/homework 1.ipynb",
        "inbound/ada+01_tiny+2026-02-03 10:11:12.5 UTC+Xy_9-z/tiny.ipynb",
        "ada+01_tiny+2026-02-03 10:11:12.5 UTC/tiny.ipynb",
    ],
)
@pytest.mark.parametrize("how", ["folder", "zip"])
def test_each_layout_is_known(course, paper, lay, pack, path, how):
    data = paper.bytes()
    source = lay({path: data}) if how == "folder" else pack({path: data})
    (one,) = collect(course, source)
    assert told([one]) == [("ada", ONE, None)]
    assert one.path == course.submitted / "ada" / ONE
    assert (one.path / "tiny.ipynb").read_bytes() == data
    (sheet,) = read(course, Submission("ada", ONE, one.path))
    assert ids(sheet) == MASTER and sheet.notes == []
    expected = "2026-02-03T10:11:12+00:00" if "+" in path else None
    assert sheet.timestamp == expected


MOODLE = {
    "Ada King_1234_assignsubmission_file_/tiny.ipynb": "Ada-King",
    "Ada King_1234_assignsubmission_file/tiny.ipynb": "Ada-King",
    "Ada King_1234_assignsubmission_file_tiny.ipynb": "Ada-King",
    "submissions/Zoë Ångström-Ng_77_assignsubmission_file_/sub/tiny.ipynb": "Zoë-Ångström-Ng",
    "Teilnehmer_77_assignsubmission_file_/answers.ipynb": "Teilnehmer",
}
CANVAS = {
    "kingada_12345_67890_tiny.ipynb": "kingada",
    "kingada_LATE_12345_67890_tiny.ipynb": "kingada",
    "kingada_12345_67890_tiny-2.ipynb": "kingada",
    "submissions/ångströmzoë_1_2_my_own_name.ipynb": "ångströmzoë",
    "anon_a1B2c_67890_tiny.ipynb": "anon-a1B2c",
    "LATE_anon_a1B2c_67890_tiny.ipynb": "anon-a1B2c",
}


@pytest.mark.parametrize("path", [*MOODLE, *CANVAS])
@pytest.mark.parametrize("inside", [False, True], ids=["plain", "in a zip"])
def test_the_names_of_the_lms_are_known(course, paper, pack, path, inside):
    files = {path: paper.bytes()}
    if inside:
        files = {path[:-6] + ".zip": zipped({"work/tiny.ipynb": paper.bytes()})}
    (one,) = collect(course, pack(files))
    assert told([one]) == [({**MOODLE, **CANVAS}[path], ONE, None)]
    assert one.source == ("Moodle" if path in MOODLE else "Canvas")
    assert there(course) == [f"{one.student}/{ONE}/tiny.ipynb"]
    assert ("late" in one.note) == ("LATE" in path)
    if "LATE" not in path and "anon" not in path:
        assert one.number in ("1234", "77", "12345", "1")


def test_a_whole_class_with_what_else_is_in_such_archives(course, paper, pack):
    data = paper.bytes()
    files = {
        "Ada King_1_assignsubmission_file_/tiny.ipynb": data,
        "Ada King_2_assignsubmission_file_/tiny.ipynb": data,
        "Bob_3_assignsubmission_file_/tiny.ipynb": data,
        "Bob_3_assignsubmission_file_/essay.pdf": b"%PDF",
        "Bob_3_assignsubmission_file_/torch.py": b"raise SystemExit",
        "Bob_3_assignsubmission_file_/timestamp.txt": b"1999-01-01 00:00:00 UTC",
        "Bob_3_assignsubmission_file_/.ipynb_checkpoints/tiny-checkpoint.ipynb": data,
        "Grading worksheet_HW 1.csv": b"a,b",
        "__MACOSX/Bob_3_assignsubmission_file_/._tiny.ipynb": b"\0",
        "Cleo_4_assignsubmission_onlinetext_/onlinetext.html": b"<p>later</p>",
    }
    taken = collect(course, pack(files), ONE)
    assert told(taken) == [
        ("Ada-King-1", ONE, None),
        ("Ada-King-2", ONE, None),
        ("Bob", ONE, None),
        ("Cleo", ONE, None),
    ]
    assert there(course) == [
        "Ada-King-1/01_tiny/tiny.ipynb",
        "Ada-King-2/01_tiny/tiny.ipynb",
        "Bob/01_tiny/essay.pdf",
        "Bob/01_tiny/tiny.ipynb",
        "Cleo/01_tiny/onlinetext.html",
    ]
    bob = taken[2]
    assert "torch.py was left out" in bob.note and "timestamp.txt was left out" in bob.note
    assert (course.submitted / FILE).read_text().count("\n") == 4


def test_of_canvas_the_newest_file_counts(course, paper, pack):
    old, new = book(paper, "old"), book(paper, "new")
    collect(course, pack({"kingada_1_20_tiny-1.ipynb": new, "kingada_1_9_tiny.ipynb": old}))
    assert (course.submitted / "kingada" / ONE / "tiny.ipynb").read_bytes() == new


def test_of_the_exchange_the_newest_submission_counts(course, paper, lay):
    old, new = book(paper, "old"), book(paper, "new")
    source = lay(
        {
            "bo+b+01_tiny+2026-02-03 10:00:00 UTC+a/tiny.ipynb": new,
            "bo+b+01_tiny+2026-02-03 09:00:00 UTC+b/tiny.ipynb": old,
            "eve+09_other+2026-02-03 09:00:00 UTC+b/tiny.ipynb": old,
        }
    )
    one, other = collect(course, source)
    assert one.student == "bo+b" and "Handed in 2 times" in one.note
    assert (one.path / "tiny.ipynb").read_bytes() == new
    assert (one.path / "timestamp.txt").read_text() == "2026-02-03 10:00:00 UTC"
    assert told([other]) == [("eve", None, "there is no assignment 09_other in this course.")]


def test_nbgraders_own_submit_is_understood(course, paper, tmp_path):
    """What `nbgrader submit` writes is collected with its time."""
    from nbgrader.auth import Authenticator
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange.default import ExchangeSubmit
    from traitlets.config import Config

    inbound = tmp_path / "exchange" / course.course_id / "inbound"
    released = tmp_path / "exchange" / course.course_id / "outbound" / ONE
    work = tmp_path / "work" / ONE
    for folder in (inbound, released, work):
        folder.mkdir(parents=True)
    for folder in (released, work):
        (folder / "tiny.ipynb").write_bytes(paper.bytes())
    inbound.chmod(0o733)
    config = Config()
    config.Exchange.root = str(tmp_path / "exchange")
    config.Exchange.cache = str(tmp_path / "cache")
    config.Exchange.assignment_dir = str(work.parent)
    config.CourseDirectory.course_id = course.course_id
    where = CourseDirectory(config=config)
    where.assignment_id, where.student_id = ONE, "ada"
    inbound.parent.chmod(0o755)
    ExchangeSubmit(coursedir=where, config=config, authenticator=Authenticator()).start()
    (one,) = collect(course, tmp_path / "exchange")
    assert told([one]) == [("ada", ONE, None)] and one.source == "nbgrader"
    (sheet,) = read(course, Submission("ada", ONE, one.path))
    assert sheet.timestamp.startswith("20") and ids(sheet) == MASTER


def test_an_earlier_different_one_is_kept_aside_and_the_same_one_left(course, paper, lay):
    first, second = book(paper, "1"), book(paper, "2")
    source = lay({"ada/tiny.ipynb": first})
    collect(course, source)
    (one,) = collect(course, source)
    assert one.note == "It was there already." and there(course) == ["ada/01_tiny/tiny.ipynb"]
    (one,) = collect(course, lay({"ada/tiny.ipynb": second}))
    assert "kept as 01_tiny.earlier-1" in one.note
    assert (course.submitted / "ada" / ONE / "tiny.ipynb").read_bytes() == second
    assert (course.submitted / "ada" / f"{ONE}.earlier-1" / "tiny.ipynb").read_bytes() == first
    assert [s.folder.name for s in course.submissions([ONE])] == [ONE]


def test_one_that_is_newer_stays(course, paper, lay):
    old, new = book(paper, "old"), book(paper, "new")
    collect(course, lay({f"ada+{ONE}+2026-02-03 10:00:00 UTC/tiny.ipynb": new}, "a"))
    (one,) = collect(course, lay({f"ada+{ONE}+2026-02-02 10:00:00 UTC/tiny.ipynb": old}, "b"))
    assert "is newer, and stays" in one.note
    assert (course.submitted / "ada" / ONE / "tiny.ipynb").read_bytes() == new


def test_a_dry_run_says_the_same_and_writes_nothing(course, paper, pack):
    source = pack({"ada/tiny.ipynb": paper.bytes(), "bob/x.ipynb": b"no"})
    dry = collect(course, source, dry_run=True)
    assert not course.submitted.exists()
    assert dry == collect(course, source) and len(there(course)) == 1


def test_only_the_wanted_assignment_is_taken(course, paper, lay):
    source = lay({"ada/01_tiny/tiny.ipynb": paper.bytes(), "ada/02_other/x.ipynb": b"{}"})
    taken = collect(course, source, ONE)
    assert [one.student for one in taken if not one.trouble] == ["ada"]
    with pytest.raises(Trouble, match="there is no assignment 03"):
        collect(course, source, "03")


def test_what_does_not_say_which_assignment_it_is_is_a_sentence(course, lay):
    (one,) = collect(course, lay({"ada/x.ipynb": b"{}"}))
    assert one.trouble == "ada/x.ipynb does not say which assignment it is: name one."
    assert told(collect(course, lay({}), ONE)) == [("ada", ONE, None)]


def test_writing_is_all_or_nothing(course, paper, lay, monkeypatch):
    from autograder.intake import delivery

    first = book(paper, "1")
    collect(course, lay({"ada/tiny.ipynb": first}))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(delivery.os, "fsync", full)
    (one,) = collect(course, lay({"ada/tiny.ipynb": book(paper, "2"), "ada/b.txt": b""}))
    assert "No space left" in one.trouble and one.path is None
    assert there(course) == ["ada/01_tiny/tiny.ipynb"]
    assert (course.submitted / "ada" / ONE / "tiny.ipynb").read_bytes() == first
