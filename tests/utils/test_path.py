"""Walks: where an optimizer went is what its equation says."""

import pytest
import torch

from utils.landscape import START, Quadratic
from utils.path import descend, walk


def test_gradient_descent_on_a_quadratic_has_a_closed_form():
    bowl, lr = Quadratic(condition=10, rotation=30), 0.1
    path = walk(torch.optim.SGD, bowl, nsteps=12, lr=lr)
    shrink = torch.eye(2, dtype=torch.float64) - lr * bowl.hessian
    expected = torch.linalg.matrix_power(shrink, 12) @ torch.tensor(START, dtype=torch.float64)
    torch.testing.assert_close(path.points[-1], expected)


def test_losses_are_those_of_the_points_without_noise():
    bowl = Quadratic()
    path = walk(torch.optim.SGD, bowl, nsteps=5, noise=2.0, lr=0.05)
    torch.testing.assert_close(path.losses, bowl(path.points))


def test_the_same_seed_gives_every_optimizer_the_same_noise():
    def flat(w):
        return (w * 0).sum(-1)  # no slope: what moves the weights is the noise alone

    def go(lr, seed=0):
        return walk(torch.optim.SGD, flat, nsteps=9, noise=1.0, seed=seed, lr=lr).points

    start = torch.tensor(START, dtype=torch.float64)
    torch.testing.assert_close((go(0.1) - start) * 2, go(0.2) - start)
    assert not torch.allclose(go(0.1), go(0.1, seed=1))


def test_the_noise_has_the_standard_deviation_asked_for():
    def flat(w):
        return (w * 0).sum(-1)

    points = walk(torch.optim.SGD, flat, nsteps=4000, noise=3.0, lr=1.0).points
    assert points.diff(dim=0).std().item() == pytest.approx(3.0, rel=0.05)


def test_a_label_says_the_class_and_what_it_was_given():
    w = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    with pytest.warns(UserWarning, match="did not move"):  # it starts at the minimum
        path = descend(optimizer, Quadratic(), w, nsteps=1)
    assert path.label == "SGD, lr = 0.1, momentum = 0.9"
