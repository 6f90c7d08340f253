"""An optimizer of parts: what is handed to them, what is kept, what is said when it does not fit."""

import copy
from functools import partial

import pytest
import torch
from torch.testing import assert_close

from utils.check import check_optimizer
from utils.compose import Composed


def sgd_step(p, g, lr):
    p.sub_(g, alpha=lr)


def sum_grad(g, momentum, grad_avg=0.0):
    return {"grad_avg": momentum * grad_avg + g}


def momentum_step(p, lr, grad_avg):
    p.sub_(grad_avg, alpha=lr)


def l2(p, g, weight_decay):
    return {"g": g + weight_decay * p}


def weight(value=1.0):
    p = torch.full((2,), value, requires_grad=True)
    p.grad = torch.ones(2)
    return p


@pytest.mark.parametrize(
    ("parts", "hyper"),
    [
        ([sgd_step], {}),
        ([l2, sgd_step], dict(weight_decay=0.1)),
        ([sum_grad, momentum_step], dict(momentum=0.9)),
        ([l2, sum_grad, momentum_step], dict(momentum=0.9, weight_decay=0.1)),
    ],
    ids=len,
)
def test_parts_make_the_optimizer_that_they_are_parts_of(parts, hyper):
    check_optimizer(partial(Composed, parts=parts), torch.optim.SGD, lr=0.1, **hyper)


def test_what_a_part_returns_is_kept_but_the_gradient_is_new_at_each_step():
    p = weight()
    optimizer = Composed([p], [l2, sum_grad, momentum_step], lr=0.1, momentum=0.9, weight_decay=0.5)
    optimizer.step()
    assert list(optimizer.state[p]) == ["grad_avg"]
    assert_close(p.grad, torch.ones(2))  # nobody writes into it


def test_a_default_counts_only_while_there_is_nothing_in_the_pot():
    seen = []

    def count(step=0):
        seen.append(step)
        return {"step": step + 1}

    optimizer = Composed([weight()], [count], lr=0.1)
    for _ in range(3):
        optimizer.step()
    assert seen == [0, 1, 2]


def test_a_part_may_change_lr_for_this_step_and_a_schedule_still_decides_the_next():
    def half(lr):
        return {"lr": lr / 2}

    p = weight()
    optimizer = Composed([p], [half, sgd_step], lr=0.2)
    for lr in (0.2, 0.4):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
    assert_close(p[0].item(), 1 - 0.1 - 0.2)


def test_each_group_has_its_own_hyper_parameters():
    a, b = weight(), weight()
    Composed([{"params": [a]}, {"params": [b], "lr": 0.5}], [sgd_step], lr=0.1).step()
    assert_close((a[0].item(), b[0].item()), (0.9, 0.5))


def test_a_copy_goes_on_like_the_original():
    p = weight()
    optimizer = Composed([p], [sum_grad, momentum_step], lr=0.1, momentum=0.9)
    optimizer.step()
    twin = copy.deepcopy(optimizer)
    q = twin.param_groups[0]["params"][0]
    q.grad = torch.ones(2)
    optimizer.step()
    twin.step()
    assert q is not p
    assert_close(q, p)


def returns_p(p):
    return p.sub_(1.0)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([momentum_step], "momentum_step wants `grad_avg`, and there is none"),
        ([momentum_step, sum_grad], "momentum_step wants `grad_avg`"),
        ([sum_grad, momentum_step], "sum_grad wants `momentum`"),
        ([returns_p], "returns_p returned a Tensor: a part returns a dict"),
    ],
)
def test_a_part_that_does_not_fit_is_named_in_one_sentence(parts, says):
    with pytest.raises(TypeError, match=says):
        Composed([weight()], parts, lr=0.1).step()


def test_a_part_must_be_a_function():
    with pytest.raises(TypeError, match="must be a function, not 0.9"):
        Composed([weight()], [sgd_step, 0.9], lr=0.1)
