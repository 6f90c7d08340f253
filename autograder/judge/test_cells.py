"""Test cells, run where the student's code is not."""

import ast
import builtins
import contextlib
import io
import linecache
import math
import signal
import time
import traceback

import torch

from autograder import hidden_tests
from autograder.judge.judge_end import Gone, JudgeEnd
from autograder.model import ERROR, LATE, OK, Flag, Ran, Score
from autograder.sandbox import Limits
from utils.check.finding import Finding
from utils.check.guard import Stopped

MOST_TEXT = 20_000
"""Characters of what a test prints, and of why it failed, that are kept."""


class TimeUp(BaseException):
    """A test takes too long."""


class TestCells:
    """The judge's own names, and a window to the student's.

    A name that a test uses is the judge's own, if a cell of the master made it; otherwise the
    student's, across the bridge.

    Args:
        limits: how long one test may take, in all; see `run.Limits`.
        until: when the time for all of them is up (time.monotonic).
    """

    def __init__(self, limits=None, until=math.inf):
        self.limits, self.until = limits or Limits(), until
        self.judge_end: JudgeEnd  # from `opens` on
        self.space = {"__name__": "__main__", "__builtins__": builtins}
        self.theirs, self.given_names = set(), []
        self.flags = []

    def opens(self, fork):
        """The student is in this process from now on."""
        self.judge_end = JudgeEnd(fork, self.until)
        for name in self.theirs:
            self.space.pop(name, None)
        self.twins()

    def twins(self):
        """Tell both sides what they both have made from the same given cells."""
        kinds = (type, type(lambda: 0))
        both = [n for n in self.given_names if isinstance(self.space.get(n), kinds)]
        if both and self.judge_end.fork.alive:
            self.judge_end.table.twins.update({name: self.space[name] for name in both})
            self.judge_end.ask("twins", both)

    def given(self, cell):
        """Run a given cell here too; it is the master's, and the student's cells have run it.

        Raises:
            Exception: the course's own code fails.
        """
        code = compile(cell.source, f"<{cell.grade_id}>", "exec")
        before = set(self.space)
        with contextlib.suppress(Gone):
            self.look(names_in(code) - own_names(cell.source))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(code, self.space)
        made = set(self.space) - before
        self.theirs -= made
        self.given_names += sorted(
            name for name in made if getattr(self.space[name], "__module__", None) == "__main__"
        )
        with contextlib.suppress(Exception):
            self.twins()

    def look(self, names):
        """Fetch what these names stand for over there now, those that are not our own."""
        names = sorted(n for n in names if n in self.theirs or n not in self.space)
        names = [n for n in names if not hasattr(builtins, n)]
        for name in names:
            self.space.pop(name, None)
        self.theirs |= set(names)
        if names and self.judge_end.fork.alive:
            self.space.update(self.judge_end.ask("look", names))

    def test(self, cell, count):
        """Run a test cell.

        Returns:
            (Ran, Score).
        """
        start, printed, status = time.monotonic(), Printed(), OK
        outputs, result = [], Score(float(cell.points or 0), float(cell.points or 0))
        until = min(self.until, start + self.limits.test)
        alarm = Alarm(until - start)
        # A student's process that sends without end could keep the alarm from being heard: so the
        # judge's end of the bridge has the same deadline, and looks at it before each message.
        self.judge_end.until = until + 1
        torch.set_grad_enabled(True)
        try:
            nowhere = contextlib.redirect_stderr(io.StringIO())
            with alarm, contextlib.redirect_stdout(printed), nowhere:
                value = self.run(cell)
            if value is not None:
                shown = {"text/plain": str(value)[:MOST_TEXT]}
                outputs.append(
                    dict(
                        output_type="execute_result",
                        execution_count=count,
                        data=shown,
                        metadata={},
                    )
                )
                result.score = self.partial(cell, value, result.most)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not self.judge_end.gone:
                raise
            status, result.score = ERROR, 0.0
            found = getattr(error, "finding", None)
            found = found if isinstance(found, Finding) else None
            name, why = name_of(error), text_of(error)
            if alarm.rang:
                status, found = LATE, None
                name, why = "TimeoutError", self.late(until)
                self.judge_end.gone = self.judge_end.gone or why
            elif self.judge_end.gone and not found and not isinstance(error, Stopped):
                name, why = "Gone", self.judge_end.gone
            outputs.append(failure(name, why))
            result.why, result.raised = why or name, name
            result.hidden = in_hidden_part(error, cell)
            result.unwritten = name == "NotImplementedError"
            if found:
                result.finding, result.mistakes = found.to_json(), list(found.mistakes)
                result.unwritten = found.unwritten
        torch.set_grad_enabled(True)
        self.judge_end.until = self.until
        if printed.text:
            outputs.insert(0, dict(output_type="stream", name="stdout", text=printed.text))
        if self.judge_end.borrowed:
            who = ", ".join(sorted(self.judge_end.borrowed))
            self.flag("torch.optim called", f"{cell.grade_id}: the answer calls {who}.")
            self.judge_end.borrowed.clear()
        if self.judge_end.forged:
            self.flag("forged message", f"{cell.grade_id}: {self.judge_end.gone}")
        ran = Ran(status, outputs, count, time.monotonic() - start)
        return ran, result

    def late(self, until):
        if until == self.until:
            return f"the notebook took longer than {self.limits.total:g} s"
        return f"the test took longer than {self.limits.test:g} s"

    def flag(self, kind, text):
        self.flags.append(Flag(kind, text))

    def run(self, cell):
        """The value of the last line, as a notebook shows it."""
        file = file_of(cell)
        linecache.cache[file] = (len(cell.source), None, cell.source.splitlines(True), file)
        tree = ast.parse(cell.source, file)
        last = tree.body[-1] if tree.body else None
        shown = isinstance(last, ast.Expr) and not cell.source.rstrip().endswith(";")
        end = None
        if isinstance(last, ast.Expr) and shown:
            tree.body.pop()
            end = compile(ast.Expression(last.value), file, "eval")
        body = compile(tree, file, "exec")
        made = own_names(cell.source)
        self.look((names_in(body) | (names_in(end) if end else set())) - made)
        exec(body, self.space)
        value = eval(end, self.space) if end else None
        self.theirs -= made
        return value

    def partial(self, cell, value, most):
        """Points for a test whose last line is a number, as nbgrader has it."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return most
        if not math.isfinite(value) or not 0 <= value <= most:
            self.flag("odd number of points", f"{cell.grade_id} gave {value} of {most:g} points.")
            return 0.0
        return float(value)


def in_hidden_part(error, cell):
    """Was it a line that students do not have which ended a test?"""
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file_of(cell)
    ]
    return bool(lines) and hidden_tests.is_hidden(cell.source, lines[-1] or 0)


def file_of(cell):
    """The name that Python knows a test cell by."""
    return f"<{cell.grade_id}>"


def own_names(source):
    """The names that a cell makes at its top level."""
    names = set()
    for node in ast.parse(source).body:
        for part in ast.walk(node) if not isinstance(node, SCOPES) else [node]:
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.add(part.id)
            elif isinstance(part, SCOPES):
                names.add(part.name)
            elif isinstance(part, ast.alias):
                names.add((part.asname or part.name).split(".")[0])
    return names


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def names_in(code):
    """All names that a piece of code reads from outside of itself, its functions included."""
    names = set(code.co_names)
    for part in code.co_consts:
        if hasattr(part, "co_names"):
            names |= names_in(part)
    return names


def failure(name, text):
    return dict(output_type="error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


def name_of(error):
    return "Gone" if isinstance(error, Gone) else type(error).__name__


def text_of(error):
    if isinstance(error, Stopped):
        return "The answer did not come to an end in time."
    try:
        return str(error)[:MOST_TEXT]
    except BaseException:
        return ""


class Printed(io.TextIOBase):
    """What a test prints, up to a length."""

    def __init__(self):
        self.text = ""

    def writable(self):
        return True

    def write(self, text):
        self.text += text[: max(0, MOST_TEXT - len(self.text))]
        return len(text)


class Alarm:
    """A `TimeUp` after so many seconds, and every second from then on. In a `with`.

    rang: whether it has been raised, even if the code under test caught it.
    """

    def __init__(self, seconds):
        self.seconds, self.rang = max(seconds, 1e-3), False

    def ring(self, number, frame):
        self.rang = True
        raise TimeUp

    def __enter__(self):
        self.before = signal.signal(signal.SIGALRM, self.ring)
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 1.0)

    def __exit__(self, *_):
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)
