"""A worker: it judges each sheet in a fork of itself, against a warm sandbox.

So nothing that one student's answers do to the judge's process is there for the next one. Workers
that are forks of one process have one sandbox: it forks for each student.
"""

import gc
import os
import pickle
import resource
import selectors
import signal
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import replace
from multiprocessing.util import Finalize
from pathlib import Path

from autograder.judge.redact_paths import PathRedactor
from autograder.model import Graded, from_json, to_json
from autograder.sandbox import Dead, Fork, Limits, Warm
from autograder.sandbox.fork import remove
from autograder.sandbox.inside import linux

GRACE = 30
"""Seconds beyond a notebook's own, until its judge is ended."""

READS = 1 << 20

MEMORY = 8 << 30
"""Bytes that the judge of one sheet may use: what a student sends must not fill the machine."""


class Lost(Exception):
    """The judge of a sheet is gone, and another one may have more luck."""


class Late(Exception):
    """The judge of a sheet did not come to an end, and another one would not either."""


class Worker:
    """Has all imported, and a warm sandbox."""

    def __init__(self, root, tier=None):
        os.environ.update(MY_STEP_PROGRESS="off", MY_STEP_LINE="off", MPLBACKEND="Agg")
        self.root, self.warm = str(root), Warm(root, tier, meanwhile=warm_up)

    def grade(self, sheet, limits):
        """Graded, as JSON; with a verdict, if the judge stumbled or took too long.

        Raises:
            Lost: the judge died, or the warm process did.
        """
        if not self.warm.alive:
            self.warm.close()
            self.warm.start()
        scratch = Path(tempfile.mkdtemp(dir=self.warm.scratch))
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(reading)
                resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
                with os.fdopen(writing, "wb") as out:
                    try:
                        out.write(self.judge(sheet, limits, scratch))
                    except BaseException as error:
                        lost = isinstance(error, Dead | OSError)
                        out.write(pickle.dumps((lost, told(error))))
                        raise
            finally:
                os._exit(0)
        os.close(writing)
        try:
            result, more = pickle.loads(listen(reading, limits.total + GRACE))
        except Late:
            return self.aside(sheet, "Grading it did not come to an end, so it was set aside.")
        except (EOFError, pickle.UnpicklingError) as error:
            raise Lost("the judge died") from error
        finally:
            os.close(reading)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            remove(scratch)
        if result is True:
            raise Lost(f"the judge stumbled: {more[0]}")
        if result is False:
            why, trouble = more
            return self.aside(sheet, f"Its judge stumbled, so it was set aside: {why}.", trouble)
        remember(more)
        return result

    def aside(self, sheet, verdict, trouble=""):
        """Of a sheet that cannot be graded, and that no second try would help."""
        return to_json(
            Graded(replace(sheet, verdict=verdict), tier=self.warm.holds, trouble=trouble)
        )

    def judge(self, sheet, limits, scratch):
        """In the fork: what it found, and what else is worth keeping, as bytes."""
        from autograder.judge.notebook_run import grade_sheet
        from utils.check.guard import Guard
        from utils.check.situations import PLAYED

        Guard.clock = False  # see `bridge.student_end.limited`, and `test_cells.Alarm`
        known = set(PLAYED)
        graded = grade_sheet(sheet, lambda: self.fork(limits, scratch), self.warm.holds)
        result = to_json(PathRedactor(self.root, scratch).graded(graded))
        new = {key: traces for key, traces in PLAYED.items() if key not in known}
        return pickle.dumps((result, new))

    def fork(self, limits, scratch):
        """A process for the student. (`Warm` would start a sandbox anew that is lost: not here.)"""
        return Fork(
            self.warm.control, Path(tempfile.mkdtemp(dir=scratch)), limits, self.warm.shared
        )


def warm_up():
    """Import what takes long, and do once what does; and make it cheap to fork.

    No thread does it: what a thread leaves locked when we fork would be locked for ever.
    """
    gc.disable()  # see `sandbox.inside.warm_up`
    import pandas  # noqa: F401
    import torch

    import utils.race  # noqa: F401
    from autograder.bridge import no_profiler
    from autograder.judge import comparisons, notebook_run  # noqa: F401
    from utils.check import guard, models, situations  # noqa: F401

    torch.set_num_threads(1)
    comparisons.install()
    no_profiler.spare()
    guard.warm_up()
    situations.warm_up()
    gc.collect()
    gc.freeze()
    gc.enable()
    if sys.platform == "linux":
        linux.collapse()


def told(error):
    """What was raised, in a few words, and the end of its traceback. Never raises itself."""
    try:
        words = f"{type(error).__name__}: {error}"[:500]
    except Exception:
        words = type(error).__name__
    lines = traceback.format_tb(error.__traceback__)[-4:]
    return words, " ".join("".join(lines).split())[-800:] + f" {words}"


def remember(played):
    """What torch's optimizers and known mistakes do need not be computed again for the next student."""
    from utils.check.situations import PLAYED

    if len(PLAYED) < 500:
        PLAYED.update(played)


def listen(pipe, seconds):
    """All bytes until the end.

    Raises:
        Late: it took longer than that.
    """
    until, parts = time.monotonic() + seconds, []
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, until - time.monotonic())):
                raise Late
            part = os.read(pipe, READS)
            if not part:
                return b"".join(parts)
            parts.append(part)


WORKERS = {}


def begin(root, tier=None):
    """Make this process a worker."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who gives the work
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers fill the cores
    WORKERS["the"] = one = Worker(root, tier)
    Finalize(one, one.warm.close, exitpriority=0)  # also where `atexit` is not heard of


def work(job):
    """Judge one sheet.

    Args:
        job: root, of the course; sheet, as JSON; tier, or None for the best; limits, or None.

    Returns:
        Graded, as JSON.

    Raises:
        Lost: the judge died.
        NoSandbox: nothing holds here.
    """
    if "the" not in WORKERS:
        begin(job["root"], job.get("tier"))
    limits = Limits(**(job.get("limits") or {}))
    return WORKERS["the"].grade(from_json(job["sheet"]), limits)
