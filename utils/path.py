"""Let an optimizer walk on a landscape, and write down where it went."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from utils.landscape import START


@dataclass(repr=False)
class Path:
    """Where an optimizer went.

    points: the weights before the first step and after each one, shape (steps + 1, 2).
    losses: the loss at each of these points, without noise, shape (steps + 1,).
    label: what to call it in a legend.
    trouble: one sentence if the walk ended early, else None.
    """

    points: Tensor
    losses: Tensor
    label: str = ""
    trouble: str | None = None

    @property
    def nsteps(self) -> int:
        return len(self.points) - 1

    def __repr__(self) -> str:
        return (
            f"{self.label}: {self.nsteps} steps, loss {self.losses[0]:.3g} → {self.losses[-1]:.3g}"
        )


def hold(optimizer: Optimizer, w: Tensor) -> None:
    """Make sure that `optimizer` is an optimizer, and that `w` is what it moves."""
    if isinstance(optimizer, type):
        raise TypeError(
            f"{optimizer.__name__} is a class: make an optimizer of it first, "
            f"{optimizer.__name__}([w], lr=...)."
        )
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"this is a {type(optimizer).__name__}, not an optimizer.")
    if not any(p is w for group in optimizer.param_groups for p in group["params"]):
        name = type(optimizer).__name__
        raise ValueError(f"this {name} does not hold w, so w would not move: {name}([w], ...).")


def walk(
    Optimizer: Callable[..., Optimizer],
    landscape: Callable[[Tensor], Tensor],
    nsteps: int = 30,
    noise: float = 0.0,
    start: tuple[float, float] = START,
    seed: int = 0,
    label: str | None = None,
    **hyper: Any,
) -> Path:
    """Make an `Optimizer` with `hyper`, let it walk from `start`, and return the `Path`.

        plots.race(bowl, *[walk(SGD, bowl, lr=lr) for lr in (0.05, 0.2, 0.39)])

    Computes in float64, so that a loss of 1e-12 is not yet noise. See `descend` for the rest.
    """
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    return descend(Optimizer([w], **hyper), landscape, w, nsteps, noise, seed, label)


def descend(
    optimizer: Optimizer,
    landscape: Callable[[Tensor], Tensor],
    w: Tensor,
    nsteps: int = 10,
    noise: float = 0.0,
    seed: int = 0,
    label: str | None = None,
) -> Path:
    """Take `nsteps` steps with `optimizer` from where `w` is, and return the `Path`.

    Args:
        optimizer: holds `w`.
        landscape: gives the loss at `w`.
        w: the weights, shape (2,), with `requires_grad`; they are moved.
        noise: standard deviation of the normal noise added to each entry of the gradient.
        seed: of that noise; the same seed gives the same noise to every optimizer.
        label: what to call the path; by default the class and its hyper-parameters.

    The walk ends before a step that leaves something infinite or NaN; a warning says which step.
    """
    hold(optimizer, w)
    if nsteps < 1:
        raise ValueError(f"nsteps must be at least 1, not {nsteps}.")
    if noise < 0:
        raise ValueError(f"noise is a standard deviation: it must not be negative, as {noise} is.")
    rng = torch.Generator().manual_seed(seed)
    visited, trouble = [w.detach().clone()], None
    loss = landscape(w)
    for step in range(1, nsteps + 1):
        optimizer.zero_grad()
        loss.backward()
        if noise and w.grad is not None:
            w.grad.add_(noise * torch.randn(w.shape, generator=rng, dtype=w.dtype))
        optimizer.step()
        loss = landscape(w)
        if not torch.isfinite(loss):
            where = ", ".join(f"{x:g}" for x in w.tolist())
            trouble = (
                f"Step {step} took the weights to ({where}), where there is no finite loss. "
                "A learning rate that is too large does this, and so does a division by zero."
            )
            warnings.warn(trouble, stacklevel=2)
            break
        visited.append(w.detach().clone())
    if len(visited) > 1 and all(torch.equal(visited[0], point) for point in visited):
        warnings.warn(
            "The weights did not move. my_step must change p in place, such as by p.add_(...): "
            "`p = p - ...` only gives a new tensor the name p.",
            stacklevel=2,
        )
    points = torch.stack(visited)
    return Path(points, landscape(points), label or describe(optimizer), trouble)


def describe(optimizer: Optimizer) -> str:
    """`SGDMomentumOptimizer, lr = 0.1, momentum = 0.9`: the class and what it was given."""
    values = {k: v for k, v in optimizer.param_groups[0].items() if k in optimizer.defaults}
    shown = [f"{k} = {v:.4g}" for k, v in values.items() if type(v) in (int, float) and v]
    return ", ".join([type(optimizer).__name__, *shown])
