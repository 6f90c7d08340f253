"""The smallest example in round numbers where a student's step and the right one part.

One weight, as few steps as possible, numbers that can be followed by hand:
p = 1, g = 2, lr = 0.5: yours 2, expected 0.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from utils.check.guard import Guard

MOST_STEPS = 4
ROUND = dict(
    lr=(0.5, 0.1, 1.0),
    momentum=(0.0, 0.5),
    dampening=(0.0, 0.5),
    weight_decay=(0.0, 0.5),
    alpha=(0.5, 0.75),
    betas=((0.5, 0.5), (0.5, 0.75)),
    eps=(0.0, 1.0),
)
"""Round values of hyper-parameters, the simplest first. Others keep the value that was given."""

GRADIENTS = (2.0, 1.0, -1.0, 0.0, 3.0)
APART = 0.02
"""So far the two must be apart, as a part of the way, that it is seen with few digits."""


@dataclass(frozen=True)
class Example:
    """One weight on its way.

    start: the weight before the first step.
    gradients: one a step.
    hyper: the hyper-parameters that count, in round numbers.
    yours, expected: the weight after each step.
    """

    start: float
    gradients: tuple
    hyper: dict
    yours: tuple
    expected: tuple

    @property
    def says(self):
        """In one line, such as "p = 1, g = 2, lr = 0.5: yours 2, expected 0"."""
        n = len(self.gradients)
        steps = ", then ".join(map(short, self.gradients))
        hyper = "".join(f", {name} = {short(value)}" for name, value in self.hyper.items())
        after = f" after step {n}" if n > 1 else ""
        mine, right = told_apart(self.yours[-1], self.expected[-1])
        return f"p = {short(self.start)}, g = {steps}{hyper}:{after} yours {mine}, expected {right}"


def smallest(Student, Reference, hyper):
    """The smallest `Example`, or None: no difference shows with one weight and a few steps.

    Args:
        Student, Reference: make optimizers.
        hyper: the `Hyper` of the check.
    """
    with Guard(seconds=2, watch=False) as guard, np.errstate(all="ignore"):
        try:
            return search(Student, Reference, hyper)
        except BaseException as error:
            if not guard.stopped_by(error):
                raise
            return None


def search(Student, Reference, hyper):
    endless = None  # an example that ends in infinity, or in no number: only if there is no other
    for steps in range(1, MOST_STEPS + 1):
        for values in settings(hyper):
            for gradients in product(GRADIENTS[: 5 if steps == 1 else 3], repeat=steps):
                found = compared(Student, Reference, hyper, 1.0, gradients, values)
                if found is not None and np.isfinite(found.yours).all():
                    return shrunk(Student, Reference, hyper, found)
                endless = endless or found
    return endless


def settings(hyper):
    """The rounded hyper-parameters: all at their simplest first, then the more general ones."""
    names = [name for name in hyper.known if name in hyper.names]
    simple = {name: round_values(name, hyper.known[name])[0] for name in names}
    general = {name: round_values(name, hyper.known[name])[-1] for name in names}
    if "lr" in names:
        general["lr"] = simple["lr"]
    seen = []
    one_more = [{**simple, name: general[name]} for name in names]
    for values in (simple, *one_more, general):
        if values not in seen:
            seen.append(values)
            yield values


def round_values(name, value):
    """Round values for a hyper-parameter, the simplest first."""
    part = type(value) is float and 0 <= value < 1
    return ROUND.get(name, (0.0, 0.5) if part else (value,))


def compared(Student, Reference, hyper, start, gradients, values):
    """The `Example` with these numbers if yours and the right one part in its last step."""
    expected = walk(Reference, hyper, start, gradients, values)
    yours = walk(Student, hyper, start, gradients, values)
    if expected is None or yours is None or not np.isfinite(expected).all():
        return None
    way = np.nansum(np.abs(np.diff([start, *expected])))
    apart = [not abs(a - b) <= APART * max(way, 1e-3) for a, b in zip(yours, expected, strict=True)]
    if not apart[-1] or any(apart[:-1]):
        return None
    return Example(start, tuple(gradients), values, tuple(yours), tuple(expected))


def walk(make, hyper, start, gradients, values):
    """Where a weight is after each step; None if the code stops."""
    p = torch.tensor([start], dtype=torch.float64, requires_grad=True)
    places = []
    try:
        optimizer = make([p], **{**hyper.given, **values})
        for g in gradients:
            p.grad = torch.tensor([g], dtype=torch.float64)
            optimizer.step()
            places.append(p.detach().item())
    except Exception:
        return None
    return places


def shrunk(Student, Reference, hyper, example):
    """The same with simpler numbers, as long as the two still part in the last step."""
    for name, value in example.hyper.items():
        for simpler in round_values(name, value):
            if simpler == value:
                break
            new = compared(
                Student,
                Reference,
                hyper,
                example.start,
                example.gradients,
                {**example.hyper, name: simpler},
            )
            if new is not None:
                example = new
                break
    for start in (0.0,):
        new = compared(Student, Reference, hyper, start, example.gradients, example.hyper)
        if new is not None and digits(new) < digits(example):
            example = new
    return example


def digits(example):
    """How many digits there are to write."""
    return sum(len(short(x)) for x in (*example.yours, *example.expected))


def short(x):
    if isinstance(x, (tuple, list)):
        return "(" + ", ".join(map(short, x)) + ")"
    return f"{x:.4g}" if isinstance(x, float) else str(x)


def told_apart(x, y):
    """Two numbers with as many digits as it takes to see that they differ, and four at least."""
    for n in range(4, 12):
        a, b = f"{x:.{n}g}", f"{y:.{n}g}"
        if a != b:
            break
    return a, b
