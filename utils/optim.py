"""The optimizer base class of the course, and a weight to try it on.

class SGDOptimizer(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        ...                                  # you write this

output(SGDOptimizer([w], lr=0.1))            # and see where it goes
"""

from collections.abc import Callable, Iterable
from numbers import Real
from os import PathLike
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from utils.landscape import START, Quadratic
from utils.path import Path, descend, hold

w = torch.tensor(START, requires_grad=True)
"""The weight that `output` moves: shape (2,), float32."""

NOT_NEGATIVE = ("lr", "momentum", "weight_decay", "eps", "alpha")


class Optim(torch.optim.Optimizer):
    """A `torch.optim.Optimizer` that asks you for one thing: how to change one parameter.

    `step()` goes through the parameters that have a gradient and calls `my_step` for each. So you
    need not loop, skip, or switch autograd off.

    Args:
        params: tensors, or dicts of the form `{"params": [...], "lr": 0.1}`, one a parameter group.
        defaults: the hyper-parameters, as a dict; a group without its own value gets this one.

    Raises:
        ValueError: no parameters; the same one twice; a hyper-parameter that is negative, NaN or no
            number.

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """

    keeps_memory = True  # a step that gives a parameter new memory raises; the checks look first

    def __init__(self, params: Iterable, defaults: dict[str, Any]) -> None:
        if isinstance(params, torch.Tensor):
            raise TypeError("params is a single tensor: put it in a list, [w].")
        if not isinstance(defaults, dict):
            raise TypeError(f"defaults must be a dict, such as dict(lr=0.1), not {defaults!r}.")
        params = list(params)
        if not params:
            raise ValueError("no parameters: the list is empty (was a generator used up before?).")
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, as a dict with `"params"` and its own hyper-parameters."""
        params = param_group["params"]
        params = [params] if isinstance(params, torch.Tensor) else list(params)
        known = [q for group in self.param_groups for q in group["params"]]
        if len({id(q) for q in known + params}) < len(known + params):
            raise ValueError("a parameter is listed twice: it would be stepped twice each time.")
        for name in NOT_NEGATIVE:
            value = param_group.get(name, self.defaults.get(name, 0.0))
            if not (isinstance(value, Real | torch.Tensor) and float(value) >= 0):
                raise ValueError(f"{name} must be a number, 0 or more, but it is {value!r}.")
        betas = param_group.get("betas", self.defaults.get("betas", (0, 0)))
        if not (
            isinstance(betas, tuple | list) and len(betas) == 2 and all(0 <= b < 1 for b in betas)
        ):
            raise ValueError(f"betas must be two numbers, 0 ≤ β < 1, but they are {betas!r}.")
        super().add_param_group({**param_group, "params": params})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient, once.

        Args:
            closure: optional; computes the gradients again and returns the loss.

        Returns:
            what the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    memory = p.data_ptr()
                    try:
                        self.my_step(p, self.state[p], group)
                    except RecursionError as error:
                        shorten(error.__traceback__)
                        raise
                    if p.data_ptr() != memory and self.keeps_memory:
                        raise RuntimeError(REPLACED.format(type(self).__name__))
        return loss

    def my_step(self, p: Tensor, state: dict, group: dict) -> None:
        """Change `p` in place, by one step.

        Args:
            p: the parameter, a tensor of any shape; its gradient is `p.grad`, of the same shape.
            state: a dict that belongs to `p`: empty at first, kept from step to step.
            group: a dict with the hyper-parameters, such as `group["lr"]`.
        """
        name = type(self).__name__
        raise NotImplementedError(
            f"{name} has no my_step yet: write `def my_step(self, p, state, group)` in it."
        )


REPLACED = (
    "{}.my_step gave the parameter new memory (`p.data = ...`) instead of changing it in place. "
    "Whoever shares the old memory keeps the old numbers: write `p.add_(...)`."
)


def shorten(traceback: TracebackType | None, length: int = 5) -> None:
    """Cut a traceback off: a thousand levels of the same call take a notebook minutes to show."""
    for _ in range(length - 1):
        traceback = traceback and traceback.tb_next or traceback
    if traceback:
        traceback.tb_next = None


def output(
    optimizer: torch.optim.Optimizer,
    nsteps: int = 10,
    noise: float = 0.0,
    fname: str | PathLike | None = None,
) -> Path:
    """Draw the path of `w` on the quadratic, over `nsteps` steps of `optimizer`.

    `w` is first put back to the start and the optimizer's state is emptied, so the same call
    draws the same picture.

    Args:
        optimizer: one that holds `w`, such as `SGDOptimizer([w], lr=0.1)`.
        nsteps: number of steps, ≥ 1.
        noise: standard deviation of the normal noise added to each entry of the gradient.
        fname: where to save the picture too: a name that ends in .pdf, .png or .svg.

    Returns:
        Path: the points and losses. If a NaN came up it ends there, and a warning says so.

    Raises:
        TypeError: `optimizer` is a class, or no optimizer at all.
        ValueError: the optimizer does not hold `w`; `nsteps` < 1; `noise` < 0; unknown ending.
    """
    from utils import plots  # matplotlib takes most of a second: only when something is drawn

    if fname is not None:
        plots.check_suffix(fname)
    hold(optimizer, w)
    with torch.no_grad():
        w.copy_(torch.tensor(START))
    optimizer.state.clear()
    landscape = Quadratic()
    path = descend(optimizer, landscape, w, nsteps=nsteps, noise=noise)
    plots.draw(plots.contour(landscape, path), fname)
    return path
