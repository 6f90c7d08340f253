"""Notices, in the student's process, when one of torch's own optimizers computes.

The functions behind torch's optimizers are wrapped before any student's code is there, so it does
not matter in which thread or under which name they are called. This finds the careless: code in this
process can undo all of it. So a call that is noticed is a flag for the instructor, and none noticed
proves nothing. What the judge is handed is looked at on the judge's side: see `torchs_own`.
"""

import functools
import importlib
import pkgutil
import types

import torch

from autograder.torch_modules import NO_OPTIMIZERS

FREE = {*NO_OPTIMIZERS, "_functional"}
KERNELS = ("_fused_sgd_", "_fused_adam_", "_fused_adamw_", "_fused_adagrad_")

TOUCHED = set()
"""Names of what was used since somebody cleared this."""


def lay():
    """From now on each step of an optimizer of torch, and of the functions behind it, is noticed."""
    names = [one.name for one in pkgutil.iter_modules(torch.optim.__path__)]
    modules = [importlib.import_module(f"torch.optim.{name}") for name in names]
    wires = {}
    for module in modules:
        if module.__name__.rpartition(".")[2] in FREE:
            continue
        for x in list(vars(module).values()):
            if getattr(x, "__module__", None) != module.__name__:
                continue
            if isinstance(x, types.FunctionType):
                wires[x] = wire(x, module.__name__)
            elif isinstance(x, type) and "step" in vars(x):
                x.step = wire(x.step, module.__name__)
    for name in filter(functools.partial(hasattr, torch), KERNELS):
        for place in (torch, torch.ops.aten):
            setattr(place, name, wire(getattr(place, name), f"torch.{name}"))
    for module in modules:  # some have the functions of others
        for name, x in list(vars(module).items()):
            if isinstance(x, types.FunctionType) and x in wires:
                setattr(module, name, wires[x])


def wire(f, name):
    name = name.replace("torch.optim._", "torch.optim.")

    @functools.wraps(f)
    def noticed(*args, **words):
        TOUCHED.add(name)
        return f(*args, **words)

    del noticed.__wrapped__  # the way around it
    if hasattr(f, "overloads"):  # of an operator
        vars(noticed).update({part: wire(getattr(f, part), name) for part in f.overloads()})
    return noticed
