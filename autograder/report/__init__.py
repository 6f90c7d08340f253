"""What came out: why a submission lost marks, as a table, as CSV, as feedback pages."""

import csv
import re
import shutil
import textwrap

import nbformat

from autograder.convert import convert, gradebook
from autograder.course import Trouble

UNWRITTEN = r"NotImplementedError|is not written yet"
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def reasons(course, student, assignment):
    """Why a graded submission lost marks.

    Returns:
        list of str, `cell: sentence`: first the answers that failed or were left empty, then the
        tests, with the diagnosis that each gave, or the first line of what it said. Tests that
        said the same share a line.
    """
    from nbgrader.utils import determine_grade, is_grade

    own, tests = [], []
    for path in sorted((course.autograded / student / assignment).glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name is None:
                continue
            if is_grade(cell):
                score, most = determine_grade(cell)
                if score is not None and score < most:
                    tests.append((name, complaint(cell) or f"{score:g} of {most:g} points"))
            elif empty(cell):
                own.append((name, "not answered"))
            elif error(cell):
                own.append((name, error(cell)))
    if any(text == "not answered" for _, text in own):  # then this is no news
        tests = [(name, text) for name, text in tests if not re.search(UNWRITTEN, text)]
    said = {}
    for name, text in own + tests:
        said.setdefault(text, []).append(name)
    return [f"{', '.join(names)}: {text}" for text, names in said.items()]


def empty(cell):
    """Is this an answer that is still as it was released?"""
    from nbgrader.utils import compute_checksum, is_solution

    return is_solution(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)


def complaint(cell):
    """The first line of why a test cell gives no points, or None."""
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name == "stderr":
            return f"wrote to stderr, which costs the points: {first_line(output.text)}"
        if output.output_type == "error":
            break
    return error(cell)


def error(cell):
    """The exception that ended a cell, in one line, or None."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            if output.ename == "CheckFailed":
                return diagnosis(output.evalue)
            text = first_line(output.evalue)
            if output.ename == "AssertionError":
                return text or "an assertion failed"
            return f"{output.ename}: {text}" if text else output.ename
    return None


def diagnosis(text):
    """What a check of utils.check said: whom it is about, and the name of the mistake if it knows."""
    text = ANSI.sub("", text).strip().removeprefix("✗ ")
    found = re.search(r"^ *Diagnosis +(.+?)(?=\n *\n|\n *Hints? |\Z)", text, re.S | re.M)
    if not found:
        return first_line(text)
    sentence = re.split(r"(?<=[.?!]) ", " ".join(found[1].split()))[0]
    return f"{text.split()[0]}: {sentence}"


def first_line(text):
    lines = [line.strip() for line in ANSI.sub("", text).splitlines()]
    return next((line for line in lines if line), "")


def scores(course, assignments=None):
    """What the gradebook holds.

    Returns:
        list of dict: student, assignment, score, max_score, needs_manual_grade; by assignment.
    """
    with gradebook(course) as book:
        return [
            dict(
                student=submission.student.id,
                assignment=assignment.name,
                score=max(0.0, submission.score - (submission.late_submission_penalty or 0.0)),
                max_score=submission.max_score,
                needs_manual_grade=submission.needs_manual_grade,
            )
            for assignment in sorted(book.assignments, key=lambda one: one.name)
            if assignments is None or assignment.name in assignments
            for submission in sorted(assignment.submissions, key=lambda one: one.student.id)
        ]


def table(rows):
    """A text table: student, assignment, score, why.

    Args:
        rows: tuples (student, assignment, score as text, list of sentences).
    """
    rows = list(rows)
    heads = ("student", "assignment", "score")
    widths = [max(len(h), *(len(row[i]) for row in rows)) for i, h in enumerate(heads)]
    indent = sum(widths) + 2 * len(widths)
    room = max(40, shutil.get_terminal_size((120, 25)).columns - indent)

    def line(student, assignment, score, why):
        cells = (student.ljust(widths[0]), assignment.ljust(widths[1]), score.rjust(widths[2]), why)
        return "  ".join(cells).rstrip()

    lines = [line(*heads, "why"), "  ".join("─" * width for width in [*widths, min(room, 60)])]
    for student, assignment, score, why in rows:
        wrapped = [part for text in why for part in fold(text, room)]
        first, *rest = wrapped or [""]
        lines.append(line(student, assignment, score, first))
        lines += [" " * indent + part for part in rest]
    return "\n".join(lines)


def fold(text, room):
    return textwrap.wrap(text, room, subsequent_indent="  ", break_on_hyphens=False)


def write_csv(rows, path):
    """The scores as a CSV file.

    Args:
        rows: as from `scores`.
    """
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {error.strerror}.") from error


def feedback(course, submission):
    """Write the feedback page of one graded submission.

    Returns:
        the folder it is in.
    """
    from nbgrader.converters import GenerateFeedback

    convert(course, GenerateFeedback, submission.assignment, submission.student)
    return course.feedback / submission.student / submission.assignment
