"""Exercise 07: right answers get all points, wrong ones lose those that they should lose."""

from pathlib import Path

import nbformat
import pytest

from tests.support.running import lost_by

SOURCE = Path(__file__).resolve().parents[2] / "solutions" / "07_composing" / "composing.ipynb"
CELLS = nbformat.read(SOURCE, as_version=4).cells

MOMENTUM = ("momentum-check", "momentum-hidden")
RMS = ("rms-check", "rms-hidden")
ADAM = ("adam-check", "adam-hidden")
DECAYS = ("adam-l2-check", "adamw-check", "decay-hidden")
ALL_ADAMS = (*ADAM, *DECAYS)


def lost(monkeypatch, *edits):
    """Run the exercise with some answers changed; returns the test cells that fail.

    Whatever a student writes, a test cell raises nothing but an AssertionError with a text.

    Args:
        edits: (answer cell, right, wrong), a piece of its text and what stands there instead.
    """
    written = []
    for cell in CELLS:
        known = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or not known:
            continue
        source = cell.source
        for name, right, wrong in edits:
            if name == cell.id:
                assert source.count(right) == 1
                source = source.replace(right, wrong)
        written.append((cell, source))
    return tuple(lost_by(monkeypatch, written))


def test_the_solution_gets_all_points(monkeypatch):
    assert lost(monkeypatch) == ()


RAISE = "raise ValueError(f\"{', '.join(todo)} wait for each other\")"
OTHER_WAYS = {
    "lerp": ("stats", "momentum * grad_avg + (1 - momentum) * g", "grad_avg + (1 - momentum) * (g - grad_avg)"),
    "in one line": ("rms", "p.sub_(lr * g / (sqr_avg.sqrt() + eps))", "p.addcdiv_(g, sqr_avg**0.5 + eps, value=-lr)"),
    "with -=": ("momentum", "p.sub_(grad_avg, alpha=lr)", "p -= lr * grad_avg"),
    "with .data": ("momentum", "p.sub_(grad_avg, alpha=lr)", "p.data -= lr * grad_avg"),
    "decay as a difference": ("decay", "p.mul_(1 - lr * weight_decay)", "p.sub_(lr * weight_decay * p)"),
    "decay before the step": (
        "decay",
        "[decay, names_of_betas, count, average_grad, average_sqr_grad, adam_step]",
        "[count, names_of_betas, average_sqr_grad, average_grad, decay, adam_step]",
    ),
    "momentum in a mixed form": (
        "momentum",
        "Composed(params, [sum_grad, momentum_step], lr=lr, momentum=momentum)",
        "Composed(params, parts=(sum_grad, momentum_step), momentum=momentum, lr=lr)",
    ),
    "< at the top": ("cycle", "if step <= top:", "if step < top:"),
    "a list": ("cycle", "return cosine(max_lr / 25, max_lr, s), cosine(0.95, 0.85, s)", "return [cosine(max_lr / 25, max_lr, s), cosine(0.95, 0.85, s)]"),
    "the loss as a number": ("stop", "not learner.loss.isfinite()", "not math.isfinite(learner.loss.item())"),
    "a tuple": ("stop", "run_before = Diary", "run_before = (Diary,)"),
    "by the sum": ("skip", "not learner.x.isfinite().all()", "not math.isfinite(learner.x.abs().sum())"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_right_answer_in_another_way_gets_all_points(monkeypatch, way):
    assert lost(monkeypatch, OTHER_WAYS[way]) == ()


WRONG = {
    "no dict": (
        ("stats", '{"grad_avg": momentum * grad_avg + g}', "momentum * grad_avg + g"),
        ("sum-by-hand", "sum-hidden", *MOMENTUM),
    ),
    "a sum for the average": (
        ("stats", "+ (1 - momentum) * g}", "+ g}"),
        ("average-by-hand", "average-hidden", *ALL_ADAMS),
    ),
    "an average for the sum": (("momentum", "[sum_grad, ", "[average_grad, "), MOMENTUM),
    "parts in the wrong order": (
        ("momentum", "[sum_grad, momentum_step]", "[momentum_step, sum_grad]"),
        MOMENTUM,
    ),
    "a hyper-parameter left out": (("momentum", "lr=lr, momentum=momentum)", "lr=lr)"), MOMENTUM),
    "uphill": (("momentum", "p.sub_(", "p.add_("), ("momentum-step", *MOMENTUM)),
    "a new tensor": (
        ("momentum", "p.sub_(grad_avg, alpha=lr)", "p = p - lr * grad_avg"),
        ("momentum-step", *MOMENTUM),
    ),
    "ε inside the root": (
        ("rms", "(sqr_avg.sqrt() + eps)", "(sqr_avg + eps).sqrt()"),
        ("rms-parts", *RMS),
    ),
    "the root stored": (("rms", "sqr_avg.sqrt()", "sqr_avg.sqrt_()"), ("rms-parts", *RMS)),
    "another name in the dict": (
        ("rms", '{"sqr_avg": alpha', '{"avg": alpha'),
        ("rms-parts", *RMS, *ALL_ADAMS),
    ),
    "(1 - β)^t": (
        ("adam", "(1 - beta**step)", "(1 - beta) ** step"),
        ("adam-debias", *ALL_ADAMS),
    ),
    "the divided average kept": (
        ("adam", "average / (1 - beta**step)", "average.div_(1 - beta**step)"),
        ("adam-debias", "adam-step", *ALL_ADAMS),
    ),
    "not debiased": (
        ("adam", "average / (1 - beta**step)", "average"),
        ("adam-debias", "adam-step", *ALL_ADAMS),
    ),
    "no count": (("adam", "count, ", ""), ADAM),
    "L2 into p.grad": (
        ("decay", '{"g": g + weight_decay * p}', '{"g": g.add_(weight_decay * p)}'),
        ("decay-parts", "adam-l2-check", "decay-hidden"),
    ),
    "L2 when nobody looks": (
        ("decay", "[l2, names_of_betas, count, average_grad, average_sqr_grad, ", "[names_of_betas, count, average_grad, average_sqr_grad, l2, "),
        ("adam-l2-check", "decay-hidden"),
    ),
    "decay after the step": (
        ("decay", "[decay, names_of_betas, count, average_grad, average_sqr_grad, adam_step]", "[names_of_betas, count, average_grad, average_sqr_grad, adam_step, decay]"),
        ("adamw-check", "decay-hidden"),
    ),
    "L2 for AdamW": (("decay", "[decay, ", "[l2, "), ("adamw-check", "decay-hidden")),
    "degrees": (
        ("cycle", "math.pi * s", "180 * s"),
        ("cosine-ends", "cycle-corners", "cycle-torch", "cycle-hidden"),
    ),
    "the top a step late": (
        ("cycle", "0.3 * nsteps - 1", "0.3 * nsteps"),
        ("cycle-corners", "cycle-torch", "cycle-hidden"),
    ),
    "the top as an integer": (
        ("cycle", "top, last = 0.3 * nsteps - 1", "top, last = int(0.3 * nsteps) - 1"),
        ("cycle-torch", "cycle-hidden"),
    ),
    "max / 10 000 at the end": (
        ("cycle", "max_lr / 25 / 10_000", "max_lr / 10_000"),
        ("cycle-corners", "cycle-torch", "cycle-hidden"),
    ),
    "momentum stays low": (
        ("cycle", "cosine(0.85, 0.95, s)", "0.85"),
        ("cycle-corners", "cycle-torch", "cycle-hidden"),
    ),
    "a cycle accepted": (("order", RAISE, "return done"), ("order-cycle", "order-hidden")),
    "another error": (("order", RAISE, "raise KeyError(todo)"), ("order-cycle", "order-hidden")),
    "the list used up": (("order", "list(names), []", "names, []"), ("order-check", "order-hidden")),
    "the pairs read backwards": (
        ("order", "b == name and a in todo", "a == name and b in todo"),
        ("order-check", "order-hidden"),
    ),
    "waiting for who is not there": (
        ("order", "a in todo", "a not in done"),
        ("order-check",),
    ),
    "last comes first": (
        ("order", "        if not free:", "        free.reverse()\n        if not free:"),
        ("order-check", "order-hidden"),
    ),
    "only the batch": (("stop", "CancelFit", "CancelBatch"), ("stop-check", "stop-hidden")),
    "only the epoch": (("stop", "CancelFit", "CancelEpoch"), ("stop-check", "stop-hidden")),
    "not raised": (("stop", "raise CancelFit", "CancelFit"), ("stop-check", "stop-hidden")),
    "no order": (("stop", "run_before = Diary", ""), ("stop-check", "stop-hidden")),
    "the other order": (("stop", "run_before", "run_after"), ("stop-check", "stop-hidden")),
    "NaN only": (("stop", "not learner.loss.isfinite()", "learner.loss.isnan()"), ("stop-hidden",)),
    "too late": (("stop", "after_loss", "after_step"), ("stop-check", "stop-hidden")),
    "not counted": (
        ("skip", "self.skipped += 1\n            raise CancelBatch", "raise CancelBatch"),
        ("skip-check", "skip-hidden"),
    ),
    "a tensor as a condition": (("skip", ".all()", ""), ("skip-check", "skip-hidden")),
    "the whole training": (("skip", "CancelBatch", "CancelFit"), ("skip-check", "skip-hidden")),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_answer_loses_its_points_and_no_others(monkeypatch, mistake):
    edit, cells = WRONG[mistake]
    assert lost(monkeypatch, edit) == cells
