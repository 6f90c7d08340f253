"""Which mistake is it? First the bank, and if nothing there does the same, what broke."""

import dataclasses
import time
from itertools import combinations

import numpy as np

from utils.check.claims import Evidence, measured
from utils.check.compare import LOOSE, TIGHT, difference, precision, same
from utils.check.guard import Guard
from utils.check.mistakes import families
from utils.check.situations import PLAYED, Hyper, defaults_of, play

PATIENCE = 0.5  # seconds of computing for the search among pairs of mistakes


def from_bank(both, mine):
    """(family, mistakes) that do the same as the student's class; (family or None, None) if not.

    Situations in which the student's code raises are left out, if there are others: the bank
    cannot know every way to crash.

    Args:
        both: the `Comparison`.
        mine: the first trace in which something is wrong.
    """
    traces, reference, hyper = both.traces, both.reference, both.hyper
    with Guard(seconds=60, watch=False) as guard:
        family = family_of(reference[:6], hyper, guard)
        if family is None:
            return None, None
        found = search(family, traces, reference, hyper, guard)
        if found is None and mine.error is None and any(t.error for t in traces):
            calm = [i for i, t in enumerate(traces) if t.error is None]
            some = [[ts[i] for i in calm] for ts in (traces, reference)]
            found = search(family, *some, hyper, guard)
    return family, found


def family_of(reference, hyper, guard):
    """The first family whose right class does what the reference does, or None.

    Args:
        reference: its traces, one a situation.
    """
    for family in families():
        right = family.build()
        for theirs in reference:
            mine = play(right, theirs.situation, hyper, guard, follow=theirs)
            if mine.error or difference(mine.points, theirs.points, LOOSE):
                break
        else:
            return family
    return None


def search(family, traces, reference, hyper, guard):
    """The mistakes which together do exactly what the student's class does, or None.

    One mistake is tried before two. What the student did is compared in every situation, those
    first where it differs from the reference: there most candidates drop out at the first step.
    """
    both = list(zip(traces, reference, strict=True))
    wrong = [t for t, r in both if not same(t, r, LOOSE)]
    order = wrong + [t for t in traces if t not in wrong]
    first, right = next((t, r) for t, r in both if t is order[0])

    def fits(candidate, tolerance):
        for trace in order:
            mine = play(candidate, trace.situation, hyper, guard, follow=trace)
            if not same(mine, trace, max(tolerance, precision(trace.situation))):
                return False
        return True

    alone = each_alone(family, first.situation, hyper, guard)
    for tolerance in (TIGHT, LOOSE):  # loose for a student who computes in float32
        for m in family.mistakes:
            if same(alone[m], first, LOOSE) and fits(family.build(m), tolerance):
                return (m,)
    if any(t.error for t in order):
        return None
    silent = {m for m, trace in alone.items() if same(trace, right, LOOSE)}
    alike = {m for m, trace in alone.items() if same(trace, first, LOOSE)}
    end = time.thread_time() + PATIENCE
    for pair in pairs(alone, first):
        loud = [m for m in pair if m not in silent]
        if not loud or len(loud) == 1 and loud[0] not in alike:
            continue  # here a silent mistake adds nothing to the other one
        if time.thread_time() > end:
            break
        candidate = family.build(*pair)
        if candidate is not None and fits(candidate, TIGHT):
            return pair
    return None


def each_alone(family, situation, hyper, guard):
    """What each mistake does by itself: mistake → trace."""
    key = family.name, situation, str(hyper)
    traces = PLAYED.get(key)
    if traces is None:
        traces = [play(family.build(m), situation, hyper, guard) for m in family.mistakes]
        for trace in traces:
            trace.error = trace.error and trace.error.with_traceback(None)
        if not guard.late:
            PLAYED[key] = traces
    return dict(zip(family.mistakes, traces, strict=True))


def pairs(alone, student):
    """Pairs of mistakes, the likelier first: those of which one comes near to the student's path.

    Left out are mistakes which hide any other, because nothing moves or an exception is raised.

    Args:
        alone: what each mistake does by itself, in the same situation as the student's trace.
    """
    moving = {m: t for m, t in alone.items() if not t.error and np.diff(t.points, axis=0).any()}
    far = {m: distance(trace, student) for m, trace in moving.items()}
    return sorted(combinations(far, 2), key=lambda pair: sorted(far[m] for m in pair))


def distance(one, other):
    """How far two traces are from each other: 0 is the same, 1 is as far as it goes."""
    with np.errstate(all="ignore"):
        gap = np.abs(one.points - other.points)
        path = np.abs(np.diff(other.points, axis=0)).sum(axis=0)
        return float(np.nan_to_num(np.minimum(gap / path, 1), nan=1).mean())


def broken(both):
    """What was measured of the steps, as `claims.Said`, the likeliest cause first.

    Args:
        both: the `Comparison`.
    """

    def replay(gradients):
        """The first wrong situation again, with gradients so many times as large."""
        situation = evidence.first[0].situation
        scales = situation.scales or (1.0,) * len(situation.shapes)
        if hasattr(getattr(both.Student, "func", both.Student), "plays") or min(scales) < 1:
            return None  # in another process, or weights would be scaled, too
        larger = dataclasses.replace(situation, scales=tuple(gradients * s for s in scales))
        with Guard() as guard:
            return play(both.Student, larger, both.hyper, guard)

    evidence = Evidence(both.traces, both.reference, replay)
    return measured(evidence)


def other_default(both):
    """A hyper-parameter that nobody gave, whose default alone makes the steps wrong.

    Returns:
        (name, the student's default, the reference's), or None.
    """
    if hasattr(getattr(both.Student, "func", both.Student), "plays"):
        return None
    with Guard(watch=False) as guard:
        own = defaults_of(both.Student, both.hyper.given)
        right = {k: v for k, v in both.hyper.known.items() if k not in both.hyper.given}
        for name in (k for k, v in right.items() if own.get(k) != v):
            given = {**both.hyper.given, name: right[name]}
            hyper = Hyper(given, both.hyper.known, both.hyper.names)
            with np.errstate(all="ignore"):
                for theirs in both.reference:
                    mine = play(both.Student, theirs.situation, hyper, guard)
                    gap = difference(mine.points, theirs.points, LOOSE)
                    if mine.error or mine.faults or gap:
                        break
                else:
                    return name, own.get(name), right[name]
    return None
