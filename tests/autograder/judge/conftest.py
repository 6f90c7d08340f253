"""The two ends of the bridge in one process: the student's end in a thread of its own."""

import linecache
import queue
import sys
import threading

import pytest
import torch

from autograder.bridge.messages import unpack
from autograder.bridge.student_end import Student
from autograder.judge.test_cells import TestCells
from autograder.model import GIVEN, TEST, Cell
from autograder.sandbox import Dead


class ThreadFork:
    """Has the face of a `run.Fork`; its cells are run by `exec`, without a sandbox."""

    def __init__(self):
        self.inward, self.outward = queue.Queue(), queue.Queue()
        self.namespace = {"__name__": "__main__"}
        self.alive = True
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        student = Student(self.namespace, self)
        while True:
            message = self.inward.get()
            if message is None:
                return
            try:
                self.outward.put(student.serve(*unpack(message)))
            except BaseException:  # a real process would end here
                self.alive = False
                self.outward.put(None)
                return

    def ask(self, message):  # the channel of the student's end
        self.outward.put(message)
        return self.inward.get()

    def post(self, message):
        if not self.alive:
            raise Dead("it was ended")
        self.inward.put(message)

    def wait(self, seconds):
        if not self.alive:
            raise Dead("it was ended")
        message = self.outward.get(timeout=seconds)
        if message is None:
            raise Dead("it ended itself")
        return message

    def run(self, source):
        file = f"<answer {len(linecache.cache)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        exec(compile(source, file, "exec"), self.namespace)


class Room:
    """The test cells and a student, cell by cell."""

    def __init__(self):
        self.fork, self.test_cells, self.count = ThreadFork(), TestCells(), 0
        self.test_cells.opens(self.fork)

    def answer(self, source):
        self.fork.run(source)

    def given(self, source):
        self.fork.run(source)
        self.test_cells.given(Cell("c", GIVEN, "code", source, grade_id="given"))

    def test(self, source, points=1):
        self.count += 1
        cell = Cell("c", TEST, "code", source, grade_id=f"test-{self.count}", points=points)
        self.ran, score = self.test_cells.test(cell, self.count)
        self.text = "".join(o.get("text", "") + o.get("evalue", "") for o in self.ran.outputs)
        return score

    def passes(self, source):
        score = self.test(source)
        assert score.score == score.most, self.text
        return True


@pytest.fixture
def room(monkeypatch):
    monkeypatch.setenv("MY_STEP_PROGRESS", "off")
    dtype = torch.get_default_dtype()
    room = Room()
    yield room
    room.fork.inward.put(None)
    torch.set_default_dtype(dtype)
    sys.setprofile(None)
