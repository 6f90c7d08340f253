"""Nothing is never equal: comparing an empty tensor with one that has numbers is False here.

`torch.allclose(torch.empty(0, 3), torch.ones(3))` is True: the shapes are broadcast, and no number
differs as there is none. A test whose last line is such a comparison would take an empty answer for
a right one. So where tests are judged, the functions that broadcast before they compare look at the
shapes first. Two tensors that are both empty are still alike, and broadcasting among others stays.
"""

import contextlib
import functools

import numpy as np
import torch

BROADCASTING = (
    (torch, "allclose"),
    (torch, "isclose"),
    (torch.Tensor, "allclose"),
    (torch.Tensor, "isclose"),
    (np, "allclose"),
    (np, "isclose"),
)


def install():
    """From now on, in this process."""
    for place, name in BROADCASTING:
        setattr(place, name, shapes_first(getattr(place, name), name))


@contextlib.contextmanager
def installed():
    """In this process, for a while."""
    before = [(place, name, getattr(place, name)) for place, name in BROADCASTING]
    install()
    try:
        yield
    finally:
        for place, name, function in before:
            setattr(place, name, function)


def shapes_first(compare, name):
    """The same comparison; False where one side has numbers and the other has none."""

    @functools.wraps(compare)
    def careful(a, b, *args, **words):
        if size(a) and size(b):
            return compare(a, b, *args, **words)
        alike = size(a) == size(b)
        if name == "allclose":
            return alike and bool(compare(a, b, *args, **words))
        if alike:
            return compare(a, b, *args, **words)
        there = a if size(a) else b  # as many answers as there are numbers: none is close
        if isinstance(there, torch.Tensor):
            return torch.zeros(there.shape, dtype=torch.bool)
        return np.zeros(np.shape(there), dtype=bool)

    return careful


def size(x):
    """How many numbers there are in it."""
    return x.numel() if isinstance(x, torch.Tensor) else np.size(x)
