"""RMSprop: v ← α·v + (1 − α)·g², p ← p − lr·g / (√v + ε)."""

from utils.check.mistakes import Family, Mistake
from utils.check.mistakes.any_optimizer import ANY_OPTIMIZER

SOURCE = """
class RMSprop(Optim):
    def __init__(self, params, lr, alpha, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))

    def my_step(self, p, state, group):
        lr = group["lr"]
        alpha = group["alpha"]
        eps = group["eps"]
        g = p.grad
        if "v" not in state:
            state["v"] = torch.zeros_like(p)
        v = state["v"]
        v.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        d = g / (v.sqrt() + eps)
        p.add_(d, alpha=-lr)
"""

UPDATE = "v.mul_(alpha).addcmul_(g, g, value=1 - alpha)"
DIVIDE = "d = g / (v.sqrt() + eps)"
INIT = 'state["v"] = torch.zeros_like(p)'
CONSTRUCTOR = "super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))"
STATE = f'if "v" not in state:\n    {INIT}\nv = state["v"]'
HEAD = "def my_step(self, p, state, group):"

MISTAKES = (
    Mistake(
        "ε inside the root",
        {DIVIDE: "d = g / (v + eps).sqrt()"},
        "ε is added before the root, √(v + ε); torch adds it after the root, √v + ε.",
        (
            "For a tiny gradient, is your divisor about ε or about √ε?",
            "Take the root of v first, then add ε.",
        ),
    ),
    Mistake(
        "no gradient in the step",
        {DIVIDE: "d = 1 / (v.sqrt() + eps)"},
        "The step is lr / (√v + ε): the gradient is missing from the numerator.",
        (
            "Which way does your step go when the gradient changes its sign?",
            "It is the gradient that is divided by the root.",
        ),
    ),
    Mistake(
        "no root",
        {DIVIDE: "d = g / (v + eps)"},
        "The gradient is divided by the mean square v itself, not by its root.",
        (
            "Multiply all gradients by 10. The step should stay the same: does yours?",
            "The R in RMS is a root: √v.",
        ),
    ),
    Mistake(
        "p.grad is changed in place",
        {DIVIDE: "d = g.div_(v.sqrt() + eps)"},
        "The division is done in `p.grad` itself, so the gradient is wrong for whoever reads it "
        "next.",
        (
            "An optimizer's step only reads the gradient. Is `p.grad` the same after your step?",
            "A method with an underscore changes its tensor: use `/` or `div` here, not `div_`.",
        ),
    ),
    Mistake(
        "a sum instead of an average",
        {UPDATE: "v.mul_(alpha).addcmul_(g, g)"},
        "The new square enters v with weight 1 instead of 1 − α, so v is a sum, not a mean.",
        (
            "For constant gradients g, v should settle at g². Where does yours settle?",
            "The weights of old and new add up to 1: α and 1 − α.",
        ),
    ),
    Mistake(
        "the weights of old and new are swapped",
        {UPDATE: "v.mul_(1 - alpha).addcmul_(g, g, value=alpha)"},
        "The old mean gets 1 − α and the new square gets α.",
        (
            "With α = 0.9, how much of the old mean is left after a step of yours?",
            "The old v is multiplied by α.",
        ),
    ),
    Mistake(
        "the gradient is not squared",
        {UPDATE: "v.mul_(alpha).add_(g, alpha=1 - alpha)"},
        "v averages g instead of g², so it can be negative and its root is not a number.",
        (
            "Can your v become negative? A mean square cannot.",
            "Square the gradient before it is averaged.",
        ),
    ),
    Mistake(
        "the mean of |g|",
        {
            UPDATE: "v.mul_(alpha).add_(g.abs(), alpha=1 - alpha)",
            DIVIDE: "d = g / (v + eps)",
        },
        "The divisor is the mean of |g|; RMS is the root of the mean of g².",
        (
            "Mean of the sizes, or root of the mean square: which one do you compute?",
            "Average g², and take the root when you divide.",
        ),
    ),
    Mistake(
        "no ε",
        {DIVIDE: "d = g / v.sqrt()"},
        "ε is missing from the divisor: a gradient that is zero gives 0/0.",
        (
            "What is your step for a gradient that has been zero so far?",
            "Add ε to the root.",
        ),
    ),
    Mistake(
        "ε is written as a number",
        {'eps = group["eps"]': "eps = 1e-8"},
        "ε is always the same number, whatever was asked for.",
        (
            "Try ε = 1: does your path change?",
            "Read ε from the group.",
        ),
    ),
    Mistake(
        "bias correction",
        {
            DIVIDE: 'state["t"] = state.get("t", 0) + 1\n'
            'd = g / ((v / (1 - alpha ** state["t"])).sqrt() + eps)'
        },
        "v is corrected for its bias, as in Adam; RMSprop uses it as it is.",
        (
            "What is your first step, in units of lr? In RMSprop it is 1/√(1 − α).",
            "Leave out the division by 1 − αᵗ.",
        ),
    ),
    Mistake(
        "the average starts at the first square",
        {INIT: 'state["v"] = g * g'},
        "v starts as g₁² instead of zero.",
        (
            "What is your first step, in units of lr? In RMSprop it is 1/√(1 − α).",
            "Start v with zeros.",
        ),
    ),
    Mistake(
        "squares add up for ever",
        {UPDATE: "v.addcmul_(g, g)"},
        "v is the sum of all squares: that is Adagrad, whose steps only get shorter.",
        (
            "Does your v ever get smaller?",
            "The old v is multiplied by α, the new square by 1 − α.",
        ),
    ),
    Mistake(
        "the average is not stored",
        {UPDATE: "v = alpha * v + (1 - alpha) * g * g"},
        "The new v is computed but not kept: every step starts from the old one.",
        (
            "What is in `state` after the second step? Is it what you computed?",
            "`v = ...` makes a new tensor; write it back to `state`, or change v in place.",
        ),
    ),
    Mistake(
        "one average for all entries",
        {UPDATE: "v.mul_(alpha).add_((g * g).mean(), alpha=1 - alpha)"},
        "The squares are averaged over the entries, so all entries share one learning rate.",
        (
            "The point of RMSprop is one learning rate per weight. How many has yours?",
            "Average over time only: g² entry by entry, without `mean()` or `sum()`.",
        ),
    ),
    Mistake(
        "the step uses the old average",
        {UPDATE: f"old = v.clone()\n{UPDATE}", DIVIDE: "d = g / (old.sqrt() + eps)"},
        "The divisor uses v before its update, which is zero in the first step.",
        (
            "Why is your first step so long?",
            "Update v first, then divide by its root.",
        ),
    ),
    Mistake(
        "the root is stored",
        {DIVIDE: "d = g / (v.sqrt_() + eps)"},
        "The root overwrites the average, so the next step averages squares with a root.",
        (
            "What is in `state` after the step: v, or √v?",
            "A method with an underscore changes its tensor: use `sqrt`, not `sqrt_`.",
        ),
    ),
    Mistake(
        "ε is stored in the average",
        {DIVIDE: "d = g / v.add_(eps).sqrt()"},
        "ε is added to the stored average in every step, and stands inside the root.",
        (
            "What is in `state` after the step: v, or v + ε?",
            "Take the root first; then add ε to it, in a new tensor.",
        ),
    ),
    Mistake(
        "the weights are averaged",
        {UPDATE: "v.mul_(alpha).addcmul_(p, p, value=1 - alpha)"},
        "v averages the squares of the weights instead of those of the gradients.",
        (
            "What does your v depend on, p or its gradient?",
            "Square `p.grad`, not p.",
        ),
    ),
    Mistake(
        "the gradient is averaged as well",
        {
            DIVIDE: 'm = state.setdefault("m", torch.zeros_like(p))\n'
            "m.mul_(alpha).add_(g, alpha=1 - alpha)\nd = m / (v.sqrt() + eps)"
        },
        "The numerator is an average of gradients, as in Adam; RMSprop uses this step's gradient.",
        (
            "How long does your step go on in the old direction when the gradient turns round?",
            "Divide the gradient of this step.",
        ),
    ),
    Mistake(
        "α is not read from the group",
        {'alpha = group["alpha"]': 'alpha = self.defaults["alpha"]'},
        "α is the one that the constructor got, so another one in a parameter group is ignored.",
        (
            "Each parameter group can have an α of its own. Where do you read yours?",
            "`self.alpha` and `self.defaults` never change; `group` belongs to p.",
        ),
    ),
    Mistake(
        "the average is not in state",
        {
            CONSTRUCTOR: f"{CONSTRUCTOR}\nself.v = {{}}",
            STATE: "v = self.v.setdefault(p, torch.zeros_like(p))",
        },
        "The averages are kept on the optimizer, not in `state`: `state_dict()` does not save "
        "them.",
        (
            "Save the optimizer and load it into a new one. Does it remember its averages?",
            "`state` is the dict that torch saves for you. Keep v there.",
        ),
    ),
    Mistake(
        "the average outlives the optimizer",
        {
            HEAD: f"memory = {{}}\n\n{HEAD}",
            STATE: "v = self.memory.setdefault(p, torch.zeros_like(p))",
        },
        "The averages are kept in the class (or in a global), so a new optimizer starts with "
        "those of an old one.",
        (
            "Make a second optimizer on the same weights: where does it start from?",
            "A name in the body of a class is shared by all its objects. Use `state`.",
        ),
    ),
)

FAMILY = Family(
    "RMSprop",
    "RMSPropOptimizer",
    ("RMSprop", {}),
    dict(lr=0.01, alpha=0.9),
    SOURCE,
    (*MISTAKES, *ANY_OPTIMIZER),
)
