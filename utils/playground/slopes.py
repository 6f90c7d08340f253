"""Gradients of the landscapes by hand, in plain numbers: a tenth of what autograd costs for two.

The same formulas as in js/src/engine/landscapes.js. tests/utils/playground proves them equal to autograd's.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from utils import landscape as land
from utils.playground.slice import MnistSlice, stored

Slope = Callable[[float, float], tuple[float, float]]
"""(x, y) → (∂f/∂x, ∂f/∂y)."""


def quadratic(f: Any) -> Slope:
    (a, b), (_, c) = f.hessian.tolist()
    return lambda x, y: (a * x + b * y, b * x + c * y)


def ravine(f: Any) -> Slope:
    def slope(x: float, y: float) -> tuple[float, float]:
        wall = f.steep * (y - 0.5 * math.sin(2 * x))
        return f.flat * x - wall * math.cos(2 * x), wall

    return slope


def saddle(f: Any) -> Slope:
    return lambda x, y: (x, y * y * y - y)


def rosenbrock(f: Any) -> Slope:
    def slope(x: float, y: float) -> tuple[float, float]:
        wall = 2 * f.b * (y - x * x)
        return -2 * (1 - x) - 2 * wall * x, wall

    return slope


def beale(f: Any) -> Slope:
    def slope(x: float, y: float) -> tuple[float, float]:
        powers = (y, y * y, y * y * y)
        a, b, c = (k - x + x * p for k, p in zip((1.5, 2.25, 2.625), powers, strict=True))
        along = 2 * (a * (y - 1) + b * (y * y - 1) + c * (y * y * y - 1))
        return along, 2 * x * (a + 2 * b * y + 3 * c * y * y)

    return slope


def wells(f: Any) -> Slope:
    def part(w: float) -> float:
        return (4 * w * w * w - 32 * w + 5) / 40

    return lambda x, y: (part(x), part(y))


def mnist(f: Any) -> Slope:
    n, (x0, x1, y0, y1), c = stored()["n"], stored()["grid"], rows()
    wall = stored()["wall"]

    def part(w: float, low: float, high: float) -> Any:
        """The cell that w is in, the four splines there and their slopes, and how far w is out."""
        near = min(max(w, low), high)
        unit = (n - 1) / (high - low)
        i = min(math.floor((near - low) * unit), n - 2)
        t = (near - low) * unit - i
        s = 1 - t
        k = unit / 6 if near == w else 0.0
        splines = s**3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (3 * s**3 - 6 * s**2 + 4) / 6, t**3 / 6
        slopes = -3 * k * s * s, k * (9 * t * t - 12 * t), -k * (9 * s * s - 12 * s), 3 * k * t * t
        return i, splines, slopes, w - near

    def slope(x: float, y: float) -> tuple[float, float]:
        i, across, dx, outx = part(x, x0, x1)
        j, up, dy, outy = part(y, y0, y1)
        lines = [c[j + q][i : i + 4] for q in range(4)]
        gx = sum(v * dot(line, dx) for v, line in zip(up, lines, strict=True))
        gy = sum(v * dot(line, across) for v, line in zip(dy, lines, strict=True))
        return gx + wall * outx, gy + wall * outy

    return slope


def rows() -> list[list[float]]:
    """The spline's coefficients as lists: faster to read one by one."""
    grid = stored()
    grid.setdefault("rows", grid["c"].tolist())
    found: list[list[float]] = grid["rows"]
    return found


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


MAKE: dict[type, Callable[[Any], Slope]] = {
    land.Quadratic: quadratic,
    land.NoisyQuadratic: quadratic,
    land.Ravine: ravine,
    land.Saddle: saddle,
    land.Rosenbrock: rosenbrock,
    land.Beale: beale,
    land.Wells: wells,
    MnistSlice: mnist,
}


def slope(f: Any) -> Slope:
    """(x, y) → (∂f/∂x, ∂f/∂y)."""
    return MAKE[type(f)](f)
