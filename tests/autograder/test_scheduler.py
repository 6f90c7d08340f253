"""What a job that does not come to an end costs: itself, once, and no other job."""

import time

import pytest

from autograder.course import Trouble
from autograder.scheduler import Lost, Scheduler


def seconds_to_start(folder):
    """How long this machine takes now to start workers and do nothing."""
    these, start = Scheduler("tests.support.fake_judge:sleep", size=2), time.monotonic()
    these.put("first", {"name": "first", "log": str(folder), "sleeps": []})
    try:
        while these.busy:
            these.results(1)
    finally:
        these.stop()
    (folder / "first").unlink()
    return time.monotonic() - start


@pytest.mark.slow
def test_who_takes_too_long_is_not_tried_again_and_costs_the_others_nothing(tmp_path):
    """`beside` is in work when the pool of `endless` is ended, and may try again."""
    longest = 5 + 10 * seconds_to_start(tmp_path)
    these, found = Scheduler("tests.support.fake_judge:sleep", size=2, longest=longest), {}
    for name, sleeps in (("endless", [600, 600]), ("beside", [600]), ("waits", [])):
        these.put(name, {"name": name, "log": str(tmp_path), "sleeps": sleeps})
    try:
        while these.busy:
            found.update(these.results(1))
    finally:
        these.stop()
    late = found.pop("endless")
    assert isinstance(late, Lost) and "did not come to an end" in str(late)
    assert found == {"beside": "beside", "waits": "waits"}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "endless": "x",
        "beside": "xx",
        "waits": "x",
    }


@pytest.mark.slow
def test_workers_that_end_before_any_work_are_nobodys_fault(tmp_path):
    these = Scheduler(
        "tests.support.fake_judge:sleep", begin="tests.support.fake_judge:end", size=2
    )
    for name in "abc":
        these.put(name, dict(root="", tier=None, name=name, log=str(tmp_path), sleeps=[]))
    with pytest.raises(Trouble, match="a worker ends as soon as it begins"):
        while these.busy:
            assert these.results(1) == []
    these.stop()
    assert list(tmp_path.iterdir()) == []
