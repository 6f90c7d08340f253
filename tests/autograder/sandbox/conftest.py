"""One warm process for each sandbox, for all tests here: it takes seconds to start."""

from pathlib import Path

import pytest

from autograder.sandbox import Warm

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def warms():
    """tier → its warm process, started when first asked for."""
    made = {}

    def warm(tier):
        if tier not in made:
            made[tier] = Warm(ROOT, tier)
        return made[tier]

    yield warm
    for one in made.values():
        one.close()


@pytest.fixture(scope="session")
def warm(warms):
    return warms("namespaces")


@pytest.fixture
def fork(warm):
    fork = warm.fork()
    yield fork
    fork.end()


@pytest.fixture
def run(fork):
    """Run the cells one after the other; returns what became of the last."""

    def run(*sources):
        for count, source in enumerate(sources, 1):
            ran = fork.run(f"cell-{count}", source, count)
        return ran

    return run
