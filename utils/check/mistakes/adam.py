"""Adam: two averages, both corrected for their bias.

m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ),
p ← p − lr·m̂ / (√v̂ + ε).
"""

from utils.check.mistakes import Family, Mistake
from utils.check.mistakes.any_optimizer import ANY_OPTIMIZER

SOURCE = """
class Adam(Optim):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def my_step(self, p, state, group):
        lr = group["lr"]
        beta1, beta2 = group["betas"]
        eps = group["eps"]
        g = p.grad
        if not state:
            state["t"] = 0
            state["m"] = torch.zeros_like(p)
            state["v"] = torch.zeros_like(p)
        m = state["m"]
        v = state["v"]
        state["t"] += 1
        t = state["t"]
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        d = m_hat / (v_hat.sqrt() + eps)
        p.add_(d, alpha=-lr)
"""

MEAN = "m.mul_(beta1).add_(g, alpha=1 - beta1)"
SQUARE = "v.mul_(beta2).addcmul_(g, g, value=1 - beta2)"
M_HAT = "m_hat = m / (1 - beta1**t)"
V_HAT = "v_hat = v / (1 - beta2**t)"
DIVIDE = "d = m_hat / (v_hat.sqrt() + eps)"
COUNT = 'state["t"] += 1'
BETAS = 'beta1, beta2 = group["betas"]'
HEAD = "def my_step(self, p, state, group):"

MISTAKES = (
    Mistake(
        "no bias correction",
        {M_HAT: "m_hat = m", V_HAT: "v_hat = v"},
        "Neither m nor v is corrected for its bias; both start at zero and are too small at first.",
        (
            "What is your first step, in units of lr? In Adam it is 1, whatever the gradient.",
            "Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ before you use them.",
        ),
    ),
    Mistake(
        "no bias correction of m",
        {M_HAT: "m_hat = m"},
        "m is used without its bias correction, so the first steps are too short.",
        (
            "What is your first step, in units of lr? In Adam it is 1, whatever the gradient.",
            "v is divided by 1 − β₂ᵗ; what about m?",
        ),
    ),
    Mistake(
        "no bias correction of v",
        {V_HAT: "v_hat = v"},
        "v is used without its bias correction, so the first steps are too long.",
        (
            "What is your first step, in units of lr? In Adam it is 1, whatever the gradient.",
            "m is divided by 1 − β₁ᵗ; what about v?",
        ),
    ),
    Mistake(
        "(1 − β)ᵗ for 1 − βᵗ",
        {M_HAT: "m_hat = m / (1 - beta1) ** t", V_HAT: "v_hat = v / (1 - beta2) ** t"},
        "The bias corrections are (1 − β)ᵗ; they should be 1 − βᵗ. The two agree only at t = 1.",
        (
            "After many steps a correction should be 1. Where does yours go?",
            "The power belongs to β alone: `beta ** t` first, then 1 minus that.",
        ),
    ),
    Mistake(
        "β·t for βᵗ",
        {M_HAT: "m_hat = m / (1 - beta1 * t)", V_HAT: "v_hat = v / (1 - beta2 * t)"},
        "The bias corrections use β·t instead of the power βᵗ.",
        (
            "After many steps a correction should be 1. Where does yours go?",
            "βᵗ is a power: `**`.",
        ),
    ),
    Mistake(
        "brackets are missing in the bias corrections",
        {M_HAT: "m_hat = m / 1 - beta1**t", V_HAT: "v_hat = v / 1 - beta2**t"},
        "`m / 1 - beta1**t` is m − β₁ᵗ: the division comes before the minus. So v̂ can be negative, "
        "and its root is no number.",
        (
            "What does Python compute first in `m / 1 - beta1**t`?",
            "Put brackets around the divisor: `1 - beta1**t` as a whole.",
        ),
    ),
    Mistake(
        "m and v start at the first gradient",
        {
            'state["m"] = torch.zeros_like(p)': 'state["m"] = g.clone()',
            'state["v"] = torch.zeros_like(p)': 'state["v"] = g * g',
        },
        "m starts as g₁ and v as g₁² instead of zero, and the bias correction then makes them "
        "too large.",
        (
            "What are m̂ and v̂ after the first step? They should be g₁ and g₁².",
            "m and v must start at 0.",
        ),
    ),
    Mistake(
        "v starts at the first square",
        {'state["v"] = torch.zeros_like(p)': 'state["v"] = g * g'},
        "v starts as g₁² instead of zero, and the bias correction then makes it too large.",
        (
            "What is v̂ after the first step? It should be g₁².",
            "v must start at 0.",
        ),
    ),
    Mistake(
        "m starts at the first gradient",
        {'state["m"] = torch.zeros_like(p)': 'state["m"] = g.clone()'},
        "m starts as g₁ instead of zero, and the bias correction then makes it too large.",
        (
            "What is m̂ after the first step? It should be g₁.",
            "m must start at 0.",
        ),
    ),
    Mistake(
        "m is corrected twice",
        {"p.add_(d, alpha=-lr)": "p.add_(d, alpha=-lr / (1 - beta1**t))"},
        "The bias correction of m is applied twice: in m̂, and again in the step size.",
        (
            "Your first step is too long by the factor 1 / (1 − β₁). Where does that stand in your "
            "code, and how often?",
            "Either m̂ = m / (1 − β₁ᵗ) with the step size lr, or m itself with lr / (1 − β₁ᵗ).",
        ),
    ),
    Mistake(
        "multiplied by the correction",
        {M_HAT: "m_hat = m * (1 - beta1**t)", V_HAT: "v_hat = v * (1 - beta2**t)"},
        "m and v are multiplied by 1 − βᵗ; they should be divided by it.",
        (
            "At first m is too small. Does your correction make it larger?",
            "Divide by 1 − βᵗ.",
        ),
    ),
    Mistake(
        "β₁ corrects v",
        {V_HAT: "v_hat = v / (1 - beta1**t)"},
        "v is corrected with β₁ instead of β₂.",
        (
            "Each average has its own β. Which one is in the correction of v?",
            "v is divided by 1 − β₂ᵗ.",
        ),
    ),
    Mistake(
        "the correction of v without its root",
        {DIVIDE: "d = m_hat / (v.sqrt() / (1 - beta2**t) + eps)"},
        "√v is divided by 1 − β₂ᵗ; it should be divided by its root, √(1 − β₂ᵗ).",
        (
            "Correct v, then take the root: what does the root do to the correction?",
            "If you take the root of v first, the correction needs a root as well.",
        ),
    ),
    Mistake(
        "ε before the correction",
        {DIVIDE: "d = m_hat * (1 - beta2**t) ** 0.5 / (v.sqrt() + eps)"},
        "ε is added to √v before the bias correction, so ε is corrected too.",
        (
            "In the first step, how large is your ε in effect?",
            "Correct v first; add ε to the root of the corrected v.",
        ),
    ),
    Mistake(
        "ε inside the root",
        {DIVIDE: "d = m_hat / (v_hat + eps).sqrt()"},
        "ε is added before the root, √(v̂ + ε); it belongs after it, √v̂ + ε.",
        (
            "For a tiny gradient, is your divisor about ε or about √ε?",
            "Take the root of v̂ first, then add ε.",
        ),
    ),
    Mistake(
        "no ε",
        {DIVIDE: "d = m_hat / v_hat.sqrt()"},
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
        "no root",
        {DIVIDE: "d = m_hat / (v_hat + eps)"},
        "m̂ is divided by v̂ itself, not by its root.",
        (
            "Multiply all gradients by 10. The step should stay the same: does yours?",
            "v̂ is a mean square: divide by √v̂.",
        ),
    ),
    Mistake(
        "the betas are swapped",
        {BETAS: 'beta2, beta1 = group["betas"]'},
        "β₁ and β₂ have changed places: m uses β₂ and v uses β₁.",
        (
            "Which β belongs to which average?",
            "`group['betas']` is (β₁, β₂): the first is for m.",
        ),
    ),
    Mistake(
        "the betas are written as numbers",
        {BETAS: "beta1, beta2 = 0.9, 0.999"},
        "β₁ and β₂ are always 0.9 and 0.999, whatever was asked for.",
        (
            "Try other betas: does your path change?",
            "Read the betas from the group.",
        ),
    ),
    Mistake(
        "the betas are not read from the group",
        {BETAS: 'beta1, beta2 = self.defaults["betas"]'},
        "The betas are those that the constructor got, so others in a parameter group are ignored.",
        (
            "Each parameter group can have betas of its own. Where do you read yours?",
            "`self.betas` and `self.defaults` never change; `group` belongs to p.",
        ),
    ),
    Mistake(
        "t is one step behind",
        {f"{COUNT}\nt = state['t']".replace("'", '"'): f't = state["t"]\n{COUNT}'},
        "t is 0 in the first step, so the corrections divide by 1 − β⁰ = 0.",
        (
            "Which t do you use in the first step? 1 − β⁰ is zero.",
            "Count the step first, then use t.",
        ),
    ),
    Mistake(
        "t is one step ahead",
        {f"{COUNT}\nt = state['t']".replace("'", '"'): f'{COUNT}\nt = state["t"] + 1'},
        "t is 2 in the first step, so the corrections are those of the next step.",
        (
            "Which t do you use in the first step? The first m is 1 − β₁ times the gradient.",
            "Let t be 0 before the first step, and count once in each step.",
        ),
    ),
    Mistake(
        "t stands still",
        {COUNT: 'state["t"] = 1'},
        "The step counter is always 1, so the corrections never fade.",
        (
            "After many steps a correction should be 1. Where does yours go?",
            "Add 1 to the counter in `state` at every step.",
        ),
    ),
    Mistake(
        "t counts parameters",
        {
            COUNT: 'self.t = getattr(self, "t", 0) + 1',
            't = state["t"]': "t = self.t",
        },
        "The step counter is one for the whole optimizer and goes up once a parameter, not once "
        "a step.",
        (
            "With three parameters, what is t after one step?",
            "Each parameter counts its own steps: keep the counter in its `state`.",
        ),
    ),
    Mistake(
        "t is shared by all parameters",
        {
            COUNT: "first = next(q for gr in self.param_groups for q in gr['params'] "
            "if q.grad is not None)\n"
            "if p is first:\n    self.t = getattr(self, 't', 0) + 1",
            't = state["t"]': "t = self.t",
        },
        "The step counter is one for the whole optimizer, so it is wrong for a parameter that had "
        "no gradient at first, and lost when the optimizer is saved.",
        (
            "A layer is thawed after 100 steps: what should t be in its first step?",
            "Each parameter counts its own steps: keep the counter in its `state`.",
        ),
    ),
    Mistake(
        "the corrected averages are stored",
        {M_HAT: "m_hat = m.div_(1 - beta1**t)", V_HAT: "v_hat = v.div_(1 - beta2**t)"},
        "The bias correction overwrites m and v, so it is applied again and again.",
        (
            "What is in `state` after the step: m, or m̂?",
            "Keep the averages raw; correct them in new tensors when you use them.",
        ),
    ),
    Mistake(
        "the root is stored",
        {DIVIDE: "d = m_hat / (v.sqrt_() / (1 - beta2**t) ** 0.5 + eps)"},
        "The root overwrites v, so the next step averages squares with a root.",
        (
            "What is in `state` after the step: v, or √v?",
            "A method with an underscore changes its tensor: use `sqrt`, not `sqrt_`.",
        ),
    ),
    Mistake(
        "m is a sum, not an average",
        {MEAN: "m.mul_(beta1).add_(g)"},
        "The new gradient enters m with weight 1 instead of 1 − β₁.",
        (
            "For constant gradients g, m should settle at g. Where does yours settle?",
            "The weights of old and new add up to 1: β₁ and 1 − β₁.",
        ),
    ),
    Mistake(
        "v is a sum, not an average",
        {SQUARE: "v.mul_(beta2).addcmul_(g, g)"},
        "The new square enters v with weight 1 instead of 1 − β₂.",
        (
            "For constant gradients g, v should settle at g². Where does yours settle?",
            "The weights of old and new add up to 1: β₂ and 1 − β₂.",
        ),
    ),
    Mistake(
        "the weights of old and new are swapped in m",
        {MEAN: "m.mul_(1 - beta1).add_(g, alpha=beta1)"},
        "The old m gets 1 − β₁ and the new gradient gets β₁.",
        (
            "With β₁ = 0.9, how much of the old m is left after a step of yours?",
            "The old m is multiplied by β₁.",
        ),
    ),
    Mistake(
        "the weights of old and new are swapped in v",
        {SQUARE: "v.mul_(1 - beta2).addcmul_(g, g, value=beta2)"},
        "The old v gets 1 − β₂ and the new square gets β₂.",
        (
            "With β₂ = 0.999, how much of the old v is left after a step of yours?",
            "The old v is multiplied by β₂.",
        ),
    ),
    Mistake(
        "the gradient is not squared",
        {SQUARE: "v.mul_(beta2).add_(g, alpha=1 - beta2)"},
        "v averages g instead of g², so it can be negative and its root is not a number.",
        (
            "Can your v become negative? A mean square cannot.",
            "Square the gradient before it is averaged.",
        ),
    ),
    Mistake(
        "v averages m²",
        {SQUARE: "v.mul_(beta2).addcmul_(m, m, value=1 - beta2)"},
        "v averages the square of m instead of the square of the gradient.",
        (
            "What goes into v: the gradient of this step, or its average?",
            "v ← β₂·v + (1 − β₂)·g².",
        ),
    ),
    Mistake(
        "the gradient instead of m",
        {M_HAT: "m_hat = g"},
        "The step uses the gradient of this step instead of its average m̂: RMSprop, debiased.",
        (
            "Where do you use m?",
            "The numerator is m̂.",
        ),
    ),
    Mistake(
        "m is not stored",
        {MEAN: "m = beta1 * m + (1 - beta1) * g"},
        "The new m is computed but not kept: every step starts from zeros.",
        (
            "What is in `state['m']` after the second step? Is it what you computed?",
            "`m = ...` makes a new tensor; write it back to `state`, or change m in place.",
        ),
    ),
    Mistake(
        "v is not stored",
        {SQUARE: "v = beta2 * v + (1 - beta2) * g * g"},
        "The new v is computed but not kept: every step starts from zeros.",
        (
            "What is in `state['v']` after the second step? Is it what you computed?",
            "`v = ...` makes a new tensor; write it back to `state`, or change v in place.",
        ),
    ),
    Mistake(
        "neither m nor v is stored",
        {
            MEAN: "m = beta1 * m + (1 - beta1) * g",
            SQUARE: "v = beta2 * v + (1 - beta2) * g * g",
        },
        "The new m and v are computed but not kept: every step starts from zeros.",
        (
            "What is in `state` after the second step? Is it what you computed?",
            "`m = ...` makes a new tensor; write it back to `state`, or change m in place.",
        ),
    ),
    Mistake(
        "v never gets smaller",
        {
            SQUARE: "torch.maximum(v, beta2 * v + (1 - beta2) * g * g, out=v)",
        },
        "v keeps its largest value, as in AMSGrad; in Adam it follows the gradients down again.",
        (
            "After one large gradient, does your step ever get longer again?",
            "v is a plain average: no maximum.",
        ),
    ),
    Mistake(
        "one average for all entries",
        {SQUARE: "v.mul_(beta2).add_((g * g).mean(), alpha=1 - beta2)"},
        "The squares are averaged over the entries, so all entries share one learning rate.",
        (
            "The point of v is one learning rate per weight. How many has yours?",
            "Average over time only: g² entry by entry, without `mean()` or `sum()`.",
        ),
    ),
    Mistake(
        "the averages are not in state",
        {
            "if not state:": "self.memory = getattr(self, 'memory', {})\n"
            "state = self.memory.setdefault(p, {})\nif not state:",
        },
        "The averages are kept on the optimizer, not in `state`: `state_dict()` does not save "
        "them.",
        (
            "Save the optimizer and load it into a new one. Does it remember its averages?",
            "`state` is the dict that torch saves for you. Keep m, v and t there.",
        ),
    ),
    Mistake(
        "the averages outlive the optimizer",
        {
            HEAD: f"memory = {{}}\n\n{HEAD}",
            "if not state:": "state = self.memory.setdefault(p, {})\nif not state:",
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
    "Adam",
    "AdamOptimizer",
    ("Adam", {}),
    dict(lr=0.01),
    SOURCE,
    (*MISTAKES, *ANY_OPTIMIZER),
)
