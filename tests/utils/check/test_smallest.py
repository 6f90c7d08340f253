"""The smallest example is small, in round numbers, and what it says happens."""

from functools import partial

import pytest
import torch

from utils.check.mistakes import families
from utils.check.optimizer import vary
from utils.check.smallest import smallest
from utils.optim import Optim


class Uphill(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        p.add_(group["lr"] * p.grad)


def example(kind, reference, **hyper):
    return smallest(kind, reference, vary(kind, reference, hyper))


def test_can_be_followed_by_hand():
    found = example(Uphill, torch.optim.SGD, lr=0.037)
    assert found.says == "p = 1, g = 2, lr = 0.5: yours 2, expected 0"


def test_none_if_nothing_differs():
    assert example(torch.optim.Adam, torch.optim.Adam, lr=0.01) is None


def again(make, found, hyper):
    """Where the weight ends, played anew from what the example says."""
    p = torch.tensor([found.start], dtype=torch.float64, requires_grad=True)
    optimizer = make([p], **{**hyper, **found.hyper})
    for g in found.gradients:
        p.grad = torch.tensor([g], dtype=torch.float64)
        optimizer.step()
    return p.item()


@pytest.mark.parametrize("family", families(), ids=lambda f: f.name)
def test_what_it_says_happens(family):
    name, fixed = family.reference
    reference = partial(getattr(torch.optim, name), **fixed)
    shown = 0
    for mistake in family.mistakes[::3]:
        kind = family.build(mistake)
        found = example(kind, reference, **family.hyper)
        if found is None:
            continue
        shown += 1
        assert len(found.gradients) <= 4 and all(g == int(g) for g in found.gradients)
        yours, right = (again(make, found, family.hyper) for make in (kind, reference))
        assert yours == pytest.approx(found.yours[-1], nan_ok=True)
        assert right == pytest.approx(found.expected[-1])
        assert yours != pytest.approx(right, rel=1e-3)
    assert shown >= len(family.mistakes[::3]) // 4
