"""Interrupted, crowded out, locked out: nothing is lost, and nothing is done twice.

With a fake judge, so that all that is around it can be tried often.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.course import Course, Submission, Trouble
from autograder.grade import grade
from autograder.record.journal import Journal, Spool
from tests.support import fake_judge
from tests.support.processes import alive, children
from tests.support.recording import change, hand_in, rows

ROOT = Path(__file__).resolve().parents[2]
RIGHT = dict(double="def double(x):\n    return x + x", half="def half(x):\n    return x / 2")
WRONG = dict(RIGHT, double="def double(x):\n    return x * x")


@pytest.fixture(autouse=True)
def same_grader(monkeypatch):
    """What is graded again does not hang on whether somebody works on the grader meanwhile."""
    monkeypatch.setattr("autograder.record.journal.environment", lambda course: "the same")


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """ran() → the students whose notebooks were run, in order, since it was last asked."""
    path = tmp_path / "ran"
    monkeypatch.setenv("FAKE_JUDGE_LOG", str(path))

    def ran():
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [json.loads(line)[0] for line in lines]

    return ran


def run(course, **options):
    """student → Outcome."""
    submissions = course.submissions(course.assignments)
    settings = dict(read=fake_judge.read, work=fake_judge.work, begin=None)
    with ThreadPoolExecutor(2) as threads:
        settings["executor"] = threads
        return {
            one.submission.student: one
            for one in grade(course, submissions, **{**settings, **options})
        }


def test_a_class_is_graded_once(known, ran):
    hand_in(known, "right", **RIGHT)
    hand_in(known, "wrong", **WRONG)
    hand_in(known, "broken")
    (known.submitted / "broken" / "01_tiny" / "tiny.ipynb").write_text("{")
    found = run(known)
    assert sorted(ran()) == ["right", "wrong"]
    assert found["right"].graded and found["right"].why == [] and found["right"].fresh
    assert found["wrong"].why == ["double-test: double(3) is 6"]
    assert found["wrong"].tier == "fake" and found["wrong"].seconds > 0
    assert not found["broken"].graded and "cannot be read" in found["broken"].why[0]
    assert (
        sum("None" in row for row in rows(known)["grades"]) == 6
    )  # nothing by hand; two: no score
    again = run(known)
    assert ran() == [] and not any(one.fresh for one in again.values())
    assert {k: (v.graded, v.why, v.tier) for k, v in again.items()} == {
        k: (v.graded, v.why, v.tier) for k, v in found.items()
    }
    log = (known.autograded.parent / "grade.log").read_text()
    assert "wrong  01_tiny  1/3" in log and "broken  01_tiny  not graded: tiny.ipynb" in log
    assert "ended: 3 of 3" in log


def test_only_what_changed_is_graded_again(known, ran):
    for name in "abc":
        hand_in(known, name, **WRONG)
    run(known)
    ran()
    hand_in(known, "b", **RIGHT)
    found = run(known)
    assert ran() == ["b"] and found["b"].why == [] and found["b"].fresh
    path = known.solutions / "01_tiny" / "tiny.ipynb"
    path.write_text(path.read_text().replace("double(3) is 6", "double(3) is six"))
    found = run(known)
    assert sorted(ran()) == list("abc") and "is six" in found["a"].why[0]
    run(known, again=True)
    assert sorted(ran()) == list("abc")
    run(known, limits={"cell": 1})
    assert sorted(ran()) == list("abc")


@pytest.mark.parametrize("lost", ["gradebook", "graded notebooks", "one row"])
def test_what_was_taken_away_is_graded_again(known, ran, lost):
    for name in "ab":
        hand_in(known, name, **RIGHT)
    run(known)
    ran()
    if lost == "gradebook":
        known.gradebook.unlink()
    elif lost == "graded notebooks":
        shutil.rmtree(known.autograded / "a")
    else:
        change(known, "update submitted_assignment set id = 'other' where student_id = 'a'")
        change(known, "delete from submitted_assignment where student_id = 'a'")
        change(known, "delete from submitted_notebook where assignment_id not in "
                      "(select id from submitted_assignment)")  # fmt: skip
    run(known)
    assert sorted(ran()) == (["a", "b"] if lost == "gradebook" else ["a"])


def test_a_dry_run_says_what_would_happen_and_changes_nothing(known, ran):
    hand_in(known, "old", **RIGHT)
    run(known)
    hand_in(known, "new", **RIGHT)
    hand_in(known, "broken")
    (known.submitted / "broken" / "01_tiny" / "tiny.ipynb").write_text("{")
    before = {path: path.stat().st_mtime_ns for path in known.root.rglob("*")}
    ran()
    found = run(known, dry_run=True)
    assert ran() == [] and before == {p: p.stat().st_mtime_ns for p in known.root.rglob("*")}
    assert found["new"].why == ["would be graded for the first time"] and found["new"].fresh
    assert found["old"].graded and not found["old"].fresh
    assert "cannot be read" in found["broken"].why[0]


def test_intake_that_stumbles_is_that_students_affair(known):
    hand_in(known, "a", **RIGHT)
    hand_in(known, "b", **RIGHT)

    def read(course, submission):
        if submission.student == "a":
            raise RecursionError("maximum recursion depth exceeded")
        return fake_judge.read(course, submission)

    found = run(known, read=read)
    assert found["b"].graded
    assert found["a"].why == [
        "It cannot be taken in: RecursionError: maximum recursion depth exceeded."
    ]


def test_work_that_fails_once_is_tried_again_and_then_set_aside(known):
    tried = []

    def work(job):
        student = json.loads(job["sheet"])["student"]
        tried.append(student)
        if student == "always" or (student == "once" and tried.count("once") == 1):
            raise OSError("no room")
        return fake_judge.work(job)

    for name in ("always", "never", "once"):
        hand_in(known, name, **RIGHT)
    found = run(known, work=work)
    assert found["once"].graded and found["never"].graded
    assert found["always"].why == ["It was set aside after two tries: no room."]
    assert sorted(tried) == ["always", "always", "never", "once", "once"]


def test_workers_that_cannot_work_at_all_end_the_run(known):
    hand_in(known, "a", **RIGHT)
    with pytest.raises(Trouble, match="no sandbox holds here"):
        run(known, begin="tests.support.fake_judge:no_sandbox")
    assert rows(known)["submissions"] == []


def test_on_windows_it_says_where_to_grade_and_records_nothing(known, monkeypatch):
    hand_in(known, "a", **RIGHT)
    monkeypatch.delattr(os, "fork")
    with pytest.raises(Trouble, match="On Windows use WSL"):
        list(grade(known, known.submissions(["01_tiny"]), read=fake_judge.read))
    assert rows(known)["submissions"] == []


def test_results_are_kept_while_the_gradebook_is_locked(known, ran, monkeypatch):
    monkeypatch.setattr("autograder.record.gradebook.IMPATIENCE", 0.1)
    monkeypatch.setattr("autograder.grade.PAUSE", 0.1)
    for name in "abc":
        hand_in(known, name, **RIGHT)
    said, other = [], sqlite3.connect(known.gradebook, check_same_thread=False)

    def work(job):  # somebody else takes the gradebook while the first is at work
        if not other.in_transaction and not said:
            other.execute("begin exclusive")
        return fake_judge.work(job)

    def say(sentence):
        said.append(sentence)
        threading.Timer(1.5, other.rollback).start()

    found = run(known, work=work, say=say)
    other.close()
    assert len(found) == 3 and all(one.graded for one in found.values())
    assert len(said) == 1 and "is locked" in said[0] and "nothing is lost" in said[0]
    assert sorted(ran()) == list("abc")


def test_a_gradebook_that_stays_locked_ends_the_run_and_no_work_is_lost(known, ran, monkeypatch):
    monkeypatch.setattr("autograder.record.gradebook.IMPATIENCE", 0.1)
    monkeypatch.setattr("autograder.grade.PAUSE", 0.1)
    monkeypatch.setattr("autograder.grade.WAIT", 0.5)
    hand_in(known, "a", **RIGHT)
    with contextlib.closing(sqlite3.connect(known.gradebook, check_same_thread=False)) as other:

        def work(job):
            other.execute("begin exclusive")
            return fake_judge.work(job)

        with pytest.raises(Trouble, match="is locked"):
            run(known, work=work, say=str)
        other.rollback()
    assert ran() == ["a"] and run(known)["a"].graded and ran() == []


def test_the_second_grader_refuses_while_the_first_is_at_work(known):
    hand_in(known, "a", **RIGHT)

    def work(job):
        with pytest.raises(Trouble, match=f"another grader .* process {os.getpid()} on"):
            list(grade(known, known.submissions(["01_tiny"]), read=fake_judge.read))
        return fake_judge.work(job)

    assert run(known, work=work)["a"].graded


def test_again_interrupted_goes_on_without_again(known, ran):
    for name in "abcd":
        hand_in(known, name, **RIGHT)
    run(known)
    ran()
    submissions = known.submissions(["01_tiny"])
    with ThreadPoolExecutor(1) as threads:
        settings = dict(read=fake_judge.read, work=fake_judge.work, begin=None, executor=threads)
        going = grade(known, submissions, again=True, workers=1, **settings)
        next(going)
        going.close()
    first = ran()
    assert 1 <= len(first) <= 3
    run(known)
    assert set(ran()) >= set("abcd") - set(first)
    run(known)
    assert ran() == []


# ── with worker processes ────────────────────────────────────────────────────────────────────────

GRADE = """
import sys
from autograder.course import Course
from autograder.grade import grade
from tests.support import fake_judge
from autograder.record import journal
journal.environment = lambda course: "the same"  # also while somebody works on the grader
if __name__ == "__main__":
    course = Course(sys.argv[1])
    found = course.submissions(course.assignments)
    fake = dict(read=fake_judge.read, work="tests.support.fake_judge:work", begin=None)
    for one in grade(course, found, workers=2, **fake):
        print(one.submission.student, one.graded, one.why, flush=True)
"""


@pytest.fixture
def process(known, tmp_path):
    """process() → a grader, started in a process of its own."""
    script = tmp_path / "grade.py"
    script.write_text(GRADE)
    started = []

    def process():
        command = [sys.executable, str(script), str(known.root)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        settings = dict(stdout=subprocess.PIPE, text=True, start_new_session=True, env=env)
        started.append(subprocess.Popen(command, **settings))
        return started[-1]

    yield process
    for one in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGKILL)
        one.communicate()


@pytest.mark.slow
def test_a_lost_worker_is_retried_and_costs_the_others_nothing(known, process, ran):
    for name in "abcdef":
        hand_in(known, name, **RIGHT)
    hand_in(known, "c", double="DIE")
    out, _ = process().communicate(timeout=300)
    lines = sorted(out.splitlines())
    assert lines == sorted(
        ["c False ['It ended two workers, so it was set aside.']"]
        + [f"{name} True []" for name in "abdef"]
    )
    assert ran().count("c") == 2


def done(course):
    """How many lines there are in the journal."""
    path = Journal(course).path
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_kill_9_in_the_middle_of_200_submissions(known, process, ran, tmp_path):
    """Killed again and again at moments drawn by lot, then left alone: as if never disturbed."""
    for number in range(200):
        answers = [RIGHT, WRONG, {}][number % 3]
        hand_in(known, f"student-{number:03}", **answers)
    (known.submitted / "student-007" / "01_tiny" / "tiny.ipynb").write_text("{")
    calm = Course(shutil.copytree(known.root, tmp_path / "calm"))
    lot, kills = random.Random(9), 6
    for number in range(kills):
        grader, wanted = process(), done(known) + lot.randint(1, 25)
        until = time.monotonic() + (lot.uniform(1, 4) if number == 1 else 120)
        while done(known) < wanted and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(lot.uniform(0, 0.3))
        workers = children(grader.pid)
        os.kill(grader.pid, signal.SIGKILL)
        grader.wait()
        until = time.monotonic() + 60  # its workers do not outlive it
        while any(map(alive, workers)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(map(alive, workers))
    before = done(known)
    assert 5 <= before < 200
    out, _ = process().communicate(timeout=500)
    assert len(out.splitlines()) == 200
    runs = ran()
    assert len(set(runs)) == 199 and len(runs) <= 199 + kills * 8, "work was done twice"
    assert list(Spool(known).folder.iterdir()) == []

    run(calm)
    assert rows(known) == rows(calm)
    for path in sorted(calm.feedback.rglob("*.html")):
        assert (known.feedback / path.relative_to(calm.feedback)).read_bytes() == path.read_bytes()
    keys = [entry["key"] for entry in Journal(known).entries.values()]
    assert len(keys) == 200 and all(keys)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(known, process):
    for number in range(60):
        hand_in(known, f"student-{number:03}", **RIGHT)
    grader = process()
    grader.stdout.readline()
    os.kill(grader.pid, signal.SIGINT)
    out, _ = grader.communicate(timeout=120)
    entries = Journal(known).entries
    assert 1 <= len(entries) < 60 and len(rows(known)["submissions"]) >= len(entries)
    assert "stopped: " in (known.autograded.parent / "grade.log").read_text()
    out, _ = process().communicate(timeout=300)
    assert len(out.splitlines()) == 60


def test_a_kill_between_record_and_tidying_leaves_nothing_for_long(known):
    hand_in(known, "ann", **RIGHT)
    (outcome,) = run(known).values()
    Spool(known).keep(outcome.submission, "a key", [])
    assert not run(known)["ann"].fresh
    assert list(Spool(known).folder.iterdir()) == []


def test_a_students_name_can_be_anything(known):
    for name in ("O'Brien; drop table student", "名前", "a b", "x" * 100, "%s{}"):
        hand_in(known, name, **RIGHT)
    found = run(known)
    assert len(found) == 5 and all(one.graded for one in found.values())
    assert len(rows(known)["students"]) == 5
    assert isinstance(found["a b"].submission, Submission)
