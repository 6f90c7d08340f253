"""The student's own functions: their text, their tree, and how to build them anew.

A `Piece` is one function that the student wrote: a method of the class, or a helper in the notebook
that it calls. Its tree may be edited in place; `build` then makes a function of it. What is built
lives in a copy of the globals, so nothing of the student's is changed.
"""

import ast
import inspect
import linecache
import os
import types
from dataclasses import dataclass, field

from utils.check.errors import NOT_THEIRS

MOST_STEPS = 20_000
"""After so many turns of its loops a candidate is taken to be endless."""


class Endless(Exception):
    """A candidate has made too many turns in a loop."""


@dataclass
class Piece:
    """One function of the student's.

    name: under which it is found, in the class or among the globals.
    function: as it was.
    method: does it belong to the class?
    file: its name as tracebacks have it.
    lines: of that file, or of the cell, all of them.
    tree: its `FunctionDef`, with line numbers of the file.
    static: is it a staticmethod?
    """

    name: str
    function: types.FunctionType
    method: bool
    file: str
    lines: list = field(repr=False)
    tree: ast.FunctionDef = field(repr=False)
    static: bool = False


def pieces_of_class(kind, text=None):
    """The methods of a class, those it inherits from the student's own classes included, and the
    helpers that these call.

    Args:
        text: the source, where neither a file nor a cell has it.
    """
    found: dict = {}
    for base in reversed(kind.__mro__):
        for name, thing in vars(base).items():
            static = isinstance(thing, staticmethod)
            function = (
                thing.__func__ if static else inspect.unwrap(thing) if callable(thing) else None
            )
            if isinstance(function, types.FunctionType):
                piece = read(name, function, True, text)
                found.pop(name, None)
                if piece is not None:
                    piece.static = static
                    found[name] = piece
    return with_helpers(list(found.values()), text)


def pieces_of_function(function, text=None):
    """A function, and the helpers that it calls."""
    function = inspect.unwrap(function) if callable(function) else function
    if not isinstance(function, types.FunctionType):
        return []
    piece = read(function.__name__, function, False, text)
    return with_helpers([piece], text) if piece else []


def with_helpers(pieces, text):
    """The pieces, then the functions among the globals that they call, directly or not."""
    known = {piece.function for piece in pieces}
    for piece in pieces:  # grows
        space = piece.function.__globals__
        for name in names_in(piece.function.__code__):
            helper = space.get(name)
            if isinstance(helper, types.FunctionType) and helper not in known:
                known.add(helper)
                found = read(name, helper, False, text)
                if found is not None:
                    pieces.append(found)
    return pieces


def names_in(code):
    """Names that a function, and the functions inside it, look up."""
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return [*code.co_names, *(name for c in inner for name in names_in(c))]


def read(name, function, method, text=None):
    """The `Piece` of a function, or None: it is not the student's, or its source is not known."""
    code = function.__code__
    file = code.co_filename
    if os.path.realpath(file).startswith(NOT_THEIRS) or code.co_name == "<lambda>":
        return None
    lines = linecache.getlines(file, function.__globals__) or (text or "").splitlines(True)
    first = code.co_firstlineno
    try:
        block = inspect.getblock(lines[first - 1 :])
        indented = block[0][:1].isspace()
        source = ("if 1:\n" if indented else "") + "".join(block)
        body = ast.parse(source).body
    except (SyntaxError, IndexError, ValueError):
        return None
    tree = body[0].body[0] if indented else body[0]
    if not isinstance(tree, ast.FunctionDef):
        return None
    ast.increment_lineno(tree, first - (2 if indented else 1))
    piece = Piece(name, function, method, file, lines, tree)
    return piece if is_current(piece) else None


def is_current(piece):
    """Does the text belong to the code? A file may have been changed after it was imported."""
    try:
        return same_code(code_of(piece), piece.function.__code__)
    except (SyntaxError, ValueError):
        return False


def same_code(one, other):
    """Do two codes use the same names and constants, in the same order?

    (Their instructions may differ: an `import` in the same cell makes a call a little different.)
    """

    def used(code):
        constants = [c for c in code.co_consts if not isinstance(c, types.CodeType)]
        return code.co_names, code.co_varnames, repr(constants)

    return used(one) == used(other)


def wrapped(piece):
    """A module in which the piece stands inside a function, so that it can have free variables."""
    free = piece.function.__code__.co_freevars
    tree = piece.tree
    arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
    body = [tree, ast.Return(ast.Name(tree.name, ast.Load()))]
    outer = ast.FunctionDef("around", arguments, body, [], None)
    outer.type_params = []
    for node in (outer, *arguments.args, body[1], body[1].value):
        node.lineno = node.end_lineno = tree.lineno
        node.col_offset = node.end_col_offset = 0
    return ast.Module([outer], [])


def code_of(piece):
    """The code of the piece as its tree stands now."""
    module = compile(wrapped(piece), piece.file, "exec", dont_inherit=True)
    around = next(c for c in module.co_consts if isinstance(c, types.CodeType))
    own = [c for c in around.co_consts if isinstance(c, types.CodeType)]
    return next(c for c in own if c.co_name == piece.tree.name)


class Workshop:
    """Builds the pieces, so that they call one another and nothing else of the student's changes.

    Args:
        pieces: of one class, or of one function.
    """

    def __init__(self, pieces):
        self.spaces = {}
        self.modules = {}
        for piece in pieces:
            space = piece.function.__globals__
            if id(space) not in self.spaces:
                self.spaces[id(space)] = dict(space)
            self.modules[piece.name, piece.method] = wrapped(piece)
            count_turns(piece.tree)
        for piece in pieces:
            self.put(piece, self.build(piece))

    def space(self, piece):
        """The globals in which a piece is built."""
        return self.spaces[id(piece.function.__globals__)]

    def build(self, piece):
        """The function of a piece, as its tree stands now.

        Raises:
            SyntaxError, ValueError, TypeError: the tree is no Python.
        """
        made: dict = {}
        space = self.space(piece)
        space[TURN] = Turns()
        code = compile(
            self.modules[piece.name, piece.method], piece.file, "exec", dont_inherit=True
        )
        exec(code, space, made)
        cells = piece.function.__closure__ or ()
        free = [cell.cell_contents if filled(cell) else None for cell in cells]
        return made["around"](*free)

    def put(self, piece, function):
        """Let a helper be found by those who call it; methods are put into their class."""
        if not piece.method and piece.name in self.space(piece):
            self.space(piece)[piece.name] = function


def filled(cell):
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


TURN = "__turn__"


class Turns:
    """Counts the turns of all loops of a candidate."""

    def __init__(self):
        self.left = MOST_STEPS

    def __call__(self):
        self.left -= 1
        if self.left < 0:
            raise Endless("too many turns of a loop")


def count_turns(tree):
    """Put a call at the start of each loop, which counts its turns."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.While)):
            call = ast.Expr(ast.Call(ast.Name(TURN, ast.Load()), [], []))
            for part in (call, call.value, call.value.func):
                ast.copy_location(part, node)
            node.body.insert(0, call)


def is_count(statement):
    """Is this the call that `count_turns` put in?"""
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Call) and getattr(value.func, "id", None) == TURN
