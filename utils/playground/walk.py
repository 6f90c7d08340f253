"""The kernel's engine: the same walk as the page's, on the same landscapes, with any optimizer.

It goes on being useful when the optimizer is wrong: an exception or a NaN ends the walk, and the
step where it happened is part of the result.
"""

import math
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from utils import landscape as land
from utils.playground.facts import FACTS, LANDSCAPES
from utils.playground.slice import MnistSlice
from utils.playground.slopes import slope

CLASSES: dict[str, Callable[..., Any]] = {
    "quadratic": land.Quadratic,
    "noisy": land.NoisyQuadratic,
    "ravine": land.Ravine,
    "saddle": land.Saddle,
    "rosenbrock": land.Rosenbrock,
    "beale": land.Beale,
    "wells": land.Wells,
    "mnist": MnistSlice,
}
SHOWN = 64  # entries of a state that the debugger shows


@dataclass
class Trail:
    """What an optimizer did.

    points: the weights before the first step and after each one.
    losses: the loss there, without noise.
    grads: the gradient that each step was given.
    states: after each step, what the optimizer keeps for w: name → list of numbers, or text.
    broke: the step that raised or left something infinite or NaN, else 0.
    trouble: what happened there, in a sentence, else "".
    raised: it was an exception.
    """

    points: list[list[float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    grads: list[list[float]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    broke: int = 0
    trouble: str = ""
    raised: bool = False


def landscape(shape: dict[str, Any], seed: int = 0) -> land.Landscape:
    """`{"name": "quadratic", "condition": 10}` as something to call."""
    name = shape["name"]
    values = {key: shape[key] for key in LANDSCAPES[name]["shape"] if key in shape}
    if name == "noisy":
        values["seed"] = seed + FACTS["batch_seed"]  # the batches and the noise are not the same
    made: land.Landscape = CLASSES[name](**values)
    return made


def trail(
    make: Callable[[list[torch.Tensor]], Any],
    shape: dict[str, Any],
    start: Sequence[float],
    steps: int,
    noise: float = 0.0,
    seed: int = 0,
    states: bool = False,
    autograd: bool = False,
) -> Trail:
    """Let `make([w])` walk, as the page does.

    Args:
        make: a list of tensors → an optimizer.
        shape: the landscape, `{"name": …, …}`.
        noise: standard deviation of the noise on each entry of the gradient.
        states: also write down the optimizer's state after each step.
        autograd: let autograd find the gradients; by hand they cost a tenth.
    """
    f = landscape(shape, seed)
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    out = Trail(points=[w.tolist()])
    gradient = (by_autograd if autograd else by_hand)(f, w, steps)
    jitter = (noise * land.normals(steps, seed)).tolist() if noise else [(0.0, 0.0)] * steps
    step = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old add_ signatures, sixty times a second
            optimizer = make([w])
            for step in range(1, steps + 1):
                gx, gy = gradient(step - 1, *out.points[-1])
                ex, ey = jitter[step - 1]
                out.grads.append([gx + ex, gy + ey])
                w.grad = torch.tensor(out.grads[-1], dtype=torch.float64)
                optimizer.step()
                if states:
                    out.states.append(snapshot(optimizer, w))
                out.points.append(w.tolist())
                if not all(map(math.isfinite, out.points[-1])):
                    break
    except Exception as error:  # noqa: BLE001 (the student's: the widget lives on)
        out.broke, out.trouble, out.raised = max(step, 1), explain(error), True
    return measured(f, out)


Gradient = Callable[[int, float, float], Sequence[float]]


def by_hand(f: Any, w: torch.Tensor, steps: int) -> Gradient:
    """(k, x, y) → the gradient of the k-th batch."""
    gradient = slope(f)
    if not hasattr(f, "centers"):
        return lambda k, x, y: gradient(x, y)
    centers = f.centers(steps).tolist()
    return lambda k, x, y: gradient(x - centers[k][0], y - centers[k][1])


def by_autograd(f: Any, w: torch.Tensor, steps: int) -> Gradient:
    """The same, by autograd, at w."""
    batches = f.batches(steps) if hasattr(f, "batches") else [f] * steps
    return lambda k, *_: torch.autograd.grad(batches[k](w), w)[0].tolist()


def measured(f: Callable[[torch.Tensor], torch.Tensor], out: Trail) -> Trail:
    """With the losses, all at once; and cut off before the first that is not finite."""
    out.losses = f(torch.tensor(out.points, dtype=torch.float64)).tolist()
    bad = next((i for i, loss in enumerate(out.losses) if not math.isfinite(loss)), 0)
    if bad:
        where = ", ".join(f"{x:g}" for x in out.points[bad][:2])
        out.broke, out.raised = bad, False
        out.trouble = f"took the weights to ({where}), where there is no finite loss"
        out.points, out.losses = out.points[:bad], out.losses[:bad]
        out.grads, out.states = out.grads[:bad], out.states[:bad]
    return out


def explain(error: BaseException) -> str:
    """An exception in a line: what it is, and the line of code that the student wrote."""
    if isinstance(error, NotImplementedError):
        return "nothing is written here yet. Write it, run its cell, then run this one again."
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename and frame.filename != __file__
    ]
    said = " ".join(str(error).split())[:300]
    mine = [frame for frame in frames if not frame.filename.endswith("optim.py")] or frames
    where = f" — in `{mine[-1].line}`" if mine and mine[-1].line else ""
    return f"{type(error).__name__}: {said}{where}"


def snapshot(optimizer: Any, w: torch.Tensor) -> dict[str, Any]:
    """What the optimizer keeps for `w`, as numbers for the page."""
    return {str(k): json_ready(v) for k, v in optimizer.state.get(w, {}).items()}


def json_ready(value: Any) -> list[float | str] | str:
    """A tensor or a number as JSON knows it: a list of numbers, or a text. JSON knows no NaN."""
    if isinstance(value, torch.Tensor):
        value = value.detach().double().flatten()[:SHOWN].tolist()
    if isinstance(value, bool | int | float):
        value = [float(value)]
    if isinstance(value, list) and all(isinstance(x, float) for x in value):
        return [x if math.isfinite(x) else str(x) for x in value]
    return str(value)[:SHOWN]
