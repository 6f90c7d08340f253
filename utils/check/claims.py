"""What may be said of wrong steps: each sentence with the condition under which it is true.

A `Claim` measures; only where its condition holds does it give the numbers that its sentence needs.
Nothing is said of causes here, only of what was seen.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from utils.check.compare import LOOSE, difference

EVEN = 1e-6
"""Ratios that differ by less than this part are taken as the same."""


@dataclass
class Evidence:
    """What a student's class and the reference did, situation by situation.

    traces, reference: one a situation.
    replay: plays the student's class in another situation and returns the trace; None if it cannot.
    """

    traces: list
    reference: list
    replay: Callable | None = None
    wrong: list = field(init=False)

    def __post_init__(self):
        pairs = list(zip(self.traces, self.reference, strict=True))
        self.wrong = [
            (mine, theirs)
            for mine, theirs in pairs
            if mine.error or difference(mine.points, theirs.points, LOOSE)
        ]

    @property
    def first(self):
        """(yours, right): the traces of the first situation that is wrong."""
        return self.wrong[0]

    def ratios(self, pair=None):
        """For each step up to the first number that is not finite: yours / right, entry by entry.

        Entries that should not move are left out; a step in which none should is an empty array.
        """
        mine, theirs = pair or self.first
        n = min(len(mine.points), len(theirs.points))
        finite = np.isfinite(mine.points[:n]).all(axis=1)
        n = n if finite.all() else max(int(np.argmin(finite)), 1)
        a, b = np.diff(mine.points[:n], axis=0), np.diff(theirs.points[:n], axis=0)
        moved = np.abs(b) > 1e-12 * (np.abs(theirs.points[:n]).max(initial=0) + 1e-300)
        return [x[m] / y[m] for x, y, m in zip(a, b, moved, strict=True)]


@dataclass(frozen=True)
class Claim:
    """A sentence that may be true.

    name: of the claim, for programs.
    says: the sentence, with places for the numbers.
    holds: the numbers, by name, if it is true; else None.
    """

    name: str
    says: str
    holds: Callable[[Evidence], dict | None]


@dataclass(frozen=True)
class Said:
    """A claim that holds, with its numbers."""

    claim: Claim
    values: dict = field(hash=False)

    def __str__(self):
        return self.claim.says.format(**self.values)


def even(ratios: np.ndarray) -> float | None:
    """The one ratio of all entries, or None if they differ, or if there is none."""
    if not len(ratios):
        return None
    middle = float(np.median(ratios))
    return middle if np.ptp(ratios) <= EVEN * max(abs(middle), EVEN) else None


def comparable(pair: tuple) -> bool:
    """Are the steps of this situation numbers of many digits?"""
    mine, _ = pair
    return not mine.error and mine.situation.dtype is torch.float64 and len(mine.points) > 1


def close_to(x: float, y: float) -> bool:
    return abs(x - y) <= EVEN * max(abs(y), EVEN)


def short(x: float) -> str:
    return f"{x + 0.0:.4g}".replace("-0", "0") if x == 0 else f"{x:.4g}"


# --- conditions: Evidence → numbers, or None --------------------------------------------------------


def nothing_moves(seen: Evidence) -> dict | None:
    still = all(not np.diff(t.points, axis=0).any() for t in seen.traces)
    moves = any(np.diff(t.points, axis=0).any() for t in seen.reference)
    return {} if still and moves else None


def not_finite(seen: Evidence) -> dict | None:
    mine, _ = seen.first
    bad = ~np.isfinite(mine.points).all(axis=1)
    return {"step": int(np.argmax(bad))} if bad.any() else None


def state_is_zero(seen: Evidence) -> dict | None:
    mine, _ = seen.first
    names = [name for name, kind in mine.state.items() if kind == "zero"]
    return {"name": names[0], "steps": mine.steps} if names and not mine.error else None


def state_is_numpy(seen: Evidence) -> dict | None:
    mine, _ = seen.first
    names = [name for name, kind in mine.state.items() if kind == "numpy"]
    return {"name": names[0]} if names else None


def gradient_unused(seen: Evidence) -> dict | None:
    """Doubled gradients, and the same steps."""
    mine, _ = seen.first
    if seen.replay is None or mine.error or not np.diff(mine.points, axis=0).any():
        return None
    doubled = seen.replay(gradients=2.0)
    same = doubled is not None and not doubled.error and np.array_equal(doubled.points, mine.points)
    return {} if same else None


def as_many_times_as_parameters(seen: Evidence) -> dict | None:
    """In each situation the steps are n times as long, with n parameters that have a gradient."""
    counts = set()
    for pair in seen.wrong:
        situation = pair[0].situation
        n = len(situation.shapes) - len({i for _, i in situation.missing})
        if not comparable(pair) or situation.missing or situation.groups or situation.added:
            continue
        factors = [even(r) for r in seen.ratios(pair) if len(r)]
        if not factors or factors[0] is None or not close_to(factors[0], n):
            return None
        counts.add(n)
    return {} if len(counts) > 1 else None


def opposite(seen: Evidence) -> dict | None:
    found = [r for r in seen.ratios() if len(r)]
    return {} if found and all((r < 0).all() for r in found) else None


def one_factor(seen: Evidence) -> dict | None:
    """The same factor in every entry of every step, here and wherever else it is wrong."""
    factors = []
    for pair in seen.wrong:
        if not comparable(pair):
            continue
        found = [even(r) for r in seen.ratios(pair) if len(r)]
        if None in found:
            return None
        factors += found
    same = len(factors) > 1 and all(close_to(f, factors[0]) for f in factors)
    return {"factor": short(factors[0])} if same and not close_to(factors[0], 1) else None


def factor_of_the_step(seen: Evidence) -> dict | None:
    """Even in each step, but not the same in all."""
    found = [even(r) for r in seen.ratios() if len(r)]
    if len(found) < 2 or None in found or all(close_to(f, found[0]) for f in found):
        return None
    if close_to(found[0], 1):
        return None
    return {"factors": ", ".join(short(f) for f in found[:5]), "more": ", …" * (len(found) > 5)}


def first_step_right(seen: Evidence) -> dict | None:
    gap = difference(seen.first[0].points, seen.first[1].points, LOOSE)
    return {"step": gap.step} if gap is not None and gap.step > 1 else None


def only_the_first(seen: Evidence) -> dict | None:
    found = seen.ratios()
    moved = [r for r in found if len(r)]
    if len(moved) < 3 or moved[0] is not found[0]:
        return None
    right = [even(r) is not None and close_to(even(r) or 0, 1) for r in moved]
    return {} if not right[0] and all(right[1:]) else None


def first_factor(seen: Evidence) -> dict | None:
    """Even in the first step, and not 1; uneven in some later one."""
    found = [r for r in seen.ratios() if len(r)]
    if len(found) < 2 or len(found[0]) < 2:
        return None
    factor = even(found[0])
    later = [even(r) for r in found[1:]]
    if factor is None or close_to(factor, 1) or None not in later:
        return None
    return {"factor": short(factor)}


def uneven(seen: Evidence) -> dict | None:
    found = seen.ratios()
    if not found or len(found[0]) < 2 or even(found[0]) is not None:
        return None
    low, high = short(np.nanmin(found[0])), short(np.nanmax(found[0]))
    return {"low": low, "high": high} if low != high else None


def some_situations(seen: Evidence) -> dict | None:
    if not 0 < len(seen.wrong) <= len(seen.traces) // 2:
        return None
    names = [f"{m.situation.name} ({m.situation.tests})" for m, _ in seen.wrong[:3]]
    return {"names": "; ".join(names), "more": "; …" * (len(seen.wrong) > 3)}


def right_elsewhere(seen: Evidence) -> dict | None:
    wrong = {m.situation for m, _ in seen.wrong}
    right = [t.situation.name for t in seen.traces if t.situation not in wrong]
    if not right or some_situations(seen) is None:
        return None
    return {"names": ", ".join(right[:4]), "more": ", …" * (len(right) > 4)}


CLAIMS = (
    Claim(
        "nothing moves",
        "No parameter moves. Is my_step still empty, or does it make new tensors (`p = ...`) "
        "instead of changing p in place?",
        nothing_moves,
    ),
    Claim("not finite", "Step {step} makes a number that is infinite or not a number.", not_finite),
    Claim(
        "state is zero",
        '`state["{name}"]` is still 0 after {steps} steps: nothing is ever stored in it.',
        state_is_zero,
    ),
    Claim("state is numpy", '`state["{name}"]` is a NumPy array, not a tensor.', state_is_numpy),
    Claim(
        "gradient unused",
        "With gradients twice as large it takes the very same steps: `p.grad` is not used.",
        gradient_unused,
    ),
    Claim(
        "steps as parameters",
        "Each step is as many times too long as there are parameters: `my_step` is called once for "
        "each parameter, so there must be no loop over `group['params']` in it.",
        as_many_times_as_parameters,
    ),
    Claim("opposite", "The sign: every entry goes the opposite way in every step.", opposite),
    Claim(
        "one factor",
        "The scale: every step is {factor} times as long as it should be, for every entry.",
        one_factor,
    ),
    Claim(
        "factor of the step",
        "The scale changes from step to step, and is the same for all entries: {factors}{more} times "
        "the right length.",
        factor_of_the_step,
    ),
    Claim(
        "first right", "Before step {step} all is right; step {step} is the first wrong one.",
        first_step_right,
    ),
    Claim("only the first", "Only the first step is wrong; all later ones are right.", only_the_first),
    Claim(
        "first factor",
        "The first step is {factor} times as long as it should be, for every entry; later the factor "
        "differs from entry to entry.",
        first_factor,
    ),
    Claim(
        "uneven",
        "The formula: already in the first step the entries move {low} to {high} times as far as "
        "they should.",
        uneven,
    ),
    Claim("wrong in", "Wrong only in: {names}{more}.", some_situations),
    Claim("right in", "Right in: {names}{more}.", right_elsewhere),
)  # fmt: skip


def measured(seen: Evidence, most: int = 5) -> list[Said]:
    """The claims that hold, the likeliest cause first."""
    if not seen.wrong:
        return []
    found = []
    with np.errstate(all="ignore"):
        for claim in CLAIMS:
            values = claim.holds(seen)
            if values is not None:
                found.append(Said(claim, values))
                if claim.name == "nothing moves":
                    break  # then all else is nothing but that
    return found[:most]
