"""All single edits of the student's functions, the likeliest first."""

import ast
import functools
import re
from dataclasses import dataclass

from utils.check.line import edits, statements
from utils.check.line.source import Piece, is_count


@dataclass
class Edit:
    """One edit of a tree, which can be made and taken back.

    changes: (holder, field, index or None, what goes there).
    node: the expression or statement that is edited, as the student wrote it.
    new: what stands there instead; None if lines are moved, added or removed.
    """

    piece: Piece
    kind: str
    cost: float
    changes: list
    node: ast.AST
    new: ast.AST | None = None

    def make(self):
        """Edit the tree."""
        self.before = []
        for holder, field, index, new in self.changes:
            if index is None:
                self.before.append(getattr(holder, field))
                setattr(holder, field, new)
            else:
                block = getattr(holder, field)
                self.before.append(block[index])
                block[index] = new

    def take_back(self):
        """Put back what was there."""
        for (holder, field, index, _), old in zip(
            reversed(self.changes), reversed(self.before), strict=True
        ):
            if index is None:
                setattr(holder, field, old)
            else:
                getattr(holder, field)[index] = old

    @property
    def line(self):
        """The number of the line that is edited."""
        return self.node.lineno

    @functools.cached_property
    def pattern(self):
        """What is done, without the names: the same slip at two places has the same pattern."""
        if self.new is None:
            one = self.changes[0][3]
            if (
                len(self.changes) > 1
                or not isinstance(one, list)
                or not isinstance(self.node, ast.Assign)
            ):
                return None
            new = [s for s in one if not any(s is old for old in getattr(*self.changes[0][:2]))]
            if len(new) != 1:
                return None
        else:
            new = [self.new]
        names: dict = {}

        def anonymous(text):
            words = re.split(r"([A-Za-z_][\w.]*)", text)
            return "".join(
                names.setdefault(w, f"x{len(names)}") if w[:1].isalpha() else w for w in words
            )

        return self.kind, anonymous(ast.unparse(self.node)), anonymous(ast.unparse(new[0]))


def all_edits(pieces, scopes):
    """Every `Edit`, by its cost; of equal ones the higher line first.

    Args:
        scopes: one `Scope` a piece.
    """
    found = []
    for piece, scope in zip(pieces, scopes, strict=True):
        found += edits_of(piece, scope)
    return sorted(found, key=lambda edit: edit.cost)


def edits_of(piece, scope):
    for line in statements.lines_of(piece.tree):
        for cost, kind, changes in statements.of_line(line, scope):
            one = changes[0]
            new = one[3] if len(changes) == 1 and isinstance(one[3], ast.AST) else None
            yield Edit(piece, kind, cost, changes, line.node, new)
        for cost, kind, changes in statements.defaults_missing(line, scope):
            yield Edit(piece, kind, cost, changes, line.node)
        for place in places(line.node):
            for cost, kind, new in edits.of_expression(place, scope):
                change = (place.holder, place.name, place.index, new)
                yield Edit(piece, kind, cost, [change], place.node, new)
    for cost, kind, changes, node in statements.of_function(piece.tree, scope):
        yield Edit(piece, kind, cost, changes, node)
    yield from edits_of_defaults(piece, scope)


def places(statement):
    """The expressions of one statement that are read, outermost first, each as a `Place`."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return
    if statements.is_docstring(statement) or is_count(statement):
        return
    yield from places_in(statement, statement, False)


def places_in(holder, statement, test):
    for field, value in ast.iter_fields(holder):
        many = isinstance(value, list)
        for i, node in enumerate(value) if many else [(None, value)]:
            if isinstance(node, (ast.stmt, ast.comprehension, ast.JoinedStr)):
                if isinstance(node, ast.comprehension):
                    yield from places_in(node, statement, test)
                continue
            if isinstance(node, ast.keyword):
                yield from places_in(node, statement, test)
            elif isinstance(node, (ast.expr, ast.Slice)):
                inside = test or field == "test" and not isinstance(holder, ast.IfExp)
                reads = isinstance(getattr(node, "ctx", None), (ast.Load, type(None)))
                if reads and isinstance(node, ast.expr):
                    yield edits.Place(holder, field, i, node, statement, inside)
                yield from places_in(node, statement, inside)


def edits_of_defaults(piece, scope):
    """The defaults in the head of a constructor, where the reference has others."""
    arguments = piece.tree.args
    if piece.name != "__init__":
        return
    names = [a.arg for a in arguments.args][len(arguments.args) - len(arguments.defaults) :]
    for i, (name, node) in enumerate(zip(names, arguments.defaults, strict=True)):
        value = scope.defaults.get(name)
        if isinstance(value, (int, float, tuple)) and ast.unparse(node) != repr(value):
            new = ast.parse(repr(value), mode="eval").body
            yield Edit(piece, "another default", 1, [(arguments, "defaults", i, new)], node, new)
