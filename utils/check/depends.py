"""What does the step depend on? Measured on an optimizer as a black box, beside the reference.

A probe changes one thing and looks at the step that follows: all gradients ten times as large, lr
twice as large, the gradient of another entry, an old gradient. That is true for every optimizer,
right or wrong, known or not.
"""

from dataclasses import dataclass

import numpy as np
import torch

from utils.check import report
from utils.check.guard import Guard

STEPS = 6
"""The step that is looked at is the last of so many."""

SAME = 1e-6
"""Relative: what differs by less is called the same."""


@dataclass(frozen=True)
class Row:
    """One question, and what was measured.

    question: what was changed.
    yours, theirs: what became of the step, in words.
    differ: are the two answers different?
    """

    question: str
    yours: str
    theirs: str
    differ: bool


@dataclass(frozen=True)
class Table:
    """What the steps of two optimizers depend on.

    name, against: what to call them.
    rows: one a question.
    weights: for yours and the reference, the weight of the gradient 0, 1, 2, … steps ago in the
        step, as a part of that of the newest one; empty where the newest has no weight.
    """

    name: str
    against: str
    rows: tuple
    weights: tuple

    @property
    def different(self):
        """The rows in which the two differ."""
        return tuple(row for row in self.rows if row.differ)

    @property
    def sentences(self):
        """One for each difference, such as "With all gradients × 10, your step becomes …"."""
        return tuple(
            f"{row.question}: your step {row.yours}; that of {self.against} {row.theirs}."
            for row in self.different
        )

    def __str__(self):
        rows = [("", "yours", self.against), *((r.question, r.yours, r.theirs) for r in self.rows)]
        wide = [max(len(row[i]) for row in rows) for i in range(3)]
        mark = [" ", *("≠" if row.differ else " " for row in self.rows)]
        return "\n".join(
            f"{m} " + "   ".join(text.ljust(n) for text, n in zip(row, wide, strict=True)).rstrip()
            for m, row in zip(mark, rows, strict=True)
        )

    def picture(self):
        """The weights of past gradients, over how long ago they were."""
        from utils import plots  # matplotlib takes most of a second: only when something is drawn

        names = (f"{self.name} (yours)", self.against)
        lines = {n: w for n, w in zip(names, self.weights, strict=True) if len(w)}
        alt = "The weight of past gradients in a step. " + " ".join(
            f"{n}: {', '.join(f'{x:.3g}' for x in w)}." for n, w in lines.items()
        )
        return plots.series(lines, "steps ago", "weight in this step", alt=alt)


def explain(Student, Reference, **hyper):
    """Print what the step of `Student` depends on, beside the reference, and draw the weights of
    past gradients.

        explain(MyOptimizer, torch.optim.Adam, lr=0.01)

    Args:
        Student, Reference: classes, or anything that makes an optimizer of `(params, **hyper)`.
        hyper: given to both.

    Returns:
        the `Table`, or None if one of the two cannot take a few steps.
    """
    from utils.check.optimizer import label, vary  # which looks here when a check has failed

    name = label(Student)
    known = vary(Student, Reference, hyper)
    table = depends_on(Student, Reference, known, name, label(Reference))
    if table is None:
        print(f"{name} stops within a few steps: check_optimizer says where.")
        return None
    print(table)
    if report.notebook():
        from utils import plots

        plots.draw(table.picture())
    return table


def depends_on(Student, Reference, hyper, name="yours", against="the reference"):
    """The `Table` of an optimizer and its reference; None if one of them cannot take the steps.

    Args:
        hyper: the `Hyper` of the check.
        name, against: what to call the two.
    """
    with Guard(seconds=2, watch=False) as guard, np.errstate(all="ignore"):
        try:
            mine, theirs = Probes(Student, hyper), Probes(Reference, hyper)
            rows = tuple(
                Row(question, one, other, one != other)
                for (question, one), (_, other) in zip(mine.rows(), theirs.rows(), strict=True)
            )
            weights = tuple(mine.weights()), tuple(theirs.weights())
        except BaseException as error:
            if not guard.stopped_by(error):
                raise
            return None
    return Table(name, against, rows, weights)


class Probes:
    """An optimizer on two parameters of three entries; the step is that of the first one.

    Args:
        make: makes the optimizer.
        hyper: the `Hyper` of the check.
    """

    def __init__(self, make, hyper):
        self.make, self.hyper = make, hyper
        rng = torch.Generator().manual_seed(7)

        sizes = torch.rand((2, STEPS, 3), generator=rng, dtype=torch.float64) + 0.5
        signs = torch.randint(0, 2, (2, STEPS, 3), generator=rng) * 2 - 1
        each = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
        self.grads = list(sizes * each)  # each entry keeps its sign, so that nothing cancels out
        self.mixed = list(sizes * signs)
        self.usual = self.step()

    def step(self, grads=None, start=1.0, lr=1.0, at=STEPS):
        """The change of the first parameter in step `at`.

        Args:
            grads: of the two parameters, each of shape (steps, 3).
            start: where all weights begin.
            lr: factor for the learning rate in that step alone.
        """
        grads = grads or self.grads
        weights = [torch.full((3,), start, dtype=torch.float64).requires_grad_() for _ in grads]
        optimizer = self.make(weights, **self.hyper.given)
        for t in range(at):
            if t == at - 1 and lr != 1:
                for group in optimizer.param_groups:
                    group["lr"] *= lr
            for p, g in zip(weights, grads, strict=True):
                p.grad = g[t].clone()
            before = weights[0].detach().clone()
            optimizer.step()
        return (weights[0].detach() - before).numpy()

    def rows(self):
        """(question, answer) pairs."""
        one, two = self.grads
        yield "all gradients × 10", scaled(self.step([10 * one, 10 * two]), self.usual)
        yield "all gradients × −1", scaled(self.step([-one, -two]), self.usual)
        if "lr" in self.hyper.known:
            yield "lr × 2 from now on", scaled(self.step(lr=2.0), self.usual)
        last = one.clone()
        last[-1, 0] *= 2
        yield "this gradient × 2", scaled(self.step([last, two])[:1], self.usual[:1])
        entry = one.clone()
        entry[:, 1] *= 3
        yield "another entry's gradients × 3", changed(self.step([entry, two])[0], self.usual[0])
        yield "another parameter's gradients × 3", changed(self.step([one, 3 * two]), self.usual)
        yield "the weights shifted by 1", changed(self.step(start=2.0), self.usual)
        even = [torch.ones_like(one), torch.ones_like(two)]
        first, later = self.step(even, at=1), self.step(even, at=STEPS)
        yield f"g always 1: step {STEPS} beside step 1", scaled(later, first)

    def weights(self):
        """The weight of each past gradient in the step, beside that of the newest."""
        found = []
        for ago in range(STEPS):
            ends = []
            for sign in (1, -1):
                grads = [g.clone() for g in self.mixed]
                grads[0][STEPS - 1 - ago, 0] += sign * 1e-4
                ends.append(self.step(grads)[0])
            found.append((ends[0] - ends[1]) / 2e-4)
        newest = found[0]
        if not np.isfinite(found).all() or abs(newest) < 1e-12 * max(map(abs, [*found, 1e-300])):
            return []
        return [float(x / newest) for x in found]


def scaled(step, usual):
    """How much longer a step is than usual, in words."""
    if not np.isfinite(step).all() or not np.isfinite(usual).all():
        return "is not finite"
    if not usual.any():
        return "is zero, as before" if not step.any() else "is no longer zero"
    if not step.any():
        return "becomes zero"
    ratios = step[usual != 0] / usual[usual != 0]
    if np.ptp(ratios) <= SAME * np.abs(ratios).max() and (usual != 0).all():
        factor = float(ratios.mean())
        if abs(factor - 1) <= SAME:
            return "stays the same"
        if abs(factor + 1) <= SAME:
            return "turns round"
        return f"becomes {factor:.4g} times as long"
    low, high = f"{ratios.min():.3g}", f"{ratios.max():.3g}"
    return (
        f"becomes {low} to {high} times as long" if low != high else f"becomes {low} times as long"
    )


def changed(step, usual):
    """Does a step change at all, in words."""
    size = np.abs(usual).max()
    if not np.isfinite(step).all() or not np.isfinite(size):
        return "is not finite"
    return "changes" if np.abs(step - usual).max() > SAME * max(size, 1e-300) else "stays the same"
