"""A student gets another name, becomes one with another, or leaves: everywhere, and no grade is lost.

Everywhere is: the gradebook (one transaction), the folders in submitted/, autograded/ and feedback/, the
journal of what is graded, and the registry of what LMSs call whom. A command that was killed is run again.
"""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from autograder.course import Course, Submission, Trouble
from autograder.intake.delivery import free_name
from autograder.intake.layout import folder_name
from autograder.intake.registry import Registry, comparable
from autograder.record import feedback
from autograder.record.gradebook import Book
from autograder.record.journal import Journal, Lock

REMOVED = ".removed"  # in submitted/: what students who left had handed in
ABOUT = ("first_name", "last_name", "email", "lms_user_id")  # columns of nbgrader's student


def rename(course: Course, old: str, new: str) -> list[str]:
    """Call a student otherwise.

    Returns:
        sentences on what was done.

    Raises:
        Trouble: there is no such student, another one has the new name, or it cannot be a folder's.
    """
    if folder_name(new) != new:
        hint = f": {folder_name(new)} can" if folder_name(new) else ""
        raise Trouble(f"{new} cannot be a student's name here{hint}.")
    known = everyone(course)
    if old not in known:
        raise unknown(old, known)
    both = [one for one in known - {old} if comparable(one) == comparable(new)]
    if both:
        raise Trouble(
            f"there is a {both[0]} already: `autograder student merge {old} {both[0]}` makes one of two "
            "(and goes on with a rename that was stopped)."
        )
    return one_of_two(course, old, new, None)


def merge(course: Course, old: str, new: str, keep: str | None = None) -> list[str]:
    """Make one student of two: what `old` has goes to `new`.

    Args:
        keep: where both handed in the same assignment, whose counts: `old` or `new`. The other work
            stays as ASSIGNMENT.earlier-1, its grade goes.

    Raises:
        Trouble: one is unknown, or both handed in the same assignment, and `keep` does not say whose counts.
    """
    known = everyone(course)
    for name in (old, new):
        if name not in known:
            raise unknown(name, known)
    if old == new:
        raise Trouble(f"{old} and {new} are one already.")
    both = sorted(handed_in(course, old) & handed_in(course, new))
    if both and keep not in (old, new):
        raise Trouble(
            f"{old} and {new} both handed in {', '.join(both)}: say whose counts, --keep {old} or "
            f"--keep {new}."
        )
    return one_of_two(course, old, new, keep)


def remove(course: Course, old: str) -> list[str]:
    """Take a student out of the class. What was handed in is kept in submitted/.removed/.

    Raises:
        Trouble: there is no such student.
    """
    known = everyone(course)
    if old not in known:
        raise unknown(old, known)
    with Lock(course):
        done = []
        if has_gradebook(course):
            with Book(course) as book, book.transaction() as session:
                done += drop_student(session, old)
        home = course.submitted / old
        if home.is_dir():
            (course.submitted / REMOVED).mkdir(exist_ok=True)
            target = course.submitted / REMOVED / old
            home.rename(free_name(target) if target.exists() else target)
            done.append(f"What {old} handed in is in {course.submitted / REMOVED}.")
        for place in (course.autograded, course.feedback):
            shutil.rmtree(place / old, ignore_errors=True)
        journal = Journal(course)
        for student, assignment in list(journal.entries):
            if student == old:
                journal.write(Submission(old, assignment, home / assignment), None)
        Registry(course.submitted).rename(old, None)
    return done or [f"{old} is not in the class any more."]


def one_of_two(course: Course, old: str, new: str, keep: str | None) -> list[str]:
    """All that is `old`'s becomes `new`'s."""
    with Lock(course):
        if has_gradebook(course):
            with Book(course) as book, book.transaction() as session:
                move_grades(session, old, new, keep)
        moved = move_folders(course, old, new, keep)
        move_journal(course, old, new, keep)
        Registry(course.submitted).rename(old, new)
        said = [f"{old} is {new} now."]
        if moved:
            said.append(f"Handed in: {', '.join(moved)}.")
        for assignment in sorted(
            path.parent.name for path in course.autograded.glob(f"{new}/*/*.ipynb")
        ):
            with contextlib.suppress(Trouble):  # `autograder feedback` says why
                feedback(course, new, assignment)
    return said


def everyone(course: Course) -> set[str]:
    """The students in the gradebook and in submitted/."""
    found = {home.name for home in course.homes()} | set(
        Registry(course.submitted).folders.values()
    )
    if has_gradebook(course):
        from nbgrader import api

        with Book(course) as book, book.transaction() as session:
            found |= {name for (name,) in session.query(api.Student.id)}
    return found


def unknown(name: str, known: set[str]) -> Trouble:
    import difflib

    near = difflib.get_close_matches(name, known, 1, cutoff=0.3)
    return Trouble(f"there is no student {name}" + (f": did you mean {near[0]}?" if near else "."))


def has_gradebook(course: Course) -> bool:
    return course.gradebook is None or course.gradebook.exists()


def handed_in(course: Course, student: str) -> set[str]:
    """The assignments that a student has work or a grade in."""
    found = {one for one in course.assignments if (course.submitted / student / one).is_dir()}
    if has_gradebook(course):
        with Book(course) as book:
            found |= {name for (who, name) in book.submissions() if who == student}
    return found


# the gradebook


def move_grades(session: Any, old: str, new: str, keep: str | None) -> None:
    """Submissions with all their scores and comments, to another student; `session`: SQLAlchemy's."""
    from nbgrader import api

    before = session.get(api.Student, old)
    if before is None:
        return
    after = session.get(api.Student, new)
    if after is None:
        after = api.Student(id=new, **{name: getattr(before, name) for name in ABOUT})
        session.add(after)
        session.flush()
    theirs = {
        one.assignment_id: one
        for one in session.query(api.SubmittedAssignment).filter_by(student_id=new)
    }
    for one in session.query(api.SubmittedAssignment).filter_by(student_id=old).all():
        other = theirs.get(one.assignment_id)
        if other is not None:
            loser = other if keep == old else one
            drop_submission(session, loser)
            if loser is one:
                continue
        session.query(api.SubmittedAssignment).filter_by(id=one.id).update({"student_id": new})
    session.flush()
    session.expire_all()
    session.delete(session.get(api.Student, old))


def drop_student(session: Any, name: str) -> list[str]:
    from nbgrader import api

    student = session.get(api.Student, name)
    if student is None:
        return []
    rows = session.query(api.SubmittedAssignment).filter_by(student_id=name).all()
    for one in rows:
        drop_submission(session, one)
    session.expire_all()
    session.delete(session.get(api.Student, name))
    return [f"{name} is not in the gradebook any more ({len(rows)} graded)."]


def drop_submission(session: Any, one: Any) -> None:
    """As nbgrader's `remove_submission`, within our transaction."""
    for notebook in list(one.notebooks):
        for row in [*notebook.grades, *notebook.comments]:
            session.delete(row)
        session.flush()
        session.delete(notebook)
    session.flush()
    session.delete(one)
    session.flush()


# folders and notes


def move_folders(course: Course, old: str, new: str, keep: str | None) -> list[str]:
    """Each assignment's folder; returns the assignments in submitted/."""
    moved = []
    for place in (course.submitted, course.autograded, course.feedback):
        home = place / old
        if not home.is_dir():
            continue
        (place / new).mkdir(exist_ok=True)
        for folder in sorted(home.iterdir()):
            target = place / new / folder.name
            if place == course.submitted and folder.name in course.assignments:
                moved.append(folder.name)
            if target.exists():
                aside(folder, target, theirs=keep == new, keep_both=place == course.submitted)
            else:
                os.rename(folder, target)
        with contextlib.suppress(OSError):  # something is left in it
            home.rmdir()
    return moved


def aside(folder: Path, target: Path, theirs: bool, keep_both: bool) -> None:
    """Of two folders of one assignment one stays; theirs: that which is there already."""
    loser = folder if theirs else target
    if keep_both:
        os.rename(loser, free_name(target))
    else:
        shutil.rmtree(loser)
    if not theirs:
        os.rename(folder, target)


def move_journal(course: Course, old: str, new: str, keep: str | None) -> None:
    """What is graded stays graded under the new name."""
    journal = Journal(course)
    for (student, assignment), entry in list(journal.entries.items()):
        if student != old:
            continue
        theirs = Submission(new, assignment, course.submitted / new / assignment)
        rest = {key: value for key, value in entry.items()
                if key not in ("student", "assignment", "key", "when")}  # fmt: skip
        if keep != new or not journal.entry(theirs):
            journal.write(theirs, entry.get("key"), **rest)
        journal.write(Submission(old, assignment, course.submitted / old / assignment), None)
