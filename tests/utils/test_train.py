"""The loop that lectures 06 to 08 share does what its docstrings say."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from utils import data
from utils.train import Batches, best_device, evaluate, fit, mnist_images, mnist_tensors


def toy(n=50, seed=0):
    """Two clouds that a line can tell apart."""
    rng = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    x = torch.randn(n, 3, generator=rng) + 4 * y[:, None]
    return x, y


def line(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(3, 2)


class Diary(nn.Module):
    """Scores that are always the same, and notes on how it was called."""

    def __init__(self, classes=2):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(classes))
        self.notes = []

    def forward(self, x):
        self.notes.append((self.training, torch.is_grad_enabled()))
        return self.w.expand(len(x), -1) * 1.0


def test_best_device_can_compute():
    x = torch.ones(2, device=best_device())
    assert float(x.sum()) == 2


@pytest.mark.slow
def test_mnist_is_split_without_overlap_and_normalised_by_the_training_pixels():
    train, valid, test = mnist_tensors()
    assert [tuple(x.shape) for x, _ in (train, valid, test)] == [
        (55_000, 784),
        (5_000, 784),
        (10_000, 784),
    ]
    std, mean = torch.std_mean(train[0])
    torch.testing.assert_close(float(mean), 0.0, atol=1e-4, rtol=0)
    torch.testing.assert_close(float(std), 1.0, atol=1e-4, rtol=0)
    pixels, labels = data.mnist().data.flatten(1).double(), data.mnist().targets
    key = pixels @ torch.linspace(1, 2, 784, dtype=torch.float64) + 1e6 * labels  # one an image
    both = torch.cat([train[0], valid[0]]).double()
    scale = (pixels.max() - pixels.min()) / (both.max() - both.min())
    both = ((both - both.min()) * scale).round()
    ours = both @ torch.linspace(1, 2, 784, dtype=torch.float64)
    ours += 1e6 * torch.cat([train[1], valid[1]])
    torch.testing.assert_close(ours.sort().values, key.sort().values, rtol=0, atol=1e-3)


@pytest.mark.slow
def test_the_held_back_images_are_always_the_same_and_limit_keeps_a_part():
    _, (x1, y1), _ = mnist_tensors(valid=100)
    train, (x2, y2), _ = mnist_tensors(valid=100, limit=300)
    assert len(train[0]) == len(train[1]) == 300
    assert torch.equal(y1, y2)
    torch.testing.assert_close(x1 / x1.std(), x2 / x2.std(), rtol=1e-3, atol=1)


def test_images_are_the_tensors_of_which_only_bytes_are_kept():
    images, tensors = mnist_images(valid=500, limit=1000), mnist_tensors(valid=500, limit=1000)
    rows = torch.tensor([3, 1, 499])
    for (x, y), (kept, labels) in zip(images, tensors, strict=True):
        assert x.pixels.dtype == torch.uint8 and kept.dtype == torch.float32
        assert x.shape == kept.shape and len(x) == len(kept) and torch.equal(y, labels)
        assert torch.equal(x[:], kept) and torch.equal(x[rows], kept[rows])
        assert torch.equal(x[7], kept[7]) and torch.equal(x[10:20], kept[10:20])
        for one, other in zip(
            Batches(x, y, 64, shuffle=True), Batches(kept, y, 64, shuffle=True), strict=True
        ):
            assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])


def test_they_are_normalised_by_the_mean_and_deviation_that_torch_finds():
    (x, _), _, _ = mnist_images(limit=3000)
    std, mean = torch.std_mean(x.pixels[x.rows].float())
    assert (x.mean, x.std) == (mean, std)


def test_valid_out_of_range_is_one_sentence():
    with pytest.raises(ValueError, match="valid must be"):
        mnist_tensors(valid=60_000)


def test_batches_hold_every_image_once_with_its_label():
    x, y = torch.arange(10.0)[:, None], torch.arange(10)
    for shuffle in (False, True):
        batches = Batches(x, y, batch_size=4, shuffle=shuffle)
        parts = list(batches)
        assert [len(b) for b, _ in parts] == [4, 4, 2] and len(batches) == 3
        seen = torch.cat([b for b, _ in parts])[:, 0].long()
        assert torch.equal(seen, torch.cat([t for _, t in parts]))
        assert torch.equal(seen.sort().values, y)


def test_shuffling_is_new_each_epoch_and_the_same_for_a_seed_whatever_else_is_drawn():
    def orders(seed):
        batches = Batches(torch.arange(32.0), torch.arange(32), 32, shuffle=True, seed=seed)
        for _ in range(2):
            torch.rand(7)
            yield next(iter(batches))[1]

    first, second = orders(0)
    assert not torch.equal(first, second)
    torch.manual_seed(123)
    again, _ = orders(0)
    assert torch.equal(first, again)
    assert not torch.equal(first, next(orders(1)))


def test_bad_batches_are_one_sentence():
    with pytest.raises(ValueError, match="3 inputs but 2 targets"):
        Batches(torch.zeros(3), torch.zeros(2))
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        Batches(torch.zeros(3), torch.zeros(3), batch_size=0)


def test_fit_takes_the_steps_of_the_loop_written_out():
    x, y = toy()
    ours, theirs = line(), line()
    history = fit(
        ours,
        Batches(x, y, 8, shuffle=True),
        Batches(x, y),
        torch.optim.SGD(ours.parameters(), lr=0.1),
        epochs=3,
        bar=False,
    )
    optimizer, losses = torch.optim.SGD(theirs.parameters(), lr=0.1), []
    batches = Batches(x, y, 8, shuffle=True)
    for _ in range(3):
        for xb, yb in batches:
            loss = F.cross_entropy(theirs(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=0, atol=0)
    torch.testing.assert_close(history.losses, torch.tensor(losses), rtol=0, atol=0)
    assert len(history.accuracies) == len(history.valid_losses) == 3
    assert history.trouble is None and history.accuracies[-1] >= 0.9 and history.seconds > 0


def test_fit_trains_in_training_mode_and_validates_once_an_epoch_without_a_graph():
    x, y = toy(20)
    for bar in (False, True):
        model = Diary()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        fit(model, Batches(x, y, 10), Batches(x, y, 20), optimizer, epochs=2, bar=bar)
        assert model.notes == 2 * [(True, True), (True, True), (False, False)]


def test_fit_without_a_validation_set_only_trains():
    x, y = toy(20)
    model = Diary()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, Batches(x, y, 10), None, optimizer, epochs=2, bar=False)
    assert model.notes == 4 * [(True, True)]
    assert history.accuracies == history.valid_losses == [] and len(history.losses) == 4


def test_fit_says_where_the_loss_stopped_being_finite():
    x, y = toy()
    model = line()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e38)
    history = fit(model, Batches(x, y, 10), Batches(x, y), optimizer, epochs=5, bar=False)
    assert "not finite from step" in history.trouble
    assert len(history.accuracies) == 1


def test_the_bar_writes_to_stdout_only(capsys):
    x, y = toy()
    model = line()
    fit(model, Batches(x, y, 10), Batches(x, y), torch.optim.SGD(model.parameters(), lr=0.1))
    out, err = capsys.readouterr()
    assert err == ""
    assert "epoch 1/1" in out and "accuracy" in out and "5/5" in out


def test_evaluate_is_a_mean_over_images_and_puts_the_mode_back():
    x, y = torch.zeros(5, 1), torch.tensor([0, 0, 0, 0, 1])
    model = Diary()
    with torch.no_grad():
        model.w.copy_(torch.tensor([2.0, 0.0]))
    for mode in (True, False):
        model.train(mode)
        loss, accuracy = evaluate(model, Batches(x, y, batch_size=4))
        assert model.training is mode
        assert accuracy == pytest.approx(4 / 5)
        expected = F.cross_entropy(torch.tensor([[2.0, 0.0]]).expand(5, -1), y)
        assert loss == pytest.approx(float(expected))
    assert set(model.notes) == {(False, False)}
