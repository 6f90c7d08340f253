"""The loop with callbacks: which events come when, in which order, and what cancelling leaves."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from utils.learner import (
    EVENTS,
    Callback,
    CancelBatch,
    CancelEpoch,
    CancelFit,
    Learner,
    Recorder,
    in_order,
)
from utils.train import Batches, evaluate


def toy(n=12):
    rng = torch.Generator().manual_seed(0)
    y = torch.arange(n) % 2
    return torch.randn(n, 3, generator=rng) + 4 * y[:, None], y


def learner(*callbacks, valid=True, batch_size=4):
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    x, y = toy()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    batches = Batches(x, y, batch_size)
    return Learner(model, batches, batches if valid else None, optimizer, callbacks=callbacks)


class Diary(Callback):
    """Notes every event; and raises `cancel` at the n-th `event`."""

    def __init__(self, cancel=None, event=None, n=1):
        self.notes, self.cancel, self.event, self.n = [], cancel, event, n


def note(name):
    def method(self, learner):
        self.notes.append(name)
        if name == self.event and self.notes.count(name) == self.n:
            raise self.cancel

    return method


for name in EVENTS:
    setattr(Diary, name, note(name))

HEAD, TAIL = ["before_batch", "after_pred", "after_loss"], ["after_batch"]
BATCH = [*HEAD, "after_backward", "after_step", *TAIL]
VALIDATE = ["before_validate", *3 * [*HEAD, *TAIL], "after_validate"]
EPOCH = ["before_epoch", "before_train", *3 * BATCH, "after_train", *VALIDATE, "after_epoch"]


def test_events_come_in_this_order():
    diary = Diary()
    learner(diary).fit(2)
    assert diary.notes == ["before_fit", *2 * EPOCH, "after_fit"]
    assert set(diary.notes) == set(EVENTS)


def test_it_trains_as_the_loop_written_out():
    ours, theirs = learner(valid=False), learner(valid=False)
    ours.fit(2)
    for _ in range(2):
        for x, y in theirs.train:
            theirs.optimizer.zero_grad()
            F.cross_entropy(theirs.model(x), y).backward()
            theirs.optimizer.step()
    assert torch.equal(ours.model.weight, theirs.model.weight)


@pytest.mark.parametrize(
    ("cancel", "event", "steps", "fewer"),
    [
        (CancelBatch, "before_batch", 5, BATCH[1:-1]),
        (CancelBatch, "after_loss", 5, BATCH[3:-1]),
        (CancelBatch, "after_batch", 6, []),
        (CancelEpoch, "before_epoch", 3, EPOCH[1:-1]),
        (CancelEpoch, "after_loss", 3, [*BATCH[3:], *2 * BATCH, "after_train", *VALIDATE]),
        (CancelFit, "before_fit", 0, 2 * EPOCH),
        (CancelFit, "after_fit", 6, []),
    ],
)
def test_a_cancel_leaves_its_level_and_no_other(cancel, event, steps, fewer):
    diary = Diary(cancel, event)
    trained = learner(diary)
    trained.fit(2)
    assert trained.step == steps
    everything = ["before_fit", *2 * EPOCH, "after_fit"]
    at = everything.index(event) + 1
    assert everything[at : at + len(fewer)] == fewer
    assert diary.notes == everything[:at] + everything[at + len(fewer) :]


def test_cancel_fit_leaves_all_levels_but_after_fit_still_comes():
    diary = Diary(CancelFit, "after_loss", n=2)
    learner(diary).fit(2)
    assert diary.notes[-2:] == ["after_loss", "after_fit"]


def test_another_exception_is_not_swallowed():
    with pytest.raises(KeyError):
        learner(Diary(KeyError("x"), "after_loss")).fit(1)


class A(Callback):
    pass


class B(Callback):
    run_before = A


class C(Callback):
    run_after = (A, B)


class Lone(Callback):
    run_after = Diary  # which is not there


def test_every_arrangement_of_the_list_is_sorted_by_what_the_callbacks_need():
    for callbacks in itertools.permutations([A(), B(), C(), Lone()]):
        kinds = [type(c) for c in in_order(callbacks)]
        assert kinds.index(B) < kinds.index(A) < kinds.index(C)


def test_without_a_need_the_given_order_stays():
    callbacks = [Lone(), A(), Lone(), A()]
    assert in_order(callbacks) == callbacks


def test_a_cycle_is_named_and_who_only_waits_for_it_is_not(monkeypatch):
    monkeypatch.setattr(A, "run_before", B)  # and B runs before A
    with pytest.raises(ValueError, match="No order is possible: ") as caught:
        learner(C(), A(), B())
    assert str(caught.value).split(": ")[1] in (
        "A waits for B, which waits for A.",
        "B waits for A, which waits for B.",
    )


def test_bad_callbacks_are_one_sentence():
    with pytest.raises(TypeError, match=r"Recorder is a class: write Recorder\(\)"):
        learner(Recorder)
    with pytest.raises(TypeError, match="must be a Callback, not a str"):
        learner("Recorder")
    with pytest.raises(TypeError, match="after_lost would never be called"):
        type("Typo", (Callback,), {"after_lost": lambda self, learner: None})
    with pytest.raises(
        TypeError, match=r"must take the learner: `def after_loss\(self, learner\):`"
    ):
        type("Short", (Callback,), {"after_loss": lambda self: None})
    with pytest.raises(TypeError, match="run_before must be a class or a tuple of classes"):
        type("Made", (Callback,), {"run_before": A()})


def test_the_recorder_tells_what_happened():
    recorder = Recorder()
    trained = learner(recorder, batch_size=5)  # the last batch is smaller
    trained.fit(2)
    assert len(recorder.losses) == 6 and len(recorder.rows) == 2
    assert recorder.lrs == [0.1] * 6 and recorder.momenta == [0.5] * 6
    loss, accuracy = evaluate(trained.model, trained.valid)
    assert recorder.rows[-1][1:3] == pytest.approx((loss, accuracy))
    assert recorder.rows[-1][0] == pytest.approx(sum(recorder.losses[3:]) / 3)
    assert recorder.table().splitlines()[-1].split()[:3] == [
        "1",
        f"{recorder.rows[-1][0]:.4f}",
        f"{loss:.4f}",
    ]


def test_the_recorder_keeps_the_plain_loss_whatever_others_add():
    class Penalty(Callback):
        run_after = Recorder

        def after_loss(self, learner):
            learner.loss += 100

    recorder = Recorder()
    learner(Penalty(), recorder).fit(1)
    assert max(recorder.losses) < 20


def test_without_a_validation_set_there_is_nothing_to_report():
    recorder = Recorder()
    learner(recorder, valid=False).fit(1)
    assert math.isnan(recorder.rows[0][1]) and math.isfinite(recorder.rows[0][0])
