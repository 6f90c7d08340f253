"""No test of any exercise gives a point for an answer that took no work."""

from pathlib import Path

import pytest
import torch

from tests.solutions.constant_answers import ANSWERS, answered, earned

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_no_point_is_earned_by_an_empty_or_constant_answer(path, monkeypatch):
    monkeypatch.setenv("MY_STEP_PROGRESS", "off")
    monkeypatch.chdir(path.parent)
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    try:
        assert earned(path) == []
    finally:
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)


def test_a_constant_stands_in_each_function_that_was_left_to_the_student():
    source = (
        "class A:\n    def my_step(self, p, state):\n        ### BEGIN SOLUTION\n        p.add_(1)\n"
        "        ### END SOLUTION\n\n\ndef f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    )
    space = {}
    exec(answered(source, ANSWERS["the first argument, zeroed"]), space)
    p = torch.ones(2)
    assert space["A"]().my_step(p, {}) is p and not p.any()
    assert space["f"](p) is p
