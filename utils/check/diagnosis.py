"""Which mistake is it? First the bank, and if nothing there does the same, what broke."""

import time
from itertools import combinations

import numpy as np

from utils.check.compare import LOOSE, TIGHT, difference, precision, same
from utils.check.guard import Guard
from utils.check.mistakes import families
from utils.check.situations import PLAYED, play

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


def broken(traces, reference):
    """What broke, in sentences, the likeliest cause first.

    Args:
        traces, reference: what the student's class and the reference did, situation by situation.
    """
    failing = [
        (mine, theirs)
        for mine, theirs in zip(traces, reference, strict=True)
        if mine.error or difference(mine.points, theirs.points, LOOSE)
    ]
    if not failing:
        return []
    mine, theirs = failing[0]
    found = []
    if not any(np.diff(t.points, axis=0).any() for t in traces if t.steps):
        found.append(
            "No parameter moves. Is my_step still empty, or does it make new tensors (`p = ...`) "
            "instead of changing p in place?"
        )
    else:
        found += shape_of_steps(mine.points, theirs.points)
    wrong = {m.situation for m, _ in failing}
    if len(failing) <= len(traces) // 2:
        found += [f"Wrong with {s.name}: {s.tests}." for s in list(wrong_in_order(failing))[:3]]
        right = [t.situation.name for t in traces if t.situation not in wrong]
        found.append("Right with " + ", ".join(right[:4]) + (", …." if right[4:] else "."))
    return found[:5]


def wrong_in_order(failing):
    return (mine.situation for mine, _ in failing)


def shape_of_steps(mine, theirs):
    """How the steps differ: not finite, wrong sign, wrong scale, or wrong from some step on."""
    n = min(len(mine), len(theirs))
    a, b = np.diff(mine[:n], axis=0), np.diff(theirs[:n], axis=0)
    bad = ~np.isfinite(mine[:n]).all(axis=1)
    if bad.any():
        step = int(np.argmax(bad))
        yield (
            f"Step {step} makes a number that is infinite or not a number: a division by zero, or "
            "the root of a negative number."
        )
        a, b = a[: max(step - 1, 0)], b[: max(step - 1, 0)]
    moved = np.abs(b) > 1e-12 * (np.abs(theirs[:n]).max() + 1e-300)
    moved = moved[: len(a)]
    with np.errstate(all="ignore"):
        ratios = [a[t][moved[t]] / b[t][moved[t]] for t in range(len(a))]
    ratios = [r for r in ratios if len(r)]
    if not ratios:
        return
    if (np.concatenate(ratios) < 0).mean() > 0.9:
        yield "The sign: the steps go the opposite way."
    spread = [float(np.ptp(r)) for r in ratios]
    level = [float(np.median(r)) for r in ratios]
    even = [s < 1e-6 * max(abs(m), 1e-12) for s, m in zip(spread, level, strict=True)]
    if all(even) and np.ptp(level) < 1e-6 * abs(level[0]):
        if abs(level[0] - 1) > 1e-6:
            yield f"The scale: every step is {level[0]:.4g} times as long as it should be."
    elif all(even):
        told = ", ".join(f"{x:.3g}" for x in level[:5])
        yield (
            f"The scale, and it changes from step to step: {told} … times the right length. "
            "Something that depends on the number of the step, or on what is remembered."
        )
    elif abs(level[0] - 1) < 1e-6 and spread[0] < 1e-6:
        yield (
            "The first step is right, the later ones are not: what is remembered is not stored, or "
            "is not updated as it should be."
        )
    elif not even[0] and all(even[1:]):
        yield "Only the first step is wrong: what is remembered starts with the wrong value."
    else:
        told = f"{np.nanmin(ratios[0]):.3g} to {np.nanmax(ratios[0]):.3g}"
        yield (
            f"The formula: already in the first step the entries move {told} times as far as they "
            "should, so the error depends on the gradient or on the weight."
        )
