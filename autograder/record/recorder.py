"""One result: into the gradebook, and onto pages."""

import contextlib
from dataclasses import asdict

from autograder import atomic
from autograder.course import Trouble, said
from autograder.log import Log

LONGEST_NOTE = 10_000  # bytes of one of the small files that nbgrader puts beside a submission


def record(course, *graded, book=None):
    """Write a result: gradebook, graded notebooks, feedback pages. The same again changes nothing.

    Whatever is raised while its notebooks are made becomes its verdict: it is recorded as a
    submission that could not be graded, and `graded` says so from then on.

    Args:
        course: a Course.
        graded: a Graded for each notebook of one submission.
        book: the gradebook, if it is open already: a `record.gradebook.Book`.

    Returns:
        the submission's id in the gradebook.

    Raises:
        Away: the gradebook is locked or cannot be reached: nothing was written, try again.
        Trouble: it cannot be written.
    """
    from autograder.record.feedback_page import page
    from autograder.record.gradebook import Book
    from autograder.record.graded_notebook import written

    sheet = graded[0].sheet
    with contextlib.nullcontext(book) if book else Book(course) as book:
        masters = book.masters(sheet.assignment)
        try:
            notebooks, entries = prepared(course, graded, masters)
        except Trouble:
            raise
        except Exception as error:
            Log(course).traceback(sheet.student, sheet.assignment, "while it was recorded")
            for one in graded:
                one.sheet.verdict = f"It was run, but it cannot be recorded: {in_words(error)}."
            notebooks, entries = prepared(course, graded, masters)
        stamp = next((one.sheet.timestamp for one in graded if one.sheet.timestamp), None)
        key, marks = book.record(sheet.student, sheet.assignment, stamp, entries)
    texts = {}
    for name, nb in notebooks.items():
        put(course.autograded, sheet, f"{name}.ipynb", written(nb), mode=0o444)
        try:
            texts[name] = page(nb, name, sheet.student, marks[name])
        except Exception as error:
            Log(course).traceback(sheet.student, sheet.assignment, "on its feedback page")
            raise Unwritten(f"its feedback page cannot be made: {in_words(error)}.") from error
        put(course.feedback, sheet, f"{name}.html", texts[name])
    hand_on(course, sheet, stamp)
    return key


class Unwritten(Trouble):
    """It is in the gradebook, but one of its files cannot be made: the trouble of this submission."""


def in_words(error):
    """An exception in a few words."""
    return f"{type(error).__name__}: {said(error)}"[:300]


def prepared(course, graded, masters):
    """What is to be written: {notebook: graded notebook}, {notebook: Entry}.

    Raises:
        Trouble: the gradebook does not know the notebook.
    """
    from autograder.record.graded_notebook import notebook

    notebooks, entries = {}, {}
    for one in graded:
        name = one.sheet.notebook.removesuffix(".ipynb")
        if name not in masters:
            raise Trouble(f"the gradebook does not know {one.sheet.assignment}/{name}.")
        notebooks[name] = notebook(course, one, masters[name])
        entries[name] = entry(one, masters[name], notebooks[name])
    return notebooks, entries


def put(where, sheet, name, data, mode=0o644):
    """Write one file of a submission.

    Raises:
        Trouble: nothing can be written at all, for the disk is full or cannot be written to.
        Unwritten: this one cannot.
    """
    try:
        atomic.write(where / sheet.student / sheet.assignment / name, data, mode, parents=True)
    except atomic.Full:
        raise
    except Trouble as why:
        raise Unwritten(str(why)) from why


def hand_on(course, sheet, stamp):
    """Copy what nbgrader's own commands look for beside a graded notebook.

    `submission_secret.txt` names the folder that `nbgrader release_feedback` puts the pages into;
    by `timestamp.txt` nbgrader's own autograde sees that nothing newer came in.
    """
    if stamp:
        put(course.autograded, sheet, "timestamp.txt", stamp.encode(), mode=0o444)
    for name in ("submission_secret.txt", "timestamp.txt")[: 1 if stamp else 2]:
        path = course.submitted / sheet.student / sheet.assignment / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LONGEST_NOTE:
            put(course.autograded, sheet, name, path.read_bytes(), mode=0o444)


def entry(graded, master, nb):
    """What goes into the gradebook for one notebook, as an Entry."""
    from autograder.record.graded_notebook import by_hand, unanswered
    from autograder.record.marks import Entry
    from autograder.record.safe_markdown import quoted

    sheet = graded.sheet
    cells = {
        cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if "nbgrader" in cell.metadata
    }
    scores, comments = {}, {}
    for name, mark in master.marks.items():
        if mark.graded and mark.solution:
            scores[name] = by_hand(cells[name]) if name in cells and not sheet.verdict else None
        elif mark.graded:
            score = graded.scores.get(name)
            scores[name] = score.score if score and not sheet.verdict else None
        if mark.solution:
            comments[name] = quoted(sheet.verdict) if sheet.verdict else None
    if not sheet.verdict:
        for name, lines in diagnoses(graded, cells).items():
            comments[name] = "\n".join(f"* {quoted(line)}" for line in lines)
        for name, cell in cells.items():
            if unanswered(cell):
                comments[name] = "No response."
    return Entry(scores, comments, flagged=bool(sheet.flags or graded.flags))


def diagnoses(graded, cells):
    """For every answer whose checks failed: its name → sentences. A check is about what precedes it."""
    from autograder.hidden_tests import for_student

    found: dict = {}
    answer = None
    for name, cell in cells.items():
        score = graded.scores.get(name)
        if cell.metadata.nbgrader.solution:
            answer = name
        elif answer and score and score.why and (score.score is None or score.score < score.most):
            why = " ".join(for_student(asdict(score), cell.source).split())
            found.setdefault(answer, {}).setdefault(why or "did not pass", []).append(name)
    return {
        answer: [f"{', '.join(names)}: {why}" for why, names in reasons.items()]
        for answer, reasons in found.items()
    }


def feedback(course, student, assignment):
    """Write a graded submission's feedback pages anew: scores and comments by hand are in them.

    Returns:
        the pages' paths.

    Raises:
        Trouble: it is not graded, or cannot be written.
    """
    from autograder.record.feedback_page import page
    from autograder.record.gradebook import Book
    from autograder.record.graded_notebook import opened

    there = sorted((course.autograded / student / assignment).glob("*.ipynb"))
    if not there:
        raise Trouble(f"{student}, {assignment}: not graded yet.")
    made = []
    with Book(course) as book:
        for path in there:
            marks = book.marks(student, assignment, path.stem)
            text = page(opened(path), path.stem, student, marks)
            made.append(course.feedback / student / assignment / f"{path.stem}.html")
            atomic.write(made[-1], text, parents=True)
    return made
