"""One result: into the gradebook, and onto pages."""

import contextlib
from dataclasses import asdict

from autograder import atomic
from autograder.course import Trouble


def record(course, *graded, book=None):
    """Write a result: gradebook, graded notebooks, feedback pages. The same again changes nothing.

    Args:
        course: a Course.
        graded: a Graded for each notebook of one submission.
        book: the gradebook, if it is open already: a `record.book.Book`.

    Returns:
        the submission's id in the gradebook.

    Raises:
        Away: the gradebook is locked or cannot be reached: nothing was written, try again.
        Trouble: it cannot be written.
    """
    from autograder.record.feedback_page import page
    from autograder.record.gradebook import Book
    from autograder.record.graded_notebook import notebook, written

    sheet = graded[0].sheet
    with contextlib.nullcontext(book) if book else Book(course) as book:
        masters = book.masters(sheet.assignment)
        notebooks, entries = {}, {}
        for one in graded:
            name = one.sheet.notebook.removesuffix(".ipynb")
            if name not in masters:
                raise Trouble(f"the gradebook does not know {sheet.assignment}/{name}.")
            notebooks[name] = notebook(course, one, masters[name])
            entries[name] = entry(one, masters[name], notebooks[name])
        stamp = next((one.sheet.timestamp for one in graded if one.sheet.timestamp), None)
        key, marks = book.record(sheet.student, sheet.assignment, stamp, entries)
    for name, nb in notebooks.items():
        atomic.write(
            folder(course.autograded, sheet) / f"{name}.ipynb",
            written(nb),
            mode=0o444,
            parents=True,
        )
        text = page(nb, name, sheet.student, marks[name])
        atomic.write(folder(course.feedback, sheet) / f"{name}.html", text, parents=True)
    if stamp:  # so that nbgrader's own autograde sees that nothing newer came in
        atomic.write(
            folder(course.autograded, sheet) / "timestamp.txt",
            stamp.encode(),
            mode=0o444,
            parents=True,
        )
    return key


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

    found, answer = {}, None
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


def folder(where, sheet):
    return where / sheet.student / sheet.assignment
