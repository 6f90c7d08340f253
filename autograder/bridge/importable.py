"""Things that both sides have by themselves: they cross as a name."""

import importlib
import sys

import torch

from autograder.bridge import torchs_own

ROOTS = ("torch", "math", "utils", "builtins")


def name_of(x, trusting=True):
    """`module:name` of something of torch or the course; None if it does not cross by name.

    Args:
        trusting: as for `thing`, on the other side.
    """
    if not (trusting or harmless(x)):
        return None
    if isinstance(x, torch.dtype):
        return f"torch:{str(x).removeprefix('torch.')}"
    if isinstance(x, torch.device):
        return f"device:{x}"
    module, name = getattr(x, "__module__", None), getattr(x, "__qualname__", None)
    if not (isinstance(x, type) or callable(x)) or not (
        isinstance(module, str) and isinstance(name, str)
    ):
        return None
    if module.split(".")[0] not in ROOTS or module not in sys.modules:
        return None
    return f"{module}:{name}" if found(module, name) is x else None


def found(module, name):
    thing = sys.modules.get(module)
    for part in name.split("."):
        thing = getattr(thing, part, None)
    return thing


def thing(name, trusting):
    """What the name stands for.

    Args:
        trusting: from the judge anything is taken. From a student only what is harmless to use:
            types of numbers, and the base classes of optimizers. An optimizer that is not the
            student's own is taken as something that fails when it is used, see `torchs_own`.

    Raises:
        ValueError: there is no such thing, or it is not taken.
    """
    module, _, name = name.partition(":")
    if module == "device":
        return torch.device(name)
    if trusting and module.split(".")[0] in ROOTS:
        importlib.import_module(module)
    x = found(module, name) if module.split(".")[0] in ROOTS else None
    if x is None or not (trusting or harmless(x)):
        raise ValueError(f"{module}:{name} is not handed over")
    if not trusting and isinstance(x, type) and torchs_own.is_own(f"{module}:{name}"):
        return torchs_own.refused_class(x.__name__, f"{module}:{name}", x)
    return x


def harmless(x):
    return isinstance(x, (torch.dtype, torch.device)) or (
        isinstance(x, type) and issubclass(x, torch.optim.Optimizer)
    )


def bases(cls):
    """Names of the classes of torch and the course that `cls` derives from, nearest first."""
    return [name for name in map(name_of, cls.__mro__) if name and not name.startswith("builtins:")]


HOMES = {
    "optimizer": ("torch.optim.", "utils.optim", "utils.compose"),
    "module": ("torch.nn.modules.",),
}
"""Where the classes are that a stand-in may derive from, by its family. No others: what a class
does by itself is done on this side."""


def base(names, family, kind):
    """The first class of these names that a stand-in of this family may derive from, or `kind`."""
    for name in names:
        module, _, name = str(name).partition(":")
        x = found(module, name) if module.startswith(HOMES.get(family, ())) else None
        if isinstance(x, type) and issubclass(x, kind):
            return x
    return kind
