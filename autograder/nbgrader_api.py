"""nbgrader's own converters and gradebook, on a course: quiet, and an error is one sentence."""

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Iterator
from typing import Any

from autograder.course import Course, Trouble, said

PATIENCE = 30  # seconds to wait for a gradebook that someone else is writing to


class Away(Trouble):
    """The gradebook is locked or cannot be reached: later it may be there again."""


def convert(
    course: Course, converter: Any, assignment: str, student: str = "*", **folders: Any
) -> None:
    """Run one of nbgrader's converters on one assignment, over what is there from an earlier run.

    Args:
        course: a Course.
        converter: such as `nbgrader.converters.Autograde`, the class.
        assignment, student: which ones.
        folders: settings of nbgrader's CourseDirectory that are other than the course's.

    Raises:
        Trouble: what the converter stumbled over.
    """
    from nbgrader.coursedir import CourseDirectory

    log = logging.getLogger("autograder.nbgrader")
    log.propagate = False
    log.setLevel(logging.WARNING)
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    log.addHandler(handler)
    where = CourseDirectory(config=course.config, log=log, db_url=patient(course.db_url))
    where.assignment_id = assignment
    where.student_id = student
    for name, value in folders.items():
        setattr(where, name, str(value))
    try:
        with warnings.catch_warnings():  # of nbgrader's dealings with SQLAlchemy and nbformat
            warnings.simplefilter("ignore")
            converter(coursedir=where, config=course.config, log=log, force=True).start()
    except Exception as error:  # whatever it is, it concerns this assignment and student only
        raise cause(heard.getvalue(), error, course) from error
    finally:
        log.removeHandler(handler)


def register(course: Course, assignment: str) -> None:
    """Write an assignment's cells, points and tests into the gradebook, as they are now."""
    import tempfile

    from nbgrader.converters import GenerateAssignment

    if course.gradebook:
        course.gradebook.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as nowhere:
        try:
            convert(course, GenerateAssignment, assignment, release_directory=nowhere)
        except Away:
            raise
        except Trouble as why:
            raise Trouble(f"{assignment} cannot go into the gradebook: {why}") from why


@contextlib.contextmanager
def gradebook(course: Course) -> Iterator[Any]:
    """The gradebook, open.

    Raises:
        Trouble: it cannot be opened; `Away`, if it is locked.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with Gradebook(patient(course.db_url), course.course_id) as book:
            yield book
    except SQLAlchemyError as error:
        raise database_trouble(error, course) from error


def patient(url: str, seconds: float | None = None) -> str:
    """The address of a database, with how long SQLite waits for another program to have written."""
    seconds = PATIENCE if seconds is None else seconds
    return f"{url}?timeout={seconds}" if url.startswith("sqlite:///") and "?" not in url else url


def cause(heard: str, error: object, course: Course) -> Trouble:
    """The Trouble behind a failure: the last line of the traceback that nbgrader logged."""
    if re.search(r"OperationalError|DatabaseError|database is locked", heard + str(error)):
        return database_trouble(heard + str(error), course)
    if "there are submissions associated with it" in heard:
        return Trouble(
            "its graded cells were added, removed or renamed after submissions were graded: put them "
            "back, or give the assignment a new name, or start with a new gradebook."
        )
    lines = [
        line
        for line in heard.splitlines()
        if re.match(r"[A-Za-z_][\w.]*(Error|Exception|Missing\w*)\b: .", line)
        and "NbGraderException" not in line
    ]
    text = lines[-1] if lines else said(error)
    return Trouble(
        re.sub(r"^[\w.]*?(?!KeyError)\b\w+(Error|Exception): ", "", text).rstrip(".") + "."
    )


def gone(course: Course) -> Away:
    return Away(f"{course.gradebook} is gone: put it back.")


def database_trouble(error: object, course: Course) -> Trouble:
    """What a database's complaint means, as a Trouble; `Away` if waiting may help."""
    text, where = str(error), course.gradebook or "the gradebook"
    if "locked" in text:
        return Away(f"{where} is locked: another program is writing to it; close it and try again.")
    if "not a database" in text or "malformed" in text:
        return Trouble(
            f"{where} is not a gradebook: move it away, or name another in nbgrader_config.py."
        )
    if course.gradebook and not course.gradebook.exists():
        return gone(course)
    if "readonly" in text and course.gradebook and os.access(where, os.W_OK):
        return Away(f"{where} was replaced while it was in use.")
    if "readonly" in text:
        return Trouble(f"{where} cannot be written to: who owns it?")
    if "unable to open" in text or "disk I/O" in text:
        return Away(f"{where} cannot be opened: is its folder there and writable?")
    if re.search("no such (table|column)", text):
        return Trouble(
            f"{where} was made by another nbgrader: back it up, then run `nbgrader db upgrade`."
        )
    if re.search(r"connect|server closed|terminating|timeout|timed out|SSL", text, re.I):
        return Away(f"{where} cannot be reached: is the database's server running?")
    return Trouble(f"{where} cannot be used: {said(text)}.")
