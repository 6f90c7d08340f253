"""Is a solution or a hidden test in there? Looks into every file of a zip, and into notebooks.

White space does not count, nor do comments in a source. What counts as found:

- a marker, `### BEGIN SOLUTION` or `### BEGIN HIDDEN TESTS`, in any file;
- three lines in a row of a hidden test, or the whole of a shorter one, in any file;
- three lines in a row of a solution, or the whole of a shorter one, in the code of an exercise. A
  hint may say a line;
- a whole solution in any other file. A lecture may teach what an exercise asks for, if it is a few
  lines.
"""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nbformat

from autograder.course import Course

SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION", re.S | re.M)
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)^[ \t]*### END HIDDEN TESTS", re.S | re.M)
MARKER = re.compile(rb"(BEGIN|END)(SOLUTION|HIDDENTEST)")
LINES = 3
SHORT = 20  # signs; a piece that is shorter says nothing: `else:`, `return x`
TAUGHT = 120  # signs; a whole solution that is longer has no place in a lecture either
ABOUT_GRADING = re.compile(r"^\s*(from|import) autograder\b", re.M)
FOREIGN = ("solutions", "autograder", "tests", "benchmarks", "site", ".git", ".ci")


@dataclass
class Secret:
    """What students must not see.

    kind: "solution" or "hidden test".
    cell, where: its cell's id; that and the notebook.
    pieces: runs of lines, without white space, each of which gives it away.
    whole: all of it, without white space.
    """

    kind: str
    cell: str
    where: str
    pieces: list[str]
    whole: str


def secrets(course: Course) -> list[Secret]:
    """All solutions and hidden tests of a course."""
    found = []
    for assignment in course.assignments:
        for path in course.notebooks(assignment):
            for cell in nbformat.read(path, as_version=4).cells:
                kinds = [("solution", text) for text in SOLUTION.findall(cell.source)]
                kinds += [("hidden test", text) for text in HIDDEN.findall(cell.source)]
                if cell.metadata.get("nbgrader", {}).get("solution") and not kinds:
                    kinds = [("solution", cell.source)]  # all of it is replaced
                found += [secret(kind, path.name, cell.id, text) for kind, text in kinds]
    return [one for one in found if one.whole]


def secret(kind: str, notebook: str, cell: str, source: str) -> Secret:
    lines = [bare(line) for line in source.splitlines()]
    lines = [line for line in lines if line]
    runs = ["".join(lines[i : i + LINES]) for i in range(max(1, len(lines) - LINES + 1))]
    pieces = [run for run in runs if len(run) >= SHORT]
    return Secret(kind, cell, f"{notebook}, cell {cell}", pieces, "".join(lines))


def bare(line: str) -> str:
    """A line without white space, and empty if it is only a comment."""
    return "" if line.lstrip().startswith("#") else re.sub(r"\s+", "", line)


def leaks(data: bytes, secrets: list[Secret], top: str) -> Iterator[str]:
    """What is in a zip that should not be; yields a sentence for each, without full stop.

    Args:
        data: the zip's bytes.
        secrets: as from `secrets`.
        top: the one folder that everything in it lies in.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            folder, _, rest = name.partition("/")
            if folder != top or rest.split("/")[0] in FOREIGN or ".." in rest.split("/"):
                yield f"{name} does not belong to students"
            for said in found(rest, archive.read(name), secrets):
                yield f"{rest} holds {said}"


def found(name: str, data: bytes, secrets: list[Secret]) -> Iterator[str]:
    """What gives something away in one file."""
    if name.endswith(".gz"):  # numbers: as they are
        yield from hidden_in(gzip.decompress(data).translate(None, b" \t\r\n"), secrets)
        return
    text, code = data.decode(errors="replace"), {}
    if name.endswith(".py") and ABOUT_GRADING.search(text):
        yield "an import of the autograder"
    if name.endswith(".ipynb"):
        cells = nbformat.reads(text, as_version=4).cells
        ours = [c for c in cells if c.cell_type == "code" or "nbgrader" in c.metadata]
        code = {cell.id: squeezed(cell.source) for cell in ours}
        text = "\n".join(strings(json.loads(text)))
    text = squeezed(text)
    yield from hidden_in(text.encode(), secrets)
    for one in secrets:
        if one.kind == "solution" and gives_away(one, name, text, code):
            yield f"the solution of {one.where}"


def hidden_in(data: bytes, secrets: list[Secret]) -> Iterator[str]:
    """Markers and hidden tests."""
    marker = MARKER.search(data)
    if marker:
        yield f"a marker ({marker[0].decode()})"
    for one in secrets:
        if one.kind == "hidden test":
            pieces = one.pieces or [one.whole]
            if any(piece.encode() in data for piece in pieces):
                yield f"the hidden test of {one.where}"


def gives_away(solution: Secret, name: str, text: str, code: dict[str, str]) -> bool:
    """Does this file hold the solution?

    Args:
        text: all of it, without white space.
        code: of a notebook: cell → source, without white space; of code and of answers in words.
    """
    whole = solution.whole
    if name.startswith("exercises/"):
        if len(whole) < SHORT:
            return whole in code.get(solution.cell, "")
        return any(
            piece in source for source in code.values() for piece in [whole, *solution.pieces]
        )
    return len(whole) >= (TAUGHT if name.startswith("lectures/") else SHORT) and whole in text


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", "\n".join(map(uncommented, text.splitlines())))


def uncommented(line: str) -> str:
    found = re.match(r"\s*#+\s*(BEGIN|END)\b", line)  # a marker is a comment that counts
    return line if found else bare(line)


def strings(thing: Any) -> Iterator[str]:
    """Every text in a JSON value; the lines of a list of texts together."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield key
            yield from strings(value)
    elif isinstance(thing, list):
        if all(isinstance(one, str) for one in thing):
            yield "".join(thing)
        else:
            for one in thing:
                yield from strings(one)
