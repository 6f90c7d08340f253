"""What was done is known after a kill at any moment; what changed is done again; one grader at a time."""

import os
import subprocess
import sys
import time

import pytest

from autograder.course import Submission, Trouble
from autograder.log import LARGEST, Log
from autograder.model import to_json
from autograder.record.journal import Journal, Keys, Lock, Spool, place
from tests.support.recording import result


@pytest.fixture
def ann(known):
    folder = known.submitted / "ann" / "01_tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_text("{}")
    return Submission("ann", "01_tiny", folder)


def test_a_line_cut_off_by_a_kill_costs_that_line_only(known, ann):
    bob = ann._replace(student="bob")
    Journal(known).write(ann, "1", id="x")
    path = place(known, "journal.jsonl")
    whole = path.read_bytes()
    for length in range(1, len(whole)):
        path.write_bytes(whole + whole[:length])
        journal = Journal(known)
        assert journal.entry(ann)["key"] == "1"
        journal.write(bob, "2")
        again = Journal(known)
        assert again.entry(ann)["key"] == "1" and again.entry(bob)["key"] == "2"


def test_the_last_line_counts(known, ann):
    journal = Journal(known)
    journal.write(ann, "1")
    journal.write(ann, None)
    assert Journal(known).entry(ann)["key"] is None
    assert Journal(known).entry(ann._replace(student="bob")) == {}


def test_a_key_depends_on_all_that_the_result_depends_on(known, ann):
    def key():
        return Keys(known, {})(ann)

    first = key()
    assert key() == first
    seen = {first}
    (ann.folder / "tiny.ipynb").write_text("[]")
    seen.add(key())
    (ann.folder / "timestamp.txt").write_text("2026-01-01 12:00:00 UTC")
    seen.add(key())
    os.symlink("/dev/zero", ann.folder / "zero")
    seen.add(key())
    os.mkfifo(ann.folder / "pipe")
    seen.add(key())
    (known.solutions / "01_tiny" / "data.csv").write_text("1")
    seen.add(key())
    (known.root / "utils").mkdir()
    (known.root / "utils" / "x.py").write_text("1")
    seen.add(key())
    with open(known.root / "nbgrader_config.py", "a") as config:
        config.write("\n# changed\n")
    seen.add(key())
    seen.add(Keys(known, {"cell": 1})(ann))
    assert len(seen) == 9


def test_another_assignments_tests_do_not_matter(known, ann):
    first = Keys(known)(ann)
    (known.solutions / "02_more").mkdir()
    (known.solutions / "02_more" / "more.ipynb").write_text("{}")
    assert Keys(known)(ann) == first


def test_the_spool_gives_back_what_was_kept(known, ann):
    spool, graded = Spool(known), result()
    assert spool.find(ann, "1") is None
    spool.keep(ann, "1", [to_json(graded)])
    assert Spool(known).find(ann, "1") == [graded] and spool.find(ann, "2") is None
    odd = ann._replace(student="../../\udce9 x")
    spool.keep(odd, "1", [to_json(graded)])
    assert spool.find(odd, "1") == [graded] and spool.path(odd).parent == spool.folder
    path = spool.path(ann)
    path.write_bytes(path.read_bytes()[:-20])
    assert spool.find(ann, "1") is None
    spool.drop(ann)
    spool.drop(ann)
    assert not path.exists()


HOLD = """
import sys, time
from autograder.course import Course
from autograder.record.journal import Lock
with Lock(Course(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_grader_is_told_who_is_at_work_and_a_dead_one_holds_nothing(known):
    command = [sys.executable, "-c", HOLD, str(known.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with (
            pytest.raises(Trouble, match=rf"process {first.pid} on .* since .*: wait"),
            Lock(known),
        ):
            pass
        first.kill()
        first.wait()
    with Lock(known):
        pass
    with Lock(known):
        pass


def test_the_log_is_one_line_each_and_bounded(known):
    log = Log(known)
    log("ann\nforged  line", "", "3/3", "\x1b[2Jgone")
    (line,) = log.path.read_text().splitlines()
    assert line.endswith("  ann forged line  3/3  �[2Jgone") and line[:2] == "20"
    log.path.write_bytes(b"x" * (LARGEST + 1))
    log("new")
    assert log.path.stat().st_size < 100
    assert log.path.with_name("grade.log.1").stat().st_size > LARGEST


def test_keys_of_a_class_are_quick(known, ann):
    keys = Keys(known)
    keys(ann)
    start = time.perf_counter()
    for _ in range(100):
        keys(ann)
    assert (time.perf_counter() - start) / 100 < 0.02
