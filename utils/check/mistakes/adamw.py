"""AdamW: p ← (1 − lr·wd)·p, then Adam's step."""

from utils.check.mistakes import Family, Mistake
from utils.check.mistakes.adam import DIVIDE
from utils.check.mistakes.adam import MISTAKES as OF_ADAM
from utils.check.mistakes.adam import SOURCE as ADAM
from utils.check.mistakes.any_optimizer import ANY_OPTIMIZER, MOVE

DECAY = "p.mul_(1 - lr * wd)"

SOURCE = (
    ADAM.replace("class Adam", "class AdamW")
    .replace("eps=1e-8):", "eps=1e-8, weight_decay=1e-2):")
    .replace("dict(lr=lr, betas=betas, eps=eps)", "NAMES")
    .replace("NAMES", "dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)")
    .replace("        g = p.grad\n", '        wd = group["weight_decay"]\n        g = p.grad\n')
    .replace(f"        {MOVE}", f"        {DECAY}\n        {MOVE}")
)

MISTAKES = (
    Mistake(
        "weight decay in the gradient",
        {DECAY: "", "g = p.grad": "g = p.grad + wd * p"},
        "wd·p is added to the gradient: that is Adam with L2, where v divides the decay away.",
        (
            "Does a weight with large gradients decay more slowly in yours? It should not.",
            "Leave the gradient alone; shrink p directly.",
        ),
    ),
    Mistake(
        "weight decay is added to p.grad",
        {DECAY: "", "g = p.grad": "g = p.grad.add_(p, alpha=wd)"},
        "wd·p is added to `p.grad` itself: that changes the gradient for whoever reads it next, and it "
        "is L2, where v divides the decay away.",
        (
            "An optimizer's step only reads the gradient. Is `p.grad` the same after your step?",
            "Leave the gradient alone; shrink p directly.",
        ),
    ),
    Mistake(
        "no weight decay",
        {DECAY: ""},
        "The weights do not decay: this is Adam without the W.",
        (
            "What does your step do to a weight with gradient zero?",
            "Shrink p by the factor 1 − lr·wd.",
        ),
    ),
    Mistake(
        "weight decay without lr",
        {DECAY: "p.mul_(1 - wd)"},
        "The weights shrink by wd in each step; it should be lr·wd.",
        (
            "Set lr to almost zero: do your weights still shrink?",
            "The factor is 1 − lr·wd.",
        ),
    ),
    Mistake(
        "weight growth",
        {DECAY: "p.mul_(1 + lr * wd)"},
        "The weights grow by lr·wd in each step instead of shrinking.",
        (
            "With gradient zero, do your weights go towards zero?",
            "The factor is 1 − lr·wd.",
        ),
    ),
    Mistake(
        "weight decay after the step",
        {f"{DECAY}\n{MOVE}": f"{MOVE}\n{DECAY}"},
        "The weights are shrunk after Adam's step, so the step is shrunk as well.",
        (
            "Does the decay act on the weights before the step, or after it?",
            "Shrink p first, then take Adam's step.",
        ),
    ),
    Mistake(
        "weight decay is divided by the root",
        {DECAY: "", DIVIDE: "d = (m_hat + wd * p) / (v_hat.sqrt() + eps)"},
        "wd·p is divided by √v̂ + ε together with m̂, so weights with large gradients hardly decay.",
        (
            "Does a weight with large gradients decay more slowly in yours? It should not.",
            "wd·p stands outside the fraction.",
        ),
    ),
    Mistake(
        "weight decay both ways",
        {"g = p.grad": "g = p.grad + wd * p"},
        "wd·p is in the gradient, and the weights are shrunk as well.",
        (
            "In how many places do your weights decay?",
            "Leave the gradient alone.",
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
)

FAMILY = Family(
    "AdamW",
    "AdamWOptimizer",
    ("AdamW", {}),
    dict(lr=0.01, weight_decay=0.1),
    SOURCE,
    (*MISTAKES, *OF_ADAM, *ANY_OPTIMIZER),
)
