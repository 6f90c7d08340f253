"""A judge that is lost is worth another try; one that does not come to an end is not."""

import os
import signal
import sys
import time
from types import SimpleNamespace

import pytest

from autograder.judge.work import Lost, Worker
from autograder.run import Dead, Limits
from autograder.sheet import ANSWER, Cell, Sheet, from_json

SHEET = Sheet("ann", "x", "x", [Cell("a", ANSWER, "code", "1", "student", "a")])


@pytest.fixture
def graded(tmp_path, monkeypatch):
    """graded(judge): what a worker with this judge gives back."""
    monkeypatch.setattr(sys.modules[Worker.__module__], "GRACE", 1)

    def grade(judge):
        worker = object.__new__(Worker)
        worker.warm = SimpleNamespace(alive=True, scratch=tmp_path, tier="namespaces")
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
