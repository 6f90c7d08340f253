"""Is a student's optimizer the same as the reference?"""

import inspect
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from utils.check import errors, optimizer_report, report
from utils.check.compare import LOOSE, difference, precision
from utils.check.finding import Finding
from utils.check.guard import Guard
from utils.check.rounding import line_of_rounding
from utils.check.situations import PLAYED, SITUATIONS, Hyper, defaults_of, play_all, zeros


@dataclass
class Comparison:
    """A student's optimizer and the reference, in the same situations.

    name, against: what to call them.
    traces, reference: what they did, situation by situation.
    guard: what else was seen of the student's code.
    Reference: makes the right optimizer.
    """

    Student: object
    name: str
    against: str
    hyper: Hyper
    traces: list
    reference: list
    guard: Guard
    Reference: object = None


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
        hyper: given to both. They are also varied, and so are the defaults that both have, but
            not what a `partial` has settled.

    Raises:
        CheckFailed: an AssertionError whose text says what is wrong. Nothing else is raised,
            whatever the student's code does; except that Ctrl-C is Ctrl-C.

    This finds mistakes; it does not stop a cheat, who shares the process with it.
    """
    report.guarded(compare, label(Student), Student, Reference, hyper)


@np.errstate(all="ignore")
def compare(name, Student, Reference, given):
    """Play, compare, and report."""
    against = label(Reference)
    refuse_what_is_no_class(Student, Reference, name, against)
    given = {name: as_python(value) for name, value in given.items()}
    hyper = vary(Student, Reference, given)
    reference = play_reference(Reference, hyper, against)
    with Guard() as guard:
        traces = play_all(Student, [theirs.situation for theirs in reference], hyper, guard)
    reference = reference[: len(traces)]
    if guard.borrowed:
        who = ", ".join(sorted(guard.borrowed))
        title = f"{name} lets torch take the step ({who}): write the step yourself."
        report.failed(Finding(name, title, against, mistakes=("torch.optim is used",)))
    rounding = None
    for mine, theirs in zip(traces, reference, strict=True):
        gap = difference(mine.points, theirs.points, precision(theirs.situation))
        if gap and not difference(mine.points, theirs.points, LOOSE):
            rounding, gap = rounding or theirs.situation, None
        if mine.error or mine.faults or gap:
            both = Comparison(Student, name, against, hyper, traces, reference, guard, Reference)
            optimizer_report.explain(both, mine, theirs, gap)
    steps = sum(t.steps for t in reference)
    says = f"{name} takes the same steps as {against}: {len(reference)} situations, {steps} steps."
    if rounding:
        says += " It computes in float32, so this holds to float32 rounding"
        line = line_of_rounding(Student, rounding, hyper)
        says += f": line {line.number}, `{line.text.strip()}`." if line and line.text else "."
    report.passed(name, says)


def refuse_what_is_no_class(Student, Reference, name, against):
    """Say so if an optimizer stands where a class should, or if it is torch's own."""
    for thing, who in ((Student, name), (Reference, against)):
        if isinstance(thing, torch.optim.Optimizer):
            kind = type(thing).__name__
            title = f"This is an optimizer, not a class: give the check `{kind}`, without brackets."
            report.failed(Finding(kind, title, mistakes=("an instance instead of a class",)))
        if not callable(thing):
            title = f"The check needs a class, but it was given {report.shorten(repr(thing))}."
            report.failed(Finding(who, title, mistakes=("no class",)))
    for kind in getattr(unwrapped(Student), "__mro__", ()):
        torchs = f"{kind.__module__}.".startswith("torch.optim.")  # Muon: "torch.optim"
        if torchs and kind is not torch.optim.Optimizer:
            title = f"{name} is torch's own {kind.__name__}, or derives from it"
            title += ": write the step yourself."
            report.failed(Finding(name, title, mistakes=("torch.optim is used",)))


def unwrapped(thing):
    """The class or function behind a partial."""
    while hasattr(thing, "func"):
        thing = thing.func
    return thing


def label(thing):
    """`SGD(nesterov=True)` for a partial, the name of a class or function."""
    extra = ""
    if hasattr(thing, "func"):
        words = [f"{k}={v}" for k, v in thing.keywords.items() if type(v) in (bool, int, float)]
        extra = f"({', '.join(words)})" if words else ""
    thing = unwrapped(thing)
    return str(getattr(thing, "__name__", type(thing).__name__))[:60] + extra


def settled(make):
    """Names that a partial has given a value."""
    return set(make.keywords) | settled(make.func) if hasattr(make, "func") else set()


def vary(Student, Reference, given):
    """Which hyper-parameters may be varied, and how they are handed over."""
    defaults_of(torch.optim.SGD, dict(lr=0.1))  # the first one makes torch import for seconds
    with Guard():
        own = named_defaults(Student, given)
    theirs = defaults_of(Reference, given)
    common = {k: v for k, v in theirs.items() if k in own and numeric(v)}
    known = {**common, **{k: v for k, v in given.items() if numeric(v)}}
    fixed = settled(Student) | settled(Reference)
    known = {k: v for k, v in known.items() if k not in fixed}
    names = {k for k in known if k in given or takes(Student, k) and takes(Reference, k)}
    return Hyper(given, known, frozenset(names))


def named_defaults(make, given):
    """The names in `defaults`. Something whose code runs in another process has a `defaults_there`."""
    there = getattr(unwrapped(make), "defaults_there", None)
    return there(make, given) if there else set(defaults_of(make, given))


def as_python(value):
    """A number of NumPy's, or a tensor that is one number, as Python's own; all else as it is."""
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return type(value)(map(as_python, value))
    if isinstance(value, np.ndarray | np.number | torch.Tensor) and value.ndim == 0:
        return value.item()
    return value


def numeric(value):
    numbers = value if isinstance(value, (tuple, list)) else (value,)
    return all(type(x) in (int, float) for x in numbers)


def takes(make, name):
    """Has the constructor an argument of this name?"""
    try:
        return name in inspect.signature(make).parameters
    except (TypeError, ValueError):
        return False


def play_reference(Reference, hyper, against):
    """Traces of the reference in the situations that exist for it."""
    key = fingerprint(Reference, hyper)
    if key not in PLAYED:
        traces = play_anew(Reference, hyper, against)
        if key is None:
            return traces
        PLAYED[key] = traces
    return PLAYED[key]


def fingerprint(Reference, hyper):
    """What the reference and its hyper-parameters are, if it is one of torch's; else None."""
    make = unwrapped(Reference)
    if not str(getattr(make, "__module__", "")).startswith("torch.optim."):
        return None
    words = getattr(Reference, "keywords", {})
    return repr((make, getattr(Reference, "args", ()), words, str(hyper)))


def play_anew(Reference, hyper, against):
    with Guard(seconds=60, watch=False) as guard:
        situations = (*SITUATIONS, *zeros(hyper))
        traces = play_all(Reference, situations, hyper, guard, layouts=False)
        if traces[0].error:  # perhaps it is for matrices only, as Muon is
            matrices = tuple(map(for_matrices, situations))
            traces = play_all(Reference, matrices, hyper, guard, layouts=False)
    if traces[0].error:
        title = f"The reference, {against}, cannot run with {optimizer_report.words(hyper.given)}: "
        title += errors.message(traces[0].error)
        report.failed(Finding(against, title, mistakes=("the reference does not run",)))
    return [t for t in traces if not t.error and np.isfinite(t.points).all()]


@lru_cache(None)
def for_matrices(situation):
    """The same situation, with a matrix in place of every parameter of another shape."""
    shapes = [tuple(n for n in shape if isinstance(n, int)) for shape in situation.shapes]
    shapes = [
        s if len(s) == 2 else (s[0], 2 + i % 3) if s else (1, 1) for i, s in enumerate(shapes)
    ]
    return replace(situation, shapes=tuple(shapes))
