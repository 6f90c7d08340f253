"""Momentum: v ← β·v + g, p ← p − lr·v."""

from utils.check.mistakes import Family, Mistake
from utils.check.mistakes.any_optimizer import ANY_OPTIMIZER, MOVE

SOURCE = """
class Momentum(Optim):
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
        d = v
        p.add_(d, alpha=-lr)
"""

UPDATE = "v.mul_(beta).add_(g)"
INIT = 'state["v"] = torch.zeros_like(p)'
CONSTRUCTOR = "super().__init__(params, dict(lr=lr, momentum=momentum))"
STATE = 'if "v" not in state:\n    state["v"] = torch.zeros_like(p)\nv = state["v"]'

# Also true of Nesterov's momentum, whose class has the same lines.
VELOCITY = (
    Mistake(
        "the velocity is not stored",
        {UPDATE: "v = beta * v + g"},
        "The new velocity is computed but not kept: every step starts from the old one.",
        (
            "What is in `state` after the second step? Is it what you computed?",
            "`v = beta * v + g` makes a new tensor; write it back to `state`, or change v in place.",
        ),
    ),
    Mistake(
        "the first gradient counts twice and the velocity is not stored",
        {INIT: 'state["v"] = g.clone()', UPDATE: "v = beta * v + g"},
        "The velocity starts as the first gradient and then takes it in again, and what is "
        "computed after that is never stored.",
        (
            "Follow v through the first two steps by hand. What is in `state` after each?",
            "Start from zeros (or skip the update in the first step), and put the new v back "
            "into `state`.",
        ),
    ),
    Mistake(
        "the first gradient counts twice",
        {INIT: 'state["v"] = g.clone()'},
        "The velocity starts as the first gradient and then takes it in once more.",
        (
            "What is v after the first step? It should be g₁.",
            "Start v with zeros; or with g, but then do not update it in the same step.",
        ),
    ),
    Mistake(
        "an average instead of a sum",
        {UPDATE: "v.mul_(beta).add_(g, alpha=1 - beta)"},
        "The new gradient is weighted by 1 − β: that is the average (EWMA) form, with steps "
        "1 − β times as long.",
        (
            "There are several conventions for momentum. How much of the new g does yours take?",
            "Here the gradient enters the velocity with weight 1.",
        ),
    ),
    Mistake(
        "lr is folded into the velocity",
        {UPDATE: "v.mul_(beta).add_(g, alpha=lr)", MOVE: "p.sub_(v)"},
        "The velocity sums up lr·g instead of g, so a new lr does not act on what is remembered.",
        (
            "If lr is halved in mid-run, what happens to the velocity you have gathered?",
            "Keep lr out of the velocity; multiply by it when p is changed.",
        ),
    ),
    Mistake(
        "lr is applied twice",
        {UPDATE: "v.mul_(beta).add_(g, alpha=lr)"},
        "lr is in the velocity and once more in the step: the step is lr² long.",
        (
            "Make lr ten times smaller. How many times smaller is your step?",
            "Use lr in one place only: where p is changed.",
        ),
    ),
    Mistake(
        "the velocity is scaled in place",
        {MOVE: "p.sub_(v.mul_(lr))"},
        "The velocity itself is multiplied by lr, so what is remembered shrinks at every step.",
        (
            "What is in `state` after the step: v, or lr·v?",
            "A method with an underscore changes its tensor: `v.mul_(lr)` spoils the velocity.",
        ),
    ),
    Mistake(
        "momentum on the gradient",
        {UPDATE: "v.add_(g, alpha=beta)"},
        "β multiplies the gradient instead of the old velocity.",
        (
            "With a zero gradient, the velocity should fade. Does yours?",
            "β belongs to the old v: β·v + g.",
        ),
    ),
    Mistake(
        "the weights of old and new are swapped",
        {UPDATE: "v.mul_(1 - beta).add_(g, alpha=beta)"},
        "The old velocity gets 1 − β and the new gradient gets β.",
        (
            "With β = 0.9, how much of the old velocity is left after a step of yours?",
            "The old velocity is multiplied by β.",
        ),
    ),
    Mistake(
        "the old velocity has the wrong sign",
        {UPDATE: "v.mul_(-beta).add_(g)"},
        "The old velocity is subtracted from the gradient instead of being added to it.",
        (
            "Two equal gradients in a row: is your second step longer or shorter than the first?",
            "Watch the signs: β·v and g are added.",
        ),
    ),
    Mistake(
        "momentum is written as a number",
        {'beta = group["momentum"]': "beta = 0.9"},
        "β is always 0.9, whatever was asked for.",
        (
            "Try another momentum: does your path change?",
            "Read β from the group.",
        ),
    ),
    Mistake(
        "momentum is not read from the group",
        {'beta = group["momentum"]': 'beta = self.defaults["momentum"]'},
        "β is the one that the constructor got, so another one in a parameter group is ignored.",
        (
            "Each parameter group can have a momentum of its own. Where do you read yours?",
            "`self.momentum` and `self.defaults` never change; `group` belongs to p.",
        ),
    ),
    Mistake(
        "one velocity for all parameters",
        {
            CONSTRUCTOR: f"{CONSTRUCTOR}\nself.v = None",
            STATE: "if self.v is None:\n    self.v = torch.zeros_like(p)\nv = self.v",
        },
        "The velocity is kept on the optimizer (`self`), so all parameters share one.",
        (
            "Two parameters, two shapes: whose velocity is `self.v`?",
            "What belongs to one parameter is kept in `state`.",
        ),
    ),
    Mistake(
        "the velocity is not in state",
        {
            CONSTRUCTOR: f"{CONSTRUCTOR}\nself.v = {{}}",
            STATE: "v = self.v.setdefault(p, torch.zeros_like(p))",
        },
        "The velocities are kept on the optimizer, not in `state`: `state_dict()` does not save "
        "them.",
        (
            "Save the optimizer and load it into a new one. Does it remember its velocities?",
            "`state` is the dict that torch saves for you. Keep v there.",
        ),
    ),
    Mistake(
        "the velocity outlives the optimizer",
        {
            "def my_step(self, p, state, group):": "memory = {}\n\n"
            "def my_step(self, p, state, group):",
            STATE: "v = self.memory.setdefault(p, torch.zeros_like(p))",
        },
        "The velocities are kept in the class (or in a global), so a new optimizer starts with "
        "the velocities of an old one.",
        (
            "Make a second optimizer on the same weights: where does it start from?",
            "A name in the body of a class is shared by all its objects. Use `state`.",
        ),
    ),
    Mistake(
        "the step uses the old velocity",
        {UPDATE: f"old = v.clone()\n{UPDATE}", "d = v": "d = old"},
        "p moves by the velocity of the step before; the new gradient comes one step late.",
        (
            "In the first step of yours nothing moves. Why?",
            "Update the velocity first, then move p by it.",
        ),
    ),
    Mistake(
        "the first gradient is skipped",
        {
            UPDATE: 'if "seen" in state:\n    v.mul_(beta).add_(g)\nstate["seen"] = True',
        },
        "In the first step the velocity is made but not updated, so the first gradient is lost.",
        (
            "In the first step of yours nothing moves. Why?",
            "The update of v must also run in the step that creates v.",
        ),
    ),
    Mistake(
        "the velocity is a debiased average",
        {
            UPDATE: 'state["t"] = state.get("t", 0) + 1\nv.mul_(beta).add_(g, alpha=1 - beta)',
            "d = v": 'd = v / (1 - beta ** state["t"])',
        },
        "The velocity is an average with bias correction, as in Adam; momentum is a plain sum.",
        (
            "With equal gradients, momentum makes the steps grow. Do yours?",
            "No 1 − β and no correction: β·v + g.",
        ),
    ),
)

MISTAKES = (
    *VELOCITY,
    Mistake(
        "p.grad is used as the velocity",
        {
            f"{STATE}\n{UPDATE}": 'if "v" not in state:\n    state["v"] = g\nelse:\n'
            '    state["v"].mul_(beta).add_(g)\nv = state["v"]',
        },
        "The velocity starts as `p.grad` itself, not as a copy, so one overwrites the other.",
        (
            "Two names, one tensor: what happens to v when the next gradient is written?",
            "Copy the gradient before you keep it: `clone()`.",
        ),
    ),
    Mistake(
        "the gradient is added twice",
        {"d = v": "d = v + g"},
        "The step is v + g, but v already has the gradient in it.",
        (
            "What is your first step, in units of lr·g? It should be 1.",
            "The step uses v alone.",
        ),
    ),
    Mistake(
        "Nesterov's look-ahead",
        {"d = v": "d = g + beta * v"},
        "The step is g + β·v, as in Nesterov's momentum; plain momentum moves by v.",
        (
            "What is your first step, in units of lr·g? It should be 1.",
            "The step uses v alone.",
        ),
    ),
)

FAMILY = Family(
    "momentum",
    "SGDMomentumOptimizer",
    ("SGD", {}),
    dict(lr=0.1, momentum=0.9),
    SOURCE,
    (*MISTAKES, *ANY_OPTIMIZER),
)
