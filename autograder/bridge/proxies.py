"""What stands on one side for an object of the other, and how the owner describes it.

A stand-in has the names, the signature and the base classes of what it stands for; to call it, or
to ask it for an attribute, is to ask the other side.
"""

import inspect
import types

import torch

from autograder.bridge import importable, torchs_own
from autograder.bridge.remote_play import defaults_there, plays
from utils.learner import Callback

SPECIAL = ("__iter__", "__next__", "__len__", "__getitem__", "__call__")
KINDS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
FAMILIES = {"optimizer": torch.optim.Optimizer, "module": torch.nn.Module, "callback": Callback}


# ── the owner's side: a description ──────────────────────────────────────────────────────────────


def describe(x, encode):
    """The state of an object that is no list, dict or tensor.

    Args:
        encode: value → JSON, as from a Table.

    Raises:
        TypeError: it cannot be handed over.
    """
    if isinstance(x, types.ModuleType):
        raise TypeError(f"the module {x.__name__} cannot be handed over")
    if isinstance(x, type):
        return {"class": name_of(x), **about(x), "made": parameters(x), "attributes": {
            name: encode(getattr(x, name)) for name in ("run_before", "run_after") if hasattr(x, name)
        }}  # fmt: skip
    if isinstance(x, torch.optim.Optimizer):
        return {"instance": encode(type(x)), "fields": {}}
    if isinstance(x, torch.nn.Module):
        return {"instance": encode(type(x)), "fields": module_fields(x, encode)}
    if callable(x) and not hasattr(type(x), "__next__"):
        return {"function": name_of(x), "takes": parameters(x), "own": torchs_own.name_of(x)}
    return {"instance": encode(type(x)), "fields": {}}


def name_of(x):
    return str(getattr(x, "__name__", type(x).__name__))[:100]


def about(cls):
    family = next((name for name, kind in FAMILIES.items() if issubclass(cls, kind)), "thing")
    own = [k for c in cls.__mro__[:-1] if importable.name_of(c) is None for k in vars(c)]
    return {
        "family": family,
        "torchs": torchs_own.names_in(cls),
        "bases": importable.bases(cls),
        "methods": sorted({k for k in own if k[:1] != "_" and callable(getattr(cls, k, None))}),
        "special": [name for name in SPECIAL if hasattr(cls, name)],
    }


def module_fields(x, encode):
    plain = {
        name: value
        for name, value in vars(x).items()
        if name[:1] != "_" and name != "training" and (simple(value) or holds_modules(value))
    }
    parts = dict(parameters=x._parameters, buffers=x._buffers, modules=x._modules, plain=plain)
    return {
        "training": x.training,
        **{part: {k: encode(v) for k, v in values.items()} for part, values in parts.items()},
    }


def simple(x):
    parts = x if isinstance(x, tuple) else (x,)
    return all(part is None or type(part) in (bool, int, float, str) for part in parts)


def holds_modules(x):
    parts = list(x.values()) if isinstance(x, dict) else x
    return isinstance(parts, (list, tuple)) and any(isinstance(m, torch.nn.Module) for m in parts)


def parameters(x):
    """The arguments of a function or class: [[name, kind, has a default]]; None if unknown."""
    try:
        args = inspect.signature(x).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[a.name, KINDS.get(a.kind, ""), a.default is not a.empty] for a in args]


# ── the other side: what stands there ────────────────────────────────────────────────────────────


def signature(args):
    """An `inspect.Signature` of what `parameters` gave."""
    kinds = {
        "": inspect.Parameter.POSITIONAL_OR_KEYWORD,
        "*": inspect.Parameter.VAR_POSITIONAL,
        "**": inspect.Parameter.VAR_KEYWORD,
    }
    default = {True: None, False: inspect.Parameter.empty}
    made = [inspect.Parameter(n, kinds[k], default=default[bool(d)]) for n, k, d in args]
    return inspect.Signature(made, __validate_parameters__=False)


class Function:
    """Stands for a function of the other side."""

    plays, defaults_there = staticmethod(plays), staticmethod(defaults_there)

    def __init__(self, ask, state, refuses=False):
        self.__name__ = self.__qualname__ = str(state["function"])[:100]
        self.bridge = ask
        if refuses and torchs_own.is_own(state.get("own")):
            self.bridge = torchs_own.refusal(self.__name__, str(state["own"])[:100])
        if state["takes"] is not None:
            self.__signature__ = signature(state["takes"])

    def __call__(self, *args, **words):
        return self.bridge("call", self, args, words)

    def __repr__(self):
        return f"<function {self.__name__}>"


class Optimizer(torch.optim.Optimizer):
    """Stands for an optimizer. Its groups are shared from when somebody asks for them."""

    clears = False  # has it a `zero_grad` of its own?

    def __init__(self, *args, **words):
        pass  # it was made on the other side

    @property
    def param_groups(self):
        if "groups" not in self.__dict__:
            self.__dict__["groups"] = self.bridge("get", self, "param_groups")
        return self.__dict__["groups"]

    @property
    def state(self):
        return self.bridge("get", self, "state")

    @property
    def defaults(self):
        return self.bridge("get", self, "defaults")

    def step(self, closure=None):
        return self.bridge("method", self, "step", () if closure is None else (closure,), {})

    def zero_grad(self, set_to_none=True):
        if self.clears or not set_to_none:
            return self.bridge("method", self, "zero_grad", (), {"set_to_none": set_to_none})
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    def state_dict(self):
        return self.bridge("method", self, "state_dict", (), {})

    def load_state_dict(self, state_dict):
        self.__dict__.pop("groups", None)
        return self.bridge("method", self, "load_state_dict", (state_dict,), {})

    def add_param_group(self, param_group):
        return self.bridge("method", self, "add_param_group", (param_group,), {})

    def __repr__(self):
        return type(self).__name__


class Module(torch.nn.Module):
    """Stands for a model; its parameters are shared, and gradients go through."""

    def __init__(self, *args, **words):
        pass

    def forward(self, *args, **words):
        watched = any(m._forward_hooks for m in self.modules() if m is not self)
        result, ran = self.bridge("forward", self, args, words, watched)
        for part in ran:
            for hook in list(part._forward_hooks.values()):
                hook(part, (), None)
        return result

    def train(self, mode=True):
        self.bridge("method", self, "train", (mode,), {})
        return self

    def renew(self, fields):
        put = self.__dict__
        put["training"] = bool(fields["training"])
        put["_parameters"].update(fields["parameters"])
        put["_buffers"].update(fields["buffers"])
        put["_modules"].update(fields["modules"])
        put.update({k: v for k, v in fields["plain"].items() if k[:1] != "_"})


class Thing:
    """Stands for any other object; each attribute is asked for."""

    def __init__(self, *args, **words):
        pass

    def __getattr__(self, name):
        if name[:2] == "__" or name == "bridge":
            raise AttributeError(name)
        return self.bridge("get", self, name)

    def __setattr__(self, name, value):
        self.bridge("set", self, name, value)


class ThingCallback(Thing, Callback):
    """Stands for a callback."""


STAND_INS = {
    "optimizer": Optimizer,
    "module": Module,
    "callback": ThingCallback,
    "thing": Thing,
}


def method(name):
    def ask(self, *args, **words):
        return self.bridge("method", self, name, args, words)

    ask.__name__ = name
    return ask


def make_class(ask, state, decode, refuses=False):
    """A class that stands for a class of the other side. To call it makes an object there.

    Args:
        refuses: is an optimizer of torch's refused here? The judge refuses, and lends its own.
    """
    kind = STAND_INS.get(state["family"], Thing)
    own = {}
    for name in state["methods"]:
        public = isinstance(name, str) and name.isidentifier() and name[:1] != "_"
        if public and not hasattr(kind, name):  # no `__eq__` or `__lt__` that always agrees
            own[name] = method(name)
    if state["family"] == "thing":
        own |= {name: method(name) for name in state["special"] if name in SPECIAL}
    if state["family"] == "optimizer":
        own["clears"] = "zero_grad" in state["methods"]
    if state["family"] == "callback":
        own |= {k: decode(v) for k, v in state["attributes"].items() if k.startswith("run_")}

    def make(cls, *args, **words):
        return ask("call", cls, args, words)

    own |= {
        "bridge": staticmethod(ask),
        "plays": staticmethod(plays),
        "defaults_there": staticmethod(defaults_there),
        "__new__": make,
        "__module__": "__main__",
    }
    if state["made"] is not None:
        own["__signature__"] = signature(state["made"])
    near = importable.base(state["bases"], state["family"], FAMILIES.get(state["family"], object))
    torchs = [str(name)[:100] for name in state.get("torchs", []) if torchs_own.is_own(name)]
    if refuses and torchs and state["family"] == "optimizer":
        return torchs_own.refused_class(str(state["class"])[:100], torchs[0], near)
    parents = (kind,) if near is object or issubclass(kind, near) else (kind, near)
    return type(str(state["class"])[:100], parents, own)


def make_instance(cls):
    """An empty stand-in of such a class; its fields come with `renew`."""
    x = object.__new__(cls)
    if isinstance(x, torch.nn.Module):
        torch.nn.Module.__init__(x)
    return x


def renew(x, state, decode):
    """Take in new fields of an instance."""
    if isinstance(x, Module):
        fields = state["fields"]
        parts = ("parameters", "buffers", "modules", "plain")
        x.renew(
            {
                "training": fields["training"],
                **{p: {str(k): decode(v) for k, v in fields[p].items()} for p in parts},
            }
        )
