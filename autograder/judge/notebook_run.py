"""One sheet, from its first cell to its last: answers over there, tests here."""

import time
from contextlib import suppress
from dataclasses import replace

from autograder.judge.judge_end import Gone
from autograder.judge.test_cells import TestCells
from autograder.model import (
    DIED,
    ERROR,
    FREE,
    GIVEN,
    LATE,
    SKIPPED,
    TEST,
    Flag,
    Graded,
    Ran,
    Score,
)
from autograder.plain_text import ANSI

RESTARTS = 60
"""How often the student's process is made anew, after a cell or a test has ended it: often enough
that no question costs another one its points."""

SHARE, LEAST = 1 / 2, 1 / 6
"""Cells without points have the time of any other cell, until together they have used this share of
the notebook's time; from then on each has this part of a cell's, so that tests still get their turn."""

LARGE = 1 / 4
"""The part of the memory from which on a cell is remembered as one that holds much."""


def grade_sheet(sheet, make_fork, tier=""):
    """Run a sheet's cells and its tests.

    Args:
        sheet: from intake, without a verdict.
        make_fork: () → a fresh `run.Fork`. What is not run within the time that its limits give to
            the whole notebook earns nothing.
        tier: the name of its sandbox.

    Returns:
        Graded, with a Score for every test: 0 for one that did not run.
    """
    start = time.monotonic()
    trial = NotebookRun(make_fork)
    ran, scores = {}, {}
    try:
        for cell in sheet.cells:
            if cell.kind == "code":
                ran[cell.id] = trial.test(cell, scores) if cell.role == TEST else trial.run(cell)
    finally:
        trial.end()
    for cell in sheet.cells:
        if cell.role == TEST and cell.grade_id not in scores:  # a test that is no code
            scores[cell.grade_id] = Score(None, float(cell.points or 0))
    return Graded(
        sheet, ran, scores, tier, time.monotonic() - start, [*trial.flags, *trial.test_cells.flags]
    )


class NotebookRun:
    """The student's process and the judge's names, and what has been run so far."""

    def __init__(self, make_fork):
        start = time.monotonic()
        self.make_fork, self.fork = make_fork, make_fork()
        self.limits = self.fork.limits
        self.deadline = start + self.limits.total
        self.test_cells = TestCells(self.limits, self.deadline)
        self.history, self.flags = [], []
        self.large = []  # those of the history that left much memory in use
        self.count = self.restarts = 0
        self.free_seconds, self.output_left = 0.0, self.limits.total_output
        self.open()

    def renew(self):
        """A fresh process, in which all is run again that came to an end before."""
        self.fork.end()
        self.fork = self.make_fork()
        for cell, count in list(self.history):
            if self.over:
                return
            ran = self.fork.run(cell.id, cell.source, count, self.deadline, pictures=False)
            if ran.status in (LATE, DIED):
                self.history.remove((cell, count))
                if not self.fork.alive:
                    return
        self.open()

    def open(self):
        with suppress(Gone):  # then `ready` makes another
            self.test_cells.opens(self.fork)

    @property
    def over(self):
        return time.monotonic() > self.deadline

    def ready(self):
        """Is there time, and a process to ask? If the process is gone, make another."""
        while not self.over and (not self.fork.alive or self.test_cells.judge_end.gone):
            if self.restarts == RESTARTS:
                return False
            self.restarts += 1
            self.renew()
        return not self.over

    def why_not(self):
        if self.over:
            return f"not run: the notebook took longer than {self.limits.total:g} s"
        return "not run: the answers have ended their process too often"

    def run(self, cell):
        """Run a cell of the student's; a given cell is run on both sides."""
        if not self.ready():
            return Ran(SKIPPED)
        self.count += 1
        output = max(0, min(self.limits.output, self.output_left))
        self.fork.limits = replace(self.limits, cell=self.seconds_for(cell), output=output)
        pictures = self.limits.pictures or cell.origin == "student"
        ran = self.fork.run(cell.id, cell.source, self.count, self.deadline, pictures)
        self.fork.limits = self.limits
        self.output_left -= self.fork.wrote
        if cell.role == FREE:
            self.free_seconds += ran.seconds
        if ran.status == ERROR and starved(ran) and self.hogs(cell):
            return self.run(cell)
        if ran.status not in (LATE, DIED):
            self.history.append((cell, self.count))
            if cell.role == FREE and self.fork.memory() > LARGE * self.limits.memory:
                self.large.append((cell, self.count))
        if cell.role == GIVEN and cell.grade_id:  # others prepare the place, not the tests
            self.test_cells.given(cell)
        return ran

    def hogs(self, cell):
        """Do earlier cells of the student's own hold the memory that this one needs?

        If so they are left out from now on, and it can be tried again in a fresh process.
        """
        hogs = [one for one in self.large if one[0] is not cell and one in self.history]
        if not hogs or self.restarts == RESTARTS or self.over:
            return False
        self.history = [one for one in self.history if one not in hogs]
        self.restarts += 1
        self.renew()
        return self.fork.alive

    def seconds_for(self, cell):
        """How long this cell may take."""
        most = self.limits.cell
        if cell.role != FREE:
            return most
        return min(most, max(LEAST * most, SHARE * self.limits.total - self.free_seconds))

    def test(self, cell, scores):
        most = float(cell.points or 0)
        if not self.ready():
            scores[cell.grade_id] = Score(0.0, most, self.why_not())
            text = self.why_not()
            failed = dict(output_type="error", ename="NotRun", evalue=text, traceback=[text])
            return Ran(SKIPPED, [failed])
        self.count += 1
        ran, score = self.test_cells.test(cell, self.count)
        if ran.status == ERROR and (starved(ran) or not self.fork.alive) and self.hogs(cell):
            return self.test(cell, scores)
        score.why = first_line(score.why)
        scores[cell.grade_id] = score
        return ran

    def end(self):
        left = self.fork.end().survivors
        if left:
            self.flags.append(Flag("processes left behind", f"{left} had to be ended."))


def starved(ran):
    """Did it fail for want of memory?"""
    errors = [one for one in ran.outputs if one["output_type"] == "error"]
    return any(
        one["ename"] == "MemoryError" or "can't allocate memory" in one["evalue"] for one in errors
    )


def first_line(text):
    lines = [line.strip() for line in ANSI.sub("", text).splitlines()]
    return next((line for line in lines if line), "")
