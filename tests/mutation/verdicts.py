"""What the check and the search for the line say of one slip."""

import contextlib
import io
import os
import time
from dataclasses import dataclass

import numpy as np

from tests.mutation.targets import build
from utils.check import CheckFailed, check_optimizer
from utils.check.compare import LOOSE, difference
from utils.check.guard import Guard
from utils.check.line import find_line
from utils.check.optimizer import Comparison, label, play_reference, vary
from utils.check.situations import play_all


@dataclass
class Verdict:
    """What was said of one slip.

    caught: did the check fail?
    named: did the bank know it?
    shown: was an edit found that makes it right?
    same_line: did it stand in the line of the slip?
    edit: the edit that was found, as text.
    seconds: of computing, for check and search together.
    """

    target: object
    slip: object
    caught: bool = False
    named: bool = False
    shown: bool = False
    same_line: bool = False
    edit: str = ""
    seconds: float = 0.0


def judge(target, slip, number, up_to="line"):
    """The `Verdict` on a slip.

    Args:
        number: of the slip, for the name of its cell.
        up_to: what is asked: "caught", "named" as well, or the "line" as well.
    """
    found = Verdict(target, slip)
    kind = build(slip.source, f"<slip {number}>")
    started = time.process_time()
    with quiet():
        both, found.caught = compared(kind, target)
        if found.caught and up_to != "caught":
            found.named = is_named(kind, target)
        if found.caught and up_to == "line":
            line = find_line(both, target.reference)
            if line is not None:
                found.shown = True
                found.edit = " and ".join(
                    f"{e.line}: {e.before.strip()} → {e.after.strip()}" for e in line.edits
                )
                near = 1 if slip.new.startswith("(") or slip.kind == "lines swapped" else 0
                found.same_line = all(abs(e.line - slip.line) <= near for e in line.edits)
    found.seconds = time.process_time() - started
    return found


def compared(kind, target):
    """(the `Comparison` with the reference, does it find a difference?)"""
    hyper = vary(kind, target.reference, target.hyper)
    name = label(target.reference)
    reference = play_reference(target.reference, hyper, name)
    with Guard() as guard:
        traces = play_all(kind, [theirs.situation for theirs in reference], hyper, guard)
    both = Comparison(kind, label(kind), name, hyper, traces, reference[: len(traces)], guard)
    wrong = any(
        mine.error or mine.faults or difference(mine.points, theirs.points, LOOSE)
        for mine, theirs in zip(traces, both.reference, strict=True)
    )
    return both, wrong


def is_named(kind, target):
    """Does the check call it by a name?"""
    try:
        check_optimizer(kind, target.reference, **target.hyper)
    except CheckFailed as error:
        return bool(error.mistakes) and error.mistakes != ("unknown",)
    return False


@contextlib.contextmanager
def quiet():
    """Nothing is printed, nothing goes into the record of progress, and nobody searches twice."""
    before = dict(os.environ)
    os.environ.update(MY_STEP_PROGRESS="off", MY_STEP_LINE="off")
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)
