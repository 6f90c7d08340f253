"""The graded notebook, as formgrader and nbgrader's own commands expect it.

The master's marks and locked cells come from the gradebook, as nbgrader puts them back; what the
student's code showed is made harmless first (see `clean`), for formgrader shows it in the
instructor's browser. What nbgrader has no place for is in the metadata:

    nb.metadata.autograder            tier, seconds, verdict, notes, flags, scores (with why, mistakes)
    cell.metadata.autograder          origin ("master" or "student"), status, seconds; typeset: the
                                      source is HTML that we made of the student's Markdown
"""

import json
import re
from dataclasses import asdict

import nbformat
from nbgrader.preprocessors import LimitOutput
from nbgrader.utils import compute_checksum, determine_grade, is_solution

from autograder.course import Trouble
from autograder.model import TEXT, Cell
from autograder.plain_text import NOT_TEXT
from autograder.record.safe_markdown import quoted, stored
from autograder.record.sanitize import clean_output

TYPESET = "typeset"
HTML = 300_000  # characters of HTML in one notebook; it takes long to clean


def notebook(course, graded, master):
    """The graded notebook (nbformat 4.5), its outputs in agreement with the scores.

    Args:
        graded: a Graded.
        master: the Master of its notebook.
    """
    sheet = graded.sheet
    cells = sheet.cells if not sheet.verdict else blank(course, sheet, master)
    limit = LimitOutput(config=course.config)
    taken: set = set()
    room, made = HTML, []
    for cell in cells:
        mark = master.marks.get(cell.grade_id)
        one = build(cell, mark, named(cell.id, taken))
        if one.cell_type == "code":
            ran = graded.ran.get(cell.id)
            outputs = []
            for output in ran.outputs if ran else []:
                room -= len("".join(output.get("data", {}).get("text/html", "")))
                outputs.append(clean_output(output if room > 0 else without_html(output)))
            one.outputs = [nbformat.from_dict(output) for output in outputs if output]
            one = limit.preprocess_cell(one, {}, 0)[0]
            if ran:
                one.execution_count = ran.execution_count
                one.metadata.autograder.update(status=ran.status, seconds=round(ran.seconds, 3))
            if mark and mark.graded and not mark.solution:
                agree(one, graded.scores.get(cell.grade_id), sheet.verdict)
        made.append(one)
    about = dict(
        tier=graded.tier,
        seconds=round(graded.seconds, 3),
        digest=sheet.digest,
        verdict=sheet.verdict,
        notes=sheet.notes,
        flags=[asdict(flag) for flag in [*sheet.flags, *graded.flags]],
        scores={name: asdict(score) for name, score in graded.scores.items()},
    )
    metadata = dict(
        kernelspec=master.kernelspec, language_info=dict(name="python"), autograder=about
    )
    return nbformat.from_dict(dict(cells=made, metadata=metadata, nbformat=4, nbformat_minor=5))


def build(cell, mark, id):
    """A cell of the notebook, without its outputs."""
    source, metadata = NOT_TEXT.sub("", cell.source), {}
    if mark:
        source = mark.source if mark.locked else source
        metadata = mark.metadata()
    kind = mark.kind if mark else cell.kind
    about = dict(origin=cell.origin)
    if kind == "raw" and not mark:  # a page may take raw text for HTML
        kind = "markdown"
    one = nbformat.from_dict(dict(id=id, cell_type=kind, metadata=metadata, source=source))
    if kind == "code":
        one.update(outputs=[], execution_count=None)
    elif cell.origin == "student" and not (mark and unanswered(one)):
        one.source = stored(source)
        about[TYPESET] = True
    one.metadata.autograder = nbformat.from_dict(about)
    return one


def named(wanted, taken):
    """An id as nbformat wants it, that no earlier cell has."""
    id = re.sub(r"[^\w-]", "-", wanted, flags=re.ASCII)[:60] or "cell"
    number, first = 2, id
    while id in taken:
        id, number = f"{first}-{number}", number + 1
    taken.add(id)
    return id


def blank(course, sheet, master):
    """The cells of a submission that cannot be read: why, and the master's marked cells."""
    source = course.solutions / sheet.assignment / f"{sheet.notebook.removesuffix('.ipynb')}.ipynb"
    marks = [
        cell["metadata"].get("nbgrader", {}) for cell in json.loads(source.read_bytes())["cells"]
    ]
    order = [mark.get("grade_id") for mark in marks]
    return [Cell("verdict", TEXT, "markdown", f"**Not graded.** {quoted(sheet.verdict)}")] + [
        Cell(name, "", master.marks[name].kind, master.marks[name].source, grade_id=name)
        for name in order
        if name in master.marks
    ]


def without_html(output):
    data = {kind: one for kind, one in (output.get("data") or {}).items() if kind != "text/html"}
    return {**output, "data": data}


def agree(cell, score, verdict):
    """Make a test cell's outputs such that nbgrader reads the score out of them.

    nbgrader gives 0 for an error or anything on stderr, a part for a number as the result, and
    else everything.
    """
    wanted = 0.0 if score is None or score.score is None else score.score
    with_result = [one for one in cell.outputs if one.output_type == "execute_result"]
    if any(not number(one.data.get("text/plain")) for one in with_result) or read(cell) != wanted:
        most = float(cell.metadata.nbgrader.points)
        cell.outputs = [
            one for one in cell.outputs if one.output_type not in ("error", "execute_result")
        ]
        for output in cell.outputs:
            if output.output_type == "stream":
                output.name = "stdout"
        if wanted == 0:
            why = verdict or (score.why if score else "") or "this test did not pass"
            name = "NotGraded" if verdict else "AssertionError"
            cell.outputs.append(
                nbformat.v4.new_output(
                    "error", ename=name, evalue=why, traceback=[f"{name}: {why}"]
                )
            )
        elif wanted < most:
            cell.outputs.append(
                nbformat.v4.new_output("execute_result", {"text/plain": repr(float(wanted))})
            )


def number(text):
    try:
        return text is not None and float(text) >= 0
    except ValueError:
        return False


def read(cell):
    try:
        return determine_grade(cell)[0]
    except (KeyError, ValueError):  # a result that is none
        return None


def unanswered(cell):
    """Is this answer still as it was released?"""
    return is_solution(cell) and cell.metadata.nbgrader.checksum == compute_checksum(cell)


def by_hand(cell):
    """What nbgrader gives an answer that a person grades: nothing if it is empty, else None."""
    return determine_grade(cell)[0]


def written(nb):
    """The notebook as the bytes of its file."""
    return nbformat.v4.writes_json(nb).encode("utf-8", "replace") + b"\n"


def opened(path):
    """A graded notebook from its file.

    Raises:
        Trouble: it cannot be read.
    """
    try:
        return nbformat.v4.rwbase.rejoin_lines(nbformat.from_dict(json.loads(path.read_bytes())))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise Trouble(f"{path} cannot be read: grade it again.") from error
