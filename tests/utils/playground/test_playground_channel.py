"""A question of a playground is answered by one message; all others as always."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from utils.playground.channel import QUIET, answer_by_one_message

QUESTION = {"kind": "walk", "me": "a", "id": 1}


def message(number, content):
    data = {"method": "custom", "content": content}
    return {"header": {"msg_id": number}, "content": {"comm_id": "c", "data": data}}


class Kernel:
    """As much of ipykernel's as tells what it does."""

    def __init__(self):
        self.told, self.parent = [], {}

    def get_parent(self, channel=None):
        return self.parent

    def _publish_status(self, status, channel, parent=None):
        self.told.append((status, (parent or self.parent)["header"]["msg_id"]))

    def answer(self, asked):
        self.parent = asked
        self._publish_status("busy", "shell")
        self.told.append(("answer", asked["header"]["msg_id"]))
        self._publish_status("idle", "shell")


def told(*asked, pause=0.0):
    async def work():
        for each in asked:
            kernel.answer(each)
            await asyncio.sleep(pause)
        at_once = list(kernel.told)
        await asyncio.sleep(2 * QUIET)
        return at_once, kernel.told[len(at_once) :]

    kernel = Kernel()
    answer_by_one_message(kernel)
    answer_by_one_message(kernel)  # each widget asks for it
    with ThreadPoolExecutor() as own:  # the browser's tests keep a loop in this thread
        return own.submit(lambda: asyncio.run(work())).result()


def test_a_question_gets_its_answer_at_once_and_idle_when_all_is_quiet():
    now, later = told(*[message(i, QUESTION) for i in range(5)], pause=0.3 * QUIET)
    assert now == [("answer", i) for i in range(5)]
    assert later == [("idle", i) for i in range(5)]  # or the page would keep them for ever


@pytest.mark.parametrize(
    "other",
    [
        {"header": {"msg_id": 7}, "content": {"code": "1 + 1"}},
        {"header": {"msg_id": 7}, "content": {"data": {"method": "update", "state": {}}}},
        {"header": {"msg_id": 7}},
        message(7, {"kind": "click"}),
        message(7, "click"),
    ],
)
def test_what_others_ask_is_announced_as_always(other):
    now, later = told(other, message(1, QUESTION), other)
    announced = [("busy", 7), ("answer", 7), ("idle", 7)]
    assert now == [*announced, ("answer", 1), *announced]
    assert later == [("idle", 1)]


def test_a_kernel_of_another_kind_is_left_as_it_is():
    class Older(Kernel):
        def _publish_status(self, status, parent=None):
            pass

    for kernel in (None, object(), Older()):
        before = getattr(kernel, "_publish_status", None)
        answer_by_one_message(kernel)
        assert getattr(kernel, "_publish_status", None) == before
