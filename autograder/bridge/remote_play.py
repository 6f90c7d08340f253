"""An optimizer of the other side is played through situations there, all steps at once.

What comes back are the traces: plain numbers. They could come step by step as well, and the judge
would know no more, for it sees only what it is told; but that takes a message for every step.
"""

import functools
from dataclasses import fields

import numpy as np
import torch

from autograder.bridge import exceptions
from autograder.bridge.messages import Forged
from utils.check.guard import Stopped
from utils.check.situations import FAULTS, SITUATIONS, Hyper, Situation, Trace, play_all, script


def plays(make, situations, hyper):
    """The traces of a stand-in, or of a partial of one, as `situations.play_all` gives them."""
    make, words = opened(make)
    which = [number(situation) for situation in situations]
    hyper = dict(given=hyper.given, known=hyper.known, names=sorted(hyper.names))
    told = make.bridge("play", make, words, which, hyper)
    if not isinstance(told, list) or not 1 <= len(told) <= len(situations):
        raise Forged("as many paths as nobody asked for")
    traces = [trace(*pair) for pair in zip(situations, told, strict=False)]
    if len(traces) < len(situations) and not isinstance(traces[-1].error, Stopped):
        raise Forged("too few paths, in good time")
    return traces


def defaults_there(make, given):
    """What an optimizer's defaults are called, as `optimizer.named_defaults` gives it."""
    make, words = opened(make)
    told = make.bridge("defaults", make, {**words, **given})
    if not isinstance(told, list):
        raise Forged("names of defaults that are no list")
    return {name for name in told if isinstance(name, str)}


def opened(make):
    """The stand-in in a partial, and the arguments that it is given by name."""
    words = {}
    while hasattr(make, "func"):
        words = {**make.keywords, **words}
        make = make.func
    return make, words


def number(situation):
    """Which of SITUATIONS it is, or all of it."""
    known = [i for i, s in enumerate(SITUATIONS) if s is situation]
    return known[0] if known else {f.name: getattr(situation, f.name) for f in fields(situation)}


def play_here(make, words, which, hyper, guard):
    """The same, on the side where the optimizer is: traces as plain values."""
    situations = [SITUATIONS[n] if isinstance(n, int) else Situation(**n) for n in which]
    make = functools.partial(make, **words) if words else make
    hyper = Hyper(hyper["given"], hyper["known"], frozenset(hyper["names"]))
    return [plain(trace) for trace in play_all(make, situations, hyper, guard)]


def plain(seen):
    return {
        "points": torch.from_numpy(np.array(seen.points, dtype=np.float64)),
        "faults": {kind: tuple(at) for kind, at in seen.faults.items()},
        "stopped": seen.stopped,
        "failure": None if seen.error is None else exceptions.take_apart(seen.error),
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
        error = None if failure is None else exceptions.rebuild(failure)
        stopped = None if error is None else int(told["stopped"] or 0)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise Forged(f"no path: {type(error).__name__}") from error
    if error is None and not faults and len(points) != situation.steps + 1:
        raise Forged("a path that ends before its time")
    return Trace(situation, points, faults, error, stopped)
