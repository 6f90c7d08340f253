"""A judge that is lost is worth another try; one that does not come to an end is not.

And workers share a sandbox, until it is lost.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.grade import BEGIN, WORK
from autograder.judge.worker import Lost, Worker
from autograder.model import ANSWER, TEST, Cell, Sheet, from_json, to_json
from autograder.sandbox import Dead, Limits
from autograder.scheduler import Scheduler
from tests.support.processes import alive, children

SHEET = Sheet("ann", "x", "x", [Cell("a", ANSWER, "code", "1", "student", "a")])


@pytest.fixture
def graded(tmp_path, monkeypatch):
    """graded(judge): what a worker with this judge gives back."""
    monkeypatch.setattr(sys.modules[Worker.__module__], "GRACE", 1)

    def grade(judge):
        worker = object.__new__(Worker)
        worker.warm = SimpleNamespace(alive=True, scratch=tmp_path, holds="namespaces", shared=0)
        worker.judge = lambda sheet, limits, scratch: judge()
        return from_json(worker.grade(SHEET, Limits(total=1)))

    return grade


def failing(error):
    raise error


def test_a_judge_that_does_not_come_to_an_end_is_a_verdict_at_once(graded):
    start = time.monotonic()
    result = graded(lambda: time.sleep(600))
    assert time.monotonic() - start < 10
    assert result.sheet.verdict == "Grading it did not come to an end, so it was set aside."
    assert result.tier == "namespaces" and result.sheet.cells == SHEET.cells
    assert not result.scores


def test_a_judge_that_stumbles_is_a_verdict_at_once(graded, capfd):
    result = graded(lambda: failing(ValueError("no such thing")))
    assert "no such thing" in result.sheet.verdict
    assert "in failing" in result.trouble and len(result.trouble) < 2000


@pytest.mark.parametrize(
    "judge",
    [
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        lambda: failing(Dead("the warm process is gone")),
        lambda: failing(OSError("too many open files")),
    ],
)
def test_a_judge_that_was_killed_or_had_no_room_is_lost(graded, judge):
    with pytest.raises(Lost):
        graded(judge)


def halved(number):
    """A student's sheet, with one right answer."""
    answer = Cell("a", ANSWER, "code", f"def half(x):\n    return x / {number}", "student", "a")
    test = Cell("t", TEST, "code", "assert half(3) == 1.5", grade_id="t", points=1)
    return Sheet(f"student-{number}", "x", "x", [answer, test])


def sandboxes(family):
    """The processes among them in which students' processes are forked."""
    shown = {}
    for pid in family:
        with contextlib.suppress(OSError):  # it has just ended
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if any(b"inside.server" in word for word in words) and b"bwrap" not in words[0]:
                shown[pid] = children(pid)
    return [pid for pid in shown if not any(pid in below for below in shown.values())]


@pytest.mark.slow
def test_workers_share_a_sandbox_and_who_loses_it_gets_another(pytestconfig):
    these = Scheduler(WORK, BEGIN, size=2)
    settings = dict(root=str(pytestconfig.rootpath), tier="namespaces")

    def points():
        for number in range(1, 9):
            these.put(number, dict(settings, sheet=to_json(halved(number))))
        found = {}
        while these.busy:
            found.update(these.results(1))
        graded = {number: from_json(result) for number, result in found.items()}
        assert not any(one.sheet.verdict for one in graded.values())
        return {number: one.scores["t"].score for number, one in graded.items()}

    try:
        assert points() == {number: float(number == 2) for number in range(1, 9)}
        threads = os.listdir(f"/proc/{these.pool.parent.pid}/task")
        assert len(threads) == 1, "whatever another thread has locked stays locked in a fork"
        family = children(these.pool.parent.pid)
        (shared,) = sandboxes(family)
        os.kill(shared, signal.SIGKILL)
        assert points() == {number: float(number == 2) for number in range(1, 9)}
        family += children(these.pool.parent.pid)
        assert not alive(shared) and len(sandboxes(filter(alive, family))) in (1, 2)
    finally:
        these.stop()
    until = time.monotonic() + 20
    while any(map(alive, family)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, family))
