"""Processes of this machine that work.

One of them gets everything ready, the workers are forks of it: they share its memory and its
sandbox, and ten are ready as soon as one is.

    main ──spawn──▸ parent ──fork──▸ worker ◂──line──▸ main
"""

import contextlib
import functools
import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Executor, Future
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.util import Finalize
from typing import Any

WINDOWS = (
    "students' code is run on Linux or macOS. On Windows use WSL: `wsl --install`, then set the "
    "course up in there."
)


class Pool(Executor):
    """As many forks of one process. If one of them ends, all do.

    Args:
        size: how many.
        begin: a function that the parent calls before it forks; it says itself what went wrong.
        args: of `begin`.
    """

    def __init__(self, size: int, begin: Callable[..., None], *args: Any) -> None:
        quiet_tracker()
        context = multiprocessing.get_context("spawn")
        lines = [context.Pipe() for _ in range(size)]
        theirs = [line for _, line in lines]
        self.parent = context.Process(target=parent, args=(theirs, begin, args), daemon=True)
        self.parent.start()
        for line in theirs:
            line.close()
        self.jobs: queue.SimpleQueue = queue.SimpleQueue()
        self.broken = False
        self.feeders = [
            threading.Thread(target=self.feed, args=(line,), daemon=True) for line, _ in lines
        ]
        for feeder in self.feeders:
            feeder.start()

    def submit(self, function: Callable, /, *args: Any, **words: Any) -> Future:
        if self.broken:
            raise BrokenExecutor("a worker ended")
        future: Future = Future()
        self.jobs.put((future, functools.partial(function, **words) if words else function, args))
        return future

    def feed(self, line: Connection) -> None:
        """One worker's life, from outside: a job after the other, until there is a None."""
        with line:
            while job := self.jobs.get():
                future, *what = job
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    if self.broken:
                        raise EOFError
                    line.send(what)
                    if line not in wait([line, self.parent.sentinel]):
                        raise EOFError
                    good, result = line.recv()
                except (EOFError, OSError):
                    self.broken = True
                    future.set_exception(BrokenExecutor("a worker ended"))
                except Exception as error:  # of an answer that cannot be read here
                    future.set_exception(error)
                else:
                    (future.set_result if good else future.set_exception)(result)

    def kill(self) -> None:
        """End them, with all that they have started."""
        if self.parent.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.parent.pid, signal.SIGKILL)
        self.parent.kill()  # it may not have come as far as a group of its own

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        while cancel_futures and not self.jobs.empty():
            with contextlib.suppress(queue.Empty):
                self.jobs.get_nowait()[0].cancel()
        for _ in self.feeders:
            self.jobs.put(None)
        if wait:
            for feeder in self.feeders:
                feeder.join()
            self.parent.join(10)
            if self.parent.is_alive():
                self.kill()
                self.parent.join()


def quiet_tracker() -> None:
    """multiprocessing's tracker would warn of what workers that were ended have left; it removes it."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"
    try:
        resource_tracker.ensure_running()
    finally:
        os.environ.pop("PYTHONWARNINGS")
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before


# ── in the parent and its forks ──────────────────────────────────────────────────────────────────


def parent(lines: list[Connection], begin: Callable[..., None], args: tuple) -> None:
    """The life of the process that is forked. It ends with its first worker that fails."""
    settle()
    main = multiprocessing.parent_process()
    if main and main.pid:
        tie(main.pid)
    begin(*args)
    forks = {fork(line, lines) for line in lines}
    for line in lines:
        line.close()
    while forks:
        pid, status = os.wait()
        if pid in forks and status:
            os._exit(1)  # the others are tied to us
        forks.discard(pid)


def fork(line: Connection, lines: Iterable[Connection]) -> int:
    ours, pid = os.getpid(), os.fork()
    if pid:
        return pid
    status = 1
    try:
        tie(ours)
        for other in lines:
            if other is not line:
                other.close()
        serve(line)
        status = 0
    finally:
        os._exit(status)


def serve(line: Connection) -> None:
    """Do what comes over the line, until it is closed."""
    while True:
        try:
            function, args = line.recv()
        except EOFError:
            return
        try:
            answer = True, function(*args)
        except Exception as error:
            answer = False, portable(error)
        try:
            line.send(answer)
        except ConnectionError:
            return


def portable(error: BaseException) -> BaseException:
    """The error, or what it says, if it cannot travel."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def settle() -> None:
    """Ctrl-C is for the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgid(0, 0)  # see `kill`
    os.environ["OMP_NUM_THREADS"] = "1"  # workers fill the cores
    Finalize(None, os._exit, (0,), exitpriority=-100)  # last; Python's own way out takes a second


def tie(parent: int) -> None:
    """Let the system end this process with its parent. Where it cannot, the line's end tells."""
    if sys.platform != "linux":
        return
    from autograder.sandbox.inside import linux

    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we were tied
        os._exit(1)
