"""Hostile and broken submissions: each gets the points that are due to it, and harms nobody."""

from collections import Counter

import pytest

from tests.autograder.corpus import ours, stock, table
from tests.autograder.corpus.cases import CASES, FILE, FORGED, HONEST
from tests.autograder.corpus.world import points

pytestmark = pytest.mark.slow

SAMPLE = ("skip-tag", "truncated", "warns")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The whole corpus, graded as one class."""
    return ours.run(tmp_path_factory.mktemp("corpus"))


def test_there_are_sixty_and_more_of_three_kinds():
    kinds = Counter(one.kind for one in CASES.values())
    assert set(kinds) == {HONEST, FILE, FORGED}
    assert kinds.total() >= 60 and min(kinds.values()) >= 20


@pytest.mark.parametrize("name", CASES)
def test_each_gets_what_is_due(graded, name):
    assert not ours.wrong(name, graded.came[name]), CASES[name].tries


def test_nothing_else_has_changed(graded):
    """Files, the gradebook's other scores, processes, the network."""
    assert graded.harm == []


def test_those_beside_them_have_all_their_points(graded):
    for (_, assignment), came in graded.others.items():
        assert came.points == points(assignment), came.why


def test_every_case_went_through_nbgrader_too():
    found = stock.kept()["outcomes"]
    assert set(found) == set(CASES)
    for name, one in found.items():
        assert set(one) == {"points", "said", "harm"}, name
        assert one["points"] is None or set(one["points"]) <= set(points(CASES[name].assignment))


@pytest.mark.parametrize("name", SAMPLE)
def test_nbgrader_still_does_what_is_told_of_it(name):
    now, then = stock.run(name), stock.kept()["outcomes"][name]
    assert (now["points"], now["harm"]) == (then["points"], then["harm"])


def test_the_page_is_that_of_these_results(graded):
    assert table.PAGE.read_text("utf-8") == table.page(stock.kept(), graded.came, graded.harm)
