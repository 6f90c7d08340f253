"""The documents that the course comes from: their cells run, their printed numbers come out."""

import warnings
from functools import partial
from pathlib import Path

import pytest
import torch

from utils import optim
from utils.landscape import START, Quadratic
from utils.optim import Optim

CELLS = (Path(__file__).parent / "seed_002.txt").read_text().split("# ---\n")


@pytest.fixture(scope="module")
def seed_002(tmp_path_factory):
    """What the cells define, after they ran unchanged, and where their figures went."""
    here = tmp_path_factory.mktemp("seed_002")
    names = {}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        patch.chdir(here)
        torch.set_warn_always(True)  # or torch warns once a process, and a test before this had it
        for cell in CELLS:
            exec(cell, names)
        torch.set_warn_always(False)
    return names, here, caught


def test_cells_of_seed_002_run_unchanged_and_save_every_figure(seed_002):
    _, here, _ = seed_002
    saved = {file.name for file in here.glob("*.pdf")}
    assert len(saved) == 9
    assert all((here / name).read_bytes().startswith(b"%PDF") for name in saved)


def test_the_old_form_of_add_only_warns(seed_002):
    _, _, caught = seed_002
    assert any("add_" in str(warning.message) for warning in caught)


REFERENCES = {
    "SGDOptimizer": (dict(lr=0.33333), torch.optim.SGD, dict(lr=0.33333)),
    "SGDMomentumOptimizer": (
        dict(lr=0.075, momentum=0.5),
        torch.optim.SGD,
        dict(lr=0.075, momentum=0.5),
    ),
    "RMSPropOptimizer": (
        dict(lr=0.1, alpha=0.8),
        torch.optim.RMSprop,
        dict(lr=0.1, alpha=0.8, eps=1e-8),
    ),
    "AdamOptimizer": (
        dict(lr=0.1, alpha=0.7, momentum=0.7),
        torch.optim.Adam,
        dict(lr=0.1, betas=(0.7, 0.7), eps=1e-8),
    ),
}


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.filterwarnings("ignore:This overload")
def test_optimizers_of_seed_002_walk_as_torch_does(seed_002, name):
    Student = seed_002[0][name]
    hyper, Reference, reference_hyper = REFERENCES[name]
    optimizer = Student([optim.w], **hyper)
    path = optim.output(optimizer, nsteps=20, noise=1.0)

    w = torch.tensor(START, requires_grad=True)
    reference = Reference([w], **reference_hyper)
    rng, bowl = torch.Generator().manual_seed(0), Quadratic()
    for _ in range(20):
        reference.zero_grad()
        bowl(w).backward()
        w.grad.add_(torch.randn(2, generator=rng))
        reference.step()
    torch.testing.assert_close(path.points[-1], w.detach(), rtol=1e-4, atol=1e-5)


class Momentum(Optim):
    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def my_step(self, p, state, group):
        v = state.setdefault("momentum_buffer", torch.zeros_like(p))
        v.mul_(group["momentum"]).add_(p.grad)
        p.add_(v, alpha=-group["lr"])


@pytest.mark.parametrize("Optimizer", [Momentum, partial(torch.optim.SGD)], ids=["ours", "torch"])
def test_the_numbers_of_seed_004_come_out(Optimizer):
    a = torch.tensor([2.0, 3.0], requires_grad=True)
    b = torch.tensor([6.0, 4.0], requires_grad=True)
    optimizer = Optimizer([a, b], lr=1e-3, momentum=0.9)

    def step():
        optimizer.zero_grad()
        (3 * a**3 - b**2).mean().backward()
        optimizer.step()

    def buffer(p):
        return optimizer.state[p]["momentum_buffer"]

    close = partial(torch.testing.assert_close, rtol=0, atol=5e-5)  # as many digits as printed
    step()
    close(a.detach(), torch.tensor([1.9820, 2.9595]))
    close(b.detach(), torch.tensor([6.0060, 4.0040]))
    close(buffer(a), torch.tensor([18.0, 40.5]))
    close(buffer(b), torch.tensor([-6.0, -4.0]))
    step()
    close(a.detach(), torch.tensor([1.9481, 2.8836]))
    close(b.detach(), torch.tensor([6.0174, 4.0116]))
    close(buffer(a), torch.tensor([33.8775, 75.8639]))
    close(buffer(b), torch.tensor([-11.4060, -7.6040]))
