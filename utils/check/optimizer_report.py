"""What a failed check of an optimizer says: where, yours, expected, the mistake, the hints."""

import math

import numpy as np

from utils.check import errors, report
from utils.check.compare import LOOSE, difference
from utils.check.diagnosis import broken, from_bank
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
    "shape": (
        "the parameter changes its shape",
        "The parameter has another shape after the step.",
        ("Is something summed, or broadcast to a larger shape?",),
    ),
}


def tell(both, mine, theirs, gap):
    """Find out what is wrong, and raise the report.

    Args:
        both: the `Comparison`.
        mine, theirs: the traces of the first situation in which something is wrong.
        gap: their `Difference`, if the points differ.
    """
    lines, mistakes, hints = diagnose(both, mine, theirs)
    facts, picture = where(both, mine, theirs, gap), None
    if mine.error is not None:
        what = type(mine.error).__name__
        place = f"in step {mine.stopped}" if mine.stopped else "when it was made"
        title = f"{both.name} stopped {place}: {what}."
        if not mine.stopped:
            facts.append(("made as", f"{both.name}(params, {words(both.hyper.given)})"))
        if isinstance(mine.error, Stopped):
            title = f"{both.name} did not come to an end {place}: stopped after {SECONDS:g} s."
        elif isinstance(mine.error, NoOptimizer):
            title = f"{both.name} is no torch optimizer: {mine.error}."
        else:
            facts.append(("says", errors.message(mine.error)))
        facts += errors.quote(mine.error)
    elif gap is not None:
        title = f"{both.name} does not take the same steps as {both.against}."
        facts += numbers(mine, theirs, gap)

        def picture():
            return draw(both, mine, theirs, gap)
    else:
        title = f"{both.name} takes the right steps, but does more than that."
    if both.guard.printed:
        facts.append(("printed", report.shorten(both.guard.printed)))
    report.failed(both.name, title, facts, lines, mistakes, hints, picture)


def diagnose(both, mine, theirs):
    """(lines of the report, names of the mistakes, hints)"""
    if not any(t.error or np.diff(t.points, axis=0).any() for t in both.traces):
        unmoved = why_nothing_moves(both)
        if unmoved:
            return one(unmoved)
    if not isinstance(mine.error, Stopped):
        family, mistakes = from_bank(both, mine)
        if mistakes:
            return from_mistakes(family, mistakes)
    if mine.error is not None:
        return one(errors.explain(mine.error, both.Student, mine.situation, mine.stopped))
    if mine.faults:
        found = [FAULTS[kind] for kind in FAULTS if kind in mine.faults]
        lines = [("Diagnosis", sentence(name, says)) for name, says, _ in found]
        names, hints = [name for name, _, _ in found], [h for _, _, hs in found for h in hs]
        if difference(mine.points, theirs.points, LOOSE):
            lines += [("Also", line) for line in broken(both.traces, both.reference)[:1]]
        return lines, names, hints
    found = broken(both.traces, both.reference)
    lines = [("Diagnosis", "No known mistake does exactly this. What broke, likeliest first:")]
    hints = (
        "Take the first step by hand, with the gradient above, and compare it with what your "
        "code computes.",
        "Print what each line of yours makes in that step, beginning with `state`.",
        f"The situation above tests one thing: {mine.situation.tests}.",
    )
    return lines + [("", f"· {line}") for line in found], ["unknown"], hints


def why_nothing_moves(both):
    """Two reasons that the code itself tells; None if it must be another."""
    if both.guard.returned:
        return (
            "my_step returns a new tensor",
            "What my_step returns is not used: p itself must change, in place.",
            ("`p.add_(...)` or `p.sub_(...)` changes p; `return` is not needed.",),
        )
    code = getattr(getattr(both.Student, "my_step", None), "__code__", None)
    if code is not None and not code.co_names:
        return "my_step is not written yet", "It does nothing: no parameter moves.", ()
    return None


def from_mistakes(family, mistakes):
    lines = [("Diagnosis", sentence(m.name, m.says)) for m in mistakes]
    if len(mistakes) == 2:
        lines = [("Diagnosis", "Two mistakes at once."), ("1.", lines[0][1]), ("2.", lines[1][1])]
    hints = [
        hint if len(mistakes) == 1 else f"({m.name}) {hint}"
        for level in zip(*([(m, h) for h in m.hints] for m in mistakes), strict=True)
        for m, hint in level
    ]
    for m in mistakes:
        right = next(iter(m.edits)).strip().splitlines()[-1].strip()
        hints.append(f"In one right {family.name}, this line stands there: `{right}`")
    return lines, [m.name for m in mistakes], hints


def one(explanation):
    name, says, hints = explanation
    return [("Diagnosis", sentence(name, says))], [name], hints


def sentence(name, says):
    """`Name. Sentence.`; symbols such as lr, ε or p.data stay small."""
    first = name.split()[0]
    plain = first.isascii() and first.isalpha() and first not in ("p", "g", "t", "lr")
    return f"{name[:1].upper() if plain else name[:1]}{name[1:]}. {says}"


def where(both, mine, theirs, gap):
    """Lines that say in which situation, step and parameter."""
    situation = mine.situation
    parts = [situation.name]
    if gap is not None and mine.error is None:
        parts.append(f"step {gap.step} of {theirs.steps}")
        parts.append(locate(situation, gap.index)[2])
    elif mine.faults and mine.error is None:
        step, i = next(iter(mine.faults.values()))
        parts.append(f"step {step}, parameter {i + 1}")
    values = {**both.hyper.given, **both.hyper.known, **situation.changes(both.hyper)}
    given = words(values) or "nothing to set"
    if gap is not None and "lr" in values:
        factor = math.prod(f for step, f in situation.lr.items() if step <= gap.step)
        given += f"; in this step lr = {values['lr'] * factor:.4g}" if factor != 1 else ""
    return [("where", ", ".join(parts)), ("with", given)]


def locate(situation, index):
    """(parameter, entry, words) for a column of a trace."""
    for i, shape in enumerate(situation.shapes):
        shape = tuple(n for n in shape if isinstance(n, int))
        size = int(np.prod(shape))
        if index < size:
            entry = tuple(int(k) for k in np.unravel_index(index, shape)) if shape else ()
            at = f", entry {list(entry)}" if entry else ""
            return i, entry, f"parameter {i + 1} of shape {shape}{at}"
        index -= size
    raise IndexError(index)


def numbers(mine, theirs, gap):
    """The gradient, yours, expected, and by how much of the path."""
    i, entry, _ = locate(mine.situation, gap.index)
    lines = []
    if gap.step:
        g = script(mine.situation)[1][gap.step - 1][i]
        lines.append(("gradient", "None" if g is None else f"{float(g[entry]):.6g}"))
    a, b = mine.points[:, gap.index], theirs.points[:, gap.index]
    yours, expected = apart(a[gap.step], b[gap.step])
    before = f"{a[gap.step - 1]:.6g} → " if gap.step else ""
    lines.append(("yours", before + yours))
    before = f"{b[gap.step - 1]:.6g} → " if gap.step else ""
    lines.append(("expected", before + expected))
    lines.append(("off by", share(gap.share) + f" of the path after {len(mine.points) - 1} steps"))
    return lines


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
