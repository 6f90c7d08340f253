"""Optimizers that are put together from small functions.

def sgd_step(p, g, lr):
    p.sub_(g, alpha=lr)

optimizer = Composed(model.parameters(), [sgd_step], lr=0.1)
"""

from collections.abc import Callable, Iterable
from inspect import Parameter, signature
from typing import Any

from torch import Tensor

from utils.optim import Optim


class Composed(Optim):
    """An optimizer that is a list of parts.

    At each step, every parameter has a pot of values with names: `p`, the parameter; `g`, its
    gradient; the hyper-parameters; and what was kept in its state. The parts work on it one after
    the other. A part gets what its arguments are called. It changes `p` in place, or returns a dict
    of new values for the pot, or both. New values are kept to the next step; but `g` and the
    hyper-parameters are those of the step.

    Args:
        params: as in every optimizer.
        parts: functions, in the order in which they work.
        hyper: the hyper-parameters; each parameter group may have its own.

    Raises:
        TypeError: a part is no function, wants what is not in the pot, or returns no dict.
    """

    def __init__(
        self, params: Iterable, parts: Iterable[Callable[..., dict | None]], **hyper: Any
    ) -> None:
        self.parts = list(parts)
        for part in self.parts:
            if not callable(part):
                raise TypeError(f"a part must be a function, not {part!r}.")
        self.wants = [wants(part) for part in self.parts]
        super().__init__(params, hyper)

    def my_step(self, p: Tensor, state: dict, group: dict) -> None:
        pot = {**state, **group, "p": p, "g": p.grad}
        for part, (needs, takes) in zip(self.parts, self.wants, strict=True):
            missing = [name for name in needs if name not in pot]
            if missing:
                raise TypeError(MISSING.format(part=name_of(part), what=missing[0]))
            new = part(**{name: pot[name] for name in takes if name in pot})
            if not isinstance(new, dict | None):
                kind = type(new).__name__
                raise TypeError(NO_DICT.format(part=name_of(part), kind=kind))
            pot.update(new or {})
            state.update(new or {})
        state.pop("g", None)

    def __getstate__(self) -> dict:  # for copies; torch would leave the parts behind
        return super().__getstate__() | {"parts": self.parts, "wants": self.wants}


def wants(part: Callable) -> tuple[list[str], list[str]]:
    """The names of a function's arguments: (those without a default, all)."""
    args = [
        arg
        for arg in signature(part).parameters.values()
        if arg.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    ]
    return [arg.name for arg in args if arg.default is Parameter.empty], [a.name for a in args]


def name_of(part: Callable) -> str:
    """What to call it in a message."""
    return getattr(part, "__name__", type(part).__name__)


MISSING = (
    "{part} wants `{what}`, and there is none: give it as a hyper-parameter, or put a part that "
    "returns it before this one."
)
NO_DICT = (
    "{part} returned a {kind}: a part returns a dict such as {{'g': ...}}, or nothing if all it "
    "does is to change p."
)
