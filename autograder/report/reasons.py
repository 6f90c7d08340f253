"""Why a graded submission lost marks, in sentences, read from its graded notebook."""

import hashlib
import json
import re
from dataclasses import dataclass, field

from autograder.plain_text import first_line, printable

LARGEST = 64 << 20  # bytes
UNWRITTEN = r"NotImplementedError|is not written yet"


@dataclass
class Noted:
    """What a graded notebook says about a submission; of several notebooks, all together.

    why: sentences, `cell: sentence`: why marks were lost.
    mistakes: (grade_id, name of the mistake).
    about: what `autograder.record` wrote into each notebook's metadata.
    """

    why: list[str] = field(default_factory=list)
    mistakes: list[tuple] = field(default_factory=list)
    about: list[dict] = field(default_factory=list)


def reasons(course, student, assignment):
    """Why a graded submission lost marks.

    Returns:
        list of str, `cell: sentence`: first the answers that failed or were left empty, then the
        tests, with the diagnosis that each gave, or the first line of what it said. Tests that
        said the same share a line.
    """
    return noted(course, student, assignment).why


def noted(course, student, assignment):
    """What the graded notebooks of a submission say, as `Noted`."""
    found, own, tests = Noted(), [], []
    for about, cells in notebooks(course, student, assignment):
        found.about.append(about)
        scores = about.get("scores", {})
        for cell in cells:
            name = cell.metadata.nbgrader.grade_id
            if is_graded(cell):
                text = lost(cell, scores.get(name))
                tests += [(name, text)] if text else []
                names = scores[name]["mistakes"] if name in scores else diagnosed_in(cell)
                found.mistakes += [(name, mistake) for mistake in names]
            elif empty(cell):
                own.append((name, "not answered"))
            elif error(cell):
                own.append((name, error(cell)))
    if any(text == "not answered" for _, text in own):  # then this is no news
        tests = [(name, text) for name, text in tests if not is_unwritten(text)]
    said = {}
    for name, text in own + tests:
        said.setdefault(text, []).append(name)
    found.why = [f"{', '.join(names)}: {text}" for text, names in said.items()]
    return found


def notebooks(course, student, assignment):
    """(the autograder's metadata, the cells with nbgrader's marks) of each notebook that can be read.

    They are read as plain JSON: with nbformat's validation it would take ten times as long.
    """
    import nbformat

    for path in sorted((course.autograded / student / assignment).glob("*.ipynb")):
        try:
            whole = json.loads(path.read_bytes())
            cells = [c for c in whole["cells"] if "grade_id" in c["metadata"].get("nbgrader", {})]
            nb = nbformat.from_dict({"cells": cells, "nbformat": 4})
            about = ours_about(course, student, assignment, whole["metadata"].get("autograder"))
            yield about, nbformat.v4.rwbase.rejoin_lines(nb).cells
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue


def ours_about(course, student, assignment, about):
    """What we noted in a graded notebook's metadata; {} if it may be the student who wrote it.

    `nbgrader autograde` keeps the metadata that were handed in. Ours name the digest of what was
    handed in, and no file can name its own.
    """
    if not isinstance(about, dict):
        return {}
    for path in (course.submitted / student / assignment).rglob("*.ipynb"):
        plain = path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST
        if plain and hashlib.sha256(path.read_bytes()).hexdigest() == about.get("digest"):
            return about
    verdict = about.get("verdict")  # of what could not be read there is no digest
    return {"verdict": verdict} if isinstance(verdict, str) else {}


def is_graded(cell):
    from nbgrader.utils import is_grade

    return is_grade(cell)


def lost(cell, score):
    """Why a test gave less than all its points, or None.

    Args:
        score: what the judge noted, as a dict; None for a notebook that nbgrader graded.
    """
    from nbgrader.utils import determine_grade

    if score:
        got, most = score["score"], score["most"]
        why = error(cell) if checked(cell) else score["why"] or error(cell)
    else:
        got, most = determine_grade(cell)
        why = complaint(cell)
    return (why or f"{got:g} of {most:g} points") if got is not None and got < most else None


def checked(cell):
    """The messages of the checks that failed in a cell."""
    return [
        output.evalue
        for output in cell.get("outputs", [])
        if output.output_type == "error" and output.ename == "CheckFailed"
    ]


def diagnosed_in(cell):
    """The names of the mistakes that the checks in a cell found."""
    return [named(sentence) for sentence in map(diagnosed, checked(cell)) if sentence]


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
            name = printable(output.ename)
            return f"{name}: {text}" if text else name
    return None


def diagnosis(text):
    """What a check of utils.check said: whom it is about, and the name of the mistake if it knows."""
    sentence = diagnosed(text)
    return f"{headline(text).split()[0]}: {sentence}" if sentence else headline(text)


def headline(text):
    return first_line(text).removeprefix("✗ ")


def diagnosed(text):
    """The first sentence of the diagnosis in a check's message, or None."""
    found = re.search(r"^ *Diagnosis +(.+?)(?=\n *\n|\n *Hints? |\Z)", printable(text), re.S | re.M)
    return re.split(r"(?<=[.?!]) ", " ".join(found[1].split()))[0] if found else None


def named(sentence):
    """A mistake's name from the sentence that a check begins with it."""
    name = sentence.rstrip(".")
    return name[:1].lower() + name[1:] if name[1:2].islower() or name[1:2] == " " else name


def is_unwritten(name):
    return bool(re.search(UNWRITTEN, name))
