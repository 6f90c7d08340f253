"""Is a student's function the same as the reference, and do a model and a training loop work?

A case is a tuple of arguments. The function gets copies, so one case does not spoil the next; what
it does to its arguments is compared as well, which is how steppers (`p.add_`), callbacks and
training loops are checked: they change what they are given.
"""

import copy
import inspect
from dataclasses import dataclass

import numpy as np
import torch

from utils.check import closer, errors, report
from utils.check.finding import Finding, sentence
from utils.check.guard import Guard
from utils.check.mistakes import smoothing
from utils.check.optimizer import label
from utils.check.optimizer_report import apart

TOLERANCE = (
    1e-6  # relative, of the largest number in the result: float32 passes, a mistake does not
)


@dataclass
class Difference:
    """Where two results part.

    place: how to get there from the result, such as `[3]` or `["grad_avg"][0]`.
    yours, expected: what is there, in words.
    """

    place: str
    yours: str
    expected: str


def check_function(student, reference, *cases, name=None):
    """Does `student` return what `reference` returns, in every case?

        check_function(ewma, reference_ewma, ([1.0, 2.0, 4.0], 0.9), ([], 0.5))

    Numbers are compared in float64, relative to the largest in the result (1e-6). Lists, tuples,
    dicts, tensors and arrays are compared entry by entry; a list of numbers, a tuple, a 1-d tensor
    and an array count as the same. Arguments that the reference changes must be changed alike, and
    the others must stay as they were.

    Args:
        student, reference: functions, or anything that can be called.
        cases: tuples of arguments; a dict at the end of a tuple with `"**"` as its only key holds
            keyword arguments: `(p, {"**": dict(mom=0.9)})`.
        name: what to call it, if it has no name of its own.

    Raises:
        CheckFailed: an AssertionError with the arguments, yours and expected, and, where they are
            known, the mistake and hints.
    """
    report.guarded(compare_calls, name or label(student), student, reference, cases)


def compare_calls(name, student, reference, cases):
    if not callable(student):
        title = f"The check needs a function, but it was given {report.shorten(repr(student))}."
        report.failed(Finding(name, title, mistakes=("no function",)))
    for i, case in enumerate(cases, 1):
        args, words = split(case)
        theirs = Call(reference, args, words)
        with Guard() as guard:
            mine = Call(student, args, words, guard)
        head = dict(
            check=name,
            against=label(reference),
            situation=f"case {i} of {len(cases)}",
            given=(("call", told(name, args, words)),),
        )
        if mine.error is not None and type(mine.error) is not type(theirs.error):
            stopped(student, name, mine.error, head, theirs)
        if theirs.error is not None and mine.error is None:
            report.failed(
                Finding(
                    **head,
                    title=f"{name} accepts what it should refuse.",
                    yours=show(mine.result),
                    expected=shown_error(theirs.error),
                    mistakes=("bad input is accepted",),
                )
            )
        if theirs.error is not None:
            continue
        gap = unlike(comparable(mine.result), comparable(theirs.result))
        if gap is not None:
            wrong_result(name, student, reference, cases, gap, head, mine, theirs)
        gap = unlike(mine.left, theirs.left)
        if gap is not None:
            before = Call.bare(args, words)
            lists = [isinstance(x, (list, dict)) for x in (*args, *words.values())]
            wrong_arguments(name, gap, head, (mine.left, theirs.left, before), lists)
    calls = f"{len(cases)} case" + ("s" if len(cases) != 1 else "")
    report.passed(name, f"{name} is right in {calls}.")


class Call:
    """A call with copies of the arguments.

    result: what came back.
    error: what was raised instead.
    left: the arguments afterwards, as numbers.
    """

    def __init__(self, function, args, words, guard=None):
        self.result = self.error = None
        args, words = [duplicate(x) for x in args], {k: duplicate(x) for k, x in words.items()}
        dtype = torch.get_default_dtype()
        try:
            torch.set_default_dtype(guard.dtype if guard else dtype)
            self.result = function(*args, **words)
            if inspect.isgenerator(self.result):
                self.result = list(self.result)
        except BaseException as error:
            if guard is None and not isinstance(error, Exception):
                raise
            if guard is not None and not guard.stopped_by(error):
                raise
            self.error = error
        self.left = self.bare(args, words)

    @staticmethod
    def bare(args, words):
        """The arguments as numbers, gradients included; what is no number is left out."""
        return [comparable(x, arguments=True) for x in (*args, *words.values())]


def duplicate(x):
    if isinstance(x, torch.Tensor) and not x.is_leaf:
        return x.detach().clone()  # torch copies leaves only
    return copy.deepcopy(x)


def split(case):
    """(positional, keyword) arguments of a case."""
    if not isinstance(case, tuple):
        case = (case,)
    if case and isinstance(case[-1], dict) and case[-1].keys() == {"**"}:
        return case[:-1], case[-1]["**"]
    return case, {}


def comparable(x, arguments=False, depth=0):
    """The numbers in `x`, as float64 arrays in lists and dicts, made by us and by nobody else."""
    if isinstance(x, torch.nn.Module):
        x = {k: v.detach().clone() for k, v in x.state_dict().items()}
    if isinstance(x, torch.Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            numbers = x.detach().cpu().numpy()
            numbers = numbers if np.iscomplexobj(numbers) else numbers.astype(np.float64)
            if arguments and x.grad is not None:
                return {"values": numbers, "grad": comparable(x.grad)}
        return numbers
    if isinstance(x, np.ndarray) and x.dtype.kind in "biuf":
        return np.asarray(x, dtype=np.float64)
    if isinstance(x, (bool, str, bytes, type(None))):
        return x
    if isinstance(x, (int, float, np.number, np.bool_)):
        return np.asarray(float(x))
    if depth > 8:
        return "…"
    if isinstance(x, dict):
        return {k: comparable(v, arguments, depth + 1) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        parts = [comparable(v, arguments, depth + 1) for v in x]
        same = {p.shape for p in parts if isinstance(p, np.ndarray)}
        if parts and len(same) == 1 and all(isinstance(p, np.ndarray) for p in parts):
            return np.stack(parts)
        return parts if parts or arguments else np.zeros(0)
    return None if arguments else f"<{type(x).__name__}>"


def unlike(mine, theirs, place=""):
    """The first `Difference` between two results that `plain` made, or None."""
    if isinstance(theirs, np.ndarray) and isinstance(mine, np.ndarray):
        return unlike_numbers(mine, theirs, place)
    if isinstance(theirs, dict) and isinstance(mine, dict):
        if mine.keys() != theirs.keys():
            return Difference(place, f"keys {list(mine)}", f"keys {list(theirs)}")
        pairs = [(f"[{k!r}]", mine[k], theirs[k]) for k in theirs]
    elif isinstance(theirs, list) and isinstance(mine, list):
        if len(mine) != len(theirs):
            return Difference(place, f"{len(mine)} things", f"{len(theirs)} things")
        pairs = [(f"[{i}]", a, b) for i, (a, b) in enumerate(zip(mine, theirs, strict=True))]
    else:
        alike = type(mine) is type(theirs) and mine == theirs
        return None if alike else Difference(place, show(mine), show(theirs))
    for where, a, b in pairs:
        gap = unlike(a, b, place + where)
        if gap is not None:
            return gap
    return None


def unlike_numbers(a, b, place):
    if a.shape != b.shape:
        if a.size == b.size == 1:  # a number and a tensor of one number
            return unlike_numbers(a.reshape(()), b.reshape(()), place)
        return Difference(place, f"shape {a.shape}", f"shape {b.shape}")
    if not b.size:
        return None
    with np.errstate(all="ignore"):
        finite = np.abs(b[np.isfinite(b)])
        scale = finite.max() if finite.size else 1.0
        wrong = ~((np.abs(a - b) <= TOLERANCE * scale) | (a == b) | (np.isnan(a) & np.isnan(b)))
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), b.shape))
    where = "".join(f"[{i}]" for i in at)
    return Difference(place + where, *apart(a[at], b[at]))


def stopped(student, name, error, head, theirs):
    kind, says, hints = errors.explain(error, student, None, None)
    expected = shown_error(theirs.error) if theirs.error is not None else show(theirs.result)
    what = errors.message(error, 60).split(":")[0]
    title = f"{name} stopped: {what}."
    if isinstance(error, errors.Stopped):
        title = f"{name} did not come to an end."
    report.failed(
        Finding(
            **head,
            title=title,
            expected=expected,
            mistakes=(kind,),
            diagnosis=(sentence(kind, says),),
            line=errors.quote(error),
            hints=tuple(hints),
            notes=(("says", errors.message(error)),),
        )
    )


def wrong_result(name, student, reference, cases, gap, head, mine, theirs):
    """Say where, and what it looks like."""
    yours, expected, notes = show(mine.result), show(theirs.result), []
    hints: tuple[str, ...]
    if gap.place:
        notes.append(("first", f"at {gap.place}: yours {gap.yours}, expected {gap.expected}"))
    elif (gap.yours, gap.expected) != (yours, expected):
        notes.append(("differ in", f"yours {gap.yours}, expected {gap.expected}"))
    if mine.result is None and theirs.result is not None:
        kind, says, hints = (
            "nothing is returned",
            "The function returns nothing.",
            ("Is there a `return`, on every way through the function?",),
        )
    else:
        kind, says, hints = from_bank(student, reference, cases) or likeness(mine, theirs)
        if kind == "a constant factor" and not same_factor(student, reference, cases):
            kind, says, hints = "", "", ()
    report.failed(
        Finding(
            **head,
            title=f"{name} is not right yet.",
            yours=yours,
            expected=expected,
            mistakes=(kind or "unknown",),
            diagnosis=(sentence(kind, says),) if kind else (),
            hints=tuple(hints),
            notes=tuple(notes),
        ),
        look=lambda found: closer.at_function(found, student, reference, cases),
    )


def from_bank(student, reference, cases):
    """The mistake of the bank which does the same in all cases: (name, sentence, hints), or None.

    The bank knows functions of (x, beta) and (x, window). If several of its mistakes give the same
    in these cases, a longer series decides.
    """
    number = next((c[1] for c in cases if len(c) > 1 and isinstance(c[1], (int, float))), None)
    series = torch.tensor([3.0, -1.0, 4.0, 1.0, -5.0, 9.0], dtype=torch.float64)
    probe = (series, 2 if isinstance(number, int) else 0.7)
    for family in smoothing.FAMILIES:
        if not agree(family.build(), reference, cases):
            continue
        found = [m for m in family.mistakes if agree(family.build(m), student, cases)]
        if len(found) > 1:
            found = [m for m in found if agree(family.build(m), student, [probe])]
        if found:
            right = next(iter(found[0].edits)).splitlines()[-1].strip()
            last = f"In one right {family.name}, this line stands there: `{right}`"
            return found[0].name, found[0].says, (*found[0].hints, last)
    return None


def agree(known, other, cases):
    """Does a function of the bank give what `other` gives, in all cases?"""
    for case in cases:
        args, words = split(case)
        with Guard() as guard:
            try:
                x = torch.as_tensor(args[0], dtype=torch.float64).detach()
            except (TypeError, ValueError, RuntimeError, IndexError):
                return False
            one = Call(known, (x, *args[1:]), words, guard)
            two = Call(other, args, words, guard)
        if one.error or two.error or unlike(comparable(one.result), comparable(two.result)):
            return False
    return True


def likeness(mine, theirs):
    """What the wrong numbers look like: (name, sentence, hints); empty if like nothing known."""
    a, b = comparable(mine.result), comparable(theirs.result)
    if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
        return "", "", ()
    if a.shape != b.shape:
        if a.ndim == b.ndim == 1 and len(a) == len(b) + 1 and close(a[1:], b):
            return (
                "one entry too many at the start",
                "From the second entry on yours is right: the starting value is in the result.",
                ("Append a value after the update, not before it.",),
            )
        return "another shape", f"Yours has shape {a.shape}, expected is {b.shape}.", ()
    if not np.isfinite(a).all() and np.isfinite(b).all():
        return (
            "not finite",
            "Some number is infinite or not a number: a division by zero, or a root or "
            "logarithm of something that is not positive.",
            ("Which divisor can be zero in this case?",),
        )
    with np.errstate(all="ignore"):
        ratio = a[b != 0] / b[b != 0]
    if a.ndim == 1 and len(a) > 2:
        if close(a[1:], b[:-1]):
            return "one step late", "Entry t of yours is entry t − 1 of the right one.", ()
        if close(a[:-1], b[1:]):
            return "one step early", "Entry t of yours is entry t + 1 of the right one.", ()
        if close(a[1:], b[1:]):
            return "the first entry", "All but the first entry is right.", ()
    if ratio.size and close(a, ratio.flat[0] * b):
        factor = float(ratio.flat[0])
        if close(factor, -1):
            return "the sign", "Yours is the right number with the other sign.", ()
        if not close(factor, 1):
            return "a constant factor", f"Yours is {factor:.4g} times the right number.", ()
    return "", "", ()


def same_factor(student, reference, cases):
    """Is there one factor in all cases, seen in at least two numbers that are not 0?"""
    ratios = []
    for args, words in map(split, cases):
        theirs = Call(reference, args, words)
        with Guard() as guard:
            mine = Call(student, args, words, guard)
        a, b = comparable(mine.result), comparable(theirs.result)
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.size == b.size:
            a, b = a.ravel(), b.ravel()
            ratios += list(a[b != 0] / b[b != 0])
    return len(ratios) > 1 and close(np.array(ratios), np.full(len(ratios), ratios[0]))


def close(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-5, atol=1e-9)


def wrong_arguments(name, gap, head, left, lists):
    """Which argument is changed, or not, and what changes a thing of its kind.

    Args:
        left: all arguments after the student's call, after the right one, and before both.
        lists: for each, whether it is a list or dict.
    """
    mine, theirs, before = left
    at = gap.place
    i = next(i for i, (a, b) in enumerate(zip(mine, theirs, strict=True)) if unlike(a, b))
    if unlike(theirs[i], before[i]) is None:
        kind = "an argument is changed"
        title = f"{name} returns the right thing, but changes its arguments."
        if unlike(theirs, before) is not None:
            title = f"{name} changes an argument that should stay as it was."
        hints = ("A method with an underscore changes its tensor. Use one without.",)
        if lists[i]:
            hints = (
                "`append`, `pop`, `remove` and `del` change the list. Work on a copy: `x.copy()`.",
            )
    else:
        kind = "an argument is not changed as it should be"
        title = f"{name} should change its arguments in place, and does not do it right."
        hints = ("`p.add_(...)` changes p; `p = p + ...` makes a new tensor.",)
    head["given"] += (("argument", at),)
    report.failed(
        Finding(
            **head,
            title=title,
            yours=gap.yours,
            expected=gap.expected,
            mistakes=(kind,),
            hints=hints,
        )
    )


def told(name, args, words):
    parts = [show(x) for x in args] + [f"{k}={show(v)}" for k, v in words.items()]
    return report.shorten(f"{name}({', '.join(parts)})", 200)


def shown_error(error):
    return f"an error, {errors.message(error, 80)}"


def show(x):
    """A value in a few words, whatever it is."""
    try:
        if isinstance(x, torch.Tensor) and x.numel() <= 12:
            x = x.detach().tolist()
        elif isinstance(x, torch.Tensor):
            return f"a tensor of shape {tuple(x.shape)}"
        elif isinstance(x, np.ndarray):
            x = x.tolist()
        if callable(x):
            return getattr(x, "__name__", type(x).__name__)
        return report.shorten(rounded(x), 150)
    except BaseException:
        return f"a {type(x).__name__}"


def rounded(x):
    if type(x) is float:
        return f"{x:.6g}"
    if isinstance(x, (list, tuple)):
        left, right = "[]" if isinstance(x, list) else "()"
        return left + ", ".join(map(rounded, x[:20])) + (", …" if x[20:] else "") + right
    if isinstance(x, dict):
        return "{" + ", ".join(f"{k!r}: {show(v)}" for k, v in x.items()) + "}"
    return repr(x)
