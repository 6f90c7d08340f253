"""The bank of mistakes: what students write, next to what is right.

Each family of optimizers has a file with one right class and a table of mistakes. A mistake is an
edit: right lines → the lines as students write them. So two mistakes at once are two edits.

sgd, momentum, dampening, nesterov, rmsprop, adam, adamw  a family each
smoothing       averages: functions, not optimizers
any_optimizer   mistakes that can be made with each of them
"""

import math
import textwrap
from dataclasses import dataclass, field

import torch

from utils.optim import Optim


@dataclass(frozen=True)
class Mistake:
    """One wrong idea.

    name: in the field's words, a few of them.
    edits: right line → what stands there instead; either may have several lines.
    says: what is wrong, in one sentence.
    hints: two, the second stronger. The third is made: the right line.
    """

    name: str
    edits: dict = field(hash=False)
    says: str = ""
    hints: tuple = ()


@dataclass(frozen=True)
class Family:
    """A right optimizer (or function) and what goes wrong with it.

    name: of the method, such as "Adam".
    student: the class that students write in the exercises.
    reference: the torch optimizer that it must equal, as (class name, fixed hyper-parameters).
    hyper: hyper-parameters to check it with.
    source: a right class, one idea a line.
    mistakes: a table of `Mistake`s.
    """

    name: str
    student: str
    reference: tuple = field(hash=False)
    hyper: dict = field(hash=False)
    source: str = ""
    mistakes: tuple = ()

    def write(self, *mistakes):
        """The source with these mistakes in it, or None if two of them touch the same line."""
        lines = [(line, True) for line in self.source.strip().splitlines()]
        for mistake in mistakes:
            for right, wrong in mistake.edits.items():
                at = find(lines, right)
                if at is None:
                    return None
                n = len(right.strip().splitlines())
                old = lines[at][0]
                new = textwrap.indent(textwrap.dedent(wrong).strip(), old[: -len(old.lstrip())])
                lines[at : at + n] = [(line, False) for line in new.splitlines()]
        return "\n".join(line for line, _ in lines) + "\n"

    def build(self, *mistakes):
        """The class with these mistakes in it, or None."""
        source = self.write(*mistakes)
        return None if source is None else compile_class(source)


def find(lines, right):
    """Where the lines of `right` stand, none of them edited yet; else None."""
    wanted = [line.strip() for line in right.strip().splitlines()]
    for at in range(len(lines) - len(wanted) + 1):
        block = lines[at : at + len(wanted)]
        if all(fresh for _, fresh in block) and [text.strip() for text, _ in block] == wanted:
            return at
    return None


def compile_class(source):
    """The class, or the function, that `source` defines."""
    given = {"torch": torch, "math": math, "Optim": Optim}
    names = dict(given)
    exec(compile(source, "<bank of mistakes>", "exec"), names)
    return next(x for name, x in names.items() if name not in given and name != "__builtins__")


def families():
    """All families, the simplest first."""
    from utils.check.mistakes import adam, adamw, dampening, momentum, nesterov, rmsprop, sgd

    files = (sgd, momentum, dampening, nesterov, rmsprop, adam, adamw)
    return [file.FAMILY for file in files]
