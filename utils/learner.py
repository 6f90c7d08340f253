"""A training loop that can be changed from outside, by callbacks.

class Clip(Callback):
    def after_backward(self, learner):
        torch.nn.utils.clip_grad_norm_(learner.model.parameters(), 1.0)

learner = Learner(model, train, valid, optimizer, callbacks=[Recorder(), Clip()])
learner.fit(3)
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

EVENTS = (
    "before_fit",
    "before_epoch",
    "before_train",
    "before_validate",
    "before_batch",
    "after_pred",
    "after_loss",
    "after_backward",
    "after_step",
    "after_batch",
    "after_train",
    "after_validate",
    "after_epoch",
    "after_fit",
)


class CancelBatch(Exception):
    """Raised by a callback: leave this batch, go on with the next one."""


class CancelEpoch(Exception):
    """Raised by a callback: leave this epoch, go on with the next one."""


class CancelFit(Exception):
    """Raised by a callback: leave the training."""


class Callback:
    """Something that happens during training: methods with the names of events.

    Each gets the learner, and may read and change all that it has: `model`, `optimizer`, `x`, `y`,
    `pred`, `loss`, `training`, and the counts `epoch`, `epochs`, `step`, `nsteps`.

    run_before, run_after: classes of callbacks, one or a tuple, that come after this one or before
        it. Those that are not in the training do not matter.
    """

    run_before: Any = ()
    run_after: Any = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, value in vars(cls).items():
            full = f"{cls.__name__}.{name}"
            if name in ("run_before", "run_after") and not are_classes(value):
                raise TypeError(f"{full} must be a class or a tuple of classes, not {value!r}.")
            if name in EVENTS and not takes_two(value):
                raise TypeError(f"{full} must take the learner: `def {name}(self, learner):`.")
            if name.startswith(("before_", "after_")) and name not in EVENTS:
                raise TypeError(
                    f"{full} would never be called: there is no event of this name. "
                    f"The events are {', '.join(EVENTS)}."
                )


def are_classes(value: Any) -> bool:
    """Is it a class, or a tuple of them?"""
    return all(isinstance(c, type) for c in (value if isinstance(value, tuple) else (value,)))


def takes_two(method: Callable) -> bool:
    """Can it be called with itself and the learner?"""
    try:
        signature(method).bind(None, None)
    except TypeError:
        return False
    return True


def waits_for(one: Callback, other: Callback) -> bool:
    """Must callback `one` come after callback `other`?"""
    return isinstance(other, one.run_after) or isinstance(one, other.run_before)


def in_order(callbacks: Iterable[Callback]) -> list[Callback]:
    """The callbacks in an order that suits all; as they are given, where nobody minds.

    Raises:
        TypeError: one of them is no callback.
        ValueError: some wait for each other.
    """
    todo = list(callbacks)
    done: list[Callback] = []
    for callback in todo:
        if isinstance(callback, type):
            raise TypeError(f"{callback.__name__} is a class: write {callback.__name__}().")
        if not isinstance(callback, Callback):
            raise TypeError(f"a callback must be a Callback, not a {type(callback).__name__}.")
    while todo:
        free = [c for c in todo if not any(waits_for(c, o) for o in todo if o is not c)]
        if not free:
            raise ValueError(f"No order is possible: {cycle(todo)}.")
        todo.remove(free[0])
        done.append(free[0])
    return done


def cycle(callbacks: Sequence[Callback]) -> str:
    """In words: which of these, all of which wait for another one, wait for each other."""
    chain = [callbacks[0]]
    while chain[-1] not in chain[:-1]:
        chain.append(next(o for o in callbacks if o is not chain[-1] and waits_for(chain[-1], o)))
    names = [type(c).__name__ for c in chain[chain.index(chain[-1]) :]]
    return f"{names[0]} waits for " + ", which waits for ".join(names[1:])


class Learner:
    """Trains a model, and tells callbacks what happens.

    Args:
        model: from x to a prediction.
        train, valid: batches (x, y), something with a length; `valid` may be None.
        optimizer: holds the model's parameters.
        loss_func: from (prediction, y) to the mean loss over the batch.
        callbacks: they are called in the order of `in_order`.
    """

    def __init__(
        self,
        model: nn.Module,
        train: Any,
        valid: Any,
        optimizer: Optimizer,
        loss_func: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
        callbacks: Iterable[Callback] = (),
    ) -> None:
        self.model, self.train, self.valid = model, train, valid
        self.optimizer, self.loss_func = optimizer, loss_func
        self.callbacks = in_order(callbacks)
        self.training = False
        self.epoch = self.epochs = self.step = self.nsteps = 0

    def fit(self, epochs: int) -> None:
        """Train for so many epochs, unless a callback cancels it."""
        self.epochs, self.step, self.nsteps = epochs, 0, epochs * len(self.train)
        self.stage("fit", CancelFit, self.all_epochs)

    def all_epochs(self) -> None:
        for epoch in range(self.epochs):
            self.epoch = epoch
            self.stage("epoch", CancelEpoch, self.one_epoch)

    def one_epoch(self) -> None:
        self.all_batches(self.train, "train")
        if self.valid is not None:
            with torch.no_grad():
                self.all_batches(self.valid, "validate")

    def all_batches(self, batches: Iterable[tuple[Tensor, Tensor]], what: str) -> None:
        self.training = what == "train"
        self.model.train(self.training)
        self.call(f"before_{what}")
        for self.x, self.y in batches:
            self.stage("batch", CancelBatch, self.one_batch)
        self.call(f"after_{what}")

    def one_batch(self) -> None:
        self.pred = self.model(self.x)
        self.call("after_pred")
        self.loss = self.loss_func(self.pred, self.y)
        self.call("after_loss")
        if self.training:
            self.optimizer.zero_grad()
            self.loss.backward()
            self.call("after_backward")
            self.optimizer.step()
            self.step += 1
            self.call("after_step")

    def stage(self, name: str, Cancel: type[Exception], act: Callable[[], None]) -> None:
        """`before_…`, the act, `after_…`. A `Cancel` leaves the act, and goes on after it."""
        with suppress(Cancel):
            self.call(f"before_{name}")
            act()
        with suppress(Cancel):
            self.call(f"after_{name}")

    def call(self, event: str) -> None:
        """Tell all callbacks that have a method for this event."""
        for callback in self.callbacks:
            getattr(callback, event, nothing)(self)


def nothing(learner: Learner) -> None:
    """What a callback does at an event that it has no method for."""


class Recorder(Callback):
    """Writes down what happened.

    losses: the training loss of every batch that came as far as a step.
    lrs, momenta: of the first parameter group, in these steps; β₁ where there are `betas`.
    rows: (mean training loss, validation loss, accuracy, seconds) of every epoch.
        Validation loss and accuracy are means over all targets; NaN without a validation set.
    """

    def before_fit(self, learner: Learner) -> None:
        self.losses: list[float] = []
        self.lrs: list[float] = []
        self.momenta: list[float] = []
        self.rows: list[tuple[float, float, float, float]] = []

    def before_epoch(self, learner: Learner) -> None:
        self.start, self.first = time.perf_counter(), len(self.losses)
        self.sums = torch.zeros(3, dtype=torch.float64)

    def after_loss(self, learner: Learner) -> None:
        self.seen = learner.loss.detach().clone()  # a callback after this one may add to the loss
        if not learner.training:
            n = learner.y.numel()
            right = (learner.pred.argmax(-1) == learner.y).sum().item()
            self.sums += torch.tensor([self.seen.item() * n, right, n])

    def after_step(self, learner: Learner) -> None:
        group = learner.optimizer.param_groups[0]
        self.losses.append(self.seen.item())
        self.lrs.append(group["lr"])
        self.momenta.append(group["betas"][0] if "betas" in group else group.get("momentum", 0.0))

    def after_epoch(self, learner: Learner) -> None:
        losses = torch.tensor(self.losses[self.first :])
        valid_loss, accuracy = (self.sums[:2] / self.sums[2]).tolist()
        seconds = time.perf_counter() - self.start
        self.rows.append((losses.mean().item(), valid_loss, accuracy, seconds))

    def table(self) -> str:
        """The rows as text, one line an epoch."""
        lines = ["epoch  train_loss  valid_loss  accuracy   time"]
        for epoch, (train, valid, accuracy, seconds) in enumerate(self.rows):
            lines.append(
                f"{epoch:5}  {train:10.4f}  {valid:10.4f}  {accuracy:8.4f}  {seconds:4.1f} s"
            )
        return "\n".join(lines)
