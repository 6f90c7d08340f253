"""Imagenette: ten classes of ImageNet, read by torchvision's own class.

source = find(download=True)           # the real images, or generated ones; print(source) says which
x, y = tensors(source, "train", 160)   # all of them in memory, uint8
for images, labels in Views(x, y, size=128, train=True): ...

The real data set has 13,394 photographs (about 100 MB). Where it cannot be had, a small folder of
the same layout is generated: textures that a network can learn to tell apart, under the names of
the ten classes. So the same code runs everywhere; only the numbers mean less.

Source: https://github.com/fastai/imagenette
"""

import contextlib
import math
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from utils.data import DATA, DataError

if TYPE_CHECKING:
    from torchvision.datasets import Imagenette

NAME = "imagenette2-160"
ADDRESS = f"https://s3.amazonaws.com/fast-ai-imageclas/{NAME}.tgz"
COUNTS = {"train": 9469, "val": 3925}
PART = ".imagenette-part"  # a folder that is being made
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the pixels of ImageNet, channel by channel, on the scale 0 … 1."""

TEXTURES = ("waves", "checks", "rings", "rays", "spots")


@dataclass(frozen=True)
class Source:
    """Where images come from.

    root: the folder that holds `imagenette2-160`, as torchvision wants it.
    real: photographs, or generated textures?
    says: which of the two and why, in a sentence.
    """

    root: Path
    real: bool
    says: str

    def __str__(self) -> str:
        return self.says

    def dataset(self, split: str, transform: Callable | None = None) -> "Imagenette":
        """`torchvision.datasets.Imagenette`; `split` is "train" or "val"."""
        from torchvision.datasets import Imagenette  # slow to import: only when it is wanted

        return Imagenette(self.root, split=split, size="160px", transform=transform)


def find(
    root: str | Path = DATA, download: bool = False, generated: tuple[int, int] = (48, 16)
) -> Source:
    """The real Imagenette if it is in `root` or can be downloaded, else generated images.

    Args:
        root: a folder; the images are, or will be, in `imagenette2-160` in it.
        download: try to download (100 MB) if it is not there?
        generated: how many images a class to generate if need be: (train, val).

    Raises:
        DataError: the folder is there but images are missing, or nothing can be written.
    """
    root = Path(root)
    if not (root / NAME).exists() and download:
        trouble = fetch(root)
    else:
        trouble = "a download was not asked for"
    if (root / NAME).exists():
        there = {split: count(root / NAME / split) for split in COUNTS}
        if there != COUNTS:
            raise DataError(
                f"{root / NAME} holds {there['train']} and {there['val']} images instead of "
                f"{COUNTS['train']} and {COUNTS['val']}: delete that folder and try again."
            )
        return Source(root, True, "Imagenette: 9,469 photographs to train on, 3,925 to validate.")
    folder = generate(root, *generated)
    return Source(
        folder,
        False,
        f"GENERATED images, not Imagenette ({trouble}): {10 * generated[0]} textures to train on, "
        f"{10 * generated[1]} to validate, in the same layout.",
    )


def count(folder: Path) -> int:
    """The images in the ten folders of a split."""
    return sum(1 for _ in folder.glob("n*/*.JPEG"))


def fetch(root: Path) -> str | None:
    """Download and unpack Imagenette, all or nothing. Returns None, or why it could not be."""
    from torchvision.datasets import Imagenette

    try:
        # is there a network? torchvision would wait for minutes
        urllib.request.urlopen(urllib.request.Request(ADDRESS, method="HEAD"), timeout=5).close()
        with workshop(root) as part:
            Imagenette(part, size="160px", download=True)
            settle(part / NAME, root / NAME)
        return None
    except Exception as error:
        return f"it could not be downloaded: {' '.join(str(error).split()) or repr(error)}"


@contextlib.contextmanager
def workshop(root: Path) -> Iterator[Path]:
    """A folder to make something in, gone afterwards; also what killed processes left behind."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        for old in root.glob("*" + PART):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - old.stat().st_mtime > 3600:
                    shutil.rmtree(old, ignore_errors=True)
        part = Path(tempfile.mkdtemp(dir=root, suffix=PART))
    except OSError as error:
        raise DataError(f"nothing can be written to {root}: {error}.") from error
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def settle(made: Path, target: Path) -> None:
    """Give a finished folder its name. If somebody else was quicker, theirs stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(made, target)
    except OSError:
        if not target.is_dir():
            raise


def generate(root: Path, train: int = 48, val: int = 16, pixels: int = 160) -> Path:
    """Make `train` and `val` textures for each class, and return the folder they are in.

    The same numbers give the same images. A folder takes its name once it is complete.
    """
    if min(train, val) < 1:
        raise ValueError(f"at least one image a class is needed, not {train} and {val}.")
    home = root / "generated" / f"{train}-{val}-{pixels}"
    if (home / NAME).exists():
        return home
    from torchvision.datasets import Imagenette
    from torchvision.transforms.functional import to_pil_image

    jobs = []
    with workshop(root) as part:
        for s, (split, number) in enumerate([("train", train), ("val", val)]):
            for kind, wnid in enumerate(sorted(Imagenette._WNID_TO_CLASS)):
                folder = part / NAME / split / wnid
                folder.mkdir(parents=True)
                for i in range(number):
                    seed = (s * 10 + kind) * 100_000 + i
                    jobs.append((kind, seed, folder / f"{wnid}_{i}.JPEG"))

        def make(job: tuple[int, int, Path]) -> None:
            kind, seed, file = job
            to_pil_image(texture(kind, seed, pixels)).save(file, quality=85)

        try:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(make, jobs))
            settle(part / NAME, home / NAME)
        except OSError as error:
            raise DataError(f"the images cannot be written to {home}: {error}.") from error
    return home


def texture(kind: int, seed: int, pixels: int = 160) -> Tensor:
    """An image of class `kind` (0 … 9), uint8 of shape (3, pixels, pixels).

    The class is a texture, coarse or fine. Colours, place, angle and noise are random, so that
    neither a colour nor a pixel tells the class.
    """
    rng = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, shape: tuple[int, ...] = ()) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=rng)

    axis = torch.linspace(-1, 1, pixels)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    angle = uniform(0, 2 * math.pi)
    u = x * angle.cos() + y * angle.sin() + uniform(-0.4, 0.4)
    v = y * angle.cos() - x * angle.sin() + uniform(-0.4, 0.4)
    r, phi = (u**2 + v**2).sqrt(), torch.atan2(v, u)
    cycles = (2.5 if kind < 5 else 5.0) * uniform(0.85, 1.15) * math.pi
    name = TEXTURES[kind % 5]
    if name == "waves":
        wave = (cycles * u).sin()
    elif name == "checks":
        wave = (cycles * u).sin().sign() * (cycles * v).sin().sign()
    elif name == "rings":
        wave = (1.5 * cycles * r).cos()
    elif name == "rays":
        wave = ((6 if kind < 5 else 13) * phi).cos()
    else:
        wave = 2.0 * ((cycles * u).cos() * (cycles * v).cos() > 0.6) - 1
    one, other = uniform(0, 1, (3, 1, 1)), uniform(0, 1, (3, 1, 1))
    other = torch.where((one - other).abs().sum() < 0.8, 1 - one.round(), other)  # some contrast
    image = one + (other - one) * (wave + 1) / 2
    image += 0.06 * torch.randn(3, pixels, pixels, generator=rng)
    return image.clamp(0, 1).mul(255).byte()


def tensors(
    source: Source, split: str, pixels: int, device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor]:
    """All images of a split as (x, y): uint8 of shape (n, 3, pixels, pixels), and int64 labels.

    Each image is resized so that its shorter side has `pixels`, and cropped to its middle.
    """
    from torchvision import transforms

    shape = [transforms.Resize(pixels), transforms.CenterCrop(pixels), transforms.PILToTensor()]
    images = source.dataset(split, transforms.Compose(shape))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        x, y = zip(*pool.map(images.__getitem__, range(len(images))), strict=True)
    return torch.stack(x).to(device), torch.tensor(y, device=device)


class Views:
    """Batches of images in memory, cut to `size` and normalised; iterate as over a `DataLoader`.

    To train: in random order, each batch cut at a random place, each image flipped or not. To
    validate: in order, cut from the middle.

    Args:
        x, y: what `tensors` returns.
        size: side of the images that come out, in pixels, at most that of x.
        train: random views, or those for validation?
        seed: of the order, the places and the flips; all come from the CPU, so they are the same on
            every device.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        size: int,
        batch_size: int = 64,
        train: bool = False,
        seed: int = 0,
    ) -> None:
        if not 1 <= size <= x.shape[-1]:
            raise ValueError(f"size must be from 1 to {x.shape[-1]}, not {size}.")
        self.x, self.y, self.size, self.batch_size, self.train = x, y, size, batch_size, train
        self.rng = torch.Generator().manual_seed(seed)
        self.mean, self.std = (torch.tensor(c, device=x.device)[:, None, None] for c in (MEAN, STD))

    def __len__(self) -> int:
        return math.ceil(len(self.x) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        room, n = self.x.shape[-1] - self.size, len(self.x)
        order = torch.randperm(n, generator=self.rng) if self.train else torch.arange(n)
        for rows in order.split(self.batch_size):
            top = left = room // 2
            if self.train:
                top, left = torch.randint(room + 1, (2,), generator=self.rng).tolist()
                flip = torch.rand(len(rows), generator=self.rng) < 0.5
            rows = rows.to(self.x.device)
            x = self.x[rows, :, top : top + self.size, left : left + self.size].float().div_(255)
            if self.train:
                x = torch.where(flip.to(x.device)[:, None, None, None], x.flip(3), x)
            yield x.sub_(self.mean).div_(self.std), self.y[rows]
