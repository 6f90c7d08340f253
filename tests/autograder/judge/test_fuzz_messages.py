"""Whatever comes across the bridge, the judge stays whole: some drawn cases.

`python -m tests.fuzz messages --count 100000` draws more.
"""

import pytest

from tests.fuzz.messages import Draw, check_answer, check_message


@pytest.mark.parametrize("seed", range(4))
def test_no_message_stops_or_changes_the_judge(seed):
    draw = Draw(seed)
    for _ in range(150):
        check_message(draw)


@pytest.mark.parametrize("seed", range(24))
def test_no_answer_that_misbehaves_passes_for_a_right_one(room, seed):
    check_answer(Draw(seed), room)
