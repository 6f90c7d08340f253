"""Averages of a series: SMA, EWMA, debiased EWMA. x has shape (n, ...)."""

from utils.check.mistakes import Family, Mistake

SMA = """
def sma(x, window=None):
    window = window or len(x)
    means = []
    for t in range(1, len(x) + 1):
        last = x[max(0, t - window) : t]
        means.append(last.sum(0) / len(last))
    return torch.stack(means)
"""

LAST = "last = x[max(0, t - window) : t]"
MEAN = "means.append(last.sum(0) / len(last))"

OF_SMA = (
    Mistake(
        "the window is one too long",
        {LAST: "last = x[max(0, t - window - 1) : t]"},
        "Each mean takes one value too many.",
        (
            "How many values does your slice have for window 2, once there are enough?",
            "The last `window` values at time t are x[t − window : t].",
        ),
    ),
    Mistake(
        "the window is one too short",
        {LAST: "last = x[max(0, t - window + 1) : t]"},
        "Each mean takes one value too few.",
        (
            "How many values does your slice have for window 2, once there are enough?",
            "The last `window` values at time t are x[t − window : t].",
        ),
    ),
    Mistake(
        "always divided by the window",
        {MEAN: "means.append(last.sum(0) / window)"},
        "The sum is divided by `window` also at the start, where there are fewer values.",
        (
            "The first mean is the first value itself. Is yours?",
            "Divide by the number of values that were added up.",
        ),
    ),
    Mistake(
        "the window is ignored",
        {LAST: "last = x[:t]"},
        "Each mean takes all values so far, whatever the window.",
        ("Does your result depend on `window`?", "Take only the last `window` values."),
    ),
    Mistake(
        "the newest value is left out",
        {LAST: "last = x[max(0, t - 1 - window) : t - 1]"},
        "The mean at time t ends with the value before.",
        (
            "Is the value of now in the mean of now?",
            "The end of a slice does not belong to it: x[… : t] ends with the t-th value.",
        ),
    ),
    Mistake(
        "the window looks ahead",
        {LAST: "last = x[t - 1 : t - 1 + window]"},
        "The mean takes the values that come next instead of the last ones.",
        (
            "At time t, which values are already known?",
            "The window ends at t; it does not begin there.",
        ),
    ),
    Mistake(
        "a sum, not a mean",
        {MEAN: "means.append(last.sum(0))"},
        "The values are added up, but not divided by their number.",
        ("The mean of equal values is that value. Is yours?", "Divide by the number of values."),
    ),
)

EWMA = """
def ewma(x, beta):
    a = torch.zeros_like(x[0])
    averages = []
    for g in x:
        a = beta * a + (1 - beta) * g
        averages.append(a)
    return torch.stack(averages)
"""

ZERO = "a = torch.zeros_like(x[0])"
UPDATE = "a = beta * a + (1 - beta) * g"
KEEP = "averages.append(a)"

SWAPPED = Mistake(
    "the weights of old and new are swapped",
    {UPDATE: "a = (1 - beta) * a + beta * g"},
    "The old average gets 1 − β and the new value gets β.",
    (
        "With β = 0.9, how much of the old average is left after a step of yours?",
        "β belongs to the old average.",
    ),
)
SUM = Mistake(
    "a sum instead of an average",
    {UPDATE: "a = beta * a + g"},
    "The new value enters with weight 1 instead of 1 − β.",
    (
        "For constant values, the average should settle at that value. Where does yours settle?",
        "The weights of old and new add up to 1: β and 1 − β.",
    ),
)

OF_EWMA = (
    SWAPPED,
    SUM,
    Mistake(
        "the average starts at the first value",
        {ZERO: "a = x[0]"},
        "The average starts at the first value; here it starts at zero.",
        ("What is your first average? It should be (1 − β)·x₁.", "Start with a zero."),
    ),
    Mistake(
        "already debiased",
        {KEEP: "averages.append(a / (1 - beta ** (len(averages) + 1)))"},
        "The averages are divided by 1 − βᵗ: that is the debiased EWMA.",
        ("What is your first average? It should be (1 − β)·x₁.", "Leave the division out."),
    ),
    Mistake(
        "the same tensor again and again",
        {UPDATE: "a.mul_(beta).add_(g, alpha=1 - beta)"},
        "The list holds one tensor many times, so every entry is the last average.",
        (
            "Are all entries of your result equal? Why?",
            "Append a copy: an in-place method changes the tensor that is already in the list.",
        ),
    ),
    Mistake(
        "kept before it is updated",
        {f"{UPDATE}\n{KEEP}": f"{KEEP}\n{UPDATE}"},
        "Each average is kept before the new value is in it, so all come one step late.",
        ("What is your first average? It should be (1 − β)·x₁.", "Update first, then append."),
    ),
    Mistake(
        "the average is not kept",
        {UPDATE: "new = beta * a + (1 - beta) * g", KEEP: "averages.append(new)"},
        "The new average is computed but does not replace the old one: a stays zero.",
        (
            "What is a at the start of the second step?",
            "Assign the new average to the name that you read at the next step.",
        ),
    ),
)

DEBIASED = """
def debiased_ewma(x, beta):
    a = torch.zeros_like(x[0])
    averages = []
    for t, g in enumerate(x, 1):
        a = beta * a + (1 - beta) * g
        a_hat = a / (1 - beta**t)
        averages.append(a_hat)
    return torch.stack(averages)
"""

A_HAT = "a_hat = a / (1 - beta**t)"

OF_DEBIASED = (
    Mistake(
        "not debiased",
        {A_HAT: "a_hat = a"},
        "This is the plain EWMA: the division by 1 − βᵗ is missing.",
        (
            "What is your first average? Debiased, it is the first value itself.",
            "Divide each average by the sum of its weights.",
        ),
    ),
    Mistake(
        "the debiased average is kept",
        {A_HAT: "a_hat = a = a / (1 - beta**t)"},
        "The divided value goes back into the average, so it is divided again and again.",
        (
            "Which value does your next step start from: the raw one, or the divided one?",
            "Keep the average raw; divide it only in the result.",
        ),
    ),
    Mistake(
        "(1 − β)ᵗ for 1 − βᵗ",
        {A_HAT: "a_hat = a / (1 - beta) ** t"},
        "The divisor is (1 − β)ᵗ; it should be 1 − βᵗ.",
        (
            "After many steps the divisor should be 1. Where does yours go?",
            "The power belongs to β alone.",
        ),
    ),
    Mistake(
        "divided by 1 − β",
        {A_HAT: "a_hat = a / (1 - beta)"},
        "Every average is divided by 1 − β, which is right for the first one only.",
        (
            "After many steps the divisor should be 1. Where does yours go?",
            "The divisor depends on the number of the step: 1 − βᵗ.",
        ),
    ),
    Mistake(
        "t is one step behind",
        {"for t, g in enumerate(x, 1):": "for t, g in enumerate(x):"},
        "t starts at 0, so the first divisor is 1 − β⁰ = 0.",
        ("Which t do you use for the first value?", "Count from 1: `enumerate(x, start=1)`."),
    ),
    Mistake(
        "multiplied by the correction",
        {A_HAT: "a_hat = a * (1 - beta**t)"},
        "The averages are multiplied by 1 − βᵗ; they should be divided by it.",
        (
            "At first the average is too small. Does your correction make it larger?",
            "Divide by 1 − βᵗ.",
        ),
    ),
    SWAPPED,
    SUM,
)

FAMILIES = (
    Family("simple moving average", "sma", (), {}, SMA, OF_SMA),
    Family("EWMA", "ewma", (), {}, EWMA, OF_EWMA),
    Family("debiased EWMA", "debiased_ewma", (), {}, DEBIASED, OF_DEBIASED),
)
