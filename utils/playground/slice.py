"""A real landscape: the loss of a network on MNIST, over the plane through three of its trainings.

    python -m utils.playground.slice       # computes mnist.json again, in about a minute

The plane goes through the weights at the start, (0, 0), after two epochs of SGD, (1, 0), and after
two epochs of Adam. On a grid in it the loss of 10,000 training images is computed. Between the
grid's points it is a bicubic spline; the page (js/src/engine/spline.js) evaluates the same coefficients.

Source of the idea: Li et al. (2018), Visualizing the Loss Landscape of Neural Nets,
https://arxiv.org/abs/1712.09913
"""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import torch

Frame = tuple[float, float, float, float]  # x0, x1, y0, y1

FILE = Path(__file__).with_name("mnist.json")
WALL = 4.0  # what `compute` writes: beyond the grid the loss rises by ½ wall · distance²


@cache
def stored() -> dict[str, Any]:
    """The grid's place and the spline's coefficients, float64, shape (n + 2, n + 2)."""
    found: dict[str, Any] = json.loads(FILE.read_text())
    raw = torch.frombuffer(bytearray(base64.b64decode(found["levels"])), dtype=torch.uint16)
    size = found["n"] + 2
    found["c"] = found["unit"] * raw.double().reshape(size, size)
    return found


class MnistSlice:
    """The loss of a 784-32-10 network on MNIST, over a plane in its 25,450 weights.

    Call it with weights of shape (..., 2) to get losses of shape (...).
    """

    def __init__(self) -> None:
        self.minimum = tuple(stored()["minimum"])

    def __call__(self, w: torch.Tensor) -> torch.Tensor:
        grid, c = stored(), stored()["c"]
        x0, x1, y0, y1 = grid["grid"]
        low, high = torch.tensor([[x0, y0], [x1, y1]], dtype=torch.float64)
        w = w.double()
        near = torch.minimum(torch.maximum(w, low), high)
        u = (near - low) / (high - low) * (grid["n"] - 1)
        cell = u.detach().floor().clamp(max=grid["n"] - 2)
        weights, (i, j) = basis(u - cell), cell.long().unbind(-1)
        four = torch.arange(4)
        around = c[(j[..., None] + four)[..., :, None], (i[..., None] + four)[..., None, :]]
        spline = (around * weights[..., 1, :, None] * weights[..., 0, None, :]).sum((-1, -2))
        wall: float = grid["wall"]
        loss: torch.Tensor = spline + 0.5 * wall * (w - near).square().sum(-1)
        return loss

    def __repr__(self) -> str:
        return "a slice through the loss on MNIST"


def basis(t: torch.Tensor) -> torch.Tensor:
    """The four cubic B-splines that are not zero at the part t of a cell: (...) → (..., 4)."""
    s = 1 - t
    three = s**3, 3 * t**3 - 6 * t**2 + 4, 3 * s**3 - 6 * s**2 + 4, t**3
    return torch.stack(three, -1) / 6


def coefficients(levels: torch.Tensor) -> torch.Tensor:
    """The natural bicubic spline through `levels`, shape (n, n) → (n + 2, n + 2)."""
    n = len(levels)
    system = torch.zeros(n + 2, n + 2, dtype=torch.float64)
    for k in range(n):
        system[k + 1, k : k + 3] = torch.tensor([1, 4, 1]).double() / 6
    system[0, :3] = system[-1, -3:] = torch.tensor([1, -2, 1]).double()  # no curvature at the ends
    padded = torch.zeros(n + 2, n + 2, dtype=torch.float64)
    padded[1:-1, 1:-1] = levels
    inverse = torch.linalg.inv(system)
    found: torch.Tensor = inverse @ padded @ inverse.T
    return found


def compute(
    n: int = 25,
    grid: Frame = (-0.6, 1.8, -0.9, 1.5),
    window: Frame = (-0.4, 1.6, -0.6, 1.2),
    epochs: int = 2,
) -> dict[str, Any]:
    """Train, cut, measure: what mnist.json holds."""
    import torch.nn.functional as F
    from torch import nn
    from torch.nn.utils import parameters_to_vector, vector_to_parameters

    from utils.train import Batches, fit, mnist_tensors

    torch.set_num_threads(1)
    images, valid, _ = mnist_tensors()

    def end(Optimizer: Any = None, **hyper: float) -> tuple[torch.Tensor, nn.Module]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
        if Optimizer:
            batches = Batches(images[0], images[1], shuffle=True)
            fit(model, batches, None, Optimizer(model.parameters(), **hyper), epochs, bar=False)
        return parameters_to_vector(model.parameters()).detach().double(), model

    first, model = end()
    sgd, adam = end(torch.optim.SGD, lr=0.1)[0], end(torch.optim.Adam, lr=1e-3)[0]
    along = sgd - first
    other = adam - first
    share = (other @ along / (along @ along)).item()
    across = other - share * along
    height = (across.norm() / along.norm()).item()
    across = across / height  # as long as `along`
    x, y = images[0][:10_000].double(), images[1][:10_000]
    model.double()
    levels = torch.empty(n, n, dtype=torch.float64)
    x0, x1, y0, y1 = grid
    with torch.no_grad():
        for j, b in enumerate(torch.linspace(y0, y1, n, dtype=torch.float64)):
            for i, a in enumerate(torch.linspace(x0, x1, n, dtype=torch.float64)):
                vector_to_parameters(first + a * along + b * across, model.parameters())
                levels[j, i] = F.cross_entropy(model(x), y)
    c = coefficients(levels)
    unit = float(f"{c.max().item() / 65535:.6g}")
    whole = (c / unit).round().clamp(0, 65535).to(torch.uint16)
    return {
        "about": {
            "data": "MNIST (Y. LeCun, C. Cortes, C. Burges, CC BY-SA 3.0), 10,000 training images",
            "network": "784-32-10, ReLU, cross-entropy, torch.manual_seed(0)",
            "plane": "(0, 0) first weights; (1, 0) after SGD, lr 0.1; adam: after Adam, lr 0.001",
            "training": f"{epochs} epochs, batches of 128",
            "length of a unit": round(along.norm().item(), 4),
            "adam": [round(share, 4), round(height, 4)],
            "made by": "python -m utils.playground.slice",
        },
        "grid": grid,
        "window": window,
        "n": n,
        "wall": WALL,
        "unit": unit,
        "levels": base64.b64encode(whole.numpy().tobytes()).decode(),
    }


def lowest(f: Any, start: list[float], steps: int = 60) -> list[float]:
    """Where `f` is lowest near `start`: Newton's method."""
    w = torch.tensor(start, dtype=torch.float64)
    for _ in range(steps):
        g = torch.autograd.functional.jacobian(f, w)
        w = w - torch.linalg.solve(torch.autograd.functional.hessian(f, w), g)
    return list(w.tolist())


def main() -> None:
    found = compute() | {"minimum": [0.0, 0.0]}
    FILE.write_text(json.dumps(found, indent=1) + "\n")
    stored.cache_clear()
    f, (x0, x1, y0, y1) = MnistSlice(), found["window"]
    points = torch.cartesian_prod(torch.linspace(x0, x1, 201), torch.linspace(y0, y1, 201))
    start = points[f(points).argmin()].tolist()
    found["minimum"] = [round(v, 6) for v in lowest(f, start)]
    FILE.write_text(json.dumps(found, indent=1) + "\n")
    print(
        f"{FILE.name}: lowest {f(torch.tensor(found['minimum'])).item():.4f} at {found['minimum']}"
    )


if __name__ == "__main__":
    main()
