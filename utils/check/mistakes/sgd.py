"""Gradient descent: p ← p − lr·g."""

from utils.check.mistakes import Family, Mistake
from utils.check.mistakes.any_optimizer import ANY_OPTIMIZER, MOVE

SOURCE = """
class SGD(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        lr = group["lr"]
        g = p.grad
        d = g
        p.add_(d, alpha=-lr)
"""

MISTAKES = (
    Mistake(
        "p.grad is changed in place",
        {"d = g": "d = g.mul_(lr)", MOVE: "p.sub_(d)"},
        "The step multiplies `p.grad` itself by lr, so whoever reads the gradient afterwards gets "
        "a wrong one.",
        (
            "An optimizer's step only reads the gradient. Is `p.grad` the same after your step?",
            "A method with an underscore changes its tensor: `p.grad.mul_(lr)` changes the "
            "gradient.",
        ),
    ),
    Mistake(
        "no gradient in the step",
        {MOVE: "p.sub_(lr)"},
        "Every entry moves by lr: the gradient is missing from the step.",
        (
            "Which way does your step go when the gradient changes its sign?",
            "The step is lr times the gradient.",
        ),
    ),
    Mistake(
        "gradients add up",
        {
            "d = g": 'd = state["g"] = state.get("g", 0) + g',
        },
        "The step uses the sum of all gradients so far, as momentum 1 would.",
        (
            "Plain gradient descent has no memory. What does yours remember?",
            "Use the gradient of this step only.",
        ),
    ),
    Mistake(
        "the gradient of the step before",
        {
            "d = g": 'd = state.get("g", torch.zeros_like(p))\nstate["g"] = g.clone()',
        },
        "The step uses the gradient of the step before.",
        (
            "In the first step nothing moves. Which gradient do you use?",
            "Read `p.grad` before you change p, and use it in the same step.",
        ),
    ),
    Mistake(
        "the step shrinks with time",
        {"d = g": 'state["t"] = state.get("t", 0) + 1\nd = g / state["t"]'},
        "The step is divided by the number of steps taken so far.",
        (
            "Is your tenth step as long as the first, for the same gradient?",
            "lr is constant here: schedules are not the optimizer's work.",
        ),
    ),
    Mistake(
        "weights decay",
        {"d = g": "d = g + 0.01 * p"},
        "The weights themselves take part in the step, as weight decay does.",
        (
            "What does your step do when the gradient is zero?",
            "Only the gradient belongs in the step, not p.",
        ),
    ),
)

FAMILY = Family(
    "gradient descent",
    "SGDOptimizer",
    ("SGD", {}),
    dict(lr=0.1),
    SOURCE,
    (*MISTAKES, *ANY_OPTIMIZER),
)
