"""The student's end of the bridge: what runs in the sandbox."""

import contextlib
import signal
import sys
import threading

import torch

from autograder.bridge import importable, torch_calls
from autograder.bridge.endpoint import Endpoint
from autograder.bridge.messages import unpack
from autograder.bridge.remote_play import play_here
from autograder.bridge.tensors import DTYPES
from utils.check.guard import Guard, Paper, Stopped
from utils.check.optimizer import defaults_of

ASLEEP = 3
"""How many times as long as it may compute, a call may take in all."""


class Student(Endpoint):
    """Answers the judge with the names that the student's cells have made.

    Args:
        namespace: what they have made.
        channel: its `ask` sends a message outward and waits for what comes back.
    """

    def __init__(self, namespace, channel):
        super().__init__("s", lambda message: channel.ask(message))
        self.namespace = namespace
        self.depth, self.paper, self.watcher = 0, Paper(20_000), Guard()
        self.watched = self.lent = False

    @contextlib.contextmanager
    def as_asked(self, head, blobs):
        """With the judge's settings, its random numbers, and so much time."""
        dtype = torch.get_default_dtype()
        with contextlib.ExitStack() as undo:
            undo.enter_context(super().as_asked(head, blobs))
            undo.callback(torch.set_default_dtype, dtype)
            torch.set_default_dtype(DTYPES[head["dtype"]])
            if "random" in head:
                numbers = bytearray(blobs[head["random"]])
                torch.set_rng_state(torch.frombuffer(numbers, dtype=torch.uint8))
            if self.depth == 0:
                self.paper, self.watcher, self.watched = Paper(20_000), Guard(), head["watch"]
                torch_calls.TOUCHED.clear()
                undo.enter_context(contextlib.redirect_stdout(self.paper))
                undo.enter_context(limited(head["seconds"]))
                if head["watch"]:
                    undo.callback(sys.setprofile, sys.getprofile())
                    sys.setprofile(self.watcher.watch_calls)
            self.depth += 1
            undo.callback(self.leave)
            yield

    def leave(self):
        self.depth -= 1

    def also(self):
        if self.depth:
            return {}
        touched = set() if self.lent and not self.watched else torch_calls.TOUCHED
        return {
            "printed": "".join(self.paper.kept),
            "borrowed": sorted(self.watcher.borrowed | touched),
            "returned": self.watcher.returned,
        }

    def do(self, op, *args):
        self.lent = self.lent or lends(args)  # a test may give them torch's own to work with
        return super().do(op, *args)

    def do_look(self, names):
        return {name: self.namespace[name] for name in names if name in self.namespace}

    def do_play(self, make, words, which, hyper):
        return play_here(make, words, which, hyper, self.watcher)

    def do_defaults(self, make, words):
        return [name for name in defaults_of(make, words) if isinstance(name, str)]

    def do_twins(self, names):
        """These names stand for the same on both sides: a given cell has made them."""
        kinds = (type, type(lambda: 0))
        found = {n: self.namespace[n] for n in names if isinstance(self.namespace.get(n), kinds)}
        self.table.twins.update(found)


def lends(x):
    """Is there one of torch's own optimizer classes in it?"""
    if isinstance(x, (list, tuple)):
        return any(map(lends, x))
    if isinstance(x, dict):
        return any(map(lends, x.values()))
    if not (isinstance(x, type) and issubclass(x, torch.optim.Optimizer)):
        return False
    return (importable.name_of(x) or "").startswith(("torch.optim.", "torch.optim:"))


@contextlib.contextmanager
def limited(seconds):
    """After `seconds` of computing, or three times that in all, a `Stopped` is raised inside."""
    if threading.current_thread() is not threading.main_thread() or not seconds:
        yield
        return

    def stop(number, frame):
        raise Stopped

    clocks = ((signal.ITIMER_PROF, signal.SIGPROF, 1), (signal.ITIMER_REAL, signal.SIGALRM, ASLEEP))
    before = [(s, signal.signal(s, stop)) for _, s, _ in clocks]
    try:
        for clock, _, factor in clocks:  # and again and again: code may catch the first ones
            signal.setitimer(clock, factor * seconds, 1.0)
        yield
    finally:
        for clock, _, _ in clocks:
            signal.setitimer(clock, 0)
        for number, handler in before:
            signal.signal(number, handler)


STUDENTS = {}


def answer(message, namespace, channel):
    """The answer to a message of the judge.

    Args:
        message: bytes.
        namespace: the names that the student's cells have made, a dict.
        channel: see Student.
    """
    if not STUDENTS:
        STUDENTS["the"] = Student(namespace, channel)
    return STUDENTS["the"].serve(*unpack(message))
