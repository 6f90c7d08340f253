"""All cases: importing this fills `case.CASES`."""

from tests.autograder.corpus import (  # noqa: F401
    files,
    forge_answers,
    forge_bridge,
    forge_judge,
    forge_kernel,
    forge_machine,
    forge_words,
    honest_cells,
    honest_limits,
    honest_runs,
)
from tests.autograder.corpus.case import CASES, FILE, FORGED, HONEST  # noqa: F401
