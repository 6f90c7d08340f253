"""`check_model` and `check_training`: each thing that goes wrong has its name."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from utils.check import check_model, check_training

SHAPES = dict(inputs=(8, 1, 28, 28), outputs=(8, 10))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(784, 32), nn.Linear(32, 10)

    def forward(self, x):
        return self.last(F.relu(self.first(x.flatten(1))))


class Linear(MLP):
    def forward(self, x):
        return self.last(self.first(x.flatten(1)))


class Softmax(MLP):
    def forward(self, x):
        return super().forward(x).softmax(1)


class LogSoftmax(MLP):
    def forward(self, x):
        return super().forward(x).log_softmax(1)


class RandomInEval(MLP):
    def forward(self, x):
        return F.dropout(super().forward(x))


class Seed004(MLP):
    """Its dropout is made and never used."""

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.1)


class PlainList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(784, 10)]

    def forward(self, x):
        return self.layers[0](x.flatten(1))


class NotFlattened(MLP):
    def forward(self, x):
        return self.last(F.relu(self.first(x)))


class NoReturn(MLP):
    def forward(self, x):
        super().forward(x)


class Mixed(MLP):
    def forward(self, x):
        return super().forward(x - x.mean(0))


class Detached(MLP):
    def forward(self, x):
        return self.last(F.relu(self.first(x.flatten(1))).detach())


class Empty(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 10)


MODELS = [
    (Linear, "no activation"),
    (Softmax, "softmax in the model"),
    (LogSoftmax, "log_softmax in the model"),
    (RandomInEval, "random in eval mode"),
    (Seed004, "a layer is made and never used"),
    (PlainList, "layers in a plain list"),
    (NotFlattened, "the batch is not flattened, or a layer has the wrong size"),
    (NoReturn, "another shape comes out"),
    (Mixed, "samples are mixed"),
    (Detached, "a weight gets no gradient"),
    (Empty, "no parameters"),
    (lambda: 3, "no model"),
    (MLP(), "a model instead of a class"),
]


@pytest.mark.parametrize("make", [MLP, lambda: nn.Sequential(nn.Flatten(), MLP())])
def test_a_right_model_passes(make, capfd):
    if make is not MLP:
        make = partial(nn.Sequential, nn.Flatten(), nn.Linear(784, 9), nn.Tanh(), nn.Linear(9, 10))
    check_model(make, **SHAPES)
    out, err = capfd.readouterr()
    assert out.startswith("✓") and "(8, 1, 28, 28) into (8, 10)" in out and not err


@pytest.mark.parametrize("make, name", MODELS, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_wrong_with_a_model_is_named(refused, make, name):
    assert refused(check_model, make, **SHAPES).mistakes == (name,)


XS, YS = torch.randn(20, 1, 28, 28), torch.arange(20) % 10
LOADER = list(zip(XS.split(6), YS.split(6), strict=True))


def make():
    torch.manual_seed(0)
    model = MLP()
    return model, LOADER, F.cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1)


def train(model, loader, loss_function, optimizer, order="zbs", mode=True, result="mean", stop=9):
    model.train(mode)
    total = n = 0
    for x, y in list(loader)[:stop]:
        loss = loss_function(model(x), y)
        for letter in order:
            if letter == "z":
                optimizer.zero_grad()
            if letter == "b":
                loss.backward()
            if letter == "s":
                optimizer.step()
        total, n = total + loss.item() * len(y), n + len(y)
    values = dict(
        mean=total / n, sum=total, last=loss.item(), none=None, graph=total / n + 0 * loss
    )
    return values[result]


LOOPS = [
    (dict(order="bs"), "gradients add up"),
    (dict(order="bzs"), "gradients are cleared too early"),
    (dict(order="zsb"), "step before backward"),
    (dict(order="zb"), "no step"),
    (dict(order="zs"), "no backward"),
    (dict(order="zbss"), "too many steps"),
    (dict(stop=1), "only one batch"),
    (dict(stop=2), "too few steps"),
    (dict(result="sum"), "a sum instead of a mean"),
    (dict(result="last"), "another value"),
    (dict(result="none"), "nothing is returned"),
    (dict(result="graph"), "the loss is kept with its graph"),
]


def test_a_right_loop_passes(capfd):
    check_training(partial(train, order="bsz"), train, make, name="train_one_epoch")
    out, err = capfd.readouterr()
    assert out == "✓ train_one_epoch trains as it should: 4 steps.\n" and not err


@pytest.mark.parametrize("words, name", LOOPS, ids=lambda x: str(x))
def test_what_is_wrong_with_a_loop_is_named(refused, words, name):
    error = refused(check_training, partial(train, **words), train, make, name="loop")
    assert error.mistakes == (name,), error


def test_the_mode_and_the_loss_are_told(refused):
    def with_dropout():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Dropout(0.5))
        return model, LOADER, F.cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1)

    error = refused(check_training, partial(train, mode=False), train, with_dropout, name="loop")
    assert error.mistakes == ("training in eval mode",)

    def swapped(model, loader, loss_function, optimizer):
        return train(model, loader, lambda out, y: -loss_function(out, y), optimizer)

    assert refused(check_training, swapped, train, make).mistakes == ("another loss",)


def test_a_loop_that_stops_is_explained(refused):
    def loop(model, loader, loss_function, optimizer):
        for x, _ in loader:
            model(x).backward()

    text = str(refused(check_training, loop, train, make))
    assert "✗ loop stopped while training: RuntimeError." in text
