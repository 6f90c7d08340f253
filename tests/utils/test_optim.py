"""`Optim`: asks for `my_step` and does the rest, as torch's optimizers do."""

import subprocess
import sys

import pytest
import torch

from utils.optim import Optim, output, w


class SGD(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        p.add_(p.grad, alpha=-group["lr"])
        state["steps"] = state.get("steps", 0) + 1


def parameter(*values):
    p = torch.tensor(values, requires_grad=True)
    p.grad = torch.ones_like(p)
    return p


def test_it_is_a_torch_optimizer():
    assert isinstance(SGD([parameter(1.0)], lr=0.1), torch.optim.Optimizer)


def test_step_changes_each_parameter_that_has_a_gradient():
    p, still = parameter(1.0), parameter(1.0)
    still.grad = None
    SGD([p, still], lr=0.5).step()
    assert p.item() == 0.5
    assert still.item() == 1.0


def test_step_runs_without_autograd_and_leaves_no_graph():
    p = parameter(1.0)
    seen = []

    class Look(SGD):
        def my_step(self, p, state, group):
            seen.append(torch.is_grad_enabled())
            super().my_step(p, state, group)

    Look([p], lr=0.1).step()
    assert seen == [False]
    assert p.grad_fn is None and p.is_leaf and p.requires_grad


def test_step_returns_the_loss_of_the_closure_which_runs_with_autograd():
    p = parameter(3.0)
    optimizer = SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9.0
    assert p.item() == pytest.approx(3.0 - 0.1 * 6.0)
    assert optimizer.step() is None


def test_every_parameter_has_a_state_of_its_own_that_lasts():
    p, q = parameter(1.0), parameter(1.0, 2.0)
    optimizer = SGD([p, q], lr=0.1)
    optimizer.step()
    q.grad = None
    optimizer.step()
    assert optimizer.state[p]["steps"] == 2
    assert optimizer.state[q]["steps"] == 1


def test_a_my_step_that_calls_itself_has_a_traceback_short_enough_to_show():
    class Endless(Optim):
        def __init__(self, params, lr):
            super().__init__(params, dict(lr=lr))

        def my_step(self, p, state, group):
            self.my_step(p, state, group)

    p = torch.ones(2, requires_grad=True)
    p.grad = torch.ones(2)
    with pytest.raises(RecursionError) as caught:
        Endless([p], lr=0.1).step()
    assert len(caught.traceback) < 20


def test_groups_have_their_own_hyper_parameters():
    p, q = parameter(1.0), parameter(1.0)
    SGD([{"params": [p]}, {"params": q, "lr": 0.5}], lr=0.1).step()
    assert (p.item(), q.item()) == (pytest.approx(0.9), 0.5)


def test_state_dict_goes_into_a_new_optimizer():
    p = parameter(1.0)
    old = SGD([p], lr=0.1)
    old.step()
    new = SGD([p], lr=0.7)
    new.load_state_dict(old.state_dict())
    assert new.param_groups[0]["lr"] == 0.1
    assert new.state[p]["steps"] == 1


def test_schedulers_of_torch_work_on_it():
    optimizer = SGD([parameter(1.0)], lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.5


class TestBadInput:
    def test_no_parameters(self):
        with pytest.raises(ValueError, match="no parameters"):
            SGD([], lr=0.1)

    def test_a_generator_that_was_used_up(self):
        params = iter([parameter(1.0)])
        SGD(params, lr=0.1)
        with pytest.raises(ValueError, match="used up"):
            SGD(params, lr=0.1)

    def test_a_tensor_instead_of_a_list(self):
        with pytest.raises(TypeError, match=r"put it in a list, \[w\]"):
            SGD(parameter(1.0), lr=0.1)

    @pytest.mark.parametrize("grouped", [False, True])
    def test_a_duplicate_parameter(self, grouped):
        p = parameter(1.0)
        params = [{"params": [p]}, {"params": [p]}] if grouped else [p, p]
        with pytest.raises(ValueError, match="listed twice"):
            SGD(params, lr=0.1)

    @pytest.mark.parametrize("lr", [-0.1, float("nan"), "0.1", None])
    def test_lr_that_is_no_learning_rate(self, lr):
        with pytest.raises(ValueError, match="lr must be a number, 0 or more"):
            SGD([parameter(1.0)], lr=lr)

    def test_negative_lr_in_one_group(self):
        with pytest.raises(ValueError, match="lr must be .* -1"):
            SGD([{"params": [parameter(1.0)], "lr": -1}], lr=0.1)

    @pytest.mark.parametrize("betas", [(0.9, 1.0), (-0.1, 0.9), (0.9,), 0.9])
    def test_betas_that_are_no_decay_rates(self, betas):
        class Adam(SGD):
            def __init__(self, params, betas):
                Optim.__init__(self, params, dict(lr=0.1, betas=betas))

        with pytest.raises(ValueError, match="betas must be two numbers"):
            Adam([parameter(1.0)], betas)

    def test_my_step_that_is_not_implemented(self):
        class Empty(Optim):
            pass

        with pytest.raises(NotImplementedError, match="Empty has no my_step yet"):
            Empty([parameter(1.0)], dict(lr=0.1)).step()

    def test_a_parameter_that_is_replaced_instead_of_changed(self):
        class Replace(SGD):
            def my_step(self, p, state, group):
                p.data = p.data - group["lr"] * p.grad

        with pytest.raises(RuntimeError, match="new memory .* instead of changing it in place"):
            Replace([parameter(1.0)], lr=0.1).step()

    def test_a_parameter_that_is_only_computed(self):
        class Forget(SGD):
            def my_step(self, p, state, group):
                p = p - group["lr"] * p.grad

        with pytest.warns(UserWarning, match="did not move"):
            output(Forget([w], lr=0.1))

    def test_output_with_a_class(self):
        with pytest.raises(TypeError, match="SGD is a class: make an optimizer of it first"):
            output(SGD)

    def test_output_with_something_else(self):
        with pytest.raises(TypeError, match="this is a str, not an optimizer"):
            output("SGD")

    def test_output_with_an_optimizer_that_does_not_hold_w(self):
        with pytest.raises(ValueError, match="this SGD does not hold w"):
            output(SGD([parameter(1.0, 2.0)], lr=0.1))

    @pytest.mark.parametrize("fname", ["path.jpeg", "path", "path.pdf.exe"])
    def test_output_with_an_unknown_suffix_names_the_known_ones(self, fname):
        with pytest.raises(ValueError, match=r"must end in one of \.pdf, \.png, \.svg"):
            output(SGD([w], lr=0.1), fname=fname)

    def test_output_into_a_folder_that_is_not_there(self):
        with pytest.raises(ValueError, match="there is no folder 'nowhere'"):
            output(SGD([w], lr=0.1), fname="nowhere/path.pdf")

    @pytest.mark.parametrize("kwargs, why", [({"nsteps": 0}, "at least 1"), ({"noise": -1}, "neg")])
    def test_output_with_impossible_numbers(self, kwargs, why):
        with pytest.raises(ValueError, match=why):
            output(SGD([w], lr=0.1), **kwargs)

    def test_a_nan_on_the_way_is_said_and_the_path_until_then_kept(self):
        class Late(SGD):
            def my_step(self, p, state, group):
                super().my_step(p, state, group)
                if state["steps"] == 4:
                    p.div_(0.0).mul_(0.0)

        with pytest.warns(UserWarning, match="Step 4 took the weights to .*nan"):
            path = output(Late([w], lr=0.1))
        assert path.nsteps == 3
        assert "Step 4" in path.trouble


class TestOutput:
    def test_the_same_call_draws_the_same_path(self):
        optimizer = SGD([w], lr=0.1)
        first, second = (output(optimizer, noise=1.0).points for _ in range(2))
        assert torch.equal(first, second)

    def test_nsteps_is_the_number_of_steps(self):
        assert output(SGD([w], lr=0.1), nsteps=7).points.shape == (8, 2)

    def test_noise_moves_the_path(self):
        still, shaken = (output(SGD([w], lr=0.1), noise=noise).points for noise in (0.0, 1.0))
        assert not torch.allclose(still, shaken)

    @pytest.mark.parametrize(
        "suffix, magic", [(".pdf", b"%PDF"), (".png", b"\x89PNG"), (".svg", b"<?xml")]
    )
    def test_it_saves_the_figure_and_tells_where(self, tmp_path, capsys, suffix, magic):
        fname = tmp_path / f"path{suffix}"
        output(SGD([w], lr=0.1), fname=fname)
        assert fname.read_bytes().startswith(magic)
        assert str(fname) in capsys.readouterr().out


def test_importing_it_imports_neither_matplotlib_nor_torchvision_nor_widgets():
    heavy = ["matplotlib", "torchvision", "ipywidgets", "IPython", "nbgrader", "pandas"]
    code = f"import torch, sys; import utils.optim; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
