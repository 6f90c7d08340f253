"""A wrong optimizer is named, and nothing but a CheckFailed leaves the check."""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
import torch

from utils.check import CheckFailed, check_function, check_optimizer, functions
from utils.check.guard import Guard
from utils.check.situations import SITUATIONS
from utils.optim import Optim, w

SGD, RMSprop, Adam, AdamW = (
    torch.optim.SGD,
    torch.optim.RMSprop,
    torch.optim.Adam,
    torch.optim.AdamW,
)


def sgd(my_step, **names):
    """A class SGDOptimizer with this step, and more names if wanted."""

    if hasattr(my_step, "__code__"):  # as if it were written in the class, with this name
        code = my_step.__code__
        my_step.__qualname__ = "SGDOptimizer.my_step"
        my_step.__code__ = code.replace(co_name="my_step", co_qualname=my_step.__qualname__)

    def init(self, params, lr):
        Optim.__init__(self, params, dict(lr=lr))

    return type("SGDOptimizer", (Optim,), dict(__init__=init, my_step=my_step, **names))


# The seeds' own mistakes, written as there. ----------------------------------------------------


class Seed001Momentum(Optim):
    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def my_step(self, p, state, group):
        param_state = state
        d_p = p.grad.data
        if "velocity" not in param_state:
            v = param_state["velocity"] = torch.clone(d_p).detach()
        else:
            v = param_state["velocity"]
        v = group["momentum"] * v + d_p
        p.data.add_(-group["lr"] * v)


class Seed001Rebinding(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        p.data = p.data - group["lr"] * p.grad.data


class Seed002RMSprop(Optim):
    def __init__(self, params, lr, alpha):
        self.eps = 1e-8
        super().__init__(params, dict(lr=lr, alpha=alpha))

    def my_step(self, p, state, group):
        alpha, grad = group["alpha"], p.grad.data
        if "v" not in state:
            state["v"] = torch.zeros_like(p.data)
        state["v"] = (1 - alpha) * torch.pow(grad, 2) + alpha * state["v"]
        grad.div_(torch.sqrt(state["v"]) + self.eps)
        p.data.add_(-group["lr"] * grad)


class Seed002WithoutGradient(Optim):
    def __init__(self, params, lr, alpha, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))

    def my_step(self, p, state, group):
        v = state.get("v", 0) * group["alpha"] + (1 - group["alpha"]) * p.grad**2
        state["v"] = v
        p.data -= group["lr"] / (v.sqrt() + group["eps"])


class Seed002Correction(Optim):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def my_step(self, p, state, group):
        momentum, alpha = group["betas"]
        if len(state) == 0:
            state["step"], state["m"], state["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
        state["step"] += 1
        state["m"] = momentum * state["m"] + (1 - momentum) * p.grad
        state["v"] = alpha * state["v"] + (1 - alpha) * p.grad * p.grad
        b1, b2 = (1 - momentum) ** state["step"], (1 - alpha) ** state["step"]
        p -= group["lr"] * (state["m"] / b1) / ((state["v"] / b2).sqrt() + group["eps"])


class Seed003EpsInside(Seed002WithoutGradient):
    def my_step(self, p, state, group):
        v = state.get("v", 0) * group["alpha"] + (1 - group["alpha"]) * p.grad**2
        state["v"] = v
        p.data -= group["lr"] * p.grad / torch.sqrt(v + group["eps"])


class Seed003AverageGrad(Seed001Momentum):
    """`avg ← β·avg + g` where the text has an average, and the other way round."""

    def my_step(self, p, state, group):
        mom = group["momentum"]
        state["grad_avg"] = state.get("grad_avg", 0) * mom + (1 - mom) * p.grad.data
        p.data.add_(-group["lr"] * state["grad_avg"])


class Seed004(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0):
        names = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        super().__init__(params, names)

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                d_p = p.grad.data
                if group["weight_decay"] != 0:
                    d_p.add_(group["weight_decay"], p.data)
                if group["momentum"] != 0:
                    param_state = self.state[p]
                    if "momentum_buffer" not in param_state:
                        buffer = param_state["momentum_buffer"] = torch.zeros_like(p.data)
                        buffer.mul_(group["momentum"]).add_(d_p)
                    else:
                        buffer = param_state["momentum_buffer"]
                        buffer.mul_(group["momentum"]).add_(1 - group["dampening"], d_p)
                    d_p = buffer
                self.move(p, group["lr"] * d_p)

    def move(self, p, step):
        p.data.sub_(step)


class Seed004Rebinding(Seed004):
    def move(self, p, step):
        p.data = p.data - step


class Seed000(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, momentum=0, dampening=0):
        super().__init__(params, dict(lr=lr, momentum=momentum, dampening=dampening))

    def step(self):
        for group in self.param_groups:
            momentum, dampening = group["momentum"], group["dampening"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad = p.grad.data
                if momentum != 0:
                    state = self.state[p]
                    if len(state) == 0:
                        state["step"] = 0
                        avg = state["avg_grad"] = torch.zeros_like(grad)
                    else:
                        state["avg_grad"].mul_(momentum).add_(1 - dampening, grad)
                        avg = state["avg_grad"].div(1 - momentum ** state["step"])
                    state["step"] += 1
                p.data.add_(-group["lr"], avg)


DAMPENED = dict(lr=0.1, momentum=0.9, dampening=0.5)
SEEDS = [
    (Seed001Momentum, SGD, dict(lr=0.1, momentum=0.9), "the first gradient counts twice and"),
    (Seed001Rebinding, SGD, dict(lr=0.1), "p.data is rebound"),
    (Seed002RMSprop, RMSprop, dict(lr=0.01, alpha=0.9), "p.grad is changed in place"),
    (Seed002WithoutGradient, RMSprop, dict(lr=0.01, alpha=0.9), "no gradient in the step"),
    (Seed002Correction, Adam, dict(lr=0.01), "(1 − β)ᵗ for 1 − βᵗ"),
    (Seed003EpsInside, RMSprop, dict(lr=0.01, alpha=0.9), "ε inside the root"),
    (Seed003AverageGrad, SGD, dict(lr=0.1, momentum=0.9), "an average instead of a sum"),
    (Seed004, SGD, dict(**DAMPENED, weight_decay=0.1), "weight decay changes p.grad"),
    (Seed004Rebinding, SGD, dict(**DAMPENED, weight_decay=0.1), "p.data is rebound"),
    (Seed000, SGD, DAMPENED, "the first gradient is skipped, and the velocity debiased"),
]


@pytest.mark.parametrize(
    "Student, Reference, hyper, name", SEEDS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_the_seeds_mistakes_are_named(refused, Student, Reference, hyper, name):
    error = refused(check_optimizer, Student, Reference, **hyper)
    assert any(m.startswith(name) for m in error.mistakes), error


# What DESIGN.md names, and other classics, in students' own words. -------------------------------


class FoldedLr(Seed001Momentum):
    def my_step(self, p, state, group):
        old = state.get("v", torch.zeros_like(p))
        state["v"] = group["momentum"] * old - group["lr"] * p.grad
        p += state["v"]


class SignAsAdam(Seed002Correction):
    def my_step(self, p, state, group):
        p -= group["lr"] * torch.sign(p.grad)


class TwoThings(Seed002Correction):
    """ε inside the root and no correction of v."""

    def my_step(self, p, state, group):
        b1, b2 = group["betas"]
        state["t"] = state.get("t", 0) + 1
        state["m"] = b1 * state.get("m", 0) + (1 - b1) * p.grad
        state["v"] = b2 * state.get("v", 0) + (1 - b2) * p.grad**2
        p -= group["lr"] * state["m"] / (1 - b1 ** state["t"]) / (state["v"] + group["eps"]) ** 0.5


class CrashesOnNone(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad


class GroupsIgnored(CrashesOnNone):
    def __init__(self, params, lr):
        super().__init__(params, lr)
        self.lr = lr

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p -= self.lr * p.grad


CLASSICS = [
    (FoldedLr, SGD, dict(lr=0.1, momentum=0.9), {"lr is folded into the velocity"}),
    (SignAsAdam, Adam, dict(lr=0.01), {"only the sign of the gradient counts"}),
    (TwoThings, Adam, dict(lr=0.01), {"ε inside the root", "no bias correction of v"}),
    (CrashesOnNone, SGD, dict(lr=0.1), {"no gradient, no check"}),
    (GroupsIgnored, SGD, dict(lr=0.1), {"lr is not read from the group"}),
]


@pytest.mark.parametrize(
    "Student, Reference, hyper, names", CLASSICS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_classics_are_named(refused, Student, Reference, hyper, names):
    assert set(refused(check_optimizer, Student, Reference, **hyper).mistakes) == names


def test_a_mistake_is_named_also_when_it_computes_in_float32(refused):
    class Student(Seed001Momentum):
        def my_step(self, p, state, group):
            mu = group["momentum"]
            state["v"] = mu * state.get("v", 0) + (1 - mu) * p.grad.float()
            p -= group["lr"] * state["v"]

    error = refused(check_optimizer, Student, SGD, lr=0.1, momentum=0.9)
    assert error.mistakes == ("an average instead of a sum",)


# The message. ------------------------------------------------------------------------------------


def test_the_message_says_where_yours_expected_and_what_it_is(refused):
    error = refused(check_optimizer, Seed003AverageGrad, SGD, lr=0.1, momentum=0.9)
    text = str(error)
    for part in (
        "✗ Seed003AverageGrad does not take the same steps as SGD.",
        "step 1 of 5, parameter 1 of shape (3,), entry [0]",
        "with       lr = 0.1, momentum = 0.9",
        "gradient   1.625",
        "yours      3.125 → 3.10875",
        "expected   3.125 → 2.9625",
        "% of the path",
        "Diagnosis  An average instead of a sum. The new gradient is weighted by 1 − β",
        "Hint 1     There are several conventions",
        "hint(), from utils.check",
    ):
        assert part in text
    assert error._render_traceback_() == text.splitlines()
    assert error.__traceback__ is None or error.__cause__ is None


def test_an_unknown_mistake_lists_what_broke(refused):
    def step(self, p, state, group):
        p.sub_(3 * group["lr"] * p.grad)

    error = refused(check_optimizer, sgd(step), SGD, lr=0.1)
    assert error.mistakes == ("unknown",)
    assert "every step is 3 times as long as it should be" in str(error)
    assert "Diagnosis  No known mistake does exactly this." in str(error)

    def step(self, p, state, group):
        p.sub_(group["lr"] * p.grad + 0.01 * group["lr"] * p.grad.mean())

    assert "The formula" in str(refused(check_optimizer, sgd(step), SGD, lr=0.1))

    def step(self, p, state, group):
        p.sub_(group["lr"] * p.grad)
        if p.dim() == 3:
            p.add_(1e-3)

    text = str(refused(check_optimizer, sgd(step), SGD, lr=0.1))
    assert "Wrong only in: parameters of odd shapes" in text
    assert "Right in: a few steps" in text


def test_numbers_are_shown_with_as_many_digits_as_tell_them_apart(refused):
    def step(self, p, state, group):
        p.sub_(group["lr"] * p.grad * (1 + 1e-3))

    text = str(refused(check_optimizer, sgd(step), SGD, lr=0.1))
    yours, expected = (
        next(line for line in text.splitlines() if f"  {word} " in line)[13:]
        for word in ("yours", "expected")
    )
    assert yours != expected


# Exceptions and bad input. -----------------------------------------------------------------------


def raising(error):
    def my_step(self, p, state, group):
        raise error

    return my_step


def on_a_number(self, p, state, group):
    if "v" not in state:
        state["v"] = 0
    state["v"].mul_(0.9)


def no_state(self, p, state, group):
    state["v"] = 0.9 * state["v"] + p.grad


def shapes(self, p, state, group):
    p.sub_(group["lr"] * torch.ones(7, 5))


def unknown_name(self, p, state, group):
    p.sub_(lr * p.grad)  # noqa: F821


def self_lr(self, p, state, group):
    p.sub_(self.lr * p.grad)


def misspelt(self, p, state, group):
    p.sub_(group["lr"] * p.gard)


def zero(self, p, state, group):
    p.sub_(group["lr"] / (1 - 0.9**0) * p.grad)


def one_branch(self, p, state, group):
    if p.dim() > 9:
        v = 1
    p.sub_(v * p.grad)


def condition(self, p, state, group):
    if p.grad:
        p.sub_(group["lr"] * p.grad)


def again(self, p, state, group):
    self.my_step(p, state, group)


def leaves(self, p, state, group):
    sys.exit(1)


def backward(self, p, state, group):
    p.grad.sum().backward()


def dict_dot(self, p, state, group):
    p.sub_(group.lr * p.grad)


def empty(self, p, state, group):
    pass


def returns(self, p, state, group):
    return p - group["lr"] * p.grad


def graph(self, p, state, group):
    with torch.enable_grad():
        state["x"] = p * 2
    p.sub_(group["lr"] * p.grad)


def deletes(self, p, state, group):
    p.sub_(group["lr"] * p.grad)
    p.grad = None


def replaces(self, p, state, group):
    group["params"] = [torch.zeros_like(q) for q in group["params"]]


def fewer(self, p, group):
    p.sub_(group["lr"] * p.grad)


def memory(self, p, state, group):
    torch.zeros(10**14)


STEPS = [
    (raising(NotImplementedError()), "my_step is not written yet"),
    (on_a_number, "an in-place operation on a number"),
    (no_state, "state is empty at first"),
    (shapes, "shapes do not fit"),
    (unknown_name, "an unknown name"),
    (self_lr, "a hyper-parameter on self"),
    (misspelt, "a misspelt name"),
    (zero, "division by zero"),
    (one_branch, "a name without a value"),
    (condition, "a tensor as a condition"),
    (again, "endless recursion"),
    (leaves, "exit is called"),
    (backward, "backward inside the step"),
    (dict_dot, "state and group are dicts"),
    (empty, "my_step is not written yet"),
    (returns, "my_step returns a new tensor"),
    (graph, "a graph is left behind"),
    (deletes, "the gradient is cleared"),
    (replaces, "the parameter is replaced"),
    (fewer, "my_step has another signature"),
    (memory, "out of memory"),
    (raising(GeneratorExit()), "it raises GeneratorExit"),
]


@pytest.mark.parametrize("step, name", STEPS, ids=lambda x: getattr(x, "__name__", None))
def test_exceptions_and_side_effects_are_explained(refused, step, name):
    error = refused(check_optimizer, sgd(step), SGD, lr=0.1)
    assert error.mistakes[0] == name, error
    assert "Diagnosis" in str(error)


def test_a_missing_hyper_parameter_is_told_with_those_that_are_there(refused):
    class RMSpropOptimizer(Seed002WithoutGradient):
        def my_step(self, p, state, group):
            p.sub_(group["beta"] * p.grad)

    text = str(refused(check_optimizer, RMSpropOptimizer, RMSprop, lr=0.1, alpha=0.9))
    assert "The group has no 'beta'. It has 'lr'," in text and "'alpha', 'eps'." in text
    assert "betas" not in text and "Diagnosis  A hyper-parameter is not in the group." in text


def test_the_step_of_the_base_class_is_told_from_one_that_is_not_written(refused):
    def step(self, p, state, group):
        Optim.my_step(self, p, state, group)  # what super() is in a class

    error = refused(check_optimizer, sgd(step), SGD, lr=0.1)
    assert error.mistakes == ("super().my_step is called",)


def test_a_partial_is_explained_as_a_class_is(refused):
    def step(self, p, state, group):
        state["v"].mul_(0.9)

    error = refused(check_optimizer, partial(sgd(step), lr=0.1), SGD, lr=0.1)
    assert error.mistakes == ("state is empty at first",)


def test_a_factory_without_return_is_told(refused):
    def make(params, lr):
        Seed001Rebinding(params, lr)

    error = refused(check_optimizer, make, SGD, lr=0.1)
    assert error.mistakes == ("nothing is returned",)


def test_the_students_own_line_is_marked(refused):
    text = str(refused(check_optimizer, sgd(no_state), SGD, lr=0.1))
    (marked,) = [line for line in text.splitlines() if "→" in line and "│" in line]
    assert 'state["v"] = 0.9 * state["v"] + p.grad' in marked


def test_an_error_after_right_steps_is_told_with_its_situation(refused):
    def step(self, p, state, group):
        p.sub_(group["lr"] * p.grad)
        if p.dim() == 0:
            p[0]

    text = str(refused(check_optimizer, sgd(step), SGD, lr=0.1))
    assert "where      parameters of odd shapes" in text


class Renamed(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def mystep(self, p, state, group):
        p.sub_(group["lr"] * p.grad)


class OtherArguments(Optim):
    def __init__(self, params, learning_rate):
        super().__init__(params, dict(lr=learning_rate))


class NotInDefaults(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(learning_rate=lr))

    my_step = staticmethod(lambda p, state, group: p.sub_(group["lr"] * p.grad))


class NoSuper(Optim):
    def __init__(self, params, lr):
        self.lr = lr


class OwnOptimizer:
    """As in seed 001: no torch optimizer at all."""

    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p.data = p.data - self.lr * p.grad.data


class Borrowed(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        if "torchs" not in state:
            state["torchs"] = torch.optim.SGD([p], lr=group["lr"])
        state["torchs"].step()


class Fused(Renamed):
    def my_step(self, p, state, group):
        lr = torch.tensor(group["lr"])
        words = dict(weight_decay=0.0, momentum=0.0, lr=lr, dampening=0.0, nesterov=False)
        torch._fused_sgd_([p], [p.grad], [], maximize=False, is_first_step=True, **words)


class Derived(torch.optim.SGD):
    pass


CLASSES = [
    (Renamed, "my_step has another name"),
    (OtherArguments, "the constructor takes other arguments"),
    (NotInDefaults, "a hyper-parameter is not in the group"),
    (NoSuper, "not a torch optimizer"),
    (OwnOptimizer, "not a torch optimizer"),
    (lambda params, lr: None, "nothing is returned"),
    (Borrowed, "torch.optim is used"),
    (Fused, "torch.optim is used"),
    (Derived, "torch.optim is used"),
    (torch.optim.SGD, "torch.optim is used"),
    (partial(torch.optim.SGD, momentum=0.5), "torch.optim is used"),
    (Seed001Rebinding([w], lr=0.1), "an instance instead of a class"),
    (3, "no class"),
    (None, "no class"),
]


@pytest.mark.parametrize("Student, name", CLASSES, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_no_right_class_is_told(refused, Student, name):
    assert refused(check_optimizer, Student, SGD, lr=0.1).mistakes == (name,)


def test_a_reference_that_does_not_run_is_told(refused):
    Student = sgd(returns)
    assert "cannot run with lr = -1" in str(refused(check_optimizer, Student, SGD, lr=-1))
    text = str(refused(check_optimizer, Student, SGD, lr=0.1, learning=1))
    assert "The reference, SGD, cannot run" in text
    text = str(refused(check_optimizer, Student, torch.optim.SGD([w], lr=0.1), lr=0.1))
    assert "This is an optimizer, not a class" in text


class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in (torch.allclose, torch.equal, torch.Tensor.eq, torch.Tensor.sub):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})

    def __eq__(self, other):
        return True

    __hash__ = torch.Tensor.__hash__


def test_a_tensor_that_lies_is_not_believed(refused):
    def step(self, p, state, group):
        p.__class__ = Liar

    error = refused(check_optimizer, sgd(step), SGD, lr=0.1)
    assert error.mistakes == ("the parameter changes its class",)
    assert "No parameter moves" in str(error)


def test_a_class_that_equals_everything_is_not_believed(refused):
    class Meta(type):
        __eq__ = lambda self, other: True  # noqa: E731
        __hash__ = type.__hash__

    class Student(Renamed, metaclass=Meta):
        def my_step(self, p, state, group):
            p.sub_(2 * group["lr"] * p.grad)

    assert "2 times as long" in str(refused(check_optimizer, Student, SGD, lr=0.1))


class Mute(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    "error", [Mute(), ValueError("x" * 10**7), KeyError(), Exception(object())]
)
def test_any_exception_can_be_told(refused, error):
    assert "stopped in step 1" in str(refused(check_optimizer, sgd(raising(error)), SGD, lr=0.1))


def test_prints_are_swallowed_and_the_first_is_told(refused, capfd):
    def step(self, p, state, group):
        for _ in range(100):
            print("look here", p)
            print("and here", file=sys.stderr)

    assert "printed    look here" in str(refused(check_optimizer, sgd(step), SGD, lr=0.1))


def endless(self, p, state, group):
    while True:
        pass


def endless_and_stubborn(self, p, state, group):
    while True:
        with contextlib.suppress(Exception):
            p.sub_(p.grad)


def asleep(self, p, state, group):
    time.sleep(30)


@pytest.mark.slow
@pytest.mark.parametrize("step", [endless, endless_and_stubborn, asleep])
def test_an_endless_loop_is_stopped_and_said(refused, step):
    start = time.perf_counter()
    error = refused(check_optimizer, sgd(step), SGD, lr=0.1)
    assert time.perf_counter() - start < 15
    assert error.mistakes == ("an endless loop",)
    assert "did not come to an end in step 1" in str(error)


@pytest.mark.slow
def test_an_endless_loop_is_stopped_in_another_thread():
    found = []

    def check():
        try:
            check_optimizer(sgd(endless), SGD, lr=0.1)
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=check, daemon=True)
    thread.start()
    thread.join(30)
    (error,) = found
    assert type(error) is CheckFailed and error.mistakes == ("an endless loop",)


def test_a_loop_that_loses_the_first_stop_is_stopped_by_the_next(refused, monkeypatch):
    def in_order(wishes):
        lost = False
        while True:
            try:
                while True:
                    pass
            except BaseException:  # as in a generator that is being closed
                if lost:
                    raise
                lost = True

    monkeypatch.setattr(functions, "Guard", partial(Guard, seconds=0.1))
    ctrl_c = signal.getsignal(signal.SIGINT)
    for _ in range(4):
        error = refused(check_function, in_order, lambda wishes: [], ([],))
        assert error.mistakes == ("an endless loop",)
    assert signal.getsignal(signal.SIGINT) == ctrl_c


def by_signal(self, p, state, group):
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("step", [raising(KeyboardInterrupt()), by_signal])
def test_ctrl_c_is_ctrl_c(step):
    with pytest.raises(KeyboardInterrupt):
        check_optimizer(sgd(step), SGD, lr=0.1)
    assert torch.get_default_dtype() is torch.float32


def test_a_situation_says_what_it_tests():
    names = [s.name for s in SITUATIONS]
    assert len(set(names)) == len(names) == 18
    assert all(s.tests and not s.tests.endswith(".") for s in SITUATIONS)


@pytest.mark.slow
def test_import_is_light():
    heavy = "matplotlib", "torchvision", "nbgrader", "IPython", "ipywidgets", "pandas"
    code = f"import sys, utils.check; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


loss = torch.tensor(1.0)
"""A name that exists by chance, as after a training loop in a cell before."""


def test_a_step_that_returns_a_global_is_told(refused):
    class Own(torch.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, dict(lr=lr))

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.data.sub_(p.grad, alpha=group["lr"])
            return loss

    error = refused(check_optimizer, Own, SGD, lr=0.1)
    assert error.mistakes == ("step returns a global name",)


class FromTheGroups(Optim):
    """State for the groups that there are in the beginning."""

    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))
        self.v = {p: torch.zeros_like(p) for group in self.param_groups for p in group["params"]}

    def my_step(self, p, state, group):
        v = state.setdefault("v", self.v[p])
        v.mul_(group["momentum"]).add_(p.grad)
        p.sub_(v, alpha=group["lr"])


def test_a_group_that_comes_later_is_served(refused):
    error = refused(check_optimizer, FromTheGroups, SGD, lr=0.1, momentum=0.9)
    assert error.finding.situation == "a group added before step 3"


class CountsThem(Optim):
    def __init__(self, params, lr):
        self.n = sum(1 for _ in params)
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        p.sub_(p.grad, alpha=group["lr"])


def test_parameters_may_come_from_a_generator(refused):
    error = refused(check_optimizer, CountsThem, SGD, lr=0.1)
    assert error.finding.situation == "parameters from a generator"
    assert error.mistakes == ("the parameters are used up",)


def zero_shortcut(name):
    """With this hyper-parameter at zero, the plain step, whatever the others are."""

    def step(self, p, state, group):
        g = p.grad + group["weight_decay"] * p
        if group[name] == 0:
            p.sub_(p.grad, alpha=group["lr"])
            return
        if "v" not in state or group["momentum"] == 0:
            state["v"] = g.clone()
        else:
            state["v"].mul_(group["momentum"]).add_(g, alpha=1 - group["dampening"])
        p.sub_(state["v"], alpha=group["lr"])

    class Student(Optim):
        def __init__(self, params, lr, momentum, dampening, weight_decay):
            names = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
            super().__init__(params, names)

        my_step = step

    return Student


@pytest.mark.parametrize("name", ["momentum", "dampening", "weight_decay"])
def test_each_hyper_parameter_is_tried_at_zero_by_itself(refused, name):
    hyper = dict(lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.1)
    error = refused(check_optimizer, zero_shortcut(name), SGD, **hyper)
    assert f"{name}" in error.finding.situation and "= 0" in error.finding.situation


@pytest.mark.parametrize("make", [torch.zeros, torch.ones])
def test_a_buffer_on_the_wrong_device_is_told_without_a_gpu(refused, make):
    class OnTheCPU(Optim):
        def __init__(self, params, lr, momentum):
            super().__init__(params, dict(lr=lr, momentum=momentum))

        def my_step(self, p, state, group):
            if "v" not in state:
                state["v"] = make(p.shape) * 0
            state["v"] = group["momentum"] * state["v"] + p.grad
            p.sub_(state["v"], alpha=group["lr"])

    error = refused(check_optimizer, OnTheCPU, SGD, lr=0.1, momentum=0.9)
    assert error.mistakes == ("a tensor on the wrong device",)
