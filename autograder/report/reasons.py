"""Why a graded submission lost marks, in sentences, read from its graded notebook.

What a check found is read from the fields that the judge noted (see `autograder.model.Score`). A
notebook that plain nbgrader graded has none: of it the first line of what each test said is shown.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import NamedTuple

from autograder.plain_text import first_line, printable

LARGEST = 64 << 20  # bytes
NAMELESS = "unknown"  # how a check calls a mistake that it has no name for


class Mistake(NamedTuple):
    """A mistake that a check found.

    cell: the grade_id of the test.
    name: of the mistake.
    line: the student's line that it is about, if that is known.
    unwritten: there is no answer yet.
    """

    cell: str
    name: str
    line: str = ""
    unwritten: bool = False


@dataclass
class Noted:
    """What a graded notebook says about a submission; of several notebooks, all together.

    why: sentences, `cell: sentence`: why marks were lost.
    about: what `autograder.record` wrote into each notebook's metadata.
    """

    why: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
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
    found, own, tests, unwritten = Noted(), [], [], set()
    for about, cells in notebooks(course, student, assignment):
        found.about.append(about)
        scores = about.get("scores", {})
        if isinstance(about.get("verdict"), str):  # says it all; the cells are the master's
            continue
        for cell in cells:
            name = cell.metadata.nbgrader.grade_id
            if is_graded(cell):
                text = lost(cell, scores.get(name))
                tests += [(name, text)] if text else []
                unwritten |= {name} if text and scores.get(name, {}).get("unwritten") else set()
                found.mistakes += mistakes(name, scores.get(name, {}))
            elif empty(cell):
                own.append((name, "not answered"))
            elif error(cell):
                own.append((name, error(cell)))
    if any(text == "not answered" for _, text in own):  # then this is no news
        tests = [(name, text) for name, text in tests if name not in unwritten]
    said: dict = {}
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
        why = in_short(score["finding"]) if score.get("finding") else said(score) or error(cell)
    else:
        got, most = determine_grade(cell)
        why = complaint(cell)
    return (why or f"{got:g} of {most:g} points") if got is not None and got < most else None


def said(score):
    """What a test said that no check was, in one line."""
    return first_line(score["why"])


def in_short(finding):
    """What a check found, in one sentence: about whom, and the names of the mistakes."""
    names = [name for name in finding["mistakes"] if name != NAMELESS]
    if not names:
        return printable(next(iter([*finding["observed"], finding["title"]])))
    line = finding.get("line")
    where = f" (line {line['number']}: {line['text'].strip()})" if line and line["text"] else ""
    return printable(f"{finding['check']}: {' and '.join(names)}{where}")


def mistakes(cell, score):
    """The mistakes that a score names."""
    line = ((score.get("finding") or {}).get("line") or {}).get("text", "")
    return [
        Mistake(cell, name, printable(line).strip(), bool(score.get("unwritten")))
        for name in score.get("mistakes", [])
    ]


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
            text = first_line(output.evalue)
            if output.ename in ("AssertionError", "CheckFailed"):
                return text or "an assertion failed"
            name = printable(output.ename)
            return f"{name}: {text}" if text else name
    return None
