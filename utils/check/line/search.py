"""The search for the smallest natural edit of the student's own source that makes it right.

Each candidate is the student's code with one thing changed. It is played in the situations of the
check, up to the first number that differs. What passes them all is tried with gradients that were
not used before. Only then is it told.
"""

import ast
import functools
import inspect
import sys
import time
from itertools import combinations

import torch

from utils.check.guard import Guard, Stopped
from utils.check.line.candidates import all_edits
from utils.check.line.edits import Scope
from utils.check.line.source import TURN, Workshop, pieces_of_class, pieces_of_function
from utils.check.line.trial import FunctionTrial, OptimizerTrial
from utils.check.line.wording import LineFinding, tell
from utils.check.situations import play

SECONDS = 3.5
"""Of computing, for one search."""

OUTSIDE = ("__init__", "step", "add_param_group")
"""What is not called by `my_step`."""

LIKELY = 2.5
"""Edits up to this cost are tried first, and twice, before the others."""

MOST_EDITS = 60
"""So many of the likeliest edits are tried as the first of two."""


def find_line(both, Reference, source=None, seconds=SECONDS):
    """The smallest edit that makes a student's optimizer right, or None.

    Args:
        both: the `Comparison`: the student's class, its traces and those of the reference.
        Reference: makes the right optimizer.
        source: the text of the class, where neither a file nor a cell has it.
        seconds: of computing, at most.
    """
    kind = class_of(both.Student, both.hyper.given)
    pieces = pieces_of_class(kind, source) if kind else []
    if not pieces:
        return None
    candidate = type(kind.__name__, (kind,), {})
    make = maker(both.Student, kind, candidate)

    def put(piece, function):
        if piece.method:
            setattr(candidate, piece.name, staticmethod(function) if piece.static else function)

    with Guard(seconds=5 * seconds, watch=False) as guard:
        loose = any("float32" in line or ".float()" in line for line in pieces[0].lines)
        trial = OptimizerTrial(
            make, Reference, both.traces, both.reference, both.hyper, guard, loose
        )

        def run():
            for theirs in trial.order[:3]:
                play(make, theirs.situation, both.hyper, guard)

        defaults = defaults_of(Reference, both.hyper.given)
        return Search(pieces, put, trial, run, defaults, seconds).find()


def find_line_in_function(function, reference, cases, source=None, seconds=SECONDS):
    """The same for a function, which is compared with the reference case by case."""
    pieces = pieces_of_function(function, source)
    if not pieces:
        return None
    made = {}

    def put(piece, new):
        made[piece.name] = new

    with Guard(seconds=5 * seconds, watch=False) as guard:
        workshop_put = pieces[0].name
        made[workshop_put] = function
        trial = FunctionTrial(lambda: made[workshop_put], reference, cases, guard)

        def run():
            for case in trial.cases[:3]:
                trial.call(made[workshop_put], case)

        return Search(pieces, put, trial, run, {}, seconds).find()


def class_of(Student, given):
    """The class behind a partial, or behind a function that makes an optimizer; else None."""
    while hasattr(Student, "func"):
        Student = Student.func
    if isinstance(Student, type):
        return Student
    try:
        return type(Student([torch.zeros(2, requires_grad=True)], **given))
    except (Exception, SystemExit, Stopped):
        return None


def maker(Student, kind, candidate):
    """Makes optimizers as `Student` does, but of the class `candidate`."""
    if Student is kind:
        return candidate
    if hasattr(Student, "func"):
        inner = maker(Student.func, kind, candidate)
        return functools.partial(inner, *Student.args, **Student.keywords)

    def make(params, **hyper):
        optimizer = Student(params, **hyper)
        optimizer.__class__ = candidate
        return optimizer

    return make


def defaults_of(Reference, given):
    while hasattr(Reference, "func"):
        Reference = Reference.func
    try:
        words = inspect.signature(Reference).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {w.name: w.default for w in words if w.default is not w.empty}


class Search:
    """One search.

    Args:
        pieces: the student's functions.
        put: (piece, function); lets a new method or function take its place.
        trial: scores what is in place.
        run: plays what is in place, to see which names have which types.
        defaults: of the reference's constructor.
    """

    def __init__(self, pieces, put, trial, run, defaults, seconds):
        self.pieces, self.trial, self.seconds = pieces, trial, seconds
        self.workshop = Workshop(pieces)
        self.outer_put = put
        self.started = time.thread_time()
        self.tried, self.seen = 0, set()
        for piece in pieces:
            self.put(piece)
        self.scopes = observe(pieces, run, defaults)
        self.originals = [list(piece.lines) for piece in pieces]

    def put(self, piece):
        """Build a piece as its tree stands, and let it take its place; returns its code."""
        function = self.workshop.build(piece)
        self.workshop.put(piece, function)
        self.outer_put(piece, function)
        return getattr(inspect.unwrap(function), "__code__", None)

    def late(self):
        return time.thread_time() - self.started > self.seconds

    def find(self):
        try:
            found = self.find_edits()
        except Stopped:
            found = None
        if found is None:
            return None
        told = tuple(self.in_words(edit) for edit in found)
        return LineFinding(told, self.tried, time.thread_time() - self.started)

    def in_words(self, edit):
        i = next(i for i, piece in enumerate(self.pieces) if piece is edit.piece)
        return tell(edit, self.originals[i])

    def score(self, *edits):
        """How far the student's code gets with these edits; None if that is no Python."""
        made, pieces = [], {id(e.piece): e.piece for e in edits}.values()
        try:
            for edit in edits:
                edit.make()
                made.append(edit)
            codes = [self.put(piece) for piece in pieces]
            key = tuple(
                (c.co_code, repr(c.co_consts), c.co_names, c.co_varnames) for c in codes if c
            )
            if key in self.seen:
                return None
            self.seen.add(key)
            self.tried += 1
            return self.trial.score(all(piece.name not in OUTSIDE for piece in pieces))
        except (SyntaxError, ValueError, TypeError, NameError, AttributeError, IndexError):
            return None
        finally:
            for edit in reversed(made):
                edit.take_back()

    def proven(self, *edits):
        """Is it right with these edits in cases that the search has not used?"""
        for edit in edits:
            edit.make()
        try:
            for edit in edits:
                self.put(edit.piece)
            return self.trial.holds()
        finally:
            for edit in reversed(edits):
                edit.take_back()

    def find_edits(self):
        """The edits that make it right, as a tuple; None if there are none in the time."""
        self.baseline = self.trial.score()
        self.edits = all_edits(self.pieces, self.scopes)
        self.promising = []
        likely = [edit for edit in self.edits if edit.cost <= LIKELY]
        return (
            self.one_edit(likely)
            or self.same_edit_twice(likely)
            or self.one_edit(self.edits[len(likely) :])
            or self.same_edit_twice(self.edits)
            or self.two_edits()
        )

    def one_edit(self, edits):
        """The first of these edits that makes it right, as a tuple; None if none does."""
        last = None
        for edit in edits:
            if self.late():
                return None
            if last is not None and last is not edit.piece:
                self.put(last)
            last = edit.piece
            score = self.score(edit)
            if score is None:
                continue
            if score >= self.trial.full:
                if self.proven(edit):
                    return (edit,)
            elif score > self.baseline + 1e-9:
                self.promising.append((score, edit))
        if last is not None:
            self.put(last)
        return None

    def same_edit_twice(self, edits):
        """The same slip at two places, such as β·t for βᵗ in both corrections."""
        alike: dict = {}
        for edit in edits:
            if edit.cost <= 4 and edit.pattern is not None:
                alike.setdefault(edit.pattern, []).append(edit)
        for group in sorted(alike.values(), key=lambda g: g[0].cost):
            for one, two in combinations(group[:30], 2):
                if self.late():
                    return None
                if one.line != two.line and one.piece is two.piece and self.right(one, two):
                    return one, two
        return None

    def two_edits(self):
        """Two different slips. The first is one that gets further than the student's code."""
        self.promising.sort(key=lambda pair: (-pair[0], pair[1].cost))
        firsts = [edit for _, edit in self.promising[:MOST_EDITS]]
        for most, near in ((3, True), (2, False), (4.5, True), (3, False), (5, False)):
            for one in firsts:
                for two in self.edits:
                    if two.cost > most:
                        break
                    if near and (two.line != one.line or two.piece is not one.piece):
                        continue
                    if self.late():
                        return None
                    if not overlap(one, two) and self.right(one, two):
                        return one, two
        return None

    def right(self, *edits):
        """Is the student's code right with these edits?"""
        return self.score(*edits) == self.trial.full and self.proven(*edits)


def overlap(one, two):
    """Do two edits touch the same place?"""
    return (
        any(
            a[0] is b[0] and a[1] == b[1] and (a[2] == b[2] or a[2] is None or b[2] is None)
            for a in one.changes
            for b in two.changes
        )
        or inside(one, two)
        or inside(two, one)
    )


def inside(one, two):
    """Does the first edit take away the node at which the second one is made?"""
    first, second = one.node, two.node
    span = (second.lineno, second.col_offset), (second.end_lineno, second.end_col_offset)
    return (
        one.piece is two.piece
        and (first.lineno, first.col_offset) <= span[0]
        and span[1] <= (first.end_lineno, first.end_col_offset)
    )


def observe(pieces, run, defaults):
    """Run the student's code once, and note of which type each name is: a `Scope` a piece."""
    seen = {(p.file, p.function.__code__.co_firstlineno): {} for p in pieces}

    def watch(frame, event, arg):
        if event == "return":
            names = seen.get((frame.f_code.co_filename, frame.f_code.co_firstlineno))
            if names is not None:
                names.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        run()
    finally:
        sys.setprofile(before)
    return [
        scope_of(piece, seen[piece.file, piece.function.__code__.co_firstlineno], defaults)
        for piece in pieces
    ]


def scope_of(piece, names, defaults):
    """A `Scope` of the names and values in a function when it ended."""
    scope = Scope(defaults=defaults)
    scope.arguments = [a.arg for a in piece.tree.args.args if a.arg not in ("self", "params")]
    scope.names = [name for name in names if name not in ("self", "state", "group", TURN)]
    group, state = names.get("group"), names.get("state")
    values: dict = {}
    if isinstance(group, dict):
        scope.group_keys = [k for k in group if isinstance(k, str) and k != "params"]
        values |= {f"group[{k!r}]": group[k] for k in scope.group_keys if k in used(piece, group)}
        numbers = [k for k in scope.group_keys if isinstance(group[k], (int, float))]
        scope.aliases |= {f"group[{k!r}]": "number" for k in numbers}
    if isinstance(state, dict):
        scope.state_keys = [k for k in state if isinstance(k, str)]
        values |= {f"state[{k!r}]": state[k] for k in scope.state_keys}
    values = {k: v for k, v in names.items() if k not in ("state", "group", "self")} | values
    p = names.get("p")
    if isinstance(p, torch.Tensor) and p.grad is not None:
        values["p.grad"] = p.grad
    known: list = []
    for text, value in values.items():
        if any(value is k or type(value) is type(k) is int and value == k for k in known):
            scope.aliases[text] = "tensor" if isinstance(value, torch.Tensor) else "number"
            continue  # the same thing has a shorter name
        known.append(value)
        if isinstance(value, torch.Tensor):
            scope.tensors.append(text)
        elif type(value) is int:
            scope.integers.append(text)
        elif type(value) is float:
            scope.numbers.append(text)
            if 0.3 < value < 1:
                scope.decays.append(text)
        elif isinstance(value, (tuple, list)) and len(value) == 2:
            scope.pairs.append(text)
            if all(type(x) is float for x in value):
                scope.numbers += [f"{text}[0]", f"{text}[1]"]
                scope.decays += [f"{text}[0]", f"{text}[1]"]
    return scope


def used(piece, group):
    """Keys of the group that no line gives a name of its own."""
    named = set()
    for node in ast.walk(piece.tree):
        if isinstance(node, ast.Assign):
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            named |= {getattr(getattr(part, "slice", None), "value", None) for part in parts}
    return [key for key in group if key not in named]
