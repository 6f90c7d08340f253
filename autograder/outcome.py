"""What became of a submission, and what would."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.course import Course, Submission, said
from autograder.model import Flag, Graded, Sheet
from autograder.record.gradebook import Book
from autograder.record.graded_notebook import opened
from autograder.record.journal import Journal
from autograder.report import reasons


@dataclass
class Outcome:
    """What became of a submission.

    graded: is it in the gradebook with scores? If not, it is there to be looked at (see `record`).
    why: why marks were lost; or, if it could not be graded, why not.
    flags: for the instructor; they change no score.
    tier: the name of the sandbox that held.
    seconds: how long its cells and tests took.
    fresh: False if an earlier run graded it, and nothing has changed since.
    """

    submission: Submission
    graded: bool
    why: list[str]
    flags: list[Flag] = field(default_factory=list)
    tier: str = ""
    seconds: float = 0.0
    fresh: bool = True


def holds(
    course: Course,
    journal: Journal,
    known: dict[tuple[str, str], str],
    submission: Submission,
    key: str,
) -> bool:
    """Is this very result in the gradebook, and its graded notebook there?

    Args:
        known: what is in the gradebook: (student, assignment) → id.
    """
    student, assignment, _ = submission
    entry = journal.entry(submission)
    return (
        entry.get("key") == key
        and known.get((student, assignment)) == entry.get("id", "")
        and any((course.autograded / student / assignment).glob("*.ipynb"))
    )


def told(course: Course, submission: Submission, graded: list[Graded]) -> Outcome:
    """The Outcome of a submission whose results are recorded."""
    verdicts = [one.sheet.verdict for one in graded if one.sheet.verdict]
    some = len(verdicts) < len(graded)
    why = reasons(course, submission.student, submission.assignment) if some else []
    return Outcome(
        submission,
        graded=some,
        why=[*verdicts, *why],
        flags=[flag for one in graded for flag in [*one.sheet.flags, *one.flags]],
        tier=next((one.tier for one in graded if one.tier), ""),
        seconds=sum(one.seconds for one in graded),
    )


def old(course: Course, submission: Submission) -> Outcome:
    """The Outcome of a submission that an earlier run graded."""
    folder = course.autograded / submission.student / submission.assignment
    graded = [recalled(path) for path in sorted(folder.glob("*.ipynb"))]
    return replace(told(course, submission, graded), fresh=False)


def recalled(path: Path) -> Graded:
    """What a graded notebook says of how it was graded: a Graded without cells and scores."""
    about = opened(path).metadata.get("autograder", {})
    return Graded(
        Sheet("", "", path.stem, verdict=about.get("verdict")),
        tier=about.get("tier", ""),
        seconds=about.get("seconds", 0.0),
        flags=[Flag(**flag) for flag in about.get("flags", [])],
    )


def score(graded: list[Graded]) -> str:
    scores = [score for one in graded for score in one.scores.values()]
    return f"{sum(one.score or 0 for one in scores):g}/{sum(one.most for one in scores):g}"


def unread(course: Course, submission: Submission, error: BaseException) -> list[Sheet]:
    """Sheets with a verdict, for a submission that intake stumbled over."""
    text = f"It cannot be taken in: {type(error).__name__}: {said(error)}."
    return [
        Sheet(submission.student, submission.assignment, path.stem, verdict=text)
        for path in course.notebooks(submission.assignment)
    ]


def plan(
    course: Course,
    submissions: Iterable[Submission],
    again: bool,
    keys: Callable[[Submission], str],
    journal: Journal,
    read: Callable[[Course, Submission], list[Sheet]],
) -> Iterator[Outcome]:
    """What a run would do: an Outcome for each submission, and nothing is changed."""
    known = {}
    if not course.gradebook or course.gradebook.exists():
        with Book(course) as book:
            known = book.submissions()
    for one in submissions:
        if not again and holds(course, journal, known, one, keys(one)):
            yield old(course, one)
            continue
        before = "again" if journal.entry(one) else "for the first time"
        try:
            sheets = read(course, one)
        except Exception as error:
            sheets = unread(course, one, error)
        verdicts = [sheet.verdict for sheet in sheets if sheet.verdict]
        flags = [flag for sheet in sheets for flag in sheet.flags]
        yield Outcome(one, False, verdicts or [f"would be graded {before}"], flags)
