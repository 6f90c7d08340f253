"""What the gradebook holds and what grading noted: one `Result` for each submission."""

from dataclasses import dataclass, field

from autograder.course import said
from autograder.log import Log
from autograder.model import Flag
from autograder.nbgrader_api import gradebook
from autograder.report.reasons import Mistake, noted


@dataclass
class Result:
    """What one student got for one assignment, and what the instructor should know about it.

    score, max_score: points, after the penalty for handing in late; None if it was not graded.
    cells: grade_id → (points or None, most points).
    mistakes: each that a check found.
    why: sentences, why marks were lost.
    flags, verdict, notes: as in `autograder.model`.
    tier: the name of the sandbox that held; "" if nothing says so.
    seconds: how long its cells and tests took; None if nothing says so.
    page: the path of the feedback page; "" if there is none yet.
    """

    student: str
    assignment: str
    score: float | None = None
    max_score: float = 0.0
    needs_manual_grade: bool = False
    late_penalty: float = 0.0
    cells: dict = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    verdict: str | None = None
    tier: str = ""
    seconds: float | None = None
    page: str = ""


def scores(course, assignments=None):
    """What the gradebook holds.

    Returns:
        list of dict: student, assignment, score, max_score, needs_manual_grade; by assignment.
    """
    names = ("student", "assignment", "score", "max_score", "needs_manual_grade")
    return [{n: getattr(one, n) for n in names} for one in held(course, assignments)]


def registered(course):
    """(student, name) of all whom the gradebook knows, with work or without; the name may be ""."""
    from nbgrader.api import Student

    with gradebook(course) as book:
        rows = book.db.query(Student.id, Student.first_name, Student.last_name)
        return sorted((id, " ".join(filter(None, (first, last)))) for id, first, last in rows)


def held(course, assignments=None):
    """What the gradebook holds, in two queries however large the class is.

    Args:
        assignments: names; None for all.

    Returns:
        list of `Result` with scores and cells, by assignment and student.
    """
    with gradebook(course) as book:
        found = {one.id: result for one, result in submitted(book, assignments)}
        for key, name, score, most in cells(book):
            if key in found:
                found[key].cells[name] = (score, most)
    return sorted(found.values(), key=lambda one: (one.assignment, one.student))


def submitted(book, assignments):
    from nbgrader.api import Assignment, SubmittedAssignment
    from sqlalchemy.orm import undefer

    numbers = ("score", "max_score", "needs_manual_grade", "late_submission_penalty")
    query = book.db.query(SubmittedAssignment, Assignment.name)
    query = query.join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
    query = query.options(*(undefer(getattr(SubmittedAssignment, name)) for name in numbers))
    for one, name in query:
        if assignments is None or name in assignments:
            penalty = one.late_submission_penalty or 0.0
            yield (
                one,
                Result(
                    student=one.student_id,
                    assignment=name,
                    score=max(0.0, one.score - penalty),
                    max_score=one.max_score,
                    needs_manual_grade=bool(one.needs_manual_grade),
                    late_penalty=penalty,
                ),
            )


def cells(book):
    """(submission's id, grade_id, points or None, most points), for every graded cell."""
    from nbgrader.api import Grade, GradeCell, SubmittedNotebook

    points = Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade
    query = book.db.query(
        SubmittedNotebook.assignment_id, GradeCell.name, *points, GradeCell.max_score
    )
    query = query.select_from(Grade)
    query = query.join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
    query = query.join(GradeCell, Grade.cell_id == GradeCell.id)
    for key, name, auto, manual, extra, open_, most in query:
        score = manual if manual is not None else auto
        yield key, name, None if score is None or open_ else score + (extra or 0.0), most


def results(course, assignments=None):
    """What the gradebook holds, with why marks were lost and what grading noted."""
    found = held(course, assignments)
    for one in found:
        pages = sorted((course.feedback / one.student / one.assignment).glob("*.html"))
        one.page = str(pages[0]) if pages else ""
        try:
            add(one, noted(course, one.student, one.assignment))
        except Exception as error:  # a graded notebook that somebody has changed
            Log(course).traceback(one.student, one.assignment, "while it was reported")
            one.verdict = f"What grading noted cannot be read ({said(error)}): grade it again."
    return found


def add(result, noted):
    """What the graded notebooks say goes into a result."""
    result.why, result.mistakes = noted.why, noted.mistakes
    for about in noted.about:
        result.flags += [Flag(**flag) for flag in about.get("flags", [])]
        result.notes += about.get("notes", [])
        result.verdict = result.verdict or about.get("verdict")
        result.tier = result.tier or about.get("tier", "")
        if about.get("seconds") is not None:
            result.seconds = (result.seconds or 0.0) + about["seconds"]
    if result.late_penalty:
        result.why.append(f"{result.late_penalty:g} points off for handing in late")
    if result.verdict and result.needs_manual_grade:  # until a person has decided
        result.score = None
