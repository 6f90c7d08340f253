"""Exercise 06: right answers get all points, wrong ones lose those that they should lose."""

from pathlib import Path

import nbformat
import pytest
import torch

from tests.support.running import lost_by

SOURCE = Path(__file__).resolve().parents[2] / "solutions" / "06_mnist" / "mnist.ipynb"
CELLS = nbformat.read(SOURCE, as_version=4).cells
QUESTIONS = ("mlp", "accuracy", "train", "adam", "curve")


def lost(monkeypatch, question, answer=None, also=()):
    """Run one question of the exercise with another answer; returns the test cells that fail.

    What it builds on is run with the right answers. A wrong answer costs an AssertionError with a
    text, and never a bare traceback.

    Args:
        question: the id of its answer cell.
        answer: instead of the solution; a pair of texts replaces the first by the second in it.
        also: questions that it builds on.
    """
    written = []
    for cell in CELLS:
        known = cell.metadata.get("nbgrader", {})
        part = cell.id.split("-")[0]
        needed = part in ("imports", question) or (part in also and not known.get("grade"))
        if cell.cell_type != "code" or not known or not needed:
            continue
        source = cell.source
        if cell.id == question and isinstance(answer, tuple):
            assert answer[0] in source, "the solution has been rewritten: mend this test"
            source = source.replace(*answer)
        elif cell.id == question and answer:
            source = answer
        written.append((cell, source))
    return lost_by(monkeypatch, written)


NEEDS = {"curve": ("mlp", "train", "adam")}


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_solution_gets_all_points(monkeypatch, question):
    assert lost(monkeypatch, question, also=NEEDS.get(question, ())) == []


OTHER_MLP = """
class MLP(nn.Module):
    def __init__(self, inputs=784, hidden=256, outputs=10, dropout=0.1):
        super().__init__()
        self.linear0 = nn.Linear(inputs, hidden)
        self.linear1 = nn.Linear(hidden, outputs)
        self.p = dropout

    def forward(self, x):
        a = self.linear0(x.view(x.size(0), -1)).relu()
        return self.linear1(F.dropout(a, self.p, training=self.training))
"""
OTHER_ACCURACY = """
@torch.no_grad()
def accuracy(model, batches):
    mode = model.training
    model.eval()
    hits = torch.cat([model(x).argmax(-1) == y for x, y in batches])
    model.train(mode)
    return hits.double().mean().item()
"""
OTHER_TRAIN = """
def train_one_epoch(model, batches, optimizer, loss_func=F.cross_entropy):
    model.train()
    losses, sizes = [], []
    for x, y in batches:
        for p in model.parameters():
            p.grad = None
        scores = model(x)
        loss = loss_func(scores, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach() * y.shape[0])
        sizes.append(y.shape[0])
    return float(sum(losses)) / sum(sizes)
"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [("mlp", OTHER_MLP), ("accuracy", OTHER_ACCURACY), ("train", OTHER_TRAIN)],
)
def test_right_but_different_answers_get_all_points(monkeypatch, question, answer):
    assert lost(monkeypatch, question, answer) == []


WRONG = {
    "dropout is made and never used": (
        "mlp",
        OTHER_MLP.replace("self.p = dropout", "self.dropout = nn.Dropout(dropout)").replace(
            "F.dropout(a, self.p, training=self.training)", "a"
        ),
        ["mlp-form", "mlp-dropout", "mlp-hidden"],
    ),
    "dropout also in evaluation": (
        "mlp",
        OTHER_MLP.replace(", training=self.training", ""),
        ["mlp-form", "mlp-dropout", "mlp-hidden"],
    ),
    "dropout on the scores": (
        "mlp",
        OTHER_MLP.replace(
            "self.linear1(F.dropout(a, self.p, training=self.training))",
            "F.dropout(self.linear1(a), self.p, training=self.training)",
        ),
        ["mlp-dropout", "mlp-hidden"],
    ),
    "dropout with a fixed probability": (
        "mlp",
        ("nn.Dropout(dropout)", "nn.Dropout(0.1)"),
        ["mlp-dropout", "mlp-hidden"],
    ),
    "softmax in the model": (
        "mlp",
        ("nn.Linear(hidden, outputs),", "nn.Linear(hidden, outputs), nn.Softmax(1),"),
        ["mlp-form", "mlp-hidden"],
    ),
    "no activation": ("mlp", ("            nn.ReLU(),\n", ""), ["mlp-form", "mlp-hidden"]),
    "sizes are fixed": ("mlp", ("(hidden, outputs)", "(hidden, 10)"), ["mlp-hidden"]),
    "another size": (
        "mlp",
        ("hidden: int = 256", "hidden: int = 128"),
        ["mlp-size"],
    ),
    "mean of means": (
        "accuracy",
        (
            "right += (model(x).argmax(1) == y).sum().item()\n            n += len(y)",
            "right += (model(x).argmax(1) == y).float().mean().item()\n            n += 1",
        ),
        ["accuracy-count", "accuracy-hidden"],
    ),
    "eval is forgotten": (
        "accuracy",
        ("    model.eval()\n", ""),
        ["accuracy-mode", "accuracy-hidden"],
    ),
    "the mode is not put back": (
        "accuracy",
        ("    model.train(mode)\n", ""),
        ["accuracy-mode", "accuracy-hidden"],
    ),
    "always back to training": (
        "accuracy",
        ("model.train(mode)", "model.train()"),
        ["accuracy-hidden"],
    ),
    "a graph is built": (
        "accuracy",
        ("with torch.no_grad():", "if True:"),
        ["accuracy-mode"],
    ),
    "gradients off for good": (
        "accuracy",
        ("with torch.no_grad():", "torch.set_grad_enabled(False)\n    if True:"),
        ["accuracy-hidden"],
    ),
    "percent": (
        "accuracy",
        ("return right / n", "return 100 * right / n"),
        ["accuracy-count", "accuracy-hidden"],
    ),
    "a tensor": (
        "accuracy",
        ("return right / n", "return torch.tensor(right / n)"),
        ["accuracy-mode", "accuracy-hidden"],
    ),
    "zero_grad is forgotten": (
        "train",
        ("        optimizer.zero_grad()\n", ""),
        ["train-check", "train-hidden"],
    ),
    "gradients are cleared too early": (
        "train",
        (
            "        optimizer.zero_grad()\n        loss.backward()\n",
            "        loss.backward()\n        optimizer.zero_grad()\n",
        ),
        ["train-check", "train-hidden"],
    ),
    "no step": ("train", ("        optimizer.step()\n", ""), ["train-check", "train-hidden"]),
    "train mode is forgotten": (
        "train",
        ("    model.train()\n", ""),
        ["train-check", "train-hidden"],
    ),
    "mean over batches": (
        "train",
        ("loss.item() * len(y)\n        n += len(y)", "loss.item()\n        n += 1"),
        ["train-check", "train-hidden"],
    ),
    "the last loss": (
        "train",
        ("return total / n", "return loss.item()"),
        ["train-check", "train-hidden"],
    ),
    "loss_func is ignored": (
        "train",
        ("loss = loss_func(", "loss = F.cross_entropy("),
        ["train-hidden"],
    ),
    "the loop ends after one batch": (
        "train",
        ("    return total / n", "        return total / n"),
        ["train-check", "train-hidden"],
    ),
    "no bias correction": (
        "adam",
        ("(m / (1 - b1**t))", "m"),
        ["adam-check", "adam-hidden"],
    ),
    "seed after the model": (
        "curve",
        (
            "    torch.manual_seed(seed)\n    model = MLP()",
            "    model = MLP()\n    torch.manual_seed(seed)",
        ),
        ["curve-twin", "curve-hidden"],
    ),
    "the seed is ignored": (
        "curve",
        (
            "torch.manual_seed(seed)",
            "torch.manual_seed(0); seed = 0",
        ),
        ["curve-hidden"],
    ),
    "hyper-parameters are ignored": (
        "curve",
        ("**hyper)\n    batches", "lr=0.01)\n    batches"),
        ["curve-hidden"],
    ),
    "one epoch only": ("curve", ("range(epochs)", "range(1)"), ["curve-mnist", "curve-twin"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_answer_loses_its_points_and_no_others(monkeypatch, mistake):
    question, answer, expected = WRONG[mistake]
    try:
        failed = lost(monkeypatch, question, answer, NEEDS.get(question, ()))
    finally:
        torch.set_grad_enabled(True)
    assert failed == expected
