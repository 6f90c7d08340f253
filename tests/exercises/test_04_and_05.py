"""Exercises 04 and 05: right answers get all points, wrong ones lose those they should lose."""

import json
from pathlib import Path

import nbformat
import pytest

from tests.support.running import lost_by

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
QUESTIONS = {
    "04_rmsprop/rmsprop.ipynb": ("square", "first", "eps", "rmsprop"),
    "05_adam/adam.ipynb": ("moments", "correction", "first", "adam", "decay", "adamw"),
}
BUILDS_ON = {"adamw": "adam"}
RMS, ADAM = QUESTIONS


def lost(monkeypatch, exercise, question, *changes):
    """Run one question with the solution changed; returns the ids of the test cells that fail.

    A wrong answer costs an AssertionError with a text, and never a bare traceback.

    Args:
        exercise: its notebook, below solutions/.
        question: the id of the answer cell.
        changes: pairs (right, wrong) of texts in it.
    """
    written = []
    for cell in nbformat.read(SOLUTIONS / exercise, as_version=4).cells:
        known = cell.metadata.get("nbgrader", {})
        ours = cell.id.split("-")[0] == question
        needed = cell.id in ("imports", question, BUILDS_ON.get(question))
        if not known or not (needed or (ours and known["grade"])):
            continue
        source = cell.source
        for right, wrong in changes if cell.id == question else ():
            assert right in source, "the solution has been rewritten: mend this test"
            source = source.replace(right, wrong)
        written.append((cell, source))
    return lost_by(monkeypatch, written)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exercise", "question"), [(e, q) for e, questions in QUESTIONS.items() for q in questions]
)
def test_the_solution_gets_all_points(monkeypatch, exercise, question):
    assert lost(monkeypatch, exercise, question) == []


OTHER_RMS = (
    "ms.mul_(alpha).addcmul_(p.grad, p.grad, value=1 - alpha)",
    'ms = state["ms"] = alpha * ms + (1 - alpha) * p.grad**2',
)
OTHER_ADAM = (
    'p.sub_(m_hat / (v_hat.sqrt() + group["eps"]), alpha=group["lr"])',
    'denom = v.sqrt() / (1 - beta2**t) ** 0.5 + group["eps"]\n'
    '        p.addcdiv_(m, denom, value=-group["lr"] / (1 - beta1**t))',
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exercise", "question", "change"),
    [
        (RMS, "rmsprop", OTHER_RMS),
        (ADAM, "adam", OTHER_ADAM),
        (ADAM, "correction", ("1 - beta**t", "sum((1 - beta) * beta**k for k in range(t))")),
    ],
)
def test_right_but_different_answers_get_all_points(monkeypatch, exercise, question, change):
    assert lost(monkeypatch, exercise, question, change) == []


DENOMINATOR = '(ms.sqrt() + group["eps"])'
M, V = "m.mul_(beta1).add_(p.grad, alpha=1 - beta1)", "v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)"  # fmt: skip
ALL = ("by-hand", "check", "hidden")
WRONG = {  # mistake: (exercise, question, changes, the test cells that see it)
    "the root is stored": (RMS, "square", [("(ms)", "(ms**0.5)")], ("check", "hidden")),
    "only the last average": (RMS, "square", [("return averages", "return averages[-1:]")], ("check", "hidden")),
    "fails without gradients": (RMS, "square", [("return averages", "return averages or [0.0]")], ("hidden",)),
    "first step without root": (RMS, "first", [(" ** 0.5", "")], ("check", "hidden")),
    "α for 1 − α": (RMS, "first", [("(1 - alpha)", "alpha")], ("check", "hidden")),
    "ε: places exchanged": (RMS, "eps", [("(ms.sqrt() + eps)", "(ms + eps).sqrt()")], ("division", "hidden")),
    "ε: division in place": (RMS, "eps", [("g / (ms.sqrt() + eps)", "g.div_(ms.sqrt() + eps)")], ("division", "hidden")),
    "ε: the same number": (RMS, "eps", [("eps_inside**0.5", "eps_inside")], ("convert", "hidden")),
    "ε inside": (RMS, "rmsprop", [(DENOMINATOR, '(ms + group["eps"]).sqrt()')], ("check", "hidden")),
    "p.grad divided in place": (RMS, "rmsprop", [("p.grad / " + DENOMINATOR, f"p.grad.div_{DENOMINATOR}")], ("check", "hidden")),
    "no gradient": (RMS, "rmsprop", [("p.grad / (", "1 / (")], ALL),
    "ε is not read": (RMS, "rmsprop", [('group["eps"]', "1e-8")], ("check", "hidden")),
    "MS from the first square": (RMS, "rmsprop", [("torch.zeros_like(p)", "p.grad**2")], ALL),
    "moments in place": (ADAM, "moments", [("beta1 * m +", "m.mul_(beta1) +")], ("check", "hidden")),
    "gradient not squared": (ADAM, "moments", [("g**2", "g")], ("check", "hidden")),
    "(1 − β)ᵗ": (ADAM, "correction", [("1 - beta**t", "(1 - beta) ** t")], ("check", "hidden")),
    "β·t for βᵗ": (ADAM, "correction", [("beta**t", "beta * t")], ("check", "hidden")),
    "uncorrected step without root": (ADAM, "first", [(" ** 0.5", "")], ("check", "hidden")),
    "no correction": (ADAM, "adam", [("m / (1 - beta1**t), v / (1 - beta2**t)", "m, v")], ALL),
    "Adam with (1 − β)ᵗ": (ADAM, "adam", [("(1 - beta1**t)", "(1 - beta1) ** t"), ("(1 - beta2**t)", "(1 - beta2) ** t")], ALL),
    "corrected twice": (ADAM, "adam", [('alpha=group["lr"]', 'alpha=group["lr"] / (1 - beta1**t)')], ALL),
    "corrected moments are stored": (ADAM, "adam", [("m / (1 - beta1**t)", "m.div_(1 - beta1**t)")], ALL),
    "one t for all parameters": (ADAM, "adam", [('state["t"] += 1', 'self.t = getattr(self, "t", 0) + 1\n        state["t"] = self.t')], ("check", "hidden")),
    "ε inside the root of v̂": (ADAM, "adam", [('(v_hat.sqrt() + group["eps"])', '(v_hat + group["eps"]).sqrt()')], ("check", "hidden")),
    "the sign of g": (ADAM, "adam", [("m_hat / (v_hat.sqrt() +", "p.grad / (p.grad.abs() +")], ALL),
    "m is a sum": (ADAM, "adam", [(M, "m.mul_(beta1).add_(p.grad)")], ALL),
    "v is a sum": (ADAM, "adam", [(V, "v.mul_(beta2).addcmul_(p.grad, p.grad)")], ALL),
    "L2 as if it were decoupled": (ADAM, "decay", [("weight / size", "weight")], ("check", "hidden")),
    "L2 for decoupled": (ADAM, "adamw", [('p.mul_(1 - group["lr"] * group["weight_decay"])', 'p.grad.add_(p, alpha=group["weight_decay"])')], ("check", "hidden")),
    "decay without lr": (ADAM, "adamw", [('group["lr"] * group["weight_decay"]', 'group["weight_decay"]')], ("check", "hidden")),
    "no decay": (ADAM, "adamw", [('p.mul_(1 - group["lr"] * group["weight_decay"])', "pass")], ("check", "hidden")),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "question", "changes", "seen_by"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_loses_its_points(monkeypatch, exercise, question, changes, seen_by):
    failed = lost(monkeypatch, exercise, question, *changes)
    assert failed == [f"{question}-{kind}" for kind in seen_by]


CORRECTED = "m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)"
BY_HAND = {  # what the comment says: (exercise, change)
    "the mean square is forgotten": (RMS, ('state["ms"], group', "torch.zeros_like(p), group")),
    "it starts at the first square": (RMS, ("torch.zeros_like(p)", "p.grad**2")),
    "it is a sum": (RMS, ("value=1 - alpha", "value=1")),
    "alpha and 1 − alpha": (RMS, ("ms.mul_(alpha).addcmul_(p.grad, p.grad, value=1 - alpha)", "ms.mul_(1 - alpha).addcmul_(p.grad, p.grad, value=alpha)")),
    "the gradient is missing": (RMS, ("p.grad / (", "1 / (")),
    "the root is missing": (RMS, ("ms.sqrt()", "ms")),
    "uphill": (RMS, ("p.sub_(", "p.add_(")),
    "nothing moves": (RMS, ("p.sub_(", "p = p.sub(")),
    "the root is stored": (RMS, ("ms.sqrt()", "ms.sqrt_()")),
    "nothing is corrected": (ADAM, (CORRECTED, "m_hat, v_hat = m, v")),
    "only m is corrected": (ADAM, (CORRECTED, "m_hat, v_hat = m / (1 - beta1**t), v")),
    "only v is corrected": (ADAM, (CORRECTED, "m_hat, v_hat = m, v / (1 - beta2**t)")),
    "the correction is (1 − β)ᵗ": (ADAM, (CORRECTED, "m_hat, v_hat = m / (1 - beta1) ** t, v / (1 - beta2) ** t")),
    "the corrected moments are stored": (ADAM, (CORRECTED, "m_hat, v_hat = m.div_(1 - beta1**t), v.div_(1 - beta2**t)")),
    "the gradient itself": (ADAM, ("p.sub_(m_hat", "p.sub_(p.grad")),
    "m is corrected twice": (ADAM, ('alpha=group["lr"]', 'alpha=group["lr"] / (1 - beta1**t)')),
    "p stands still": (ADAM, ("p.sub_(m_hat", "p = p.sub(m_hat")),
    "t is 2": (ADAM, ('torch.zeros_like(p), 0', 'torch.zeros_like(p), 1')),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("says", BY_HAND)
def test_the_numbers_in_the_comment_are_those_of_the_mistake(says):
    exercise, (right, wrong) = BY_HAND[says]
    question = QUESTIONS[exercise][3]
    notebook = nbformat.read(SOLUTIONS / exercise, as_version=4)
    cells = {cell.id: cell.source for cell in notebook.cells}
    assert right in cells[question], "the solution has been rewritten: mend this test"
    names, by_hand = {}, cells[f"{question}-by-hand"]
    for source in (
        cells["imports"],
        cells[question].replace(right, wrong),
        by_hand.split("\nname =")[0],
    ):
        exec(source, names)
    (line,) = [line for line in by_hand.splitlines() if says in line]
    assert names["two_steps"](1.0) == pytest.approx(json.loads(line[1 : line.index("]") + 1]))
    assert by_hand.count("#   [") == sum(other == exercise for other, _ in BY_HAND.values())
