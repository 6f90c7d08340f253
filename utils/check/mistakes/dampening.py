"""Momentum with dampening τ and weight decay wd.

g ← g + wd·p; then v ← g in the first step, v ← β·v + (1 − τ)·g afterwards; p ← p − lr·v.
With β = 0 torch keeps no velocity, so nothing is dampened: v ← g.
"""

from utils.check.mistakes import Family, Mistake
from utils.check.mistakes.any_optimizer import ANY_OPTIMIZER, MOVE

SOURCE = """
class Dampening(Optim):
    def __init__(self, params, lr, momentum=0.0, dampening=0.0, weight_decay=0.0):
        names = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        super().__init__(params, names)

    def my_step(self, p, state, group):
        lr = group["lr"]
        beta = group["momentum"]
        tau = group["dampening"]
        wd = group["weight_decay"]
        g = p.grad
        g = g + wd * p
        if "v" not in state or beta == 0:
            state["v"] = g.clone()
        else:
            state["v"].mul_(beta).add_(g, alpha=1 - tau)
        d = state["v"]
        p.add_(d, alpha=-lr)
"""

DECAY = "g = g + wd * p"
FIRST = 'state["v"] = g.clone()'
UPDATE = 'state["v"].mul_(beta).add_(g, alpha=1 - tau)'
START = 'if "v" not in state or beta == 0:'
BOTH = f"{START}\n    {FIRST}\nelse:\n    {UPDATE}"
ZEROS = 'if "v" not in state:\n    state["v"] = torch.zeros_like(p)\n'
HEAD = "def my_step(self, p, state, group):"

MISTAKES = (
    Mistake(
        "the first gradient is dampened",
        {BOTH: ZEROS + UPDATE},
        "The velocity starts from zeros, so the first gradient is multiplied by 1 − dampening too; torch "
        "copies the first gradient as it is.",
        (
            "What is v after the first step? It should be g₁, without dampening.",
            "Make the first step a case of its own: v starts as a copy of the gradient.",
        ),
    ),
    Mistake(
        "dampening without momentum",
        {START: 'if "v" not in state:'},
        "With momentum 0 torch keeps no velocity and takes g as it is; yours still multiplies it by "
        "1 − dampening from the second step on.",
        (
            "Try momentum 0 and dampening 0.5: by what is your second gradient multiplied?",
            "With momentum 0 the step is lr·g, whatever the dampening is.",
        ),
    ),
    Mistake(
        "without momentum, everything else is skipped",
        {
            HEAD: f'{HEAD}\n    if group["momentum"] == 0:\n        p.sub_(p.grad, alpha=group["lr"])\n'
            "        return"
        },
        "With momentum 0 your step returns before weight decay is added; torch adds it all the same.",
        (
            "Try momentum 0 and weight decay 0.1: do your weights shrink?",
            "Momentum 0 leaves out the velocity only. What stands in front of your `return`?",
        ),
    ),
    Mistake(
        "no dampening",
        {UPDATE: 'state["v"].mul_(beta).add_(g)'},
        "The new gradient enters the velocity whole: the dampening is missing.",
        (
            "Try dampening 0 and 0.9: do your paths differ?",
            "From the second step on, the gradient is multiplied by 1 − dampening.",
        ),
    ),
    Mistake(
        "dampening instead of 1 − dampening",
        {UPDATE: 'state["v"].mul_(beta).add_(g, alpha=tau)'},
        "The new gradient is multiplied by the dampening instead of by 1 − dampening.",
        (
            "With dampening 0, how much of the new gradient should the velocity take?",
            "The weight of the new gradient is 1 − dampening.",
        ),
    ),
    Mistake(
        "1 − momentum instead of 1 − dampening",
        {UPDATE: 'state["v"].mul_(beta).add_(g, alpha=1 - beta)'},
        "The new gradient is multiplied by 1 − momentum instead of by 1 − dampening.",
        (
            "Try dampening 0 and 0.9: do your paths differ?",
            "Momentum and dampening are two hyper-parameters; only in an average are they equal.",
        ),
    ),
    Mistake(
        "the old velocity is dampened too",
        {UPDATE: 'state["v"].mul_(beta).add_(g).mul_(1 - tau)'},
        "The whole velocity is multiplied by 1 − dampening; only the new gradient should be.",
        (
            "With a zero gradient, by which factor does your velocity shrink? It should be β.",
            "1 − dampening multiplies the gradient alone.",
        ),
    ),
    Mistake(
        "weight decay changes p.grad",
        {DECAY: "g = g.add_(p, alpha=wd)"},
        "wd·p is added into `p.grad` itself, so the gradient is wrong for whoever reads it next.",
        (
            "An optimizer's step only reads the gradient. Is `p.grad` the same after your step?",
            "A method with an underscore changes its tensor: use `add` here, not `add_`.",
        ),
    ),
    Mistake(
        "no weight decay",
        {DECAY: ""},
        "Weight decay is missing: wd·p is not added to the gradient.",
        (
            "What does your step do to a weight with gradient zero?",
            "Before anything else, wd·p is added to the gradient.",
        ),
    ),
    Mistake(
        "weight growth",
        {DECAY: "g = g - wd * p"},
        "wd·p is subtracted from the gradient: the weights grow instead of decaying.",
        (
            "With gradient zero, do your weights go towards zero?",
            "wd·p is added to the gradient; the minus comes with the step.",
        ),
    ),
    Mistake(
        "weight decay is decoupled",
        {DECAY: "p.mul_(1 - lr * wd)"},
        "wd·p acts on the weights directly, as in AdamW; here it goes into the gradient, and so "
        "through the momentum.",
        (
            "Does your velocity know about weight decay?",
            "Add wd·p to the gradient before the velocity is updated.",
        ),
    ),
    Mistake(
        "weight decay without the weight",
        {DECAY: "g = g + wd"},
        "wd is added to the gradient instead of wd·p: all weights are pushed the same way.",
        (
            "Weight decay pulls towards zero. Which way does yours push a negative weight?",
            "The term is wd times the weight.",
        ),
    ),
    Mistake(
        "weight decay by the sign",
        {DECAY: "g = g + wd * p.sign()"},
        "wd·sign(p) is the gradient of wd·|p| (L1); weight decay is L2, with wd·p.",
        (
            "Does a large weight decay faster than a small one, in your step?",
            "The gradient of ½·wd·p² is wd·p.",
        ),
    ),
    Mistake(
        "weight decay with the factor 2",
        {DECAY: "g = g + 2 * wd * p"},
        "The penalty is taken as wd·p², whose gradient is 2·wd·p; the convention is ½·wd·p².",
        (
            "By how much do your weights shrink in a step with gradient zero? It should be lr·wd.",
            "The term is wd·p, without a 2.",
        ),
    ),
    Mistake(
        "no weight decay in the first step",
        {FIRST: 'state["v"] = p.grad.clone()'},
        "The first velocity is a copy of `p.grad`, without wd·p.",
        (
            "What is v after the first step? It should be g₁ + wd·p₀.",
            "Copy the gradient after weight decay was added.",
        ),
    ),
    Mistake(
        "weight decay twice",
        {DECAY: "g = g + wd * p\np.mul_(1 - lr * wd)"},
        "The weights decay twice: through the gradient and directly.",
        (
            "By how much do your weights shrink in a step with gradient zero? It should be lr·wd.",
            "wd·p in the gradient is enough.",
        ),
    ),
    Mistake(
        "lr is folded into the velocity",
        {
            FIRST: 'state["v"] = lr * g',
            UPDATE: 'state["v"].mul_(beta).add_(g, alpha=lr * (1 - tau))',
            MOVE: "p.sub_(d)",
        },
        "The velocity sums up lr·g instead of g, so a new lr does not act on what is remembered.",
        (
            "If lr is halved in mid-run, what happens to the velocity you have gathered?",
            "Keep lr out of the velocity; multiply by it when p is changed.",
        ),
    ),
    Mistake(
        "the velocity is not stored",
        {UPDATE: "pass", 'd = state["v"]': 'd = beta * state["v"] + (1 - tau) * g'},
        "The new velocity is computed but not kept: the first one stays in `state` for ever.",
        (
            "What is in `state` after the second step? Is it what you computed?",
            "Write the new velocity back to `state`, or change it in place.",
        ),
    ),
    Mistake(
        "the first gradient is skipped, and the velocity debiased",
        {
            BOTH: 'if "v" not in state:\n    state["t"] = 0\n'
            '    d = state["v"] = torch.zeros_like(p)\nelse:\n'
            '    state["v"].mul_(beta).add_(g, alpha=1 - tau)\n'
            '    d = state["v"] / (1 - beta ** state["t"])\nstate["t"] += 1',
            'd = state["v"]': "",
        },
        "In the first step the velocity is made but not updated, and later it is divided by "
        "1 − βᵗ, as for a debiased average.",
        (
            "In the first step of yours nothing moves. Why?",
            "v starts as a copy of the first gradient, and there is no bias correction here.",
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
        "weight decay is not read from the group",
        {'wd = group["weight_decay"]': 'wd = self.defaults["weight_decay"]'},
        "wd is the one that the constructor got, so another one in a parameter group is ignored.",
        (
            "Biases are often put in a group without weight decay. Do yours decay?",
            "`self.weight_decay` and `self.defaults` never change; `group` belongs to p.",
        ),
    ),
    Mistake(
        "the velocity is not in state",
        {
            "super().__init__(params, names)": "super().__init__(params, names)\nself.memory = {}",
            START: f"state = self.memory.setdefault(p, {{}})\n{START}",
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
            HEAD: f"memory = {{}}\n\n{HEAD}",
            START: f"state = self.memory.setdefault(p, {{}})\n{START}",
        },
        "The velocities are kept in the class (or in a global), so a new optimizer starts with "
        "the velocities of an old one.",
        (
            "Make a second optimizer on the same weights: where does it start from?",
            "A name in the body of a class is shared by all its objects. Use `state`.",
        ),
    ),
)

FAMILY = Family(
    "momentum with dampening and weight decay",
    "SGDDampeningOptimizer",
    ("SGD", {}),
    dict(lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.1),
    SOURCE,
    (*MISTAKES, *ANY_OPTIMIZER),
)
