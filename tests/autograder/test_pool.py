"""The processes that work: they share what one of them has made ready, and none is left behind."""

import os
import signal
import time
from concurrent.futures import BrokenExecutor

import pytest

from autograder.pool import Pool
from tests.support.processes import alive, children

READY = {}


def begin(what):
    READY[what] = os.getpid()


def who():
    return os.getpid(), os.getppid(), dict(READY)


def doubled(x):
    time.sleep(0.01)
    return 2 * x


def meet(folder):
    """Wait until two are here; how many there are."""
    (folder / str(os.getpid())).touch()
    until = time.monotonic() + 60
    while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    return len(list(folder.iterdir()))


class Odd(Exception):
    """Cannot be made again from its own arguments, so it cannot be sent."""

    def __init__(self, text, number):
        super().__init__(f"{text} {number}")


def fail(kind, *args):
    raise kind(*args)


@pytest.fixture
def workers():
    made = Pool(2, begin, "bread")
    yield made
    family = children(made.parent.pid)
    made.shutdown(cancel_futures=True)
    assert not any(map(alive, [made.parent.pid, *family]))


@pytest.mark.slow
def test_workers_are_forks_of_one_process_and_have_what_it_made_ready(workers):
    found = [workers.submit(who) for _ in range(30)]
    found = [future.result(60) for future in found]
    assert {parent for _, parent, _ in found} == {workers.parent.pid}
    assert all(ready == {"bread": workers.parent.pid} for *_, ready in found)
    assert os.getpid() not in {pid for pid, *_ in found} and "bread" not in READY


@pytest.mark.slow
def test_both_work_at_the_same_time_and_each_answer_is_its_own(workers, tmp_path):
    assert workers.submit(who).result(60)
    futures = [workers.submit(doubled, x) for x in range(200)]
    assert [future.result(60) for future in futures] == [2 * x for x in range(200)]
    assert [one.result(90) for one in [workers.submit(meet, tmp_path) for _ in range(2)]] == [2, 2]


@pytest.mark.slow
def test_an_error_comes_back_or_what_it_says(workers):
    with pytest.raises(ValueError, match="no such thing"):
        workers.submit(fail, ValueError, "no such thing").result(60)
    with pytest.raises(RuntimeError, match="Odd: number 7"):
        workers.submit(fail, Odd, "number", 7).result(60)
    assert workers.submit(doubled, 3).result(60) == 6


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["a worker", "the parent"])
def test_if_one_ends_all_do_and_nobody_waits_for_ever(workers, victim):
    pid, parent, _ = workers.submit(who).result(60)
    family = children(parent)
    futures = [workers.submit(time.sleep, 600) for _ in range(5)]
    time.sleep(0.2)
    os.kill(pid if victim == "a worker" else parent, signal.SIGKILL)
    for future in futures:
        with pytest.raises(BrokenExecutor):
            future.result(60)
    until = time.monotonic() + 30
    while any(map(alive, [parent, *family])) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, [parent, *family]))
    with pytest.raises(BrokenExecutor):
        workers.submit(who)


@pytest.mark.slow
def test_killed_at_the_start_none_is_left():
    made = Pool(2, time.sleep, 600)
    waiting = made.submit(who)
    made.kill()
    with pytest.raises(BrokenExecutor):
        waiting.result(60)
    made.shutdown()
    assert not alive(made.parent.pid)
