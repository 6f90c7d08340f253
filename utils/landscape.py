"""Loss surfaces over two weights: small enough to draw, rich enough to go wrong on."""

import math

import torch

START = (1.25, 1.25)
"""Where walks begin, unless told otherwise."""


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

    def __init__(self, condition=10.0, rotation=20.0, curvature=5.0):
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

    def __call__(self, w):
        H = self.hessian.to(w)
        return 0.5 * ((w @ H) * w).sum(-1)

    def __repr__(self):
        return f"a quadratic with condition number {self.condition:g}, turned {self.rotation:g}°"
