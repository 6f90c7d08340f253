"""The textbook's optimizers by the names of the playground: torch's own, or the formula.

`textbook("momentum", [w], lr=0.1, beta=0.9)` makes one. The page computes the same in JavaScript.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from utils.optim import Optim
from utils.playground.facts import usual


class LrInside(Optim):
    """v ← βv − lr·g, w ← w + v: the same path as torch's while lr stays as it is."""

    def my_step(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        v = state.setdefault("v", torch.zeros_like(p))
        v.mul_(group["beta"]).sub_(p.grad, alpha=group["lr"])
        p.add_(v)


class Ewma(Optim):
    """avg ← β avg + (1 − β) g, w ← w − lr·avg."""

    def my_step(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        avg = state.setdefault("avg", torch.zeros_like(p))
        avg.mul_(group["beta"]).add_(p.grad, alpha=1 - group["beta"])
        p.sub_(avg, alpha=group["lr"])


class InsideRoot(Optim):
    """RMSprop with w ← w − lr·g / √(sqr + ε)."""

    def my_step(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        sqr = state.setdefault("sqr", torch.zeros_like(p))
        sqr.mul_(group["beta2"]).addcmul_(p.grad, p.grad, value=1 - group["beta2"])
        p.addcdiv_(p.grad, (sqr + group["eps"]).sqrt(), value=-group["lr"])


class Uncorrected(Optim):
    """Adam without bias correction."""

    def my_step(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        avg = state.setdefault("avg", torch.zeros_like(p))
        sqr = state.setdefault("sqr", torch.zeros_like(p))
        avg.mul_(group["beta"]).add_(p.grad, alpha=1 - group["beta"])
        sqr.mul_(group["beta2"]).addcmul_(p.grad, p.grad, value=1 - group["beta2"])
        p.addcdiv_(avg, sqr.sqrt().add_(group["eps"]), value=-group["lr"])


class Lion(Optim):
    """w ← (1 − lr·wd) w − lr·sign(β avg + (1 − β) g); then avg follows g with β₂.

    Source: Chen et al. (2023), https://arxiv.org/abs/2302.06675
    """

    def my_step(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        avg = state.setdefault("avg", torch.zeros_like(p))
        sign = (group["beta"] * avg + (1 - group["beta"]) * p.grad).sign()
        p.mul_(1 - group["lr"] * group["wd"]).sub_(sign, alpha=group["lr"])
        avg.mul_(group["beta2"]).add_(p.grad, alpha=1 - group["beta2"])


MAKE: dict[str, Callable[[Any, dict[str, float]], torch.optim.Optimizer]] = {
    "sgd": lambda w, h: torch.optim.SGD(w, h["lr"], weight_decay=h["wd"]),
    "momentum": lambda w, h: torch.optim.SGD(
        w, h["lr"], h["beta"], h.get("dampening", 0), weight_decay=h["wd"]
    ),
    "momentum_lr": lambda w, h: LrInside(w, h),
    "momentum_ewma": lambda w, h: Ewma(w, h),
    "nesterov": lambda w, h: torch.optim.SGD(
        w, h["lr"], h["beta"], nesterov=h["beta"] > 0, weight_decay=h["wd"]
    ),
    "rmsprop": lambda w, h: torch.optim.RMSprop(
        w, h["lr"], h["beta2"], h["eps"], weight_decay=h["wd"]
    ),
    "rmsprop_inside": lambda w, h: InsideRoot(w, h),
    "adam": lambda w, h: torch.optim.Adam(
        w, h["lr"], (h["beta"], h["beta2"]), h["eps"], weight_decay=h["wd"]
    ),
    "adam_raw": lambda w, h: Uncorrected(w, h),
    "adamw": lambda w, h: torch.optim.AdamW(
        w, h["lr"], (h["beta"], h["beta2"]), h["eps"], weight_decay=h["wd"]
    ),
    "lion": lambda w, h: Lion(w, h),
}


def textbook(name: str, params: Iterable[torch.Tensor], **given: Any) -> torch.optim.Optimizer:
    """The optimizer of that name; `given` may have lr, beta, beta2, eps, wd and dampening."""
    return MAKE[name](params, {**usual(name), **given})
