"""Exercise 08: right answers get all points, wrong ones lose those that they should lose."""

from pathlib import Path

import nbformat
import pytest

from tests.support.running import lost_by

SOURCE = Path(__file__).resolve().parents[2] / "solutions" / "08_beyond" / "beyond.ipynb"
CELLS = nbformat.read(SOURCE, as_version=4).cells
RACE = ("race-run", "race-score")


def lost(monkeypatch, question, *changes, answer=None, races=False):
    """Run one question with another answer; returns the test cells that fail.

    A wrong answer costs an AssertionError with a text, and never a bare traceback.

    Args:
        question: the id of its answer cell.
        changes: pairs of texts; in the solution, the first is replaced by the second.
        answer: instead of the solution.
        races: also run the cells of the race.
    """
    written = []
    for cell in CELLS:
        known = cell.metadata.get("nbgrader", {})
        part = cell.id.split("-")[0]
        wanted = part in ("imports", question) or (part == "race" and races)
        if part == "ns" and question == "muon":
            wanted = not known.get("grade")
        if cell.cell_type != "code" or not known or not wanted:
            continue
        source = cell.source
        if cell.id == question:
            source = answer or source
            for right, wrong in changes:
                assert right in source, "the solution has been rewritten: mend this test"
                source = source.replace(right, wrong)
        written.append((cell, source))
    return lost_by(monkeypatch, written)


@pytest.mark.parametrize("question", ["lion", "ns", "muon", "project"])
def test_the_solution_gets_all_points(monkeypatch, question):
    assert lost(monkeypatch, question) == []


@pytest.mark.slow
def test_the_solution_wins_its_race(monkeypatch):
    assert lost(monkeypatch, "project", races=True) == []


OTHER_LION = """
class LionOptimizer(Optim):
    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    def my_step(self, p, state, group):
        if not state:
            state["m"] = torch.zeros_like(p)
        step = torch.sign(torch.lerp(p.grad, state["m"], group["betas"][0]))
        p.copy_(p - group["lr"] * (step + group["weight_decay"] * p))
        state["m"] = group["betas"][1] * state["m"] + (1 - group["betas"][1]) * p.grad
"""
OTHER_NS = """
def newton_schulz(G, steps=5):
    if G.shape[0] > G.shape[1]:
        return newton_schulz(G.mT, steps).mT
    X = G / max(G.pow(2).sum().sqrt(), 1e-7)
    for _ in range(steps):
        A = X.matmul(X.t())
        X = 3.4445 * X - 4.7750 * A.matmul(X) + 2.0315 * A.matmul(A.matmul(X))
    return X
"""
AS_A_SUM = (
    ("m.mul_(beta).add_(p.grad, alpha=1 - beta)", "m.mul_(beta).add_(p.grad)"),
    ("u = beta * m + (1 - beta) * p.grad", "u = beta * m + p.grad"),
)


def test_right_but_different_answers_get_all_points(monkeypatch):
    assert lost(monkeypatch, "lion", answer=OTHER_LION) == []
    assert lost(monkeypatch, "ns", answer=OTHER_NS) == []
    assert lost(monkeypatch, "muon", *AS_A_SUM) == []


def test_bfloat16_as_in_torch_is_right_too(monkeypatch):
    in_bf16 = ("newton_schulz(u)", "newton_schulz(u.bfloat16()).to(p.dtype)")
    failed = lost(monkeypatch, "muon", in_bf16)
    assert failed == []


LION = ["lion-steps", "lion-hidden"]
NS = ["ns-once", "ns-five", "ns-hidden"]
MUON = ["muon-wide", "muon-tall", "muon-hidden"]
WRONG = {
    "uphill": ("lion", LION, ("c.sign(), alpha=lr", "c.sign(), alpha=-lr")),
    "nothing is remembered": ("lion", LION, ("m.mul_(beta2).add_(p.grad, alpha=1 - beta2)", "")),
    "β exchanged": ("lion", LION, ("(beta1, beta2)", "(beta2, beta1)")),
    "no (1 − β₁)": ("lion", LION, ("(1 - beta1) * p.grad", "p.grad")),
    "no (1 − β₂)": ("lion", LION, ("alpha=1 - beta2", "alpha=1")),
    "sign of m": ("lion", LION, ("c.sign()", "m.sign()")),
    "no decay": ("lion", ["lion-decay", "lion-hidden"], ('group["weight_decay"])', "0)")),
    "decay without lr": (
        "lion",
        ["lion-decay", "lion-hidden"],
        ('1 - lr * group["weight_decay"]', '1 - group["weight_decay"]'),
    ),
    "m in self": (
        "lion",
        ["lion-sound", "lion-hidden"],
        (
            'm = state.setdefault("m", torch.zeros_like(p))',
            'self.kept = getattr(self, "kept", {})\n'
            "        m = self.kept.setdefault(p, torch.zeros_like(p))",
        ),
    ),
    "lr of the first group": (
        "lion",
        ["lion-sound", "lion-hidden"],
        ('lr, (beta1, beta2) = group["lr"]', 'lr, (beta1, beta2) = self.param_groups[0]["lr"]'),
    ),
    "gradient changed": (
        "lion",
        ["lion-sound", "lion-hidden"],
        ("c = beta1 * m + (1 - beta1) * p.grad", "c = p.grad.mul_(1 - beta1).add_(m * beta1)"),
        ("m.mul_(beta2)", "p.grad.sub_(m * beta1).div_(1 - beta1)\n        m.mul_(beta2)"),
    ),
    "squared entries": ("ns", NS, ("A @ A", "A**2")),
    "no norm": ("ns", ["ns-norm", *NS], ("G.norm().clamp(min=1e-7)", "1")),
    "0/0": ("ns", ["ns-norm", "ns-hidden"], (".clamp(min=1e-7)", "")),
    "always five": ("ns", ["ns-norm", "ns-once", "ns-hidden"], ("range(steps)", "range(5)")),
    "G is changed": (
        "ns",
        ["ns-norm", *NS],
        ("X = G / G.norm().clamp(min=1e-7)", "X = G.div_(G.norm().clamp(min=1e-7))"),
    ),
    "only float64": ("ns", ["ns-hidden"], ("X = G / G", "X = G.double() / G")),
    "no look-ahead": ("muon", MUON, ("u = beta * m + (1 - beta) * p.grad", "u = m")),
    "no factor": ("muon", ["muon-tall", "muon-hidden"], (" * max(1, r / k) ** 0.5", "")),
    "factor turned": ("muon", MUON, ("r / k", "k / r")),
    "no decay in Muon": ("muon", MUON, ('p.mul_(1 - lr * group["weight_decay"])', "")),
    "lr fixed": ("muon", ["muon-hidden"], ('group["lr"]', 'self.defaults["lr"]')),
    "it climbs": (
        "project",
        ["project-descends"],
        ("p.sub_(u * share", "p.add_(u * share"),
    ),
    "no ε": ("project", ["project-finite"], (' + group["eps"]', "")),
    "steps in self": (
        "project",
        ["project-saved", "project-groups"],
        ('state["t"] = state.get("t", 0) + 1', 'self.t = getattr(self, "t", 0) + 1'),
    ),
    "changes p.grad": (
        "project",
        ["project-finite", "project-saved", "project-groups"],
        ("share = 0.5", "p.grad.mul_(0.5)\n        share = 0.5"),
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_answer_loses_its_points_and_no_others(monkeypatch, mistake):
    question, expected, *changes = WRONG[mistake]
    assert lost(monkeypatch, question, *changes) == expected


@pytest.mark.slow
def test_a_slow_optimizer_keeps_part_of_the_points_of_the_race(monkeypatch):
    plain = ("p.sub_(u * share, alpha=", "p.sub_(p.grad, alpha=10 * ")
    assert lost(monkeypatch, "project", plain, races=True)[-1:] == ["race-score"]


def test_without_a_race_the_score_is_an_assertion():
    (cell,) = (cell for cell in CELLS if cell.id == "race-score")
    with pytest.raises(AssertionError, match="There is no race yet"):
        exec(cell.source, {"rows": []})
