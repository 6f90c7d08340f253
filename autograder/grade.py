"""Submissions into the gradebook: intake → work → record.

Intake and recording happen here, work in worker processes (see `scheduler`), which never see the
gradebook. A result is written to disk as soon as it is there, and stays until it is in the
gradebook; so nothing is done twice after Ctrl-C, a kill, or while the gradebook is locked.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields
from typing import Any

from autograder.course import CONFIG, Course, Submission, Trouble, said
from autograder.log import Log
from autograder.model import Graded, Sheet, to_json
from autograder.nbgrader_api import Away, register
from autograder.outcome import Outcome, holds, old, plan, score, told, unread
from autograder.pool import WINDOWS
from autograder.record import Unwritten, record
from autograder.record.gradebook import Book
from autograder.record.journal import Journal, Keys, Lock, Spool
from autograder.sandbox import Limits
from autograder.scheduler import LONGEST, Lost, Scheduler

WORKERS = os.cpu_count() or 1
WORK, BEGIN = "autograder.judge:work", "autograder.judge:begin"
PAUSE = 2  # seconds until a gradebook that is away is tried again
WAIT = 1800  # seconds after which it is given up; what was worked out is kept


@dataclass
class Task:
    """A submission on its way: a place for the Graded of each of its notebooks, as JSON."""

    submission: Submission
    key: str
    results: dict[int, str | None] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return None not in self.results.values()


def grade(
    course: Course,
    submissions: Sequence[Submission],
    again: bool = False,
    workers: int | None = None,
    tier: str | None = None,
    executor: Executor | None = None,
    dry_run: bool = False,
    limits: dict[str, Any] | None = None,
    say: Callable[[str], None] | None = None,
    read: Callable[[Course, Submission], list[Sheet]] | None = None,
    work: Callable[[dict], str] | str = WORK,
    begin: str | None = BEGIN,
) -> Iterator[Outcome]:
    """Grade submissions; yields an `Outcome` as each is done. One that fails stops no other.

    Args:
        course: a Course.
        submissions: as from `course.submissions`.
        again: also those that are graded already.
        workers: how many at a time; as many as there are cores.
        tier: the name of the sandbox; without, the best that holds.
        executor: a `concurrent.futures.Executor` with workers that see the course's folder; without,
            processes of this machine.
        dry_run: change nothing; each Outcome says what would happen.
        limits: for the students' code: settings of `autograder.sandbox.Limits`; they go before those of
            nbgrader_config.py.
        say: called with a sentence when there is something to wait for; without, it goes to stderr.
        read, work, begin: intake and work, if other than the course's own.

    Raises:
        Trouble: nothing can be graded: another grader is at work, the gradebook or an assignment's
            source is out of order, no sandbox holds, or this is Windows.
        KeyboardInterrupt: stopped; the next run goes on from there.
    """
    if read is None:
        from autograder import intake

        read = intake.read
    limits = {**configured(course), **(limits or {})}
    settings = dict(root=str(course.root), tier=tier, limits=limits)
    of_scores = {name: value for name, value in limits.items() if name != "pictures"}
    keys, journal = Keys(course, of_scores), Journal(course)
    if dry_run:
        yield from plan(course, submissions, again, keys, journal, read)
        return
    if executor is None and not hasattr(os, "fork"):
        raise Trouble(WINDOWS)
    with Lock(course):
        longest = LONGEST / 2 + 3 * limits.get("total", Limits.total)  # a worker's own is shorter
        scheduler = Scheduler(work, begin, workers or WORKERS, executor, longest)
        run = Run(course, keys, journal, scheduler, settings, read, say or complain)
        try:
            yield from run(submissions, again)
        finally:
            scheduler.stop()


def configured(course: Course) -> dict[str, Any]:
    """The limits that nbgrader_config.py sets: c.Limits, and c.Execute.timeout for a cell.

    Raises:
        Trouble: there is no such limit, or it is no number.
    """
    seconds, known = course.config.Execute.get("timeout"), [one.name for one in fields(Limits)]
    found = {"cell": float(seconds)} if seconds else {}
    for name, value in course.config.Limits.items():
        if name not in known:
            there = ", ".join(known)
            raise Trouble(f"{CONFIG}: there is no c.Limits.{name}; there are {there}.")
        switch = isinstance(getattr(Limits, name), bool)
        if switch and type(value) is not bool:
            raise Trouble(f"{CONFIG}: c.Limits.{name} must be True or False, not {value!r}.")
        if not switch and (type(value) not in (int, float) or not value > 0):
            raise Trouble(f"{CONFIG}: c.Limits.{name} must be a number above 0, not {value!r}.")
        found[name] = value
    return found


def complain(sentence: str) -> None:
    print(f"autograder: {sentence}", file=sys.stderr, flush=True)


class Run:
    """One run over a class: what `grade` is made of."""

    def __init__(
        self,
        course: Course,
        keys: Keys,
        journal: Journal,
        scheduler: Scheduler,
        settings: dict[str, Any],
        read: Callable[[Course, Submission], list[Sheet]],
        say: Callable[[str], None],
    ) -> None:
        self.course, self.keys, self.journal, self.scheduler = course, keys, journal, scheduler
        self.settings, self.read, self.say = settings, read, say
        self.spool, self.log = Spool(course), Log(course)
        self.away: float | None = None  # since when the gradebook cannot be reached

    def __call__(self, submissions: Sequence[Submission], again: bool) -> Iterator[Outcome]:
        file = self.course.gradebook  # None for another database than SQLite
        anew = again or bool(file and not file.exists())  # to make a gradebook takes seconds
        if anew and submissions:
            self.scheduler.wake(self.settings)
        with self.patiently(Book, self.course) as book:
            known = self.patiently(book.submissions)
            tasks = [Task(one, self.keys(one)) for one in submissions]
            todo = [
                one
                for one in tasks
                if again or not holds(self.course, self.journal, known, one.submission, one.key)
            ]
            for task in tasks:
                if task not in todo:
                    self.spool.drop(task.submission)  # a kill came between its record and this
                    yield self.again(task.submission)
            if not todo:
                return
            if not anew:
                self.scheduler.wake(self.settings)
            for assignment in sorted({task.submission.assignment for task in todo}):
                self.patiently(register, self.course, assignment)
            book.forget()
            if again:  # so that a run without `again` goes on where this one stops
                for task in todo:
                    self.journal.write(task.submission, None)
                    self.spool.drop(task.submission)
            self.log(
                f"began: {len(todo)} to grade, {self.scheduler.size} at a time, process {os.getpid()}"
            )
            start, done = time.monotonic(), 0
            try:
                for outcome in self.work(deque(todo), book):
                    done += 1
                    yield outcome
            finally:
                how = "ended" if done == len(todo) else "stopped"
                seconds = time.monotonic() - start
                self.log(f"{how}: {done} of {len(todo)} graded in {seconds:.0f} s")

    def work(self, todo: deque[Task], book: Book) -> Iterator[Outcome]:
        """All stages at once: while workers work, others' results are recorded."""
        ready: deque[Task] = deque()
        while todo or self.scheduler.busy or ready:
            while todo and self.scheduler.hungry:
                task = todo.popleft()
                ready += [task] if self.begun(task) else []
            wait = 0 if ready and not self.away else PAUSE
            for (task, number), result in (
                self.scheduler.results(wait) if self.scheduler.busy else []
            ):
                self.finish(task, number, result)
                if task.complete:
                    self.keep(task)
                    ready.append(task)
            if ready:
                outcome = self.record(ready[0], book)
                if outcome:
                    ready.popleft()
                    yield outcome
                elif not self.scheduler.busy:
                    time.sleep(PAUSE)

    def begun(self, task: Task) -> bool:
        """Take a submission in and give it to the workers; True if there is nothing for them to do."""
        kept = self.spool.find(task.submission, task.key)
        if kept:
            task.results = dict.fromkeys(range(len(kept)))
            return True
        try:
            sheets = self.read(self.course, task.submission)
        except Exception as error:  # of a submission that nobody has thought of
            sheets = unread(self.course, task.submission, error)
        task.results = {
            number: to_json(Graded(sheet)) if sheet.verdict else None
            for number, sheet in enumerate(sheets)
        }
        for number, sheet in enumerate(sheets):
            if not sheet.verdict:
                self.scheduler.put((task, number), dict(self.settings, sheet=to_json(sheet)))
        if not task.complete:
            return False
        self.keep(task)
        return True

    def finish(self, task: Task, number: int, result: Any) -> None:
        """Take what a worker gave back."""
        if isinstance(result, Lost):
            try:
                sheet = self.read(self.course, task.submission)[number]
            except Exception as error:  # it has changed or vanished meanwhile
                sheet = unread(self.course, task.submission, error)[number]
            sheet.verdict = str(result)
            result = to_json(Graded(sheet, tier=self.settings["tier"] or ""))
        task.results[number] = result

    def keep(self, task: Task) -> None:
        """From now on no kill can take this work away."""
        self.spool.keep(task.submission, task.key, list(task.results.values()))
        task.results = dict.fromkeys(task.results)  # pictures are large, classes too

    def record(self, task: Task, book: Book) -> Outcome | None:
        """Put a result into the gradebook; None if that has to wait."""
        graded = self.spool.find(task.submission, task.key)
        now = time.monotonic()
        try:
            id = record(self.course, *graded, book=book)
            outcome = told(self.course, task.submission, graded)
        except Away as why:
            self.wait(why, now)
            return None
        except Exception as error:
            if isinstance(error, Trouble) and not isinstance(error, Unwritten):
                raise  # nothing can be recorded any more
            self.away = None
            return self.left(task, error)
        self.away = None
        self.journal.write(
            task.submission,
            task.key,
            id=id,
            graded=outcome.graded,
            tier=outcome.tier,
            seconds=round(outcome.seconds, 3),
            mistakes={
                name: one.mistakes for g in graded for name, one in g.scores.items() if one.mistakes
            },
        )
        self.spool.drop(task.submission)
        for one in graded:
            if one.trouble:
                self.log(*task.submission[:2], "its judge stumbled:", one.trouble)
        self.log(
            task.submission.student,
            task.submission.assignment,
            score(graded) if outcome.graded else f"not graded: {' '.join(outcome.why)}",
            f"{outcome.seconds:.1f} s",
            outcome.tier,
            *(f"[{flag.kind}] {flag.text}" for flag in outcome.flags),
        )
        return outcome

    def again(self, submission: Submission) -> Outcome:
        """The Outcome of a submission that an earlier run graded."""
        try:
            return old(self.course, submission)
        except Exception as error:
            self.log.traceback(submission.student, submission.assignment, "while it was read again")
            self.journal.write(submission, None)  # the next run grades it anew
            return Outcome(submission, False, [f"What was graded cannot be read: {said(error)}."])

    def left(self, task: Task, error: BaseException) -> Outcome:
        """The Outcome of a submission that cannot be recorded. The next run tries it again."""
        who = task.submission.student, task.submission.assignment
        why = str(error) if isinstance(error, Trouble) else f"{type(error).__name__}: {said(error)}"
        self.log.traceback(*who, "while it was recorded")
        self.journal.write(task.submission, None)
        self.spool.drop(task.submission)
        self.log(*who, f"not graded: {why}")
        return Outcome(task.submission, False, [f"It cannot be recorded: {why}"])

    def wait(self, why: Away, now: float) -> None:
        """Say once that the gradebook is away; give up after a while."""
        if self.away is None:
            self.away = now
            self.say(f"{why} Waiting for it; nothing is lost.")
            self.log(f"waiting: {why}")
        elif now - self.away > WAIT:
            raise why

    def patiently(self, action: Callable[..., Any], *args: Any) -> Any:
        """Do something with the gradebook as soon as it is there."""
        while True:
            try:
                result = action(*args)
            except Away as why:
                self.wait(why, time.monotonic())
                time.sleep(PAUSE)
            else:
                self.away = None
                return result
