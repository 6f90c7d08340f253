"""The kill matrix: every mistake of the bank is caught and named, by the exercises' own checks."""

import pickle
from functools import partial

import pytest
import torch

from utils.check import CheckFailed, check_optimizer, matrix
from utils.check.mistakes import families, smoothing
from utils.check.progress import COURSE
from utils.check.situations import PLAYED


@pytest.fixture(scope="module")
def verdicts():
    return {f.name: matrix.matrix(f) for f in families()}


@pytest.mark.slow
@pytest.mark.parametrize("name", [f.name for f in families()])
def test_every_mistake_is_caught_and_named(verdicts, name):
    survivors = [v.mistakes[0].name for v in verdicts[name] if not v.caught]
    misnamed = {v.mistakes[0].name: v.named for v in verdicts[name] if not v.right}
    assert not survivors
    assert not misnamed


@pytest.mark.slow
def test_the_table_in_the_documentation_is_the_matrix(verdicts):
    page = matrix.page([v for found in verdicts.values() for v in found])
    written = (COURSE / "docs" / "mistakes.md").read_text("utf-8")
    assert written == page, "run `python -m utils.check.matrix`"


@pytest.mark.slow
@pytest.mark.parametrize("family", families(), ids=lambda f: f.student)
def test_two_mistakes_at_once_are_caught_and_mostly_named(family):
    """Not all can be named: some hide the other one, and the search ends after half a second."""
    found = list(matrix.of_two(family, every=41))
    assert all(v.caught for v in found)
    some = [v for v in found if set(v.named) & {m.name for m in v.mistakes}]
    both = [v for v in found if v.right]
    assert len(some) >= 0.7 * len(found) and len(both) >= 0.25 * len(found)


def test_the_bank_is_large_and_each_entry_is_whole():
    mistakes = {(m.name, m.says): m for f in families() for m in f.mistakes}.values()
    assert len(mistakes) >= 60
    for m in mistakes:
        assert m.says.endswith(".") and m.says[0] != " ", m.name
        assert len(m.hints) == 2 and all(h and h[-1] in ".?`" for h in m.hints), m.name
        assert len(m.name) <= 64 and m.name[-1] != "."


@pytest.mark.parametrize("family", [*families(), *smoothing.FAMILIES], ids=lambda f: f.student)
def test_every_edit_of_the_bank_fits_its_source(family):
    right = family.write()
    names = [m.name for m in family.mistakes]
    assert len(set(names)) == len(names)
    for m in family.mistakes:
        wrong = family.write(m)
        assert wrong is not None and wrong != right, m.name
        assert family.build(m) is not None


def test_two_edits_of_the_same_line_do_not_go_together():
    from utils.check.mistakes import adam

    by_name = {m.name: m for m in adam.FAMILY.mistakes}
    assert adam.FAMILY.write(by_name["ε inside the root"], by_name["no ε"]) is None
    assert adam.FAMILY.write(by_name["ε inside the root"], by_name["no bias correction of v"])


def test_the_matrix_runs_the_cells_of_the_exercise():
    preparation, tests = matrix.cells("SGDMomentumOptimizer")
    assert "import" in preparation and tests
    assert all("check_optimizer(SGDMomentumOptimizer" in test for test in tests)


@pytest.mark.parametrize("family", families(), ids=lambda f: f.student)
def test_a_diagnosis_is_the_same_from_what_was_played_before_also_in_another_process(family):
    """The autograder plays the bank once for a class: what was played goes from judge to judge."""

    def said():
        with pytest.raises(CheckFailed) as caught:
            check_optimizer(wrong, reference, **family.hyper)
        return str(caught.value)

    wrong, (name, fixed) = family.build(family.mistakes[0]), family.reference
    reference = partial(getattr(torch.optim, name), **fixed)
    PLAYED.clear()
    first, played = said(), pickle.dumps(PLAYED)
    assert any(key[0] == family.name for key in PLAYED)
    PLAYED.clear()
    PLAYED.update(pickle.loads(played))
    known = set(PLAYED)
    assert said() == first
    assert set(PLAYED) == known
