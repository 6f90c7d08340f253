"""Exercise 09: right answers get all points, wrong ones lose those that they should lose."""

from pathlib import Path

import nbformat
import pytest

from tests.support.running import lost_by

SOURCE = Path(__file__).resolve().parents[2] / "solutions" / "09_schedules" / "schedules.ipynb"
CELLS = nbformat.read(SOURCE, as_version=4).cells

SCHEDULE = ("schedule-rise", "schedule-fall", "schedule-hidden")
CLIP = ("clip-norm", "clip-change", "clip-hidden")
FREE = ("free-steps", "free-check", "free-hidden")
LOOP = ("together-equal", "together-hidden")


def lost(monkeypatch, *edits):
    """Run the exercise with some answers changed; returns the test cells that fail.

    Args:
        edits: (answer cell, right, wrong), a piece of its text and what stands there instead.
    """
    written = []
    for cell in CELLS:
        source = cell.source
        if cell.cell_type != "code" or not cell.metadata.get("nbgrader"):
            continue
        if (
            cell.id == "together-digits"
        ):  # seconds of training, and its sentence is tested by itself
            continue
        for name, right, wrong in edits:
            if name == cell.id:
                assert source.count(right) == 1
                source = source.replace(right, wrong)
        written.append((cell, source))
    return set(lost_by(monkeypatch, written))


OTHER_WAYS = {
    "the cosine by its half angle": (
        "schedule",
        "min_lr + (max_lr - min_lr) / 2 * (1 + math.cos(math.pi * s))",
        "min_lr + (max_lr - min_lr) * math.cos(math.pi * s / 2) ** 2",
    ),
    "the norm of the norms": (
        "clip",
        "sum(g.norm() ** 2 for g in grads) ** 0.5",
        "torch.stack([g.norm() for g in grads]).norm()",
    ),
    "groups by a loop": (
        "groups",
        "p.ndim >= 2]",
        "len(p.shape) > 1]",
    ),
    "lerp": ("ema", "a.mul_(beta).add_(p.detach(), alpha=1 - beta)", "a.lerp_(p.detach(), 1 - beta)"),
    "y by lerp": (
        "free",
        'p.copy_((1 - group["beta"]) * z + group["beta"] * x)',
        'p.copy_(z.lerp(x, group["beta"]))',
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_right_answer_in_another_way_gets_all_points(monkeypatch, way):
    assert lost(monkeypatch, OTHER_WAYS[way]) == set()


def test_the_solution_gets_all_points(monkeypatch):
    assert lost(monkeypatch) == set()


WRONG = {
    "the rise starts at zero": (("schedule", "(step + 1) / warmup", "step / warmup"), ("schedule-rise", "schedule-hidden", *LOOP)),
    "the fall takes all steps": (("schedule", "(step - warmup) / (nsteps - warmup)", "step / nsteps"), ("schedule-rise", "schedule-hidden", *LOOP)),
    "a line instead of a cosine": (("schedule", "(1 + math.cos(math.pi * s))", "(2 - 2 * s)"), ("schedule-fall", "schedule-hidden", *LOOP)),
    "no min_lr": (("schedule", "min_lr + (max_lr - min_lr) / 2", "max_lr / 2"), ("schedule-fall", "schedule-hidden")),
    "nothing returned from the fall": (("schedule", "return min_lr +", "min_lr +"), (*SCHEDULE, *LOOP)),
    "norms added": (("clip", "g.norm() ** 2 for g in grads) ** 0.5", "g.norm() for g in grads)"), (*CLIP, *LOOP)),
    "each by its own norm": (("clip", "g.mul_(factor)", "g.mul_(min(1.0, max_norm / (g.norm().item() + 1e-6)))"), ("clip-change", "clip-hidden", *LOOP)),
    "always scaled": (("clip", "min(1.0, max_norm / (norm.item() + 1e-6))", "max_norm / (norm.item() + 1e-6)"), ("clip-change", "clip-hidden", *LOOP)),
    "not in place": (("clip", "g.mul_(factor)", "g.mul(factor)"), ("clip-change", "clip-hidden", *LOOP)),
    "entry by entry": (("clip", "g.mul_(factor)", "g.clamp_(-max_norm, max_norm)"), ("clip-change", "clip-hidden", *LOOP)),
    "no norm returned": (("clip", "return norm", "pass"), ("clip-norm", "clip-hidden")),
    "everything decays": (("groups", "p.ndim < 2], weight_decay=0.0", "p.ndim < 2], weight_decay=weight_decay"), ("groups-check", "groups-hidden")),
    "groups exchanged": (("groups", "p.ndim >= 2]", "p.ndim < 2]"), ("groups-check", "groups-hidden")),
    "frozen ones too": (("groups", "if p.requires_grad]", "]"), ("groups-hidden",)),
    "β and 1 − β": (("ema", "a.mul_(beta).add_(p.detach(), alpha=1 - beta)", "a.mul_(1 - beta).add_(p.detach(), alpha=beta)"), ("ema-check", "ema-hidden", *LOOP)),
    "the model is moved": (("ema", "a.mul_(beta).add_(p.detach(), alpha=1 - beta)", "p.data.lerp_(a, beta); a.copy_(p.detach())"), ("ema-check", "ema-hidden", *LOOP)),
    "a new list": (("ema", "a.mul_(beta).add_(p.detach(), alpha=1 - beta)", "a = beta * a + (1 - beta) * p.detach()"), ("ema-check", "ema-hidden", *LOOP)),
    "p is z": (("free", '(1 - group["beta"]) * z + group["beta"] * x', "z"), FREE),
    "p is x": (("free", '(1 - group["beta"]) * z + group["beta"] * x', "x"), FREE),
    "uphill": (("free", "z.sub_(", "z.add_("), FREE),
    "an EWMA for the mean": (("free", "x.lerp_(z, 1 / t)", "x.lerp_(z, 0.1)"), FREE),
    "z is p itself": (("free", 'state.setdefault("z", p.clone())', "p"), FREE),
    "no clipping": (("together", "clip_by_norm([p.grad for p in model.parameters()], max_norm)", "pass"), LOOP),
    "clipped after the step": (
        ("together", "        clip_by_norm([p.grad for p in model.parameters()], max_norm)\n        optimizer.step()", "        optimizer.step()\n        clip_by_norm([p.grad for p in model.parameters()], max_norm)"),
        LOOP,
    ),
    "the average before the step": (
        ("together", "        optimizer.step()\n        update_average(average, model, beta)", "        update_average(average, model, beta)\n        optimizer.step()"),
        LOOP,
    ),
    "no schedule": (("together", 'group["lr"] = warmup_cosine(step, len(batches), warmup, max_lr)', 'group["lr"] = max_lr'), LOOP),
    "gradients add up": (("together", "optimizer.zero_grad()", "pass"), LOOP),
}  # fmt: skip


@pytest.mark.parametrize("edit, cells", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_loses_the_points_it_should_lose(monkeypatch, edit, cells):
    found = lost(monkeypatch, edit)
    assert set(cells) <= found, f"not lost: {set(cells) - found}"
    assert found - set(cells) <= {"free-sound", "together-hidden", "together-equal"}
