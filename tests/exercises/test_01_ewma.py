"""Exercise 01: right answers get all points, wrong ones lose those that they should lose."""

from pathlib import Path

import nbformat
import pytest

from tests.support.running import lost_by

SOURCE = Path(__file__).resolve().parents[2] / "solutions" / "01_ewma" / "ewma.ipynb"
CELLS = nbformat.read(SOURCE, as_version=4).cells

EWMA = {
    "ewma-by-hand": 1,
    "ewma-pandas": 1,
    "ewma-hidden": 2,
}
SMA = {"sma-all": 1, "sma-window": 2, "sma-hidden": 1}
WEIGHTS = {"weights-by-hand": 1, "weights-hidden": 2}
DEBIASED = {"debiased-by-hand": 1, "debiased-pandas": 1, "debiased-hidden": 2}
WINDOWS = {"beta-for": 1, "equal-window": 1}
UPDATE = {"update-by-hand": 1, "update-state": 2, "update-hidden": 2}


def lost(monkeypatch, **answers):
    """Run the exercise with some answers replaced; returns the test cells that fail.

    Whatever a student writes, a test cell raises nothing but an AssertionError with a text.
    """
    written = []
    for cell in CELLS:
        known = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or not known:
            continue
        source = answers.get(cell.id.replace("-", "_"), cell.source)
        written.append((cell, source))
    return lost_by(monkeypatch, written)


def test_the_points_are_what_the_text_says():
    points = {
        c.id: c.metadata.nbgrader.points
        for c in CELLS
        if "points" in c.get("metadata", {}).get("nbgrader", {})
    }
    assert points == SMA | EWMA | WEIGHTS | DEBIASED | WINDOWS | UPDATE
    text = "\n".join(c.source for c in CELLS if c.cell_type == "markdown")
    for question in (SMA, EWMA, WEIGHTS, DEBIASED, WINDOWS, UPDATE):
        assert f"· {sum(question.values())} points" in text
    assert f"{sum(points.values())} points" in text


def test_the_solution_gets_all_points(monkeypatch):
    assert lost(monkeypatch) == []


LOOP_IN_PLACE = """
def ewma(x, beta):
    a, out = torch.zeros(x.shape[1:]), []
    for g in x:
        a.mul_(beta).add_(g, alpha=1 - beta)
        out.append(a.clone())
    return torch.stack(out)
"""
PREALLOCATED = """
def ewma(x, beta):
    out = torch.empty_like(x)
    a = 0
    for i in range(len(x)):
        a = a + (1 - beta) * (x[i] - a)
        out[i] = a
    return out
"""
ALL_AT_ONCE = """
def ewma(x, beta):
    n = len(x)
    W = torch.tensor([[(1 - beta) * beta ** (t - i) if i <= t else 0.0 for i in range(n)] for t in range(n)])
    return (W @ x.reshape(n, -1)).reshape(x.shape)
"""
LERP = """
def ewma(x, beta):
    a, out = torch.zeros_like(x[0]), []
    for g in x:
        a = torch.lerp(a, g, 1 - beta)
        out.append(a)
    return torch.stack(out)
"""
CUMSUM = """
def sma(x, window=None):
    sums = x.cumsum(0)
    n = len(x) if window is None else min(window, len(x))
    sums = torch.cat([sums[:n], sums[n:] - sums[:-n]])
    count = torch.arange(1, len(x) + 1).clamp(max=n)
    return sums / count.view(-1, *[1] * (x.dim() - 1))
"""
RECURSION_ON_THE_DEBIASED = """
def debiased_ewma(x, beta):
    a, out = torch.zeros_like(x[0]), []
    for t, g in enumerate(x, 1):
        a = a + (1 - beta) / (1 - beta**t) * (g - a)
        out.append(a)
    return torch.stack(out)
"""
BY_AXES = """
def debiased_ewma(x, beta):
    t = torch.arange(1, len(x) + 1)
    return ewma(x, beta) / (1 - beta**t).view(-1, *[1] * (x.dim() - 1))
"""
SETDEFAULT = """
def update(state, g, beta):
    state["step"] = state.get("step", torch.tensor(0.0)) + 1
    average = state.setdefault("average", torch.zeros_like(g))
    average.copy_(beta * average + (1 - beta) * g)
    return average.div(1 - beta ** state["step"])
"""
LERP_IN_PLACE = """
def update(state, g, beta):
    if "average" not in state:
        state.update(step=0, average=torch.zeros(g.shape))
    state["step"] += 1
    return state["average"].lerp_(g, 1 - beta).clone() / (1 - beta ** state["step"])
"""


@pytest.mark.parametrize(
    "answer",
    [
        dict(ewma=LOOP_IN_PLACE),
        dict(ewma=PREALLOCATED),
        dict(ewma=ALL_AT_ONCE),
        dict(ewma=LERP),
        dict(sma=CUMSUM),
        dict(debiased_ewma=RECURSION_ON_THE_DEBIASED),
        dict(debiased_ewma=BY_AXES),
        dict(update=SETDEFAULT),
        dict(update=LERP_IN_PLACE),
    ],
)
def test_a_right_answer_in_another_way_gets_all_points(monkeypatch, answer):
    assert lost(monkeypatch, **answer) == []


def loop(body, start="torch.zeros_like(x[0])", name="ewma", result="a"):
    return f"""
def {name}(x, beta):
    a, out = {start}, []
    for t, g in enumerate(x, 1):
        {body}
        out.append({result})
    return torch.stack(out)
"""


def updating(
    first='state["step"], state["average"] = 0, torch.zeros_like(g)',
    middle='state["average"].mul_(beta).add_(g, alpha=1 - beta)',
    last='return state["average"] / (1 - beta ** state["step"])',
):
    return f"""
def update(state, g, beta):
    if not state:
        {first}
    state["step"] += 1
    {middle}
    {last}
"""


RIGHT = "a = beta * a + (1 - beta) * g"
WRONG = {
    "nothing written": (
        dict(ewma="def ewma(x, beta):\n    raise NotImplementedError()"),
        [*EWMA, *DEBIASED],
    ),
    "nothing returned": (dict(sma="def sma(x, window=None):\n    x.mean(0)"), [*SMA]),
    "no window": (
        dict(
            sma="def sma(x, window=None):\n    return x.cumsum(0) / torch.arange(1, len(x) + 1).view(-1, *[1] * (x.dim() - 1))"
        ),
        ["sma-window", "sma-hidden"],
    ),
    "a window that wraps round at the start": (
        dict(
            sma="def sma(x, window=None):\n    k = window or len(x)\n    return torch.stack([x[t - k:t].mean(0) for t in range(1, len(x) + 1)])"
        ),
        [*SMA],
    ),
    "a mean over all axes": (
        dict(
            sma="def sma(x, window=None):\n    k = window or len(x)\n    return torch.stack([x[max(0, t - k):t].mean() for t in range(1, len(x) + 1)])"
        ),
        ["sma-hidden"],
    ),
    "starts from the first value": (dict(ewma=loop(RIGHT, "x[0]")), [*EWMA, *DEBIASED]),
    "β and 1 - β swapped": (dict(ewma=loop("a = (1 - beta) * a + beta * g")), [*EWMA, *DEBIASED]),
    "a sum": (dict(ewma=loop("a = beta * a + g")), [*EWMA, *DEBIASED]),
    "one tensor many times": (
        dict(ewma=loop("a.mul_(beta).add_(g, alpha=1 - beta)")),
        [*EWMA, *DEBIASED],
    ),
    "β fixed": (
        dict(ewma=loop("a = 0.9 * a + 0.1 * g")),
        ["ewma-pandas", "ewma-hidden", "debiased-by-hand", "debiased-pandas", "debiased-hidden"],
    ),
    "vectors only": (
        dict(
            ewma="def ewma(x, beta):\n    a, out = 0.0, []\n    for g in x.tolist():\n        a = beta * a + (1 - beta) * g\n        out.append(a)\n    return torch.tensor(out)"
        ),
        ["ewma-hidden", "debiased-hidden"],
    ),
    "newest first": (
        dict(
            ewma_weights="def ewma_weights(t, beta):\n    return (1 - beta) * beta ** torch.arange(t)"
        ),
        [*WEIGHTS],
    ),
    "weights that sum to 1": (
        dict(
            ewma_weights="def ewma_weights(t, beta):\n    w = beta ** torch.arange(t).flip(0)\n    return w / w.sum()"
        ),
        [*WEIGHTS],
    ),
    "not debiased": (
        dict(debiased_ewma="debiased_ewma = lambda x, beta: ewma(x, beta)"),
        [*DEBIASED],
    ),
    "the divided value put back": (
        dict(
            debiased_ewma=loop(
                "a = (beta * a + (1 - beta) * g) / (1 - beta**t)", name="debiased_ewma"
            )
        ),
        [*DEBIASED],
    ),
    "t from 0": (
        dict(
            debiased_ewma=loop(
                RIGHT, name="debiased_ewma", result="a / (1 - beta ** (t - 1) + 1e-300)"
            )
        ),
        [*DEBIASED],
    ),
    "(1 - β)^t": (
        dict(debiased_ewma=loop(RIGHT, name="debiased_ewma", result="a / (1 - beta) ** t")),
        [*DEBIASED],
    ),
    "right for vectors only": (
        dict(
            debiased_ewma="def debiased_ewma(x, beta):\n    return ewma(x, beta) / (1 - beta ** torch.arange(1, len(x) + 1))"
        ),
        ["debiased-hidden"],
    ),
    "the other window": (
        dict(
            windows="def beta_for(N):\n    return (N - 1) / (N + 1)\n\n\ndef equal_window(beta):\n    return 1 / (1 - beta)"
        ),
        [*WINDOWS],
    ),
    "a constant": (
        dict(
            windows="def beta_for(N):\n    return 0.9\n\n\ndef equal_window(beta):\n    return 19.0"
        ),
        [*WINDOWS],
    ),
    "the first gradient left out": (
        dict(
            update=updating(
                first='state.update(step=1, average=torch.zeros_like(g)); return state["average"] / (1 - beta)'
            )
        ),
        [*UPDATE],
    ),
    "the first gradient in full": (
        dict(update=updating(first='state["step"], state["average"] = 0, g.clone()')),
        [*UPDATE],
    ),
    "the raw average returned": (
        dict(update=updating(last='return state["average"].clone()')),
        ["update-by-hand", "update-hidden"],
    ),
    "the divided average in the dict": (
        dict(update=updating(last='return state["average"].div_(1 - beta ** state["step"])')),
        [*UPDATE],
    ),
    "a new tensor at each step": (
        dict(update=updating(middle='state["average"] = beta * state["average"] + (1 - beta) * g')),
        ["update-state"],
    ),
    "a new name instead of the dict": (
        dict(
            update=updating(
                middle='a = beta * state["average"] + (1 - beta) * g',
                last='return a / (1 - beta ** state["step"])',
            )
        ),
        [*UPDATE],
    ),
    "the gradient changed": (
        dict(update=updating(middle='state["average"].mul_(beta).add_(g.mul_(1 - beta))')),
        ["update-hidden"],
    ),
    "the gradient itself in the dict": (
        dict(update=updating(first='state["step"], state["average"] = 0, g.mul_(0)')),
        [*UPDATE],
    ),
    "other keys": (
        dict(update=updating().replace('"average"', '"avg"')),
        ["update-state"],
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_answer_loses_its_points_and_no_others(monkeypatch, mistake):
    answers, cells = WRONG[mistake]
    assert lost(monkeypatch, **answers) == cells
