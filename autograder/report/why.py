"""Why a graded submission lost marks, in sentences, read from its graded notebook."""

import json
import re

from autograder.report.text import first_line, plain

UNWRITTEN = r"NotImplementedError|is not written yet"


def reasons(course, student, assignment):
    """Why a graded submission lost marks.

    Returns:
        list of str, `cell: sentence`: first the answers that failed or were left empty, then the
        tests, with the diagnosis that each gave, or the first line of what it said. Tests that
        said the same share a line.
    """
    from nbgrader.utils import determine_grade, is_grade

    own, tests = [], []
    for cell in marked(course, student, assignment):
        name = cell.metadata.nbgrader.grade_id
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


def mistakes(course, student, assignment):
    """The names of a submission's mistakes, as its tests' diagnoses give them.

    Returns:
        list of (grade_id, name).
    """
    found = []
    for cell in marked(course, student, assignment):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "CheckFailed":
                sentence = diagnosed(output.evalue)
                if sentence:
                    found.append((cell.metadata.nbgrader.grade_id, named(sentence)))
    return found


def marked(course, student, assignment):
    """The cells with nbgrader's marks of a graded submission's notebooks; those that can be read.

    They are read as plain JSON: with nbformat's validation it would take ten times as long.
    """
    import nbformat

    for path in sorted((course.autograded / student / assignment).glob("*.ipynb")):
        try:
            cells = json.loads(path.read_bytes())["cells"]
            ours = [c for c in cells if "grade_id" in c["metadata"].get("nbgrader", {})]
            nb = nbformat.from_dict({"cells": ours, "nbformat": 4})
            yield from nbformat.v4.rwbase.rejoin_lines(nb).cells
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue


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
            name = plain(output.ename)
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
    found = re.search(r"^ *Diagnosis +(.+?)(?=\n *\n|\n *Hints? |\Z)", plain(text), re.S | re.M)
    return re.split(r"(?<=[.?!]) ", " ".join(found[1].split()))[0] if found else None


def named(sentence):
    """A mistake's name from the sentence that a check begins with it."""
    name = sentence.rstrip(".")
    return name[:1].lower() + name[1:] if name[1:2].islower() or name[1:2] == " " else name


def is_unwritten(name):
    return bool(re.search(UNWRITTEN, name))
