"""A cell's source as a syntax tree, with IPython's magics taken for what they are."""

import ast
import re
import warnings
from functools import cache, lru_cache

PYTHON = {"time", "timeit", "capture", "prun", "debug"}  # cell magics with Python inside
SHELL = {"bash", "sh", "script", "system", "sx", "!", "pip", "conda", "mamba", "uv", "perl", "ruby"}
SHELL |= {"cmd", "sc", "ls", "cat", "cp", "mv", "rm", "mkdir", "ll", "python", "python3", "pypy"}


class Opaque(Exception):
    """This cannot be looked through."""


class Patience:
    """How much of a notebook is looked through.

    Args:
        characters: of all cells.
        work: characters × magics, for IPython reads the whole cell for each.
    """

    def __init__(self, characters=200_000, work=300_000):
        self.characters, self.work = characters, work

    def spend(self, characters, work=0):
        self.characters -= characters
        self.work -= work
        if self.characters < 0 or self.work < 0:
            self.characters += characters  # a shorter one may still do
            self.work += work
            raise Opaque


def trees(source, patience):
    """The trees of a cell: its own, and those of Python in its cell magics.

    Returns:
        (list of ast.Module, names of the magics used); no tree if Python would not take it.

    Raises:
        Opaque: it is too long, too deep, or there was too much before it.
    """
    patience.spend(len(source))
    tree = parsed(source)
    if tree:
        return [tree], []
    patience.spend(0, len(source) * sum(map(magic, source.splitlines())))
    tree = parsed(without_magics(source))
    if not tree:
        line = source.strip()
        found_word = None if "\n" in line else re.match(r"\w*", line)
        word = found_word[0] if found_word else ""  # automagic: `ls /` alone in a cell
        return [], [word] if word in SHELL else []
    found, magics = [tree], []
    for name, inside in calls(tree):
        magics.append(name)
        if name in PYTHON and inside is not None:
            more, names = trees(inside, patience)
            found += more
            magics += names
    return found, magics


@lru_cache(1000)
def of_master(source):
    """The same of a cell of the master's, which comes again with every submission."""
    return trees(source, Patience())


def magic(line):
    """Could this line be a magic, a shell escape or a question?"""
    line = line.strip()
    after = line.partition("=")[2].lstrip()
    return line[:1] in tuple("%!?") or line.endswith("?") or after[:1] in tuple("%!")


def parsed(source):
    """The tree; None if it is no Python."""
    try:
        with warnings.catch_warnings():  # about a student's code: they are not of interest here
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    except (RecursionError, MemoryError):
        raise Opaque from None


@cache
def transformer():
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager


def without_magics(source):
    """The cell as IPython gives it to Python."""
    try:
        return transformer()().transform_cell(source)
    except Exception:  # it is no Python, and IPython says so in many ways
        return "("


def calls(tree):
    """(name, source within) of the magics in a cell that `without_magics` gave; it takes them out."""
    found: list[tuple[str, str | None]] = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        inner = node.func.value
        if not (isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name)):
            continue
        if inner.func.id != "get_ipython":
            continue
        values = [a.value for a in node.args if isinstance(a, ast.Constant)]
        words = [value for value in values if isinstance(value, str)]
        if len(words) != len(node.args):
            continue
        if node.func.attr in ("system", "getoutput") and words:
            found.append(("!", None))
        elif node.func.attr == "run_line_magic" and words:
            python = words[1] if words[0] in PYTHON and len(words) > 1 else None
            found.append((words[0], python))
        elif node.func.attr == "run_cell_magic" and len(words) == 3:
            found.append((words[0], words[2]))
        else:
            continue
        node.func = ast.Name("magic", ast.Load())
    return found
