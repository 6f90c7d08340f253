"""Feedback pages as the zip that Moodle takes back."""

import json
import zipfile

import pytest

from autograder.__main__ import main

STUDENTS = {"ada": ("9001", "Ada_Lovelace / Ltd"), "grace": ("9002", "Grace Hopper"), "eve": None}


@pytest.fixture
def made(known):
    """A course in which three have a page, and Moodle numbered two of them."""
    lines = []
    for student, about in STUDENTS.items():
        for folder, name in ((known.feedback, "tiny.html"), (known.autograded, "tiny.ipynb")):
            path = folder / student / "01_tiny" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"the page of {student}")
        if about:
            who = dict(student=student, assignment="01_tiny", source="Moodle")
            lines.append(json.dumps(who | dict(number=about[0], name=about[1])))
    known.submitted.mkdir(parents=True, exist_ok=True)
    (known.submitted / ".collected.jsonl").write_text("\n".join(lines) + "\n{cut off")
    return known


def as_moodle_reads(path):
    """participant's number → {file: text}, by the rule of Moodle's importziplib.php."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            folder, _, file = name.partition("/")
            fullname, number, kind, plugin, rest = folder.split("_", 4)
            assert fullname and number.isdigit() and (kind, plugin) == ("assignsubmission", "file")
            assert rest == "" and "/" not in file
            found.setdefault(number, {})[file] = archive.read(name).decode()
    return found


def test_moodle_finds_each_student_by_the_number(made, tmp_path):
    from autograder.report.feedback_zip import write_zip
    from autograder.report.lms import moodle_numbers

    path = tmp_path / "back.zip"
    assert write_zip(made, "01_tiny", path, moodle_numbers(made)) == (2, ["eve"])
    assert as_moodle_reads(path) == {
        "9001": {"tiny.html": "the page of ada"},
        "9002": {"tiny.html": "the page of grace"},
    }
    before = path.read_bytes()
    write_zip(made, "01_tiny", path, moodle_numbers(made))
    assert path.read_bytes() == before


def test_what_moodle_takes_is_a_zip(made, capsys):
    assert main(["feedback", "01_tiny", "--moodle", "back.tar", "--course", str(made.root)]) != 0
    assert "call it back.tar.zip" in capsys.readouterr().err


def test_without_numbers_it_says_what_to_do(made, tmp_path):
    from autograder.course import Trouble
    from autograder.report.feedback_zip import write_zip

    with pytest.raises(Trouble, match="autograder collect"):
        write_zip(made, "01_tiny", tmp_path / "back.zip", {})
    assert not (tmp_path / "back.zip").exists()
