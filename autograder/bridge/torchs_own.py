"""torch's own optimizers are refused where they cross to the judge, whatever they are called there.

A class that a student writes may use anything in its own process; nobody can see all of that. But
what the judge is handed says what it is: a class of torch, one that derives from it or has its
methods, an object of it, or one of torch's functions. None of these is the student's work. It stays
in the judge's hands as something that fails when it is used, and says why.
"""

import functools
import sys
import types

import torch

from autograder.torch_modules import NO_OPTIMIZERS

HOMES = ("torch.optim.", "utils.playground.", "utils.check.")
"""Modules, or the beginning of their names, whose optimizers are not a student's own."""

FREE = tuple(f"torch.optim.{name}" for name in NO_OPTIMIZERS)


class TorchsOwn(AssertionError):
    """A student handed over an optimizer of torch's. mistakes: as for any failed check."""

    mistakes = ("torch.optim is used",)


def name_of(x):
    """`module:name` of the thing, if it is torch's own optimizer or a part of one; else None."""
    while type(x) in (functools.partial, types.MethodType):
        x = x.func if type(x) is functools.partial else x.__func__
    module, name = getattr(x, "__module__", None), getattr(x, "__qualname__", None)
    if not (isinstance(module, str) and isinstance(name, str)):
        return None
    if module.split(".")[0] == "torch" and name.rpartition(".")[2].startswith("_fused_"):
        return f"torch:{name.rpartition('.')[2]}"
    there = sys.modules.get(module)
    for part in name.split("."):
        there = getattr(there, part, None)
    return f"{module}:{name}" if there is x and is_own(f"{module}:{name}") else None


def is_own(name):
    """Is `module:name` an optimizer of torch, or a part of one?"""
    module, _, name = str(name).partition(":")
    if module == "torch":
        return name.startswith("_fused_")
    return f"{module}.".startswith(HOMES) and not module.startswith(FREE)  # Muon says "torch.optim"


def names_in(cls):
    """All that a class has of torch's optimizers: classes that it derives from, methods of theirs."""
    parts = [x for c in cls.__mro__ for x in (c, *vars(c).values()) if callable(x)]
    return sorted(set(filter(None, map(name_of, parts))))


def refusal(name, what):
    """A function that stands where the other side would be asked.

    Args:
        name: what the student calls it. what: `module:name` of what it is.
    """
    whose = f"{what.partition(':')[0].split('.')[0]}'s own {what.rpartition(':')[2].split('.')[0]}"

    def refuse(*args, **words):
        raise TorchsOwn(f"{name} is {whose}, or made of it: write the step yourself.")

    return refuse


def refused_class(name, what, near=torch.optim.Optimizer):
    """A class that fails as soon as it is used, and so do its objects.

    Args:
        near: the class of torch that it derives from, so that a check sees what it is.
    """
    refuse = refusal(name, what)

    def ask(self, attribute):
        if attribute[:2] == "__":  # what Python itself asks
            return object.__getattribute__(self, attribute)
        return refuse()

    own = {
        "__new__": refuse,
        "__getattribute__": ask,
        "__module__": "__main__",
        "bridge": staticmethod(refuse),
        "plays": staticmethod(refuse),
        "defaults_there": staticmethod(refuse),
    }
    return type(name, (near,), own)
