"""Landscapes: exact losses, any shape of points at once, gradients from autograd."""

import pytest
import torch

from utils.landscape import Quadratic


def test_condition_number_is_the_ratio_of_the_curvatures():
    curvatures = torch.linalg.eigvalsh(Quadratic(condition=25, curvature=5.0, rotation=37).hessian)
    torch.testing.assert_close(curvatures, torch.tensor([0.2, 5.0], dtype=torch.float64))


def test_along_its_floor_the_valley_has_the_small_curvature():
    bowl = Quadratic(condition=10, curvature=5.0, rotation=90)
    assert bowl(torch.tensor([0.0, 2.0])).item() == pytest.approx(0.5 * 0.5 * 4)
    assert bowl(torch.tensor([2.0, 0.0])).item() == pytest.approx(0.5 * 5.0 * 4)


def test_the_gradient_is_the_hessian_times_the_weights():
    bowl = Quadratic(condition=7, rotation=20)
    w = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    bowl(w).backward()
    torch.testing.assert_close(w.grad, bowl.hessian @ w.detach())


def test_a_whole_grid_goes_through_in_one_call():
    bowl = Quadratic()
    grid = torch.randn(5, 7, 2)
    losses = bowl(grid)
    assert losses.shape == (5, 7)
    assert losses[3, 4].item() == pytest.approx(bowl(grid[3, 4]).item())


@pytest.mark.parametrize("wrong", [dict(condition=0.5), dict(curvature=0), dict(curvature=-1)])
def test_what_is_no_bowl_is_refused(wrong):
    with pytest.raises(ValueError, match="a bowl needs condition ≥ 1 and curvature > 0"):
        Quadratic(**wrong)
