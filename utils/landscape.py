"""Loss surfaces over two weights: small enough to draw, rich enough to go wrong on."""

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

START = (1.25, 1.25)
"""Where walks begin, unless told otherwise."""


class Landscape(Protocol):
    """A loss over two weights that knows where it is lowest; the classes here are examples.

    minimum: the place of the lowest point; of one of them, where there are several.
    """

    minimum: tuple[float, float]

    def __call__(self, w: Tensor) -> Tensor:
        """The losses, shape (...), at weights of shape (..., 2)."""
        ...


class Quadratic:
    """A bowl, f(w) = ½ wᵀ H w, with its minimum at the origin.

    H = R diag(λ₁, λ₂) Rᵀ has curvature λ₁ across the valley and λ₂ = λ₁ / condition along it;
    R turns the valley by `rotation` degrees.

    Args:
        condition: the condition number λ₁ / λ₂, ≥ 1. A circle has 1; a ravine has 100.
        rotation: angle of the valley floor to the first axis, in degrees. At 0 each weight has a
            curvature of its own; at 45 every step must change both.
        curvature: λ₁, the larger one, > 0. Gradient descent is stable for lr < 2 / λ₁.

    Call it with weights of shape (..., 2) to get losses of shape (...).
    """

    minimum = (0.0, 0.0)

    def __init__(
        self, condition: float = 10.0, rotation: float = 20.0, curvature: float = 5.0
    ) -> None:
        if not (condition >= 1 and curvature > 0):
            raise ValueError(
                f"a bowl needs condition ≥ 1 and curvature > 0, not {condition} and {curvature}."
            )
        self.condition, self.rotation = condition, rotation
        self.eigenvalues = (curvature, curvature / condition)
        angle = math.radians(rotation)
        along = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        across = torch.tensor([-math.sin(angle), math.cos(angle)], dtype=torch.float64)
        steep, flat = self.eigenvalues
        self.hessian = steep * torch.outer(across, across) + flat * torch.outer(along, along)

    def __call__(self, w: Tensor) -> Tensor:
        H = self.hessian.to(w)
        return 0.5 * ((w @ H) * w).sum(-1)

    def __repr__(self) -> str:
        return f"a quadratic with condition number {self.condition:g}, turned {self.rotation:g}°"


class NoisyQuadratic(Quadratic):
    """A bowl seen through mini-batches: each step sees it moved to a place of its own.

    The loss of batch k is f(w − c_k), with c_k ~ N(0, spread² I). So the gradient noise is
    largest where the bowl is steepest, as in real training. Called as it is, this is the mean
    over all batches, less a constant: the bowl itself.

    Args:
        spread: how far the batches' own minima lie from the origin, ≥ 0.
        seed: of the batches.

    Source: the noisy quadratic model of Zhang et al. (2019), https://arxiv.org/abs/1907.04164
    """

    def __init__(
        self,
        condition: float = 10.0,
        rotation: float = 20.0,
        curvature: float = 5.0,
        spread: float = 0.5,
        seed: int = 0,
    ) -> None:
        super().__init__(condition, rotation, curvature)
        self.spread, self.seed = spread, seed

    def batches(self, n: int) -> list[Callable[[Tensor], Tensor]]:
        """The losses of the first `n` mini-batches: functions of w."""
        return [self.moved(center) for center in self.centers(n)]

    def moved(self, center: Tensor) -> Callable[[Tensor], Tensor]:
        """The bowl with its minimum at `center`, shape (2,)."""
        return lambda w: self(w - center.to(w))

    def centers(self, n: int) -> Tensor:
        """Where they have their minima, float64, shape (n, 2)."""
        return self.spread * normals(n, self.seed)

    def __repr__(self) -> str:
        return "a noisy " + super().__repr__().removeprefix("a ")


class Ravine:
    """A winding ravine, f(x, y) = ½ steep (y − ½ sin 2x)² + ½ flat x²: no turn makes it straight."""

    minimum = (0.0, 0.0)

    def __init__(self, steep: float = 20.0, flat: float = 0.5) -> None:
        self.steep, self.flat = steep, flat

    def __call__(self, w: Tensor) -> Tensor:
        x, y = w.unbind(-1)
        return 0.5 * self.steep * (y - 0.5 * torch.sin(2 * x)) ** 2 + 0.5 * self.flat * x**2

    def __repr__(self) -> str:
        return "a winding ravine"


class Saddle:
    """A saddle at the origin, f(x, y) = ½ x² − ½ y² + ¼ y⁴ + ¼, between minima at (0, ±1)."""

    minimum = (0.0, 1.0)

    def __call__(self, w: Tensor) -> Tensor:
        x, y = w.unbind(-1)
        return 0.5 * x**2 - 0.5 * y**2 + 0.25 * y**4 + 0.25

    def __repr__(self) -> str:
        return "a saddle between two minima"


class Rosenbrock:
    """Rosenbrock's banana, f(x, y) = (1 − x)² + b (y − x²)²: a curved valley, hard to follow."""

    minimum = (1.0, 1.0)

    def __init__(self, b: float = 100.0) -> None:
        self.b = b

    def __call__(self, w: Tensor) -> Tensor:
        x, y = w.unbind(-1)
        return (1 - x) ** 2 + self.b * (y - x**2) ** 2

    def __repr__(self) -> str:
        return "Rosenbrock's valley"


class Beale:
    """Beale's function, Σᵢ (cᵢ − x + x yⁱ)² with c = 1.5, 2.25, 2.625: plains and cliffs."""

    minimum = (3.0, 0.5)

    def __call__(self, w: Tensor) -> Tensor:
        x, y = w.unbind(-1)
        one, two, three = (c - x + x * y**i for i, c in ((1, 1.5), (2, 2.25), (3, 2.625)))
        return one**2 + two**2 + three**2

    def __repr__(self) -> str:
        return "Beale's function"


class Wells:
    """Four minima of different depth, after Styblinski and Tang: where you end is where you began.

    f(w) = Σᵢ (wᵢ⁴ − 16 wᵢ² + 5 wᵢ) / 40, raised so that its lowest value is 0.
    """

    minimum = (-2.903534027771177, -2.903534027771177)

    def __call__(self, w: Tensor) -> Tensor:
        return ((w**4 - 16 * w**2 + 5 * w) / 40 + 1.9583082851885707).sum(-1)

    def __repr__(self) -> str:
        return "four wells of different depth"


def normals(n: int, seed: int = 0) -> Tensor:
    """`n` pairs of standard normal numbers, float64, shape (n, 2); the playground makes the same.

    The generator is mulberry32, the transform Box and Muller's: a few lines in any language.
    """
    a = seed & 0xFFFFFFFF

    def uniform() -> float:
        nonlocal a
        a = (a + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((a ^ a >> 15) * (a | 1)) & 0xFFFFFFFF
        t ^= t + ((t ^ t >> 7) * (t | 61) & 0xFFFFFFFF) & 0xFFFFFFFF
        return ((t ^ t >> 14) + 0.5) / 2**32

    pairs = []
    for _ in range(n):
        radius, angle = math.sqrt(-2 * math.log(uniform())), 2 * math.pi * uniform()
        pairs.append((radius * math.cos(angle), radius * math.sin(angle)))
    return torch.tensor(pairs, dtype=torch.float64).reshape(n, 2)
