"""Hostile and broken submissions: each gets the points that are due to it, and harms nobody."""

from collections import Counter

import pytest

from tests.autograder.corpus import ours, stock, table
from tests.autograder.corpus.cases import CASES, FILE, FORGED, HONEST
from tests.autograder.corpus.world import points

pytestmark = pytest.mark.slow

SAMPLE = ("skip-tag", "truncated")


def test_there_are_sixty_and_more_of_three_kinds():
    kinds = Counter(one.kind for one in CASES.values())
    assert set(kinds) == {HONEST, FILE, FORGED}
    assert kinds.total() >= 60 and min(kinds.values()) >= 20


def test_each_gets_what_is_due_and_harms_nobody(tmp_path):
    """The whole corpus, graded once, as one class. Looked at afterwards: points, flags, files, the
    gradebook's other scores, processes, the network."""
    graded = ours.run(tmp_path)
    wrong = {name: ours.wrong(name, graded.came[name]) for name in CASES}
    assert not {name: why for name, why in wrong.items() if why}
    assert graded.harm == []
    for (_, assignment), came in graded.others.items():
        assert came.points == points(assignment), came.why


def test_what_nbgrader_made_of_them_is_kept():
    found = stock.kept()["outcomes"]
    assert set(found) <= set(CASES) and len(found) >= 60
    for name, one in found.items():
        assert set(one) == {"points", "said", "harm"}, name
        assert one["points"] is None or set(one["points"]) <= set(points(CASES[name].assignment))


@pytest.mark.parametrize("name", SAMPLE)
def test_nbgrader_still_does_what_is_told_of_it(name):
    now, then = stock.run(name), stock.kept()["outcomes"][name]
    assert (now["points"], now["harm"]) == (then["points"], then["harm"])


def test_the_page_tells_of_every_case():
    page = table.PAGE.read_text("utf-8")
    assert all(one.tries.split(".")[0][:40] in page for one in CASES.values())
