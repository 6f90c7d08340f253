"""The page's engine is torch's twin: the same paths, to 1e-12 of their length."""

import itertools
from functools import cache, partial

import pytest
import torch

from tests.support.browsing import page
from utils.landscape import normals
from utils.playground.facts import LABELS, LANDSCAPES
from utils.playground.slopes import slope
from utils.playground.textbook import textbook
from utils.playground.walk import landscape, trail
from utils.train import mnist_tensors

STARTS = {
    "quadratic": (1.25, 1.25),
    "noisy": (1.25, 1.25),
    "ravine": (-1.6, 0.9),
    "saddle": (-1.5, 0.01),
    "rosenbrock": (-1.0, 1.5),
    "beale": (1.0, 1.5),
    "wells": (0.4, 3.6),
    "mnist": (0.0, 0.0),
}
SHAPES = {
    "quadratic": {"condition": 25.0, "rotation": 33.0, "curvature": 4.0},
    "noisy": {"condition": 7.0, "rotation": -50.0, "curvature": 3.0, "spread": 0.4},
    "ravine": {"steep": 12.0, "flat": 0.7},
    "rosenbrock": {"b": 60.0},
}
SMALL = {
    "ravine": 0.1,
    "rosenbrock": 0.002,
    "beale": 0.01,
    "mnist": 0.5,
}  # for the optimizers that blow up
HYPERS = (
    {"lr": 0.1, "beta": 0.8},
    {"lr": 0.03, "beta": 0.9, "beta2": 0.95, "eps": 1e-3, "wd": 0.0},
)
NORMALISED = ("rmsprop", "rmsprop_inside", "adam", "adam_raw", "adamw", "lion")


def case(optimizer, shape, hyper, noise=0.0, seed=0, steps=60):
    hyper = dict(hyper)
    if optimizer not in NORMALISED:
        hyper["lr"] *= SMALL.get(shape, 1.0)
    scene = {"start": STARTS[shape], "steps": steps, "noise": noise, "seed": seed}
    land = {"name": shape, **SHAPES.get(shape, {})}
    return {"what": "walk", "name": optimizer, "hyper": hyper, "land": land, "scene": scene}


def torchs(case):
    make = partial(textbook, case["name"], **case["hyper"])
    return trail(make, case["land"], **case["scene"], autograd=True)


def apart(case, answer):
    """The largest difference of the two paths, relative to how far they go."""
    mine = torch.tensor([answer["x"], answer["y"]], dtype=torch.float64).T
    theirs = torch.tensor(torchs(case).points, dtype=torch.float64)
    assert mine.shape == theirs.shape, f"{len(mine)} points in the page, {len(theirs)} in torch"
    return float((mine - theirs).abs().max() / theirs.abs().max())


@cache
def vectors():
    """(optimizer, shape) → cases and the page's answers: one run of node for all."""
    keys = list(itertools.product(LABELS, LANDSCAPES, (0, 1), (0.0, 0.3)))
    cases = [case(name, shape, HYPERS[i], noise, seed=7) for name, shape, i, noise in keys]
    found = {}
    for (name, shape, *_), asked, answer in zip(keys, cases, page(cases), strict=True):
        found.setdefault((name, shape), []).append((asked, answer))
    return found


@pytest.mark.parametrize("shape", LANDSCAPES)
@pytest.mark.parametrize("optimizer", LABELS)
def test_page_walks_as_torch_does(optimizer, shape):
    for asked, answer in vectors()[optimizer, shape]:
        assert answer["broke"] == 0
        moved = max(answer["x"]) - min(answer["x"]) + max(answer["y"]) - min(answer["y"])
        assert moved > 1e-2, "a path that goes nowhere proves nothing"
        assert apart(asked, answer) < 1e-12


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adam"])
def test_weight_decay_is_added_to_the_gradient_as_in_torch(optimizer):
    asked = case(optimizer, "quadratic", {"lr": 0.05, "beta": 0.9, "wd": 0.3})
    assert apart(asked, page([asked])[0]) < 1e-12


@pytest.mark.parametrize("optimizer", ["adamw", "lion"])
def test_weight_decay_is_decoupled_in_adamw_and_lion(optimizer):
    asked = case(optimizer, "quadratic", {"lr": 0.05, "beta": 0.9, "wd": 0.3})
    assert apart(asked, page([asked])[0]) < 1e-12


def test_dampening_is_torchs_and_spares_the_first_step():
    asked = case("momentum", "quadratic", {"lr": 0.05, "beta": 0.9, "dampening": 0.5})
    assert apart(asked, page([asked])[0]) < 1e-12


def test_both_stop_at_the_same_step_when_a_walk_overflows():
    asked = case("sgd", "rosenbrock", {"lr": 500.0})
    answer, theirs = page([asked])[0], torchs(asked)
    assert answer["broke"] == theirs.broke > 0
    assert len(answer["x"]) == len(theirs.points)


def test_losses_and_gradients_are_torchs_too():
    cases = [case("adam", shape, HYPERS[0], noise=0.1, seed=3) for shape in LANDSCAPES]
    for asked, answer in zip(cases, page(cases), strict=True):
        theirs = torchs(asked)
        for mine, his in (
            (answer["loss"], theirs.losses),
            (answer["gx"], [g[0] for g in theirs.grads]),
            (answer["gy"], [g[1] for g in theirs.grads]),
        ):
            mine, his = torch.tensor(mine), torch.tensor(his)
            assert float((mine - his).abs().max() / his.abs().max()) < 1e-11


@pytest.mark.slow
def test_the_slice_is_the_loss_of_a_network_on_mnist():
    """At (0, 0) are the first weights, which can be had again; the grid has a point there."""
    torch.manual_seed(0)
    layers = torch.nn.Linear(784, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    x, y = (part[:10_000] for part in mnist_tensors()[0])
    with torch.no_grad():
        loss = torch.nn.functional.cross_entropy(torch.nn.Sequential(*layers)(x), y)
    here = landscape({"name": "mnist"})(torch.zeros(2, dtype=torch.float64))
    assert float(here) == pytest.approx(float(loss), abs=3e-4)


def test_outside_the_slice_the_loss_only_rises():
    f = landscape({"name": "mnist"})
    out = torch.linspace(0, 3, 50, dtype=torch.float64)
    for direction in ((-1.0, 0.0), (1.0, 0.3), (0.0, -1.0), (0.5, 1.0)):
        edge = torch.tensor([0.6, 0.3], dtype=torch.float64) + 2 * torch.tensor(direction)
        losses = f(edge + out[:, None] * torch.tensor(direction))
        assert (losses.diff() > 0).all()


@pytest.mark.parametrize("shape", LANDSCAPES)
def test_gradients_by_hand_are_those_of_autograd(shape):
    f = landscape({"name": shape, **SHAPES.get(shape, {})})
    by_hand, rng = slope(f), torch.Generator().manual_seed(0)
    for size in (0.1, 1.0, 5.0):  # on MNIST's grid and beyond it
        for w in size * torch.randn(100, 2, generator=rng, dtype=torch.float64):
            (right,) = torch.autograd.grad(f(w.requires_grad_()), w)
            found = torch.tensor(by_hand(*w.tolist()), dtype=torch.float64)
            torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12 * float(right.norm()))


@pytest.mark.parametrize("shape", LANDSCAPES)
def test_a_walk_with_gradients_by_hand_is_the_same(shape):
    asked = case("adam", shape, HYPERS[0], noise=0.2, seed=5)
    make = partial(textbook, "adam", **asked["hyper"])
    mine, right = (trail(make, asked["land"], **asked["scene"], autograd=a) for a in (False, True))
    for key in ("points", "losses", "grads"):
        a, b = (torch.tensor(getattr(each, key)).double() for each in (mine, right))
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("shape", ["ravine", "rosenbrock", "wells"])
def test_a_walk_with_gradients_by_hand_ends_at_the_same_step(shape):
    asked = case("sgd", shape, {"lr": 1e4})
    make = partial(textbook, "sgd", **asked["hyper"])
    mine, right = (trail(make, asked["land"], **asked["scene"], autograd=a) for a in (False, True))
    assert mine.broke == right.broke > 0
    assert (mine.raised, len(mine.points)) == (right.raised, len(right.points))


def test_python_and_the_page_draw_the_same_normal_numbers():
    seeds = (0, 1, 12345, 4294967295)
    answers = page([{"what": "normals", "count": 500, "seed": seed} for seed in seeds])
    for seed, answer in zip(seeds, answers, strict=True):
        torch.testing.assert_close(
            torch.tensor(answer, dtype=torch.float64).reshape(-1, 2),
            normals(500, seed),
            rtol=1e-13,
            atol=1e-15,
        )


def test_the_normal_numbers_are_normal():
    x = normals(20_000, 5).flatten()
    assert abs(float(x.mean())) < 0.02
    assert abs(float(x.std()) - 1) < 0.02
    assert abs(float((x.abs() < 1).double().mean()) - 0.6827) < 0.01


def test_the_edge_of_stability_uses_the_largest_curvature_at_the_minimum():
    shapes = [{"name": shape, **SHAPES.get(shape, {})} for shape in LANDSCAPES]
    answers = page([{"what": "sharpness", "land": shape} for shape in shapes])
    for shape, answer in zip(shapes, answers, strict=True):
        f = landscape(shape)
        at = torch.tensor(f.minimum, dtype=torch.float64)
        hessian = torch.autograd.functional.hessian(f, at)
        assert answer == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=1e-6)


@pytest.mark.parametrize(
    "optimizer", ["sgd", "momentum", "momentum_lr", "momentum_ewma", "nesterov"]
)
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_the_edge_of_stability_is_where_walks_begin_to_diverge(optimizer, beta):
    """Just inside the edge the weights stay; just outside they leave."""
    flat = {"condition": 1.0, "rotation": 0.0, "curvature": 4.0}
    factor = {
        "sgd": 2,
        "momentum": 2 * (1 + beta),
        "momentum_lr": 2 * (1 + beta),
        "momentum_ewma": 2 * (1 + beta) / (1 - beta),
        "nesterov": 2 * (1 + beta) / (1 + 2 * beta),
    }[optimizer]
    edge = factor / flat["curvature"]
    ends = []
    for lr in (0.99 * edge, 1.01 * edge):
        asked = case(optimizer, "quadratic", {"lr": lr, "beta": beta}, steps=3000)
        asked["land"].update(flat)
        answer = page([asked])[0]
        ends.append(answer["loss"][-1] if not answer["broke"] else float("inf"))
    assert ends[0] < 1e-3
    assert ends[1] > 1e3
