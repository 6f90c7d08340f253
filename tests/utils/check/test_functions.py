"""`check_function`: results and arguments are compared, and known mistakes are named."""

import numpy as np
import pytest
import torch
from torch import tensor

from utils.check import check_function
from utils.check.mistakes import smoothing


def ewma(x, beta):
    a, averages = 0.0, []
    for value in x:
        a = beta * a + (1 - beta) * value
        averages.append(a)
    return averages


CASES = ([1.0, 2.0, 4.0, 3.0], 0.9), ([], 0.5), ([0.5] * 20, 0.3)


@pytest.mark.parametrize(
    "student",
    [
        ewma,
        lambda x, beta: tuple(ewma(x, beta)),
        lambda x, beta: np.array(ewma(x, beta)),
        lambda x, beta: tensor(ewma(x, beta)),
        lambda x, beta: tensor(ewma(x, beta), dtype=torch.float32),
        lambda x, beta: [tensor(a) for a in ewma(x, beta)],
        lambda x, beta: (a for a in ewma(x, beta)),
    ],
)
def test_right_in_any_form(student, capfd):
    check_function(student, ewma, *CASES)
    out, err = capfd.readouterr()
    assert out.startswith("✓") and out.endswith("is right in 3 cases.\n") and not err


def test_says_arguments_yours_expected_and_where(refused):
    def late(x, beta):
        return [0.0, *ewma(x, beta)[:-1]]

    text = str(refused(check_function, late, ewma, *CASES))
    for part in (
        "✗ late is not right yet.",
        "where      case 1 of 3",
        "call       late([1, 2, 4, 3], 0.9)",
        "yours      [0, 0.1, 0.29, 0.661]",
        "expected   [0.1, 0.29, 0.661, 0.8949]",
        "first      at [0]: yours 0, expected 0.1",
    ):
        assert part in text


@pytest.mark.parametrize("family", smoothing.FAMILIES, ids=lambda f: f.student)
def test_every_mistake_in_an_average_is_named(refused, family):
    x = tensor([3.0, -1.0, 4.0, 1.0, 5.0])
    numbers = (1, 2, 3, 50) if family.student == "sma" else (0.9, 0.5, 0.1)
    for mistake in family.mistakes:
        cases = [(x, n) for n in numbers]
        error = refused(check_function, family.build(mistake), family.build(), *cases)
        assert error.mistakes == (mistake.name,), error
        assert len(error.hints) == 3


def test_a_mistake_is_named_from_a_single_case_against_a_constant(refused):
    kept = next(m for m in smoothing.OF_DEBIASED if m.name == "the debiased average is kept")
    student = smoothing.FAMILIES[2].build(kept)
    error = refused(check_function, student, lambda x, b: torch.ones(3), (torch.ones(3), 0.9))
    assert error.mistakes == (kept.name,)


@pytest.mark.parametrize(
    "student, name",
    [
        (lambda x: [100 * a for a in x], "a constant factor"),
        (lambda x: [-a for a in x], "the sign"),
        (lambda x: [x[0], *x[:-1]], "one step late"),
        (lambda x: [*x[1:], 0.0], "one step early"),
        (lambda x: [0.0, *x[1:]], "the first entry"),
        (lambda x: [0.0, *x], "one entry too many at the start"),
        (lambda x: x[:-1], "another shape"),
        (lambda x: [float("nan"), *x[1:]], "not finite"),
        (lambda x: None, "nothing is returned"),
        (lambda x: "four", "unknown"),
        (lambda x: {"a": 1}, "unknown"),
        (lambda x: x[9], "it raises IndexError"),
        (lambda: 1, "it raises TypeError"),
        (3, "no function"),
    ],
)
def test_what_a_wrong_result_looks_like(refused, student, name):
    error = refused(check_function, student, lambda x: list(x), ([1.0, 2.0, 4.0, 7.0],))
    assert error.mistakes == (name,), error


def test_a_constant_factor_needs_two_numbers_that_agree(refused):
    def wrong(x):
        return 9999.0 if x == 1 else x

    for cases in [(1.0,)], [(1.0,), (2.0,)], [(2.0,), (1.0,)]:
        error = refused(check_function, wrong, lambda x: x, *cases)
        assert error.mistakes == ("unknown",), error
    error = refused(check_function, lambda x: 3 * x, lambda x: x, (1.0,), (2.0,))
    assert error.mistakes == ("a constant factor",)


def weight():
    p = torch.ones(3, requires_grad=True)
    p.grad = tensor([1.0, 2.0, 3.0])
    return p


def average_grad(p, mom, grad_avg=None, **kwargs):
    if grad_avg is None:
        grad_avg = torch.zeros_like(p.grad)
    return {"grad_avg": mom * grad_avg + p.grad}


def momentum_step(p, lr, grad_avg, **kwargs):
    with torch.no_grad():
        p.add_(grad_avg, alpha=-lr)


def test_stats_and_steppers_are_compared_by_what_they_return_and_change(capsys):
    p = weight()
    check_function(average_grad, average_grad, (p, 0.9), (p, {"**": dict(mom=0.5, lr=3)}))
    check_function(momentum_step, momentum_step, (p, 0.1, torch.ones(3)))
    assert capsys.readouterr().out.count("✓") == 2
    assert p.tolist() == [1.0, 1.0, 1.0], "the case itself stays as it was"


def test_a_stepper_that_changes_nothing_fails(refused):
    def stepper(p, lr, grad_avg):
        p = p - lr * grad_avg

    error = refused(check_function, stepper, momentum_step, (weight(), 0.1, torch.ones(3)))
    assert error.mistakes == ("an argument is not changed as it should be",)


def test_an_argument_that_is_changed_in_passing_is_told(refused):
    def stat(p, mom, grad_avg=None):
        return {"grad_avg": p.grad.add_(mom * (0 if grad_avg is None else grad_avg))}

    error = refused(check_function, stat, average_grad, (weight(), 0.9, torch.ones(3)))
    assert error.mistakes == ("an argument is changed",)


def test_another_key_is_told(refused):
    def stat(p, mom, grad_avg=None):
        return {"average": mom * 0 + p.grad}

    text = str(refused(check_function, stat, average_grad, (weight(), 0.9)))
    assert "['average']" in text and "['grad_avg']" in text


def test_an_error_that_is_due_is_right_and_its_absence_is_told(refused):
    def strict(n):
        if n < 1:
            raise ValueError("n must be at least 1")
        return n

    check_function(strict, strict, (0,), (2,))
    error = refused(check_function, lambda n: n, strict, (0,))
    assert error.mistakes == ("bad input is accepted",)


@pytest.mark.parametrize(
    "student, x, name",
    [
        (lambda x: x.sqrt(), 4.0, "a number is no tensor"),
        (lambda x: x + torch.ones(3), torch.ones(2), "shapes do not fit"),
        (lambda x: x["a"], {"b": 1.0}, "a key is missing"),
        (lambda x: x.foo, [1.0], "no such attribute"),
        (lambda x: x ^ 2, 2.5, "^ is no power"),
        (lambda x: x ^ 2, torch.ones(2), "^ is no power"),
    ],
)
def test_an_error_in_a_function_is_explained_without_state_and_self(refused, student, x, name):
    error = refused(check_function, student, lambda x: 1.0, (x,))
    assert error.mistakes == (name,)
    told = str(error).split("Diagnosis")[1]
    assert not any(word in told for word in ("state", "self", "group"))


def test_a_list_that_is_emptied_is_no_method_with_an_underscore(refused):
    def emptied(x):
        return sum(x.pop() for _ in range(len(x)))

    error = refused(check_function, emptied, sum, ([1.0, 2.0],))
    assert error.mistakes == ("an argument is changed",)
    assert "underscore" not in error.hints[0] and "copy" in error.hints[0]


def test_a_stepper_that_changes_another_argument_too_is_told_so(refused):
    def clears(p, lr, grad_avg):
        momentum_step(p, lr, grad_avg)
        grad_avg.zero_()

    error = refused(check_function, clears, momentum_step, (weight(), 0.1, torch.ones(3)))
    assert error.mistakes == ("an argument is changed",)
    assert "changes an argument that should stay as it was" in str(error)


class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True

    def __eq__(self, other):
        return True

    __hash__ = torch.Tensor.__hash__


class EqualToAll:
    def __eq__(self, other):
        return True

    def __float__(self):
        return 5.0

    def __repr__(self):
        raise ValueError


@pytest.mark.parametrize("result", [EqualToAll(), torch.zeros(3).as_subclass(Liar)])
def test_what_lies_about_equality_is_not_believed(refused, result):
    refused(check_function, lambda: result, lambda: torch.ones(3), ())


def test_huge_results_are_told_in_short(refused):
    refused(check_function, lambda: "x" * 10**7, lambda: 1.0, ())
    refused(check_function, lambda: list(range(10**5)), lambda: 1.0, ())
    refused(check_function, lambda: torch.zeros(10**6), lambda: torch.ones(10**6), ())


def test_floats_are_compared_relative_to_the_largest(refused):
    check_function(lambda: [1e6, 1e-3], lambda: [1e6 + 0.5, 1e-3], ())
    check_function(lambda: 0.1 + 0.2, lambda: 0.3, ())
    refused(check_function, lambda: 1.00001, lambda: 1.0, ())
    refused(check_function, lambda: True, lambda: 2.0, ())
