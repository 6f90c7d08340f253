"""An optimizer of the other side is played through a situation there, all steps at once.

What comes back is the trace: plain numbers. It could come step by step as well, and the judge would
know no more, for it sees only what it is told; but that takes a message for every step.
"""

import functools
from dataclasses import fields

import numpy as np
import torch

from autograder.glass import failures
from autograder.glass.wire import Forged
from utils.check.situations import SITUATIONS, Hyper, Situation, Trace, play, script

FAULTS = ("memory", "cleared", "gradient", "graph", "class", "replaced", "shape")


def plays(make, situation, hyper):
    """The `Trace` of a stand-in, or of a partial of one, as `situations.play` gives it."""
    words = {}
    while hasattr(make, "func"):
        words = {**make.keywords, **words}
        make = make.func
    known = [i for i, s in enumerate(SITUATIONS) if s is situation]
    which = known[0] if known else {f.name: getattr(situation, f.name) for f in fields(situation)}
    hyper = dict(given=hyper.given, known=hyper.known, names=sorted(hyper.names))
    return trace(situation, make.glass("play", make, words, which, hyper))


def play_here(make, words, which, hyper, guard):
    """The same, on the side where the optimizer is: a trace as plain values."""
    situation = SITUATIONS[which] if isinstance(which, int) else Situation(**which)
    make = functools.partial(make, **words) if words else make
    hyper = Hyper(hyper["given"], hyper["known"], frozenset(hyper["names"]))
    seen = play(make, situation, hyper, guard)
    return {
        "points": torch.from_numpy(np.array(seen.points, dtype=np.float64)),
        "faults": {kind: tuple(at) for kind, at in seen.faults.items()},
        "stopped": seen.stopped,
        "failure": None if seen.error is None else failures.take_apart(seen.error),
    }


def trace(situation, told):
    """A `Trace` of what was told.

    Raises:
        Forged: this is none.
    """
    try:
        points = told["points"].detach().numpy().copy()
        width = sum(x.numel() for x in script(situation)[0])
        if points.dtype != np.float64 or points.ndim != 2 or points.shape[1] != width:
            raise Forged("a path of another width")
        if not 1 <= len(points) <= situation.steps + 1:
            raise Forged("a path of another length")
        faults = {k: (int(at[0]), int(at[1])) for k, at in told["faults"].items() if k in FAULTS}
        failure = told["failure"]
        error = None if failure is None else failures.rebuild(failure)
        stopped = None if error is None else int(told["stopped"] or 0)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise Forged(f"no path: {type(error).__name__}") from error
    if error is None and not faults and len(points) != situation.steps + 1:
        raise Forged("a path that ends before its time")
    return Trace(situation, points, faults, error, stopped)
