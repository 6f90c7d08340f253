"""Workers that turn jobs into results, and what happens when one of them is lost.

A scheduler talks to any `concurrent.futures.Executor`: processes of this machine, or a cluster's.
"""

import importlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass
from typing import Any

from autograder.course import Trouble, said
from autograder.pool import Pool

GONE = "the workers are gone: start them again, then grade again."
AT_ONCE = "a worker ends as soon as it begins: is there memory enough?"
LONGEST = 1800  # seconds that a job may take, waiting included


@dataclass
class Job:
    """One thing to do.

    ticket: whatever the caller knows it by; what: the argument of `work`; losses: how many workers
    it has lost so far; since: when it was given to a worker.

    late: it has had its time, and its worker was ended for it.
    """

    ticket: object
    what: dict
    losses: int = 0
    since: float = 0.0
    late: bool = False


class Lost(Exception):
    """A job that cannot be done: why, in a sentence."""


class Unfit(Exception):
    """A worker that can do no job at all: why, in a sentence."""


class Scheduler:
    """Do jobs, some at a time.

    A worker that ends in the middle of a job takes the others of its pool with it, and nothing
    says which job was the cause. So all jobs that were in work are done again, one at a time, and
    the one that loses a worker again is given up. A job that takes too long is not tried again.

    Args:
        work: a function from dict to text, or its name, `module:function`.
        begin: the name of a function without arguments that a worker calls first, or None.
        size: how many at a time.
        executor: whose workers; without, processes that are started here.
        longest: how many seconds a job may take, in which others may have been before it.
    """

    def __init__(
        self,
        work: Callable[[dict], str] | str,
        begin: str | None = None,
        size: int = 1,
        executor: Executor | None = None,
        longest: float = LONGEST,
    ) -> None:
        self.work, self.begin, self.size = work, begin, max(1, size)
        self.longest = longest
        self.foreign = executor
        self.pool: Pool | None = None  # processes of this machine
        self.queue: deque[Job] = deque()
        self.running: dict[Future, Job] = {}
        self.first: dict[str, Any] | None = None
        self.blamed = False  # is it known who is to blame for a pool that breaks?
        self.proven = False  # has a worker ever come as far as its work?

    def put(self, ticket: Any, what: dict[str, Any]) -> None:
        self.first = self.first or what
        self.queue.append(Job(ticket, what))

    @property
    def hungry(self) -> bool:
        """Is there less to do than keeps everyone busy?"""
        return len(self.queue) + len(self.running) < 2 * self.size

    @property
    def busy(self) -> bool:
        return bool(self.queue or self.running)

    def results(self, timeout: float) -> list[tuple[Any, Any]]:
        """What is done by now, or the first that is within `timeout` seconds.

        Returns:
            list of (ticket, text), or of (ticket, `Lost`).

        Raises:
            Trouble: the workers cannot work at all.
        """
        self.fill()
        done, _ = wait(self.running, timeout, FIRST_COMPLETED)
        self.blamed = any(job.late for job in self.running.values())
        found = [self.take(future) for future in done]
        if any(broke(future) for future in done):
            self.stop()  # the others of this pool end the same way
            found += [self.take(future) for future in wait(self.running, 30)[0]]
            self.pool = None
            if any(isinstance(result, Lost) for _, result in filter(None, found)):
                self.prove()
        elif self.running and not self.foreign:
            oldest = min(self.running.values(), key=lambda job: job.since)
            if time.monotonic() - oldest.since > self.longest and not oldest.late:
                oldest.late = True
                if self.pool:
                    self.pool.kill()
        return [one for one in found if one]

    def wake(self, what: dict[str, Any]) -> None:
        """Let the workers of this machine get ready before there is work."""
        self.first = self.first or what
        if not self.foreign:
            self.open()

    def prove(self) -> None:
        """Raises Trouble if workers end before they do anything: then nobody's work is to blame."""
        if self.proven or self.foreign or self.begin is None:
            return
        try:
            self.open().submit(do, ready, self.begin, self.first or {}).result()
        except BrokenExecutor as error:
            raise Trouble(AT_ONCE) from error
        except Unfit as why:
            raise Trouble(str(why)) from why

    def fill(self) -> None:
        while self.queue and len(self.running) < 2 * self.size:
            suspect = self.queue[0].losses or any(job.losses for job in self.running.values())
            if suspect and self.running:
                return
            job = self.queue.popleft()
            job.since = time.monotonic()
            try:
                future = self.open().submit(do, self.work, self.begin, job.what)
            except BrokenExecutor as error:
                self.queue.appendleft(job)
                if self.foreign or not self.running:
                    raise Trouble(GONE if self.foreign else AT_ONCE) from error
                return  # the others tell, too, and then there will be a new pool
            self.running[future] = job

    def open(self) -> Executor:
        if self.foreign is not None:
            return self.foreign
        if self.pool is None:
            self.pool = Pool(self.size, prepare, self.begin, self.first)
        return self.pool

    def take(self, future: Future) -> tuple[Any, Any] | None:
        job = self.running.pop(future)
        try:
            result = future.result()
            self.proven = True
            return job.ticket, result
        except Unfit as why:
            raise Trouble(str(why)) from why
        except CancelledError:  # it had not begun
            self.queue.appendleft(job)
            return None
        except Exception as error:  # whatever it is, it is this job's affair
            if job.late:
                return job.ticket, Lost("It did not come to an end, so it was set aside.")
            if self.blamed:
                self.queue.appendleft(job)
                return None
            job.losses += 1
            if job.losses == 1:
                self.queue.appendleft(job)
                return None
            if isinstance(error, BrokenExecutor):
                return job.ticket, Lost("It ended two workers, so it was set aside.")
            return job.ticket, Lost(f"It was set aside after two tries: {said(error)}.")

    def stop(self) -> None:
        """Let go of the workers, and of what they were doing."""
        if self.foreign is not None:
            for future in self.running:
                future.cancel()
        elif self.pool is not None:
            if self.running:
                self.pool.kill()
            self.pool.shutdown(cancel_futures=True)
            self.pool = None


def broke(future: Future) -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


# ── in a worker ──────────────────────────────────────────────────────────────────────────────────

begun: dict[str | None, str | None] = {}  # name of `begin` → why it failed, or None
beginning = threading.Lock()


def do(work: Callable[[dict], str] | str, begin: str | None, what: dict[str, Any]) -> str:
    prepare(begin, what)
    if why := begun.get(begin):
        raise Unfit(why)
    return (named(work) if isinstance(work, str) else work)(what)


def ready(what: dict[str, Any]) -> str:
    """Nothing to do."""
    return ""


def prepare(begin: str | None, what: dict[str, Any]) -> None:
    """Get ready, once; a worker may be a thread, too."""
    with beginning:
        if begin is None or begin in begun:
            return
        try:
            named(begin)(what["root"], what["tier"])
            begun[begin] = None
        except Exception as error:
            begun[begin] = f"{said(error)}."


def named(name: str) -> Any:
    module, function = name.split(":")
    return getattr(importlib.import_module(module), function)
