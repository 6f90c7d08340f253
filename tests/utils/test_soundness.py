"""Soundness: sound optimizers pass whatever their idea; each unsound one is told what is wrong."""

import random

import pytest
import torch

from utils.optim import Optim
from utils.soundness import DUTIES, check_soundness


class Adam(Optim):
    def __init__(self, params, lr, betas=(0.9, 0.99), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def my_step(self, p, state, group):
        self.move(p, state, group, p.grad)

    def move(self, p, state, group, g):
        b1, b2 = group["betas"]
        m, v = (state.setdefault(name, torch.zeros_like(p)) for name in ("m", "v"))
        t = state["t"] = state.get("t", 0) + 1
        m.mul_(b1).add_(g, alpha=1 - b1)
        v.mul_(b2).addcmul_(g, g, value=1 - b2)
        step = m / (1 - b1**t) / ((v / (1 - b2**t)).sqrt() + group["eps"])
        p.sub_(step, alpha=group["lr"])


class Sign(Adam):
    def my_step(self, p, state, group):
        p.sub_(p.grad.sign(), alpha=group["lr"])


class Normed(Adam):
    """One learning rate for a whole parameter, from the norm of its gradients so far."""

    def my_step(self, p, state, group):
        total = state["total"] = state.get("total", 0.0) + p.grad.norm().item() ** 2
        p.sub_(p.grad / (total**0.5 + group["eps"]), alpha=10 * group["lr"])


class ByAllGradients(Adam):
    """One learning rate for all parameters, from the norm of all their gradients."""

    def step(self, closure=None):
        grads = [p.grad for g in self.param_groups for p in g["params"] if p.grad is not None]
        self.norm = sum(g.square().sum() for g in grads).sqrt()
        return super().step(closure)

    def my_step(self, p, state, group):
        p.sub_(p.grad / (self.norm + group["eps"]), alpha=group["lr"])


def test_one_number_for_all_parameters_is_told_and_not_blamed(capsys):
    check_soundness(ByAllGradients, "respects groups", lr=0.02)
    assert "by design a step depends on all gradients" in capsys.readouterr().out


def test_random_numbers_of_torch_are_told_and_not_blamed(capsys):
    check_soundness(Dice, "can be repeated", "survives saving", lr=0.02)
    assert "draws random numbers" in capsys.readouterr().out


@pytest.mark.parametrize("lr", [1e-4, 0.02, 3.0])
def test_descends_at_the_best_of_a_few_rates(lr, capsys):
    check_soundness(Adam, "descends", lr=lr)
    assert "descends on 5 landscapes" in capsys.readouterr().out


@pytest.mark.parametrize("sound", [Adam, Sign, Normed])
def test_sound_optimizers_pass_whatever_their_idea(sound, capsys):
    check_soundness(sound, lr=0.02)
    assert capsys.readouterr().out.count("✓") == len(DUTIES)


class Uphill(Adam):
    def my_step(self, p, state, group):
        p.add_(p.grad, alpha=group["lr"])


class Still(Adam):
    def my_step(self, p, state, group):
        p = p - group["lr"] * p.grad


class NoEps(Adam):
    def my_step(self, p, state, group):
        p.sub_(p.grad / p.grad.abs(), alpha=group["lr"])


class OnlyVectors(Adam):
    def my_step(self, p, state, group):
        p.sub_(p.grad @ torch.eye(len(p), dtype=p.dtype), alpha=group["lr"])


class Dice(Adam):
    def my_step(self, p, state, group):
        p.sub_(p.grad.sign() * torch.rand_like(p), alpha=group["lr"])


class OwnDice(Adam):
    def my_step(self, p, state, group):
        p.sub_(p.grad.sign() * random.random(), alpha=group["lr"])


class Shared(Adam):
    kept = {}

    def my_step(self, p, state, group):
        m = self.kept.setdefault(p.shape, torch.zeros_like(p))
        m.mul_(0.5).add_(p.grad)
        p.sub_(m, alpha=group["lr"])


class InSelf(Adam):
    def my_step(self, p, state, group):
        self.steps = getattr(self, "steps", 0) + 1
        p.sub_(p.grad.sign(), alpha=group["lr"] / self.steps**0.5)


class Defaults(Adam):
    def my_step(self, p, state, group):
        p.sub_(p.grad.sign(), alpha=self.defaults["lr"])


class NoRate(Adam):
    def my_step(self, p, state, group):
        p.sub_(p.grad, alpha=0.05)


class FirstGroup(Adam):
    def my_step(self, p, state, group):
        super().my_step(p, state, self.param_groups[0])


class ChangesGrad(Adam):
    def my_step(self, p, state, group):
        p.grad.div_(p.grad.norm() + 1e-8)
        p.sub_(p.grad, alpha=group["lr"])


class ClearsGrad(Adam):
    def my_step(self, p, state, group):
        super().my_step(p, state, group)
        p.grad.zero_()


class KeepsGrad(Adam):
    def my_step(self, p, state, group):
        before = state.get("before", p.grad)
        p.sub_(0.5 * (p.grad + before), alpha=group["lr"])
        state["before"] = p.grad


class Borrows(Adam):
    def my_step(self, p, state, group):
        torch.optim.SGD([p], lr=group["lr"]).step()


class Dawdles(Adam):
    def my_step(self, p, state, group):
        while True:
            pass


class Rebinds(Adam):
    def my_step(self, p, state, group):
        p.data = p.data - group["lr"] * p.grad


UNSOUND = {  # what is wrong: (optimizer, the duty that it fails, words of the message)
    "uphill": (Uphill, "descends", "it does not descend"),
    "it does not move": (Still, "descends", "the weights do not move"),
    "0/0": (NoEps, "stays finite", "NaN or infinity"),
    "only vectors": (OnlyVectors, "stays finite", "stopped"),
    "random steps": (OwnDice, "can be repeated", "another run gives other steps"),
    "shared": (Shared, "can be repeated", "gives other steps|share what they remember"),
    "in self": (InSelf, "survives saving", "something is missing in state_dict"),
    "counts all parameters": (InSelf, "respects groups", "groups are mixed up"),
    "the first group": (FirstGroup, "respects groups", "groups are mixed up"),
    "lr ignored": (NoRate, "respects groups", "lr has no effect"),
    "lr from the constructor": (Defaults, "respects groups", "groups are mixed up"),
    "gradient changed": (ChangesGrad, "minds its business", "p.grad is changed in place"),
    "gradient cleared": (ClearsGrad, "minds its business", "the gradient is cleared"),
    "gradient kept": (KeepsGrad, "minds its business", "the gradient itself is remembered"),
    "new memory": (Rebinds, "minds its business", "p.data is rebound"),
    "torch's": (Borrows, "minds its business", "torch.optim is used"),
    "torch's own class": (torch.optim.Adam, "descends", "torch's own Adam"),
}


@pytest.mark.parametrize(("unsound", "name", "says"), UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_optimizer_is_told_what_is_wrong(unsound, name, says):
    with pytest.raises(AssertionError, match=f"(?i){says}"):
        check_soundness(unsound, name, lr=0.05)


@pytest.mark.parametrize("name", DUTIES)
def test_doing_nothing_fulfils_no_duty(name):
    with pytest.raises(AssertionError, match="The weights do not move"):
        check_soundness(Still, name, lr=0.05)


@pytest.mark.slow
def test_an_endless_step_is_stopped():
    with pytest.raises(AssertionError, match="did not come to an end"):
        check_soundness(Dawdles, "descends", lr=0.1)


def test_slow_is_told_from_wrong():
    with pytest.raises(AssertionError, match="(?i)descends too slowly"):
        check_soundness(Sign, "descends", lr=1e-9)


@pytest.mark.parametrize("thing", [3, None, Adam([torch.zeros(1, requires_grad=True)], lr=0.1)])
def test_what_is_no_class_is_an_assertion_error_with_a_sentence(thing):
    with pytest.raises(AssertionError, match="class"):
        check_soundness(thing, lr=0.1)


def test_no_lr_is_a_sentence():
    with pytest.raises(AssertionError, match="learning rate|lr"):
        check_soundness(Adam, "respects groups")


def test_an_unknown_duty_is_one_sentence():
    with pytest.raises(ValueError, match="there is no duty 'fly'; there are: descends"):
        check_soundness(Adam, "fly", lr=0.1)
