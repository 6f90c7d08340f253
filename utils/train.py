"""Train a network: images on a device, minibatches of them, a loop with a progress bar.

device = best_device()
train, valid, test = mnist_tensors(device)
history = fit(model, Batches(*train, shuffle=True), Batches(*valid), optimizer, epochs=3)
"""

import math
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F

from utils import data


def best_device():
    """The GPU, if there is one: "cuda" (NVIDIA, AMD) or "mps" (Apple). Else "cpu"."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def mnist_tensors(device="cpu", valid=5_000, limit=None):
    """MNIST as `train, valid, test`: three pairs (x, y) of tensors on `device`.

    x is float32 of shape (n, 784), with mean 0 and standard deviation 1 over the training pixels;
    y is int64 of shape (n,). There are 60,000 - valid, valid and 10,000 images.

    Args:
        valid: how many training images to hold back. They are drawn at random, always the same.
        limit: keep only so many of the others to train on, to be quick.

    Raises:
        utils.data.DataError: the files cannot be had.
    """
    if not 0 <= valid < 60_000:
        raise ValueError(f"valid must be at least 0 and less than 60,000, not {valid}.")
    train, test = data.mnist(train=True), data.mnist(train=False)
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))
    held, kept = order[:valid], order[valid:][:limit]
    std, mean = torch.std_mean(train.data[kept].float())

    def pair(images, labels):
        return images.flatten(1).float().sub_(mean).div_(std).to(device), labels.to(device)

    return (
        pair(train.data[kept], train.targets[kept]),
        pair(train.data[held], train.targets[held]),
        pair(test.data, test.targets),
    )


class Batches:
    """Minibatches of tensors that are in memory: one look-up a batch, not one an image.

    Iterate over it as over a `DataLoader`. The order comes from a generator of its own on the CPU.
    So it is the same on every device, whatever else draws random numbers.

    Args:
        x, y: tensors with the same first dimension, on the same device.
        batch_size: ≥ 1; the last batch is smaller if it does not divide len(x).
        shuffle: a new order in every epoch.
        seed: of these orders.
    """

    def __init__(self, x, y, batch_size=128, shuffle=False, seed=0):
        if len(x) != len(y):
            raise ValueError(f"there are {len(x)} inputs but {len(y)} targets.")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}.")
        self.x, self.y, self.batch_size, self.shuffle = x, y, batch_size, shuffle
        self.rng = torch.Generator().manual_seed(seed)

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __iter__(self):
        n = len(self.x)
        if not self.shuffle:
            yield from zip(
                self.x.split(self.batch_size), self.y.split(self.batch_size), strict=True
            )
            return
        for rows in torch.randperm(n, generator=self.rng).to(self.x.device).split(self.batch_size):
            yield self.x[rows], self.y[rows]


def progress(batches, label="", hide=False):
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

    losses: torch.Tensor = field(default_factory=lambda: torch.zeros(0))
    valid_losses: list = field(default_factory=list)
    accuracies: list = field(default_factory=list)
    seconds: float = 0.0
    trouble: str | None = None


def fit(model, train, valid, optimizer, epochs=1, loss_func=F.cross_entropy, bar=True, run=None):
    """Train `model`, validate it after every epoch, and return the `History`.

    Args:
        train: batches (x, y), on the model's device.
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
def evaluate(model, batches, loss_func=F.cross_entropy):
    """Mean loss and accuracy (0 … 1) over all images in `batches`, in evaluation mode.

    A mean over images, not over batches: the last batch may be smaller. The model's mode is put
    back afterwards.
    """
    mode = model.training
    model.eval()
    loss, right, n = 0.0, 0, 0
    for x, y in batches:
        scores = model(x)
        loss += loss_func(scores, y) * len(y)
        right += (scores.argmax(1) == y).sum()
        n += len(y)
    model.train(mode)
    return float(loss) / n, int(right) / n
