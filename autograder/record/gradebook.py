"""The gradebook: what stock nbgrader would write for the same result, in one transaction.

nbgrader's own tables, through its own classes; but its methods commit after every cell, and open
the database nine times a submission.

What a grader did by hand stays: scores, comments, extra credit. As with nbgrader, a cell with a
score by hand is marked for another look when it is graded again.
"""

import contextlib
import functools
import json
import logging
import math
from typing import Any

from nbgrader import api
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from autograder.course import Trouble
from autograder.nbgrader_api import database_trouble, gone, patient
from autograder.record.marks import Mark, Marks, Master

IMPATIENCE = 2  # seconds until a locked gradebook is `Away`: the caller can wait and say so


class Book:
    """The gradebook, open. Use it in a `with`; every method is a transaction of its own.

    Raises:
        Away: (any method) it is locked or cannot be reached; nothing was written; try again.
        Trouble: (any method) it cannot be used.
    """

    def __init__(self, course):
        self.course = course
        if course.gradebook:
            course.gradebook.parent.mkdir(parents=True, exist_ok=True)
        self.book: Any = None  # until it is open
        with self.told():
            self.book = api.Gradebook(patient(course.db_url, IMPATIENCE), course.course_id)
        self.masters = functools.cache(self.read_masters)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.book.close()

    @contextlib.contextmanager
    def told(self):
        try:
            yield
        except SQLAlchemyError as error:
            if self.book:
                self.book.engine.dispose()  # next time, a connection to what is there then
            raise database_trouble(error, self.course) from error

    @contextlib.contextmanager
    def transaction(self):
        """A session of which all is written at its end, or nothing."""
        with self.told():
            session = self.book.db
            if self.course.gradebook and not self.course.gradebook.exists():
                self.book.engine.dispose()
                raise gone(self.course)  # SQLite would make an empty one
            try:
                if self.course.gradebook:  # SQLite: nobody writes between our reading and writing
                    session.execute(text("BEGIN IMMEDIATE"))
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.remove()

    def read_masters(self, assignment):
        """The notebooks of an assignment: name → Master. Kept; see `forget`."""
        with self.told():
            rows = (
                self.book.db.query(api.Notebook)
                .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
                .filter(api.Assignment.name == assignment)
            )
            masters = {row.name: master(row) for row in rows}
            self.book.db.remove()
            return masters

    def forget(self):
        """Read the masters anew: the assignment was released again."""
        self.masters.cache_clear()

    def submissions(self):
        """(student, assignment) → id, of all that are in the gradebook."""
        with self.told():
            rows = self.book.db.query(
                api.SubmittedAssignment.student_id,
                api.Assignment.name,
                api.SubmittedAssignment.id,
            ).join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            found = {(student, assignment): id for student, assignment, id in rows}
            self.book.db.remove()
            return found

    def record(self, student, assignment, timestamp, entries):
        """Write the results of one submission.

        Args:
            timestamp: when it was handed in, as text; None leaves what is there.
            entries: notebook → Entry.

        Returns:
            (the submission's id, {notebook: Marks} as they are now).
        """
        masters = self.masters(assignment)
        with self.transaction() as session:
            submission = find_submission(session, student, assignment, self.course.course_id)
            if timestamp:
                submission.timestamp = api.utils.parse_utc(timestamp)
            notebooks = complete(session, submission)
            found = {}
            for name, entry in entries.items():
                found[name] = write(session, notebooks[name], entry, masters[name].marks)
            for name, marks in found.items():
                marks.penalty = self.fine(session, notebooks[name], student)
            return submission.id, found

    def fine(self, session, notebook, student):
        """The penalty for being late, as the configured plugin of nbgrader says."""
        session.flush()
        notebook.late_submission_penalty = None
        late = notebook.assignment.total_seconds_late
        if late > 0:
            assigner = self.assigner
            session.refresh(notebook, ["score"])
            penalty = assigner.plugin_inst.late_submission_penalty(student, notebook.score, late)
            if penalty is not None:
                penalty = assigner._check_late_penalty(notebook, penalty)
                notebook.late_submission_penalty = penalty
        return notebook.late_submission_penalty or 0.0

    @functools.cached_property
    def assigner(self):
        from nbgrader.preprocessors import AssignLatePenalties

        log = logging.getLogger("autograder.nbgrader.late")
        log.setLevel(logging.CRITICAL)
        made = AssignLatePenalties(config=self.course.config, log=log)
        made.init_plugin()
        return made

    def marks(self, student, assignment, notebook):
        """What the gradebook holds now, as `Marks`."""
        marks = self.masters(assignment)[notebook].marks
        with self.told():
            session = self.book.db
            try:
                one = self.book.find_submission_notebook(notebook, assignment, student)
                grades, comments = rows(session, one)
                found = collect(grades, comments, marks)
                found.penalty = one.late_submission_penalty or 0.0
                return found
            except api.MissingEntry as error:
                raise Trouble(f"{student}, {assignment}: not in the gradebook yet.") from error
            finally:
                session.remove()


def master(row):
    """A Master from nbgrader's Notebook."""
    marks = {
        cell.name: Mark(cell.name, cell.cell_type, cell.source, cell.checksum, cell.locked)
        for cell in row.source_cells
    }
    for cell in [*row.grade_cells, *row.task_cells]:
        marks[cell.name].points = cell.max_score
    for cell in row.solution_cells:
        marks[cell.name].solution = True
    for cell in row.task_cells:
        marks[cell.name].task = True
    return Master(row.name, json.loads(row.kernelspec or "{}"), marks)


def find_submission(session, student, assignment, course_id):
    """nbgrader's SubmittedAssignment, made if there is none."""
    known = session.query(api.Assignment).filter_by(name=assignment).one_or_none()
    if known is None:
        raise Trouble(f"the gradebook does not know {assignment}.")
    if session.get(api.Student, student) is None:
        session.add(api.Student(id=student))
    found = (
        session.query(api.SubmittedAssignment)
        .filter_by(assignment_id=known.id, student_id=student)
        .one_or_none()
    )
    if found is None:
        found = api.SubmittedAssignment(assignment=known, student_id=student)
        session.add(found)
        session.flush()
    return found


def complete(session, submission):
    """The submission's notebooks by name; a new one comes with a row for every grade and comment."""
    there = {one.notebook_id: one for one in submission.notebooks}
    found = {}
    for notebook in submission.assignment.notebooks:
        one = there.get(notebook.id)
        if one is None:
            one = api.SubmittedNotebook(notebook=notebook, assignment=submission)
            session.add(one)
            for cell in [*notebook.grade_cells, *notebook.task_cells]:
                session.add(api.Grade(cell_id=cell.id, notebook=one))
            for cell in [*notebook.solution_cells, *notebook.task_cells]:
                session.add(api.Comment(cell_id=cell.id, notebook=one))
        found[notebook.name] = one
    session.flush()
    return found


def rows(session, notebook):
    """nbgrader's Grades and Comments of a submitted notebook, each with its cell's name."""
    return [
        session.query(kind, api.BaseCell.__table__.c.name)
        .join(api.BaseCell.__table__, api.BaseCell.__table__.c.id == kind.cell_id)
        .filter(kind.notebook_id == notebook.id)
        .all()
        for kind in (api.Grade, api.Comment)
    ]


def write(session, notebook, entry, marks):
    """Put an Entry into the rows of a submitted notebook; returns the Marks.

    Args:
        marks: name → Mark, of the master.
    """
    grades, comments = rows(session, notebook)
    for grade, name in grades:
        if marks[name].task or name not in entry.scores:
            continue  # graded by hand alone
        score = entry.scores[name]
        if score is not None and not (math.isfinite(score) and 0 <= score <= marks[name].points):
            score = None  # no such score exists: somebody has to look
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
    for comment, name in comments:
        if name in entry.comments:
            comment.auto_comment = entry.comments[name]
    if entry.flagged:
        notebook.flagged = True
    session.flush()
    return collect(grades, comments, marks)


def collect(grades, comments, marks):
    """Rows → Marks: what was given by hand comes first."""
    found = Marks()
    for grade, name in grades:
        score = grade.auto_score if grade.manual_score is None else grade.manual_score
        score = 0.0 if score is None else score + (grade.extra_credit or 0.0)
        found.grades[name] = (score, marks[name].points, grade.needs_manual_grade)
    for comment, name in comments:
        said = comment.auto_comment if comment.manual_comment is None else comment.manual_comment
        if said:
            found.comments[name] = said
    return found
