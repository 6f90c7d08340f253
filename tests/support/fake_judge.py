"""A judge and an intake of a few lines, without sandbox or bridge: to test what is around them."""

import contextlib
import io
import json
import os
import time
import traceback
from pathlib import Path

import nbformat

from autograder.model import (
    ANSWER,
    FREE,
    GIVEN,
    TEST,
    TEXT,
    Cell,
    Graded,
    Ran,
    Score,
    Sheet,
    from_json,
    to_json,
)


def role(cell):
    mark = cell.metadata.get("nbgrader")
    if cell.cell_type != "code" and not mark:
        return TEXT
    if not mark:
        return FREE
    return ANSWER if mark["solution"] else TEST if mark["grade"] else GIVEN


def read(course, submission):
    """The student's answers in the master's notebook."""
    sheets = []
    for path in course.notebooks(submission.assignment):
        sheet = Sheet(submission.student, submission.assignment, path.stem)
        sheets.append(sheet)
        stamp = submission.folder / "timestamp.txt"
        sheet.timestamp = stamp.read_text() if stamp.exists() else None
        try:
            theirs = nbformat.read(submission.folder / path.name, as_version=4)
        except Exception as error:
            sheet.verdict = f"{path.name} cannot be read as a notebook: {type(error).__name__}."
            continue
        theirs = {cell.id: cell for cell in theirs.cells}
        for cell in nbformat.read(path, as_version=4).cells:
            kind = role(cell)
            mark = cell.metadata.get("nbgrader", {})
            own = cell.id in theirs and kind in (ANSWER, FREE)
            sheet.cells.append(
                Cell(
                    cell.id,
                    kind,
                    cell.cell_type,
                    theirs[cell.id].source if own else cell.source,
                    "student" if own else "master",
                    mark.get("grade_id"),
                    mark.get("points"),
                )
            )
        ours = {cell.id for cell in sheet.cells}
        for id, cell in theirs.items():
            if id not in ours:
                sheet.cells.append(Cell(id, role(cell), cell.cell_type, cell.source, "student"))
    return sheets


def work(job):
    """Run the cells one after the other, here; tests too. Sources with a word for us obey it."""
    sheet = from_json(job["sheet"])
    note_start(job, sheet)
    started = time.monotonic()
    graded, namespace = Graded(sheet, tier="fake"), {}
    for number, cell in enumerate(sheet.cells, 1):
        if cell.kind != "code":
            continue
        if "DIE" in cell.source:
            os._exit(7)
        ran = Ran("ok", execution_count=number)
        heard = io.StringIO()
        try:
            with contextlib.redirect_stdout(heard):
                exec(cell.source, namespace)
        except Exception as error:
            lines = traceback.format_exc().splitlines()
            ran.status = "error"
            ran.outputs = [
                dict(
                    output_type="error",
                    ename=type(error).__name__,
                    evalue=str(error),
                    traceback=lines,
                )
            ]
        if heard.getvalue():
            shown = dict(output_type="stream", name="stdout", text=heard.getvalue())
            ran.outputs.insert(0, shown)
        graded.ran[cell.id] = ran
        if cell.role == TEST:
            good = ran.status == "ok"
            why = "" if good else ran.outputs[-1]["evalue"].split("\n")[0]
            graded.scores[cell.grade_id] = Score(cell.points if good else 0.0, cell.points, why)
    graded.seconds = time.monotonic() - started
    return to_json(graded)


def note_start(job, sheet):
    """A line for each job that was begun, if the environment names a file for it."""
    if os.environ.get("FAKE_JUDGE_LOG"):
        with open(os.environ["FAKE_JUDGE_LOG"], "a") as file:
            file.write(json.dumps([sheet.student, sheet.assignment]) + "\n")


def no_sandbox(root, tier):
    raise RuntimeError("no sandbox holds here")


def sleep(job):
    """Note who is at work; sleep as long as told for this try, and not at all after these."""
    log = Path(job["log"]) / job["name"]
    log.write_text((log.read_text() if log.exists() else "") + "x")
    time.sleep(dict(enumerate(job["sleeps"], 1)).get(len(log.read_text()), 0))
    return job["name"]


def end(root, tier):
    """Of a worker that dies at its start."""
    os._exit(1)
