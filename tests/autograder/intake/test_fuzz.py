"""Notebooks spoilt at random: `read` returns a sheet, and its tests are exactly the master's.

`python -m tests.fuzz notebooks --count 10000` does it at length, on the course's own notebooks.
"""

import copy
import json
import random

import pytest

from autograder.intake.master import masters
from tests.fuzz import notebooks
from tests.fuzz.notebooks import SPOILERS, check, spoil_bytes


@pytest.mark.parametrize("spoil", SPOILERS)
def test_read_never_raises_and_the_tests_are_the_masters(hand_in, paper, course, spoil):
    rng, verdicts, runs = random.Random(spoil.__name__), 0, 150
    (master,) = masters(course, "01_tiny")
    before = copy.deepcopy(master)
    for _ in range(runs):
        if spoil is spoil_bytes:
            data = spoil(rng, paper.bytes())
        else:
            data = json.dumps(spoil(rng, copy.deepcopy(paper.tree))).encode()
        sheet = hand_in(data)
        check(sheet, master)
        verdicts += bool(sheet.verdict)
    assert master == before
    assert verdicts < runs * 0.95 and (verdicts or spoil is not spoil_bytes)


@pytest.mark.slow
def test_the_courses_own_notebooks_spoilt():
    assert notebooks.run(200, seed=1) == 200
