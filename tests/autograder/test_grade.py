"""Submissions come into the gradebook; a bad one stops no other; what was done is not done again."""

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from autograder.record.journal import Journal
from autograder.report import reasons, scores

RIGHT = dict(double="def double(x):\n    return x + x", half="def half(x):\n    return x / 2")
WRONG = dict(RIGHT, double="def double(x):\n    return x * x")  # right for 2, as the visible test

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def same_grader(monkeypatch):
    """What is graded again does not hang on whether somebody works on the grader meanwhile."""
    monkeypatch.setattr("autograder.record.journal.environment", lambda course: "the same")


def edit(path, change):
    nb = nbformat.read(path, as_version=4)
    change(nb.cells)
    nbformat.write(nb, path)


def points(course):
    return {row["student"]: row["score"] for row in scores(course)}


def nbgrader(course, *args):
    """nbgrader's own command, as from a shell in which no environment is activated."""
    env = {**os.environ, "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "nbgrader", *args]
    done = subprocess.run(command, cwd=course.root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_a_class_of_many_kinds(course, hand_in, autograder):
    """One run, all that can be seen in it: scores, reasons, files, a second run."""
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write("\nc.Execute.timeout = 5\n")
    hand_in("right", **RIGHT)
    hand_in("wrong", **WRONG)
    hand_in("hangs", **dict(RIGHT, double="def double(x):\n    while True:\n        pass"))
    hand_in("dies", **dict(RIGHT, half="import os\nos._exit(1)"))
    hand_in("empty")
    hand_in("half", double=RIGHT["double"])
    hand_in("syntax", **dict(RIGHT, double="def double(x)\n    return x + x"))
    noisy = "def half(x):\n    import sys\n    print(1, file=sys.stderr)\n    return x / 2"
    hand_in("noisy", **dict(RIGHT, half=noisy))
    edit(hand_in("cheat", double="double = None"), lambda cells: cells[2].update(source="pass"))
    edit(hand_in("deleted", **RIGHT), lambda cells: cells.pop(2))
    edit(
        hand_in("twice", **RIGHT),
        lambda cells: cells.append(nbformat.from_dict({**cells[1], "id": "2"})),
    )
    edit(hand_in("gutted", **RIGHT), lambda cells: cells.__delitem__(slice(1, 3)))
    hand_in("garbage").write_text('{"cells": [')
    hand_in("nothing").unlink()

    status, out, err = autograder("grade", "--all")
    assert status == 1 and "2 could not be graded" in err
    assert points(course) == dict(
        right=3,
        wrong=1,
        hangs=1,
        dies=2,  # nbgrader: 0, and the run ends with an error
        empty=0,
        half=2,
        syntax=1,
        noisy=3,  # nbgrader: 2, for a word on stderr costs the points
        cheat=0,
        deleted=3,
        twice=3,  # nbgrader stumbles over this one and the next
        gutted=1,
        garbage=0,
        nothing=0,
    )

    def why(student):
        return reasons(course, student, "01_tiny")

    assert why("right") == why("noisy") == why("deleted") == []
    assert why("wrong") == ["double-test: double(3) is 6"]
    assert why("empty") == ["double, half: not answered"]
    assert why("half") == ["half: not answered"]
    assert why("syntax")[0].startswith("double: SyntaxError: expected ':'")
    line = {row.split()[0]: row for row in out.splitlines() if row.split()}
    assert "3/3" in line["right"] and "1/3" in line["wrong"]
    assert "double-test: double(3) is 6" in line["wrong"]
    assert "not graded" in line["garbage"] and "not graded" in line["nothing"]
    assert "flag:" in out
    assert "12 of 14 submissions are graded" in out
    waiting = {row["student"] for row in scores(course) if row["needs_manual_grade"]}
    assert waiting == {"garbage", "nothing"}

    # Again: nothing is left to do; what is handed in again is graded again, and nothing else.
    graded = course.autograded / "right" / "01_tiny" / "tiny.ipynb"
    before = graded.stat().st_mtime_ns
    assert autograder("grade", "01_tiny")[0] == 1
    assert graded.stat().st_mtime_ns == before
    hand_in("wrong", **RIGHT)
    status, out, _ = autograder("grade", "01_tiny", "--student", "wrong", "--student", "right")
    assert status == 0 and "2 of 2" in out
    assert points(course)["wrong"] == 3 and graded.stat().st_mtime_ns == before
    log = (course.root / "autograder" / "grade.log").read_text()
    assert "wrong  01_tiny  1/3" in log and "wrong  01_tiny  3/3" in log

    # Report and feedback.
    status, out, _ = autograder("report")
    assert "double, half: not answered" in out
    with open(course.root / "autograder" / "scores.csv", newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert (float(rows["half"]["score"]), float(rows["half"]["max_score"])) == (2, 3)
    page = course.feedback / "half/01_tiny/tiny.html"
    page.unlink()
    assert autograder("feedback", "--student", "half")[0] == 0
    assert "tiny: 2 of 3 points" in page.read_text()

    # The source's cells cannot change under graded submissions.
    edit(course.solutions / "01_tiny" / "tiny.ipynb", lambda cells: cells.pop())
    status, _, err = autograder("grade", "01_tiny", "--again")
    assert status == 1 and "graded cells were added, removed or renamed after submissions" in err
    assert points(course)["right"] == 3


def test_stock_nbgrader_gives_the_same_on_the_same_folders(course, hand_in, autograder):
    hand_in("right", **RIGHT)
    hand_in("wrong", **WRONG)
    hand_in("empty")
    assert autograder("grade", "--all")[0] == 0
    ours = points(course)
    released = (course.exercises / "01_tiny" / "tiny.ipynb").read_bytes()
    course.gradebook.unlink()
    shutil.rmtree(course.autograded)

    nbgrader(course, "generate_assignment", "01_tiny", "--force")
    assert (course.exercises / "01_tiny" / "tiny.ipynb").read_bytes() == released
    nbgrader(course, "autograde", "01_tiny")
    assert points(course) == ours == dict(right=3, wrong=1, empty=0)
    nbgrader(course, "generate_feedback", "01_tiny")
    assert (course.feedback / "wrong" / "01_tiny" / "tiny.html").exists()
    nbgrader(course, "export", "--to", "grades.csv")
    with open(course.root / "grades.csv", newline="", encoding="utf-8") as file:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)} == ours
    assert "right" in nbgrader(course, "db", "student", "list")
    right = course.submitted / "right" / "01_tiny" / "tiny.ipynb"
    assert "Success" in nbgrader(course, "validate", str(right))
    wrong = course.submitted / "empty" / "01_tiny" / "tiny.ipynb"
    assert "VALIDATION FAILED" in nbgrader(course, "validate", str(wrong))


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(course, hand_in):
    hand_in("a", **RIGHT)
    for name in "bc":
        hand_in(name, **dict(RIGHT, double="import time; time.sleep(50)"))
    command = [sys.executable, "-m", "autograder", "grade", "--all", "--course", str(course.root)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + 300
    while not Journal(course).entries and time.monotonic() < until:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the group
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "What was graded is in the gradebook" in err and "Traceback" not in err
    assert {student for student, _ in Journal(course).entries} == {"a"}
    assert points(course)["a"] == 3 and "3/3" in out
    until = time.monotonic() + 30
    while left(process.pid) and time.monotonic() < until:
        time.sleep(0.2)
    assert left(process.pid) == []


def left(session):
    """The processes of this session that are still there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(path.parent.name))
    return found


def test_limits_are_set_in_the_courses_own_file(course, hand_in, autograder):
    config = course.root / "nbgrader_config.py"
    before = config.read_text()
    config.write_text(f"{before}\nc.Limits.test = 2\n")
    slow = "import time\ndef double(x):\n    time.sleep(600)"
    hand_in("slow", **dict(RIGHT, double=slow))
    status, out, _ = autograder("grade", "--all")
    assert status == 0 and points(course)["slow"] == 1
    assert "double-test: the test took longer than 2 s" in " ".join(out.split())
    for line, why in (
        ("c.Limits.totl = 5", "there is no c.Limits.totl; there are cell, test, total,"),
        ("c.Limits.total = '5'", "c.Limits.total must be a number above 0, not '5'"),
        ("c.Limits.memory = 0", "c.Limits.memory must be a number above 0, not 0"),
        ("c.Limits.pictures = 1", "c.Limits.pictures must be True or False, not 1"),
    ):
        config.write_text(f"{before}\n{line}\n")
        status, _, said = autograder("grade", "--all")
        assert status == 1 and f"nbgrader_config.py: {why}" in said, said
