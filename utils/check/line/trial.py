"""Is a candidate right, and if not, how far does it get?"""

import random
from dataclasses import replace

import numpy as np
import torch

from utils.check.compare import LOOSE, difference, precision
from utils.check.guard import Stopped
from utils.check.situations import Player, lay_out, play, script
from utils.optim import Optim

FRESH = (1000, 2000)
"""Added to the seeds of the situations: gradients that the search has not used."""


class OptimizerTrial:
    """Candidates for an optimizer, in the situations of the check.

    Args:
        make: makes the optimizer of the candidate's class.
        traces, reference: what the student's class and the reference did, situation by situation.
        hyper: the `Hyper` of the check.
        guard: an active `Guard`.
        loose: compare as in float32.
    """

    def __init__(self, make, Reference, traces, reference, hyper, guard, loose=False):
        self.make, self.Reference, self.hyper, self.guard = make, Reference, hyper, guard
        self.loose = loose
        pairs = list(zip(traces, reference, strict=False))
        wrong = [theirs for mine, theirs in pairs if not self.right(mine, theirs)]
        wrong.sort(key=lambda t: t.situation.steps * t.points.shape[1])
        rest = [theirs for theirs in reference if not any(theirs is w for w in wrong)]
        self.order = [*wrong, *rest]
        self.quick = None
        if wrong and quick_enough(wrong[0].situation):
            self.quick = QuickTrial.of(make, wrong[0], hyper, guard)

    def right(self, mine, theirs):
        tolerance = LOOSE if self.loose else precision(theirs.situation)
        return not (
            mine.error
            or mine.faults
            or mine.points.shape != theirs.points.shape
            or difference(mine.points, theirs.points, tolerance)
        )

    def score(self, in_my_step=True):
        """How many situations the candidate gets right, in order, up to the first that is wrong.

        The fraction says how much of that one was right.

        Args:
            in_my_step: is all that was edited called by `my_step`?
        """
        if self.quick is not None and in_my_step:
            part = self.quick.score()
            if part < 1:
                return part
        for i, theirs in enumerate(self.order):
            mine = play(self.make, theirs.situation, self.hyper, self.guard, follow=theirs)
            if not self.right(mine, theirs):
                return i + self.part(mine, theirs)
        return float(len(self.order))

    def part(self, mine, theirs):
        """How much of a wrong trace is right: its rows, and of the first wrong one the entries."""
        n = min(len(mine.points), len(theirs.points))
        gap = difference(mine.points, theirs.points, LOOSE)
        if gap is None:
            rows = n - (mine.error is not None or len(mine.points) < len(theirs.points))
            return max(rows, 0) / (len(theirs.points) + 1)
        a, b, before = mine.points[gap.step], theirs.points[gap.step], theirs.points[gap.step - 1]
        with np.errstate(all="ignore"):
            near = np.abs(a - b) <= 1e-4 * np.abs(b - before) + 1e-12 * np.abs(b)
        return (gap.step + 0.9 * near.mean()) / (len(theirs.points) + 1)

    @property
    def full(self):
        return float(len(self.order))

    def holds(self):
        """Is the candidate right with gradients that the search has not used?"""
        for seed in FRESH:
            for old in self.order:
                fresh = replace(old.situation, seed=old.situation.seed + seed)
                theirs = play(self.Reference, fresh, self.hyper, self.guard)
                mine = play(self.make, fresh, self.hyper, self.guard)
                usable = not theirs.error and np.isfinite(theirs.points).all()
                if usable and not self.right(mine, theirs):
                    return False
        return True


def quick_enough(situation):
    """Can this situation be played by calling `my_step` alone?"""
    s = situation
    special = s.reload or s.renew or s.twin or s.reuse or s.groups or s.added or s.generator
    return not special and s.dtype is torch.float64 and s.device == "cpu"


class QuickTrial:
    """Candidates in one situation, without building a `torch.optim.Optimizer`.

    `my_step` is called directly, on copies of the weights, up to the first number that differs. This
    takes half the time of `play`; most candidates come no further.

    Args:
        kind: the candidate's class.
        template: an optimizer of it, of which attributes and group are taken.
        theirs: the trace of the reference.
        guard: an active `Guard`.
    """

    def __init__(self, kind, template, theirs, guard):
        self.kind, self.guard = kind, guard
        self.attributes = {k: v for k, v in vars(template).items() if k != "state"}
        (self.group,) = template.param_groups
        starts, self.gradients = script(theirs.situation)
        self.starts = [
            lay_out(x, shape).detach()
            for x, shape in zip(starts, theirs.situation.shapes, strict=True)
        ]
        self.factors = theirs.situation.lr
        self.rows = []
        path = np.cumsum(np.abs(np.diff(theirs.points, axis=0, prepend=theirs.points[:1])), axis=0)
        size = np.maximum.accumulate(np.abs(theirs.points), axis=0)
        sizes = np.cumsum([x.numel() for x in starts])[:-1]
        for row, there, large in zip(theirs.points[1:], path[1:], size[1:], strict=True):
            room = LOOSE[0] * there + 16 * LOOSE[1] * large
            self.rows.append((np.split(row, sizes), np.split(room, sizes)))

    @classmethod
    def of(cls, make, theirs, hyper, guard):
        """One for these candidates, or None if they do not fit the form of `Optim`."""
        try:
            template = Player(make, theirs.situation, hyper).optimizer
        except Exception:
            return None
        kind = type(template)
        plain = getattr(kind.step, "__wrapped__", None) is getattr(Optim.step, "__wrapped__", 0)
        own = vars(template).keys() - USUAL
        simple = all(isinstance(vars(template)[k], (int, float, str, tuple)) for k in own)
        fits = plain and simple and len(template.param_groups) == 1
        return cls(kind, template, theirs, guard) if fits else None

    @torch.no_grad()
    def score(self):
        """The part of the situation that is right, 1 if all is."""
        optimizer = object.__new__(self.kind)
        optimizer.__dict__.update(self.attributes)
        weights = [x.clone() for x in self.starts]
        group = {**self.group, "params": weights}
        optimizer.param_groups, optimizer.state = [group], {p: {} for p in weights}
        steps = len(self.rows)
        for step, (grads, (row, room)) in enumerate(zip(self.gradients, self.rows, strict=True)):
            if step + 1 in self.factors and "lr" in group:
                group["lr"] *= self.factors[step + 1]
            right = total = 0
            try:
                for p, g, wanted, near in zip(weights, grads, row, room, strict=True):
                    if g is not None:
                        p.grad = g.clone()
                        optimizer.my_step(p, optimizer.state[p], group)
                    good = np.abs(p.numpy() - wanted.reshape(p.shape)) <= near.reshape(p.shape)
                    right, total = right + int(good.sum()), total + good.size
                    if right < total:
                        break
            except BaseException as error:
                if not self.guard.stopped_by(error) or isinstance(error, Stopped):
                    raise
                return step / (steps + 1)
            if right < total:
                return (step + 0.9 * right / sum(p.numel() for p in weights)) / (steps + 1)
        return 1.0


USUAL = {
    "defaults",
    "state",
    "param_groups",
    "_warned_capturable_if_run_uncaptured",
    "_zero_grad_profile_name",
} | {name for name in vars(torch.optim.SGD([torch.zeros(1)], lr=0.1)) if "hook" in name}


class FunctionTrial:
    """Candidates for a function, in the cases of the check.

    Args:
        make: returns the candidate.
        reference: the right function.
        cases: tuples of arguments, as in `check_function`.
    """

    def __init__(self, make, reference, cases, guard):
        self.make, self.reference, self.guard = make, reference, guard
        self.cases = [case if isinstance(case, tuple) else (case,) for case in cases]
        self.expected = [self.call(reference, case) for case in self.cases]
        self.fresh = []
        rng = random.Random(1000)
        for _ in range(3):
            for case in self.cases:
                new = shaken(case, rng)
                theirs = self.call(reference, new)
                if theirs.error is None:
                    self.fresh.append((new, theirs))
        mine = [self.call(self.make(), case) for case in self.cases]
        order = range(len(self.cases))
        self.order = sorted(order, key=lambda i: self.right(mine[i], self.expected[i]))

    def call(self, function, case):
        from utils.check import functions  # it imports this package

        args, words = functions.split(case)
        return functions.Call(function, args, words, self.guard)

    def right(self, mine, theirs):
        from utils.check import functions

        if theirs.error is not None or mine.error is not None:
            return type(mine.error) is type(theirs.error)
        same = functions.unlike(
            functions.comparable(mine.result), functions.comparable(theirs.result)
        )
        return same is None and functions.unlike(mine.left, theirs.left) is None

    def score(self, in_my_step=True):
        function = self.make()
        for i, at in enumerate(self.order):
            mine, theirs = self.call(function, self.cases[at]), self.expected[at]
            if not self.right(mine, theirs):
                return i + self.part(mine, theirs)
        return self.full

    def part(self, mine, theirs):
        from utils.check import functions

        if mine.error or theirs.error:
            return 0.0
        a, b = functions.comparable(mine.result), functions.comparable(theirs.result)
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape):
            return 0.1
        return 0.2 + 0.7 * float(np.isclose(a, b, rtol=1e-6, atol=0).mean()) if b.size else 0.2

    @property
    def full(self):
        return float(len(self.order))

    def holds(self):
        function = self.make()
        return all(self.right(self.call(function, case), theirs) for case, theirs in self.fresh)


def shaken(x, rng):
    """Other numbers of the same kind: same shapes, whole ones whole, those in (0, 1) in there."""
    if isinstance(x, tuple):
        return tuple(shaken(part, rng) for part in x)
    if isinstance(x, list):
        return [shaken(part, rng) for part in x]
    if isinstance(x, dict):
        return {key: shaken(value, rng) for key, value in x.items()}
    if isinstance(x, torch.Tensor) and x.is_floating_point() and x.is_leaf:
        shift = torch.tensor([rng.uniform(-1, 1) for _ in range(x.numel())], dtype=x.dtype)
        new = x.detach() + shift.reshape(x.shape)
        if x.grad is not None:
            new.requires_grad_()
            new.grad = shaken(x.grad.detach(), rng)
        return new
    if type(x) is float:
        return rng.uniform(0.05, 0.95) if 0 < x < 1 else x + rng.uniform(-1, 1)
    if type(x) is int:
        return max(1, x + rng.randint(-1, 1)) if x > 0 else x
    return x
