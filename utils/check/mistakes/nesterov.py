"""Nesterov's momentum: v ← β·v + g, p ← p − lr·(g + β·v)."""

from utils.check.mistakes import Family, Mistake
from utils.check.mistakes.any_optimizer import ANY_OPTIMIZER, MOVE
from utils.check.mistakes.momentum import UPDATE, VELOCITY

SOURCE = """
class Nesterov(Optim):
    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def my_step(self, p, state, group):
        lr = group["lr"]
        beta = group["momentum"]
        g = p.grad
        if "v" not in state:
            state["v"] = torch.zeros_like(p)
        v = state["v"]
        v.mul_(beta).add_(g)
        d = g + beta * v
        p.add_(d, alpha=-lr)
"""

AHEAD = "d = g + beta * v"

LOOK_AHEAD = (
    Mistake(
        "no look-ahead",
        {AHEAD: "d = v"},
        "The step is v: that is plain momentum, without Nesterov's look-ahead; g + β·v with the v "
        "from before its update is the same.",
        (
            "What is your first step, in units of lr·g? With look-ahead it is 1 + β.",
            "Update v first; then the step takes the new velocity one step further: g + β·v.",
        ),
    ),
    Mistake(
        "momentum in the wrong term of the look-ahead",
        {AHEAD: "d = beta * g + v"},
        "The step is β·g + v; it should be g + β·v.",
        (
            "Which of the two, g or v, is taken one step further by β?",
            "β multiplies v.",
        ),
    ),
    Mistake(
        "no momentum in the look-ahead",
        {AHEAD: "d = g + v"},
        "The step is g + v: the velocity is not multiplied by β in the look-ahead.",
        (
            "What is your first step, in units of lr·g? It should be 1 + β.",
            "The look-ahead is g + β·v.",
        ),
    ),
    Mistake(
        "β times everything in the look-ahead",
        {AHEAD: "d = beta * (g + v)"},
        "The step is β·(g + v); only v is multiplied by β.",
        (
            "With β = 0 the method is gradient descent. Does yours move at all then?",
            "The look-ahead is g + β·v.",
        ),
    ),
    Mistake(
        "the look-ahead goes two steps",
        {AHEAD: "d = g + beta * (g + beta * v)"},
        "The look-ahead is taken twice.",
        (
            "What is your first step, in units of lr·g? It should be 1 + β.",
            "v already has the new gradient in it: g + β·v is enough.",
        ),
    ),
    Mistake(
        "p.grad is changed in place",
        {AHEAD: "d = g.add_(v, alpha=beta)"},
        "The look-ahead is added into `p.grad` itself, so the gradient is wrong afterwards.",
        (
            "An optimizer's step only reads the gradient. Is `p.grad` the same after your step?",
            "A method with an underscore changes its tensor: use `add` here, not `add_`.",
        ),
    ),
    Mistake(
        "the look-ahead is written into the velocity",
        {AHEAD: "d = v.mul_(beta).add_(g)"},
        "The look-ahead overwrites the velocity, so v is taken a step too far in every step.",
        (
            "What is in `state` after the step: v, or the look-ahead?",
            "Make the look-ahead in a new tensor; leave v as it is.",
        ),
    ),
    Mistake(
        "the look-ahead forgets the gradient",
        {AHEAD: "d = beta * v"},
        "The step is β·v: the gradient of this step is missing from the look-ahead.",
        (
            "What is your first step, in units of lr·g? It should be 1 + β.",
            "Add the gradient once more: g + β·v.",
        ),
    ),
)

# The line `d = v` is momentum's; here lr scales what stands in its place.
OWN = tuple(m for m in VELOCITY if MOVE not in m.edits and "d = v" not in m.edits)

FAMILY = Family(
    "Nesterov's momentum",
    "NesterovOptimizer",
    ("SGD", {"nesterov": True}),
    dict(lr=0.1, momentum=0.9),
    SOURCE,
    (
        *LOOK_AHEAD,
        Mistake(
            "lr is folded into the velocity",
            {
                UPDATE: "v.mul_(beta).add_(g, alpha=lr)",
                AHEAD: "d = lr * g + beta * v",
                MOVE: "p.sub_(d)",
            },
            "The velocity sums up lr·g instead of g, so a new lr does not act on what is "
            "remembered.",
            (
                "If lr is halved in mid-run, what happens to the velocity you have gathered?",
                "Keep lr out of the velocity; multiply by it when p is changed.",
            ),
        ),
        *OWN,
        *ANY_OPTIMIZER,
    ),
)
