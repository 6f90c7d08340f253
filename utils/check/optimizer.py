"""Is a student's optimizer the same as the reference?"""

import numpy as np
import torch

from utils.check import errors, report
from utils.check.compare import LOOSE, difference, precision
from utils.check.diagnosis import broken, family_of, search
from utils.check.guard import SECONDS, Guard
from utils.check.situations import SITUATIONS, play

FAULTS = {
    "memory": (
        "p.data is rebound",
        "The parameter has new memory after the step (`p.data = ...`); whoever shares the old "
        "memory keeps the old numbers.",
        ("Change p in place: `p.add_(...)`, `p.sub_(...)` or `p.copy_(...)`.",),
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


def check_optimizer(Student, Reference, **hyper):
    """Does `Student` take the same steps as `Reference`? If not, say which mistake it makes.

        check_optimizer(SGDOptimizer, torch.optim.SGD, lr=0.1)

    Both are played through the same situations (utils/check/situations.py): several hyper-
    parameters and shapes, two groups, lr changed, state_dict saved and loaded, and so on. Only the
    parameters are compared, in float64, with a tolerance of 1e-9 of the path (1e-4 if the step
    computes in float32, and the line on success says so). So any right way to keep state is right.

    Args:
        Student: a class, or anything that makes an optimizer of `(params, **hyper)`.
        Reference: the same, taken as right, such as `partial(torch.optim.SGD, nesterov=True)`.
        hyper: given to both; they and the defaults that both have are also varied.

    Raises:
        CheckFailed: an AssertionError whose text says what is wrong. Nothing else is raised,
            whatever the student's code does; except that Ctrl-C is Ctrl-C.

    This finds mistakes; it does not stop a cheat, who shares the process with it.
    """
    try:
        judge(Student, Reference, hyper)
    except report.CheckFailed as error:
        raise error.with_traceback(None) from None
    except Exception as error:
        raise report.CheckFailed(
            f"✗ {label(Student)} could not be checked: {errors.message(error)}"
        ) from None


def judge(Student, Reference, hyper):
    """Play, compare, and report."""
    name, against = label(Student), label(Reference)
    refuse_what_is_no_class(Student, Reference, name, against)
    reference, known = play_reference(Student, Reference, hyper)
    with Guard() as guard:
        traces = []
        for theirs in reference:
            traces.append(play(Student, theirs.situation, known, hyper, guard))
            if isinstance(traces[-1].error, errors.Stopped) or guard.late:
                break
    reference = reference[: len(traces)]
    if guard.borrowed:
        borrowed(name, guard)

    rounding = False
    for mine, theirs in zip(traces, reference, strict=True):
        gap = difference(mine.points, theirs.points, precision(theirs.situation))
        if gap and not difference(mine.points, theirs.points, LOOSE):
            rounding, gap = True, None
        if mine.error or mine.faults or gap:
            tell(Student, against, hyper, known, traces, reference, guard, mine, theirs, gap)
    steps = sum(t.steps for t in reference)
    extra = " It computes in float32, so this holds to float32 rounding." if rounding else ""
    report.passed(
        name,
        f"{name} takes the same steps as {against}: {len(reference)} situations, "
        f"{steps} steps.{extra}",
    )


def refuse_what_is_no_class(Student, Reference, name, against):
    """Say so if an optimizer stands where a class should, or if it is torch's own."""
    for thing, who in ((Student, name), (Reference, against)):
        if isinstance(thing, torch.optim.Optimizer):
            kind = type(thing).__name__
            report.failed(
                kind,
                f"This is an optimizer, not a class: give the check `{kind}`, without brackets.",
                mistakes=("an instance instead of a class",),
            )
        if not callable(thing):
            report.failed(
                who,
                f"The check needs a class, but it was given {report.shorten(repr(thing))}.",
                mistakes=("no class",),
            )
    for kind in getattr(inspect_target(Student), "__mro__", ()):
        torchs = kind.__module__.startswith("torch.optim.")
        if torchs and kind is not torch.optim.Optimizer:
            report.failed(
                name,
                f"{name} is torch's own {kind.__name__}, or derives from it: write the step "
                "yourself.",
                mistakes=("torch.optim is used",),
            )


def inspect_target(thing):
    """The class behind a partial."""
    while hasattr(thing, "func"):
        thing = thing.func
    return thing


def label(thing):
    """`SGD(nesterov=True)` for a partial, the name of a class or function."""
    extra = ""
    while hasattr(thing, "func"):
        words = [f"{k}={v}" for k, v in thing.keywords.items() if type(v) in (bool, int, float)]
        extra = f"({', '.join(words)})" if words else extra
        thing = thing.func
    return str(getattr(thing, "__name__", type(thing).__name__))[:60] + extra


def play_reference(Student, Reference, hyper):
    """Traces of the reference, in the situations that exist for it, and what may be varied.

    Returns:
        (traces, known)
    """
    with Guard() as guard:
        defaults = dict(getattr(make_one(Reference, hyper), "defaults", {}))
        own = dict(getattr(make_one(Student, hyper), "defaults", {}))
        common = {k: v for k, v in defaults.items() if k in own and varies(v)}
        known = {**common, **{k: v for k, v in hyper.items() if varies(v)}}
        known = {k: v for k, v in known.items() if k not in fixed(Student) | fixed(Reference)}
        traces = [play(Reference, s, known, hyper, guard) for s in SITUATIONS]
    plain = traces[0]
    if plain.error:
        report.failed(
            label(Reference),
            f"The reference, {label(Reference)}, cannot run with "
            f"{words(hyper)}: {errors.message(plain.error)}",
        )
    good = [t for t in traces if not t.error and np.isfinite(t.points).all()]
    return good, known


def make_one(make, hyper):
    """An optimizer on one small weight, or None if that does not work: `play` says why."""
    try:
        return make([torch.zeros(2, requires_grad=True)], **hyper)
    except Exception:
        return None


def varies(value):
    numbers = value if isinstance(value, (tuple, list)) else (value,)
    return all(type(x) in (int, float) for x in numbers)


def fixed(make):
    """Names that a partial has settled: these are not varied."""
    return set(make.keywords) | fixed(make.func) if hasattr(make, "func") else set()


def borrowed(name, guard):
    who = ", ".join(sorted(guard.borrowed))
    report.failed(
        name,
        f"{name} lets torch take the step ({who}): write the step yourself.",
        mistakes=("torch.optim is used",),
    )


def tell(Student, against, hyper, known, traces, reference, guard, mine, theirs, gap):
    """Find out what is wrong and raise the report.

    Args:
        mine, theirs: the traces of the first situation in which something is wrong.
        gap: their `Difference`, if the points differ.
    """
    name = label(Student)
    found = diagnose(Student, hyper, known, traces, reference, mine, theirs, guard)
    facts = where(mine, theirs, gap, known)
    if mine.error is not None:
        what = errors.message(mine.error, 60).split(":")[0]
        place = f"in step {mine.stopped}" if mine.stopped else "when it was made"
        title = f"{name} stopped {place}: {what}."
        if isinstance(mine.error, errors.Stopped):
            title = f"{name} did not come to an end {place}; it was stopped after {SECONDS:g} s."
        facts += [("says", errors.message(mine.error)), *errors.quote(mine.error)]
    elif gap is not None:
        title = f"{name} does not take the same steps as {against}."
        facts += numbers(mine, theirs, gap)
    else:
        title = f"{name} takes the right steps, but does more than that."
    if guard.printed:
        facts.append(("printed", report.shorten(guard.printed)))
    picture = None
    if gap is not None and mine.error is None:
        picture = lambda: draw(mine, theirs, gap, name, against)  # noqa: E731
    report.failed(name, title, facts, *found, picture=picture)


def diagnose(Student, hyper, known, traces, reference, mine, theirs, guard):
    """(sentences, names of the mistakes, hints)"""
    if not isinstance(mine.error, errors.Stopped):
        family, mistakes = from_bank(hyper, known, traces, reference, mine)
        if mistakes:
            lines = [("Diagnosis", f"{m.name}. {m.says}") for m in mistakes]
            if len(mistakes) == 2:
                lines = [
                    ("Two things", f"{mistakes[0].name}. {mistakes[0].says}"),
                    ("and", f"{mistakes[1].name}. {mistakes[1].says}"),
                ]
            hints = [h for pair in zip(*(m.hints for m in mistakes), strict=False) for h in pair]
            for m in mistakes:
                line = next(iter(m.edits)).strip().splitlines()[-1].strip()
                hints.append(f"In one right {family.name}, this line stands there: `{line}`")
            return lines, [m.name for m in mistakes], hints
    if mine.error is not None:
        kind, says, hints = errors.explain(mine.error, Student, mine.situation, mine.stopped)
        return [("Diagnosis", f"{kind}. {says}")], [kind], hints
    if mine.faults and difference(mine.points, theirs.points, LOOSE) is None:
        kind = next(k for k in FAULTS if k in mine.faults)
        called, says, hints = FAULTS[kind]
        return [("Diagnosis", f"{called}. {says}")], [called], hints
    found = broken(traces, reference)
    if guard.returned and found and found[0].startswith("No parameter moves"):
        called = "my_step returns a new tensor"
        says = "What my_step returns is not used: p itself must change, in place."
        return (
            [("Diagnosis", f"{called}. {says}")],
            [called],
            ("`p.add_(...)` or `p.sub_(...)` changes p; `return` is not needed.",),
        )
    lines = [("Diagnosis", "no known mistake does exactly this. What broke, likeliest first:")]
    return lines + [("", f"· {line}") for line in found], ["unknown"], general_hints(mine, known)


def from_bank(hyper, known, traces, reference, mine):
    """(family, mistakes) that do the same as the student's class; (family or None, None) if not.

    Situations in which the student's code raises are left out, if there are others: the bank
    cannot know every way to crash.
    """
    with Guard(seconds=60) as guard:
        family = family_of(reference[:6], known, hyper, guard)
        if family is None:
            return None, None
        found = search(family, traces, reference, known, hyper, guard)
        if found is None and mine.error is None:
            calm = [i for i, t in enumerate(traces) if t.error is None]
            if len(calm) < len(traces):
                some = [[ts[i] for i in calm] for ts in (traces, reference)]
                found = search(family, *some, known, hyper, guard)
    return family, found


def general_hints(mine, known):
    return (
        f"Take one step by hand with {words(known)} and the gradient above, and compare.",
        "Print what your code computes line by line for that step, beginning with what is in "
        "`state`.",
        f"This situation tests one thing: {mine.situation.tests}.",
    )


def where(mine, theirs, gap, known):
    """Lines that say in which situation, step and parameter."""
    situation = mine.situation
    parts = [situation.name]
    if gap is not None:
        parts.append(f"step {gap.step} of {theirs.steps}")
        parts.append(locate(situation, gap.index)[2])
    elif mine.faults:
        kind = next(iter(mine.faults))
        step, i = mine.faults[kind]
        parts.append(f"step {step}, parameter {i + 1}")
    values = {**known, **situation.hyper(known)}
    return [("where", ", ".join(parts)), ("with", words(values) or "nothing to set")]


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
    from utils.check.situations import script

    i, entry, _ = locate(mine.situation, gap.index)
    lines = []
    if gap.step:
        g = script(mine.situation)[1][gap.step - 1][i]
        lines.append(("gradient", "None" if g is None else f"{float(g[entry]):.6g}"))
    a, b = mine.points[:, gap.index], theirs.points[:, gap.index]
    yours, expected = apart(a[gap.step], b[gap.step])
    before = f"{a[gap.step - 1]:.6g} → " if gap.step else ""
    lines.append(("yours", before + yours))
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
        return "more than all"
    return f"{100 * x:.2g} %" if x < 10 else f"{x:.3g} times the length"


def words(hyper):
    return ", ".join(f"{k} = {shorter(v)}" for k, v in hyper.items())


def shorter(value):
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(shorter(v) for v in value) + ")"
    return f"{value:.4g}" if type(value) is float else report.shorten(repr(value), 20)


def draw(mine, theirs, gap, name, against):
    """Both paths of the entry that differs first, over the steps."""
    from utils import plots  # matplotlib takes most of a second: only when something is drawn

    lines = {against: theirs.points[:, gap.index], f"{name} (yours)": mine.points[:, gap.index]}
    alt = (
        f"The weight over the steps. They part at step {gap.step}: yours goes to "
        f"{mine.points[-1, gap.index]:.4g}, expected is {theirs.points[-1, gap.index]:.4g}."
    )
    picture = plots.series(lines, "step", "weight", alt=alt)
    picture.figure.set_size_inches(5.2, 2.6)
    return picture
