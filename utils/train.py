"""Train a network: images on a device, minibatches of them, a loop with a progress bar.

device = best_device()
train, valid, test = mnist_images(device)
history = fit(model, Batches(*train, shuffle=True), Batches(*valid), optimizer, epochs=3)
"""

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from utils import data


def best_device() -> torch.device:
    """The GPU, if there is one: "cuda" (NVIDIA, AMD) or "mps" (Apple). Else "cpu"."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


class Images:
    """Images as a network wants them, of which only the bytes are kept: a quarter of the memory.

    `images[i]` are the images with these numbers, `images[:]` are all n of them: float32 of shape
    (…, 784), less `mean`, over `std`.

    Args:
        pixels: uint8, of shape (at least n, 784).
        rows: which of them, int64 of shape (n,), on the same device.
        mean, std: of the pixels.
    """

    def __init__(self, pixels: Tensor, rows: Tensor, mean: float, std: float) -> None:
        self.pixels, self.rows = pixels, rows
        self.mean, self.std = torch.tensor((mean, std), device=pixels.device)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: Any) -> Tensor:
        return self.pixels[self.rows[i]].float().sub_(self.mean).div_(self.std)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), self.pixels.shape[1]

    @property
    def device(self) -> torch.device:
        return self.pixels.device


def mnist_images(
    device: torch.device | str = "cpu", valid: int = 5_000, limit: int | None = None
) -> tuple[tuple[Images, Tensor], tuple[Images, Tensor], tuple[Images, Tensor]]:
    """MNIST as `train, valid, test`: three pairs (x, y) on `device`.

    x are `Images`, with mean 0 and standard deviation 1 over the training pixels; y is int64 of
    shape (n,). There are 60,000 - valid, valid and 10,000 of them.

    Args:
        valid: how many training images to hold back. They are drawn at random, always the same.
        limit: keep only so many of the others to train on, to be quick.

    Raises:
        ValueError: `valid` is negative, or not less than 60,000.
        utils.data.DataError: the files cannot be had.
    """
    if not 0 <= valid < 60_000:
        raise ValueError(f"valid must be at least 0 and less than 60,000, not {valid}.")
    pixels, labels = (
        data.numbers("train-images-idx3-ubyte"),
        data.numbers("train-labels-idx1-ubyte"),
    )
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))
    held, kept = order[:valid], order[valid:][:limit]
    mean, std = mean_and_std(pixels, kept)
    pixels = pixels.to(device)

    def pair(rows: Tensor) -> tuple[Images, Tensor]:
        return Images(pixels, rows.to(device), mean, std), labels[rows].long().to(device)

    unseen = data.numbers("t10k-images-idx3-ubyte").to(device)
    test = Images(unseen, torch.arange(10_000, device=device), mean, std)
    answers = data.numbers("t10k-labels-idx1-ubyte").long().to(device)
    return pair(kept), pair(held), (test, answers)


def mean_and_std(pixels: Tensor, rows: Tensor) -> tuple[float, float]:
    """Of these rows of uint8: sums of whole numbers, so exact, and a thousand rows at a time."""
    n, total, squares = len(rows) * pixels.shape[1], 0, 0
    for part in rows.split(1000):
        total += int(pixels[part].sum())
        squares += int(pixels[part].int().square().sum())
    return total / n, math.sqrt((squares - total * total / n) / (n - 1))


def mnist_tensors(
    device: torch.device | str = "cpu", valid: int = 5_000, limit: int | None = None
) -> tuple[tuple[Tensor, Tensor], ...]:
    """The same as plain tensors, x float32 of shape (n, 784): for a few thousand images.

    All 70,000 take 220 MB like this: then `mnist_images` is better.
    """
    return tuple((x[:], y) for x, y in mnist_images(device, valid, limit))


class Batches:
    """Minibatches of tensors that are in memory: one look-up a batch, not one an image.

    Iterate over it as over a `DataLoader`. The order comes from a generator of its own on the CPU.
    So it is the same on every device, whatever else draws random numbers.

    Args:
        x, y: tensors with the same first dimension, on the same device; x may be `Images`.
        batch_size: ≥ 1; the last batch is smaller if it does not divide len(x).
        shuffle: a new order in every epoch.
        seed: of these orders.
    """

    def __init__(
        self,
        x: Tensor | Images,
        y: Tensor,
        batch_size: int = 128,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        if len(x) != len(y):
            raise ValueError(f"there are {len(x)} inputs but {len(y)} targets.")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}.")
        self.x, self.y, self.batch_size, self.shuffle = x, y, batch_size, shuffle
        self.rng = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return math.ceil(len(self.x) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        n = len(self.x)
        if not self.shuffle:
            for first in range(0, n, self.batch_size):
                rows = slice(first, first + self.batch_size)
                yield self.x[rows], self.y[rows]
            return
        for drawn in torch.randperm(n, generator=self.rng).to(self.x.device).split(self.batch_size):
            yield self.x[drawn], self.y[drawn]


def progress(batches: Iterable, label: str = "", hide: bool = False) -> Any:
    """The same batches, with a bar. It goes to stdout: red text is for what went wrong."""
    from tqdm import tqdm

    return tqdm(batches, label, file=sys.stdout, ncols=100, mininterval=0.3, disable=hide)


@dataclass
class History:
    """What happened while a model was trained.

    losses: the training loss of every batch, before its step, shape (steps,).
    valid_losses, accuracies: on the validation set, after every epoch; accuracies are in 0 … 1.
    seconds: wall time, validation included.
    trouble: one sentence if training ended early, else None.
    """

    losses: Tensor = field(default_factory=lambda: torch.zeros(0))
    valid_losses: list = field(default_factory=list)
    accuracies: list = field(default_factory=list)
    seconds: float = 0.0
    trouble: str | None = None


def fit(
    model: nn.Module,
    train: Any,
    valid: Iterable | None,
    optimizer: Optimizer,
    epochs: int = 1,
    loss_func: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    bar: bool = True,
    run: Any = None,
) -> History:
    """Train `model`, validate it after every epoch, and return the `History`.

    Args:
        train: batches (x, y), on the model's device; something with a length.
        valid: the same, or None: then there is no validation.
        optimizer: holds the model's parameters.
        loss_func: from (model(x), y) to the mean loss over the batch.
        bar: show a progress bar for each epoch.
        run: of a dashboard, `dash.run("Adam")`: shows the training there, instead of in a bar.

    Training ends after an epoch with a loss that is infinite or NaN, and when `run` is stopped;
    `trouble` then says where.
    """
    history, start = History(), time.perf_counter()
    if run is not None:
        run.total, bar = run.total or epochs * len(train), False
    with nullcontext() if run is None else run.gently():
        for epoch in range(epochs):
            model.train()
            losses = []
            with progress(train, f"epoch {epoch + 1}/{epochs}", hide=not bar) as shown:
                for x, y in train if run is None else run.watch(train):
                    loss = loss_func(model(x), y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    losses.append(loss.detach())  # a number would make the CPU wait for the GPU
                    shown.update()
                    if run is not None:
                        run.log(loss)
                if run is not None and run.stopped:
                    history.trouble = f"Stopped after step {len(history.losses) + len(losses)}."
                elif valid is not None:
                    valid_loss, accuracy = evaluate(model, valid, loss_func)
                    shown.set_postfix_str(f"valid loss {valid_loss:.3f}, accuracy {accuracy:.2%}")
                    history.valid_losses.append(valid_loss)
                    history.accuracies.append(accuracy)
                    if run is not None:
                        run.validated(valid_loss, accuracy)
            if losses:
                history.losses = torch.cat([history.losses, torch.stack(losses).cpu()])
            bad = (~history.losses.isfinite()).nonzero()
            if len(bad):
                history.trouble = f"The loss was not finite from step {bad[0].item() + 1} on."
            if history.trouble:
                break
    if run is not None:
        run.done()
    history.seconds = time.perf_counter() - start
    return history


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    loss_func: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
) -> tuple[float, float]:
    """Mean loss and accuracy (0 … 1) over all images in `batches`, in evaluation mode.

    A mean over images, not over batches: the last batch may be smaller. The model's mode is put
    back afterwards.
    """
    mode = model.training
    model.eval()
    loss: Tensor | float = 0.0
    right: Tensor | int = 0
    n = 0
    for x, y in batches:
        scores = model(x)
        loss += loss_func(scores, y) * len(y)
        right += (scores.argmax(1) == y).sum()
        n += len(y)
    model.train(mode)
    return float(loss) / n, int(right) / n
