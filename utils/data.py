"""MNIST, from the packed files in `data/mnist`; no network needed.

torchvision's own `MNIST` reads the files. What is done here is to unpack them for it, once; and
`numbers` reads them without a copy in memory.
"""

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from utils.atomic import replacing

if TYPE_CHECKING:
    from torchvision.datasets import MNIST

DATA = Path(__file__).resolve().parent.parent / "data"

FILES = {  # name: (bytes, SHA-256) of the unpacked file
    "train-images-idx3-ubyte": (
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": (
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": (
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": (
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


class DataError(RuntimeError):
    """The data set cannot be had; the message says what to do."""


def mnist(
    train: bool = True, transform: Callable | None = None, root: str | Path = DATA
) -> "MNIST":
    """MNIST as a `torchvision.datasets.MNIST`: 60,000 images to train on, or 10,000 to test.

    Its `.data` is a uint8 tensor of shape (n, 28, 28), its `.targets` an int64 tensor of shape (n,).

    Args:
        train: the training set, or the test set.
        transform: applied to each PIL image when it is read, as in torchvision.
        root: the folder with `mnist/*.gz`; the unpacked files go beside it, into `MNIST/raw/`.

    Raises:
        DataError: a packed file is damaged, the disk is full, or there is nothing to unpack and
            the download failed.
    """
    from torchvision.datasets import MNIST  # slow to import: only when it is wanted

    prepare(Path(root))
    return MNIST(root, train=train, transform=transform)


def numbers(name: str, root: str | Path = DATA) -> Tensor:
    """What one of the four FILES holds, uint8: images of shape (n, 784), or labels of shape (n,).

    The file is mapped, not read: memory is taken by what is looked at, and no program needs a copy
    of its own. Raises as `mnist` does.
    """
    prepare(Path(root))
    file = torch.from_file(str(raw(Path(root)) / name), size=FILES[name][0], dtype=torch.uint8)
    return file[16:].view(-1, 784) if "images" in name else file[8:]  # after the IDX header


def prepare(root: Path) -> None:
    """See to it that the four files lie unpacked where torchvision looks for them."""
    packed = root / "mnist"
    if all((packed / f"{name}.gz").exists() or unpacked(root, name) for name in FILES):
        for name in FILES:
            if not unpacked(root, name):
                unpack(packed / f"{name}.gz", raw(root) / name, FILES[name][1])
        return
    for name in FILES:
        if not unpacked(root, name):  # torchvision would read half a file
            (raw(root) / name).unlink(missing_ok=True)
    from torchvision.datasets import MNIST

    try:
        MNIST(root, download=True)
    except Exception as error:
        raise DataError(
            f"MNIST is neither in {packed} nor could it be downloaded "
            f"({' '.join(str(error).split())}). {ADVICE if in_checkout() else AWAY}"
        ) from error


ADVICE = "Get the files back with `git checkout data/mnist`, or try again with a network."
AWAY = (
    "The course is installed away from its folder, which holds the data: work in a clone of the "
    "repository, installed with `pip install --editable .`, or try again with a network."
)


def in_checkout() -> bool:
    """Does this file lie in the course's folder, and not in a folder of installed packages?"""
    return (DATA.parent / "lectures").is_dir()


def raw(root: Path) -> Path:
    """Where torchvision looks for unpacked files."""
    return root / "MNIST" / "raw"


def unpacked(root: Path, name: str) -> bool:
    """Is the whole file there? The right size is enough: `unpack` has seen to the content."""
    file = raw(root) / name
    return file.exists() and file.stat().st_size == FILES[name][0]


def unpack(packed: Path, target: Path, sha256: str) -> None:
    """Unpack a .gz to `target`, if the bytes prove right; else nothing is there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as out, gzip.open(packed) as source:
            shutil.copyfileobj(source, out, 1 << 20)
            out.flush()
            if file_sha256(out.name) != sha256:
                raise EOFError("its content is not what it should be")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{packed} is damaged ({error}). Get it back with `git checkout data/mnist`."
        ) from error
    except OSError as error:
        raise DataError(f"cannot unpack {packed.name}: {error}.") from error


def file_sha256(path: str | Path) -> str:
    """In hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
