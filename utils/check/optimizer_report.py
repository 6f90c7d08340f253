"""What a failed check of an optimizer says: where, yours, expected, the mistake, the hints."""

import dis
import functools
import math
from dataclasses import replace

import numpy as np

from utils.check import closer, errors, report
from utils.check.compare import LOOSE, difference
from utils.check.diagnosis import broken, from_bank, other_default
from utils.check.finding import NO_STEP, Finding, sentence
from utils.check.guard import SECONDS, Stopped
from utils.check.situations import NoOptimizer, script

FAULTS = {  # kind, see `Player.inspect` → name, sentence, hints
    "memory": (
        "p.data is rebound",
        "The parameter has new memory after the step (`p.data = ...`); whoever shares the old "
        "memory keeps the old numbers.",
        ("Change p in place: `p.add_(...)`, `p.sub_(...)` or `p.copy_(...)`.",),
    ),
    "cleared": (
        "the gradient is cleared",
        "The step sets `p.grad` to zero or None; that is for `zero_grad()` to do.",
        ("Remove the line that zeroes or deletes `p.grad`.",),
    ),
    "gradient": (
        "p.grad is changed in place",
        "The step changes `p.grad`, which it should only read.",
        (
            "Which line of yours writes to the gradient, or to a tensor that is the gradient?",
            "A method with an underscore changes its tensor. Use one without, or `clone()` first.",
        ),
    ),
    "graph": (
        "a graph is left behind",
        "After the step something still belongs to an autograd graph, or p is no longer a plain "
        "leaf: the step was watched by autograd.",
        ("Do the step without autograd: `@torch.no_grad()` above it.",),
    ),
    "class": (
        "the parameter changes its class",
        "After the step p is no plain tensor any more.",
        ("Leave the class of p alone; change the numbers in it.",),
    ),
    "replaced": (
        "the parameter is replaced",
        "The optimizer no longer holds the tensor it was given: a model would not see the steps.",
        ("Change the tensor in the group in place; do not put another one there.",),
    ),
    "returned": (
        "step returns a global name",
        "What `step()` returns is not made in it: the name exists by chance, from another cell. It "
        "should return what the closure returns, or else None.",
        (
            "Where does the thing that you return come from?",
            "Begin with `loss = None`, and set it only to what the closure returns.",
        ),
    ),
    "device": (
        "a tensor on the wrong device",
        "The step mixes tensors of two devices: it would stop on a GPU. A tensor that it makes is "
        "always on the CPU.",
        (
            "On which device is p, and on which is the tensor that you make for it?",
            "Make it with `torch.zeros_like(p)`, or with `device=p.device`.",
        ),
    ),
    "shape": (
        "the parameter changes its shape",
        "The parameter has another shape after the step.",
        ("Is something summed, or broadcast to a larger shape?",),
    ),
}


def explain(both, mine, theirs, gap):
    """Find out what is wrong, and raise the report.

    Args:
        both: the `Comparison`.
        mine, theirs: the traces of the first situation in which something is wrong.
        gap: their `Difference`, if the points differ.
    """
    why, picture, notes = diagnose(both, mine, theirs), None, []
    found = Finding(both.name, "", both.against, **where(both, mine, gap))
    if mine.error is not None:
        place = f"in step {mine.stopped}" if mine.stopped else "when it was made"
        title = f"{both.name} stopped {place}: {type(mine.error).__name__}."
        if not mine.stopped:
            notes.append(("made as", f"{both.name}(params, {words(both.hyper.given)})"))
        if isinstance(mine.error, Stopped):
            title = f"{both.name} did not come to an end {place}: stopped after {SECONDS:g} s."
        elif isinstance(mine.error, NoOptimizer):
            title = f"{both.name} is no torch optimizer: {mine.error}."
        else:
            notes.append(("says", errors.message(mine.error)))
        found = replace(found, line=errors.quote(mine.error))
    elif gap is not None:
        title = f"{both.name} does not take the same steps as {both.against}."
        yours, expected = numbers(mine, theirs, gap)
        found = replace(found, yours=yours, expected=expected)
        notes.append(("off by", f"{share(gap.share)} of the path after {theirs.steps} steps"))

        def picture():
            return draw(both, mine, theirs, gap)
    else:
        title = f"{both.name} takes the right steps, but does more than that."
    if both.guard.printed:
        notes.append(("printed", report.shorten(both.guard.printed)))
    found = replace(found, title=title, notes=tuple(notes), **why)
    report.failed(found, picture, functools.partial(closer.at_optimizer, both=both))


def diagnose(both, mine, theirs):
    """The fields of a `Finding` that say why: mistakes, diagnosis, observed, hints."""
    if not any(t.error or np.diff(t.points, axis=0).any() for t in both.traces):
        unmoved = why_nothing_moves(both)
        if unmoved:
            return one(*unmoved)
    default = other_default(both) if mine.error is None else None
    if default:
        name, own, right = default
        return one(
            "another default",
            f"Your default of {name} is {shorter(own)}, and that of {both.against} is "
            f"{shorter(right)}. All else is right.",
            (
                f"Which value has {name} if nobody gives it? Look at the head of `__init__`.",
                f"Write `{name}={right!r}` there.",
            ),
        )
    if not isinstance(mine.error, Stopped):
        family, mistakes = from_bank(both, mine)
        if mistakes:
            return from_mistakes(family, mistakes)
    if mine.error is not None:
        return one(*errors.explain(mine.error, both.Student, mine.situation, mine.stopped))
    if mine.faults:
        known = [FAULTS[kind] for kind in FAULTS if kind in mine.faults]
        found = dict(
            mistakes=tuple(name for name, _, _ in known),
            diagnosis=tuple(sentence(name, says) for name, says, _ in known),
            observed=(),
            hints=tuple(h for _, _, hints in known for h in hints),
        )
        if not difference(mine.points, theirs.points, LOOSE):
            return found
        moves = np.diff(mine.points, axis=0).any()
        family, more = (
            from_bank(without_faults(both), replace(mine, faults={})) if moves else (0, 0)
        )
        if not more:
            return {**found, "observed": tuple(map(str, broken(both)[:1]))}
        second = from_mistakes(family, more)
        return {key: (*found[key], *second.get(key, ())) for key in found}
    hints = (
        "Take the first step by hand, with the gradient above, and compare it with what your "
        "code computes.",
        "Print what each line of yours makes in that step, beginning with `state`.",
        f"The situation above tests one thing: {mine.situation.tests}.",
    )
    seen = broken(both)
    for claim in seen:
        if claim.claim.name in MEANS:
            name, hint = MEANS[claim.claim.name]
            rest = tuple(str(other) for other in seen if other is not claim)
            found = one(name, str(claim), (hint, *hints))
            return {**found, "observed": rest[:2]}
    return dict(mistakes=("unknown",), observed=tuple(map(str, seen)), hints=hints)


MEANS = {  # claims that are a diagnosis by themselves → (name of the mistake, hint)
    "state is zero": (
        "what is remembered stays zero",
        "A method without an underscore returns a new tensor: `v.mul_(...)` changes v, "
        "`v.mul(...)` does not.",
    ),
    "gradient unused": (
        "the gradient is not used",
        "Where in your step does `p.grad` stand?",
    ),
    "steps as parameters": (
        "a loop over all parameters",
        "Leave out the loop: `p` is the one parameter to change.",
    ),
}


def why_nothing_moves(both):
    """Reasons that the code itself tells; None if it must be another."""
    zero = [name for t in both.traces for name, kind in t.state.items() if kind == "zero"]
    if zero:
        return (
            MEANS["state is zero"][0],
            f'`state["{zero[0]}"]` is still 0 after all steps, and so nothing moves.',
            (MEANS["state is zero"][1],),
        )
    if both.guard.returned:
        return (
            "my_step returns a new tensor",
            "What my_step returns is not used: p itself must change, in place.",
            ("`p.add_(...)` or `p.sub_(...)` changes p; `return` is not needed.",),
        )
    code = getattr(getattr(both.Student, "my_step", None), "__code__", None)
    if code is not None and not code.co_names:
        return NO_STEP, "It does nothing: no parameter moves.", ()
    silent = not any(t.faults for t in both.traces)
    if code is not None and silent and not rebinds(code, "p"):
        return (
            "the step is not applied",
            "The step is computed, and p stays as it is: no line changes it.",
            (
                "Which line of yours changes p itself?",
                "A method with an underscore does: `p.sub_(...)`. One without returns a new tensor.",
            ),
        )
    return None


def rebinds(code, name):
    """Does a function give its argument a new value (`p = ...`, also `p -= ...`)?"""
    stores = ("STORE_FAST", "STORE_DEREF", "STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST")
    for step in dis.get_instructions(code):
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        if step.opname in stores and name in names:
            return True
        if step.opname == "STORE_ATTR" and step.argval == "data":
            return True
    return False


def without_faults(both):
    """The same, as if only the numbers mattered: a second mistake may show in them."""
    return replace(both, traces=[replace(trace, faults={}) for trace in both.traces])


def from_mistakes(family, mistakes):
    hints = [
        hint if len(mistakes) == 1 else f"({m.name}) {hint}"
        for level in zip(*([(m, h) for h in m.hints] for m in mistakes), strict=True)
        for m, hint in level
    ]
    for m in mistakes:
        right = next(iter(m.edits)).strip().splitlines()[-1].strip()
        hints.append(f"In one right {family.name}, this line stands there: `{right}`")
    return dict(
        mistakes=tuple(m.name for m in mistakes),
        diagnosis=tuple(sentence(m.name, m.says) for m in mistakes),
        hints=tuple(hints),
    )


def one(name, says, hints):
    return dict(mistakes=(name,), diagnosis=(sentence(name, says),), hints=tuple(hints))


def where(both, mine, gap):
    """The fields that say in which situation, step, parameter and entry, and with what."""
    situation, found = mine.situation, {}
    values = {**both.hyper.given, **both.hyper.known, **situation.changes(both.hyper)}
    given = words(values) or "nothing to set"
    if gap is not None and "lr" in values:
        factor = math.prod(f for step, f in situation.lr.items() if step <= gap.step)
        given += f"; in this step lr = {values['lr'] * factor:.4g}" if factor != 1 else ""
    rows = [("with", given)]
    if mine.error is not None:
        found["step"] = mine.stopped
    elif gap is not None:
        i, entry, shape = locate(situation, gap.index)
        found.update(step=gap.step, parameter=i + 1, entry=entry, shape=shape)
        if gap.step:
            g = script(situation)[1][gap.step - 1][i]
            rows.append(("gradient", "None" if g is None else f"{float(g[entry]):.6g}"))
    elif mine.faults:
        step, i = next(iter(mine.faults.values()))
        found.update(step=step, parameter=i + 1)
    return dict(situation=situation.name, steps=situation.steps, given=tuple(rows), **found)


def locate(situation, index):
    """(parameter, entry, shape) for a column of a trace; parameters are counted from 0 on."""
    for i, shape in enumerate(situation.shapes):
        shape = tuple(n for n in shape if isinstance(n, int))
        size = int(np.prod(shape))
        if index < size:
            entry = tuple(int(k) for k in np.unravel_index(index, shape)) if shape else ()
            return i, entry, shape
        index -= size
    raise IndexError(index)


def numbers(mine, theirs, gap):
    """Yours and expected, each from its value before the step."""
    a, b = mine.points[:, gap.index], theirs.points[:, gap.index]
    yours, expected = apart(a[gap.step], b[gap.step])
    if not gap.step:
        return yours, expected
    return f"{a[gap.step - 1]:.6g} → {yours}", f"{b[gap.step - 1]:.6g} → {expected}"


def apart(x, y):
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in range(6, 18):
        a, b = f"{x:.{digits}g}", f"{y:.{digits}g}"
        if a != b:
            break
    return a, b


def share(x):
    if not np.isfinite(x):
        return "more than the length"
    return f"{100 * x:.2g} %" if x < 0.995 else f"{x:.3g} times the length"


def words(hyper):
    return ", ".join(f"{k} = {shorter(v)}" for k, v in hyper.items())


def shorter(value):
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(shorter(v) for v in value) + ")"
    return f"{value:.4g}" if type(value) is float else report.shorten(repr(value), 20)


def draw(both, mine, theirs, gap):
    """Both paths of the entry that differs first, over the steps."""
    from utils import plots  # matplotlib takes most of a second: only when something is drawn

    a, b = mine.points[:, gap.index], theirs.points[:, gap.index]
    alt = (
        f"The weight over the steps. The lines part at step {gap.step}; in the end yours is at "
        f"{a[-1]:.4g}, expected is {b[-1]:.4g}."
    )
    lines = {both.against: b, f"{both.name} (yours)": a}
    picture = plots.series(lines, "step", "weight", alt=alt)
    picture.figure.set_size_inches(5.2, 2.6)
    return picture
