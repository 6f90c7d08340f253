"""exercises/ from solutions/: the same notebooks without answers and hidden tests."""

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from autograder import atomic
from autograder.course import Course, Trouble
from autograder.nbgrader_api import convert

REGIONS = ("SOLUTION", "HIDDEN TESTS")
LEFTOVER = re.compile(r"^\s*#+ *(BEGIN|END)\b.*|(BEGIN|END) (SOLUTION|HIDDEN)", re.M)


@contextlib.contextmanager
def released(course: Course, assignment: str) -> Iterator[Path]:
    """A temporary folder with the assignment as students get it. No gradebook is involved.

    Raises:
        Trouble: the source cannot be converted, or something hidden would be left in it.
    """
    for problem in problems(course, assignment):
        raise Trouble(f"{problem}.")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            convert(course, generator(), assignment, release_directory=scratch)
        except Trouble as why:
            raise Trouble(f"{course.solutions / assignment} cannot be released: {why}") from why
        folder = Path(scratch) / assignment
        for path in folder.glob("*.ipynb"):
            look_for_leftovers(path)
        yield folder


def generator() -> Any:
    """nbgrader's GenerateAssignment, less the step that writes into the gradebook."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    class Generate(GenerateAssignment):
        no_database = True
        preprocessors = [step for step in GenerateAssignment().preprocessors if step != SaveCells]

    return Generate


def look_for_leftovers(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        left = LEFTOVER.search(cell.source)
        if left:
            raise Trouble(f"{path.name}: `{left[0].strip()}` would be left in cell {cell.id}.")
        if cell.get("outputs") or cell.get("execution_count"):
            raise Trouble(f"{path.name}: an output would be left in cell {cell.id}.")


def drift(course: Course, assignment: str) -> list[Path]:
    """The files in exercises/ that are not what solutions/ gives: missing, different, too many."""
    with released(course, assignment) as new:
        there = course.exercises / assignment
        names = {path.relative_to(new) for path in files(new)}
        names |= {path.relative_to(there) for path in files(there)}
        return sorted(there / name for name in names if not same(new / name, there / name))


def release(course: Course, assignment: str, force: bool = False) -> list[Path]:
    """Make the assignment's folder in exercises/ what solutions/ gives.

    Args:
        force: also over answers that someone wrote there.

    Returns:
        the files that were changed.

    Raises:
        Trouble: the source cannot be released, or answers would be lost.
    """
    with released(course, assignment) as new:
        there = course.exercises / assignment
        changed = []
        for old in files(there):
            if not (new / old.relative_to(there)).exists():
                changed.append(old)
        for path in files(new):
            if not same(path, there / path.relative_to(new)):
                changed.append(there / path.relative_to(new))
        for path in changed:
            written = answered(path)
            if written and not force:
                raise Trouble(
                    f"{path} has answers in it (cell {written[0]}): copy it to a safe place, "
                    "then release with --force."
                )
        for path in changed:
            source = new / path.relative_to(there)
            if source.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                atomic.write(path, source.read_bytes())
            else:
                path.unlink()
        return changed


def answered(path: Path) -> list[str]:
    """The grade_ids of the answer cells in a released notebook that someone wrote in."""
    from nbgrader.utils import compute_checksum, is_solution

    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # not there, or no notebook: then nothing of worth is lost
        return []
    return [
        cell.metadata.nbgrader.grade_id
        for cell in cells
        if is_solution(cell) and cell.metadata.nbgrader.get("checksum") != compute_checksum(cell)
    ]


def abandoned(course: Course) -> list[Path]:
    """Folders in exercises/ that no longer have a source."""
    there = {path.parent for path in course.exercises.glob("[!.]*/*.ipynb")}
    return sorted(folder for folder in there if folder.name not in course.assignments)


def files(folder: Path) -> list[Path]:
    """All files in a folder that matter."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".ipynb_checkpoints", "__pycache__"} & set(path.parts)
    ]


def same(a: Path, b: Path) -> bool:
    return a.is_file() and b.is_file() and a.read_bytes() == b.read_bytes()


def problems(course: Course, assignment: str) -> list[str]:
    """What is wrong with the sources of an assignment, without running them.

    Returns:
        list of str: one sentence for each; empty if all is well.
    """
    from nbgrader.nbgraderformat import MetadataValidator

    found = []
    for path in course.notebooks(assignment):
        name = path.relative_to(course.root)
        try:
            nb = nbformat.read(path, as_version=4)
            nbformat.validate(nb)
            MetadataValidator().validate_nb(nb)
        except (OSError, ValueError, json.JSONDecodeError, nbformat.ValidationError) as error:
            found.append(f"{name}: {str(error).splitlines()[0]}")
            continue
        marks = [cell.metadata.get("nbgrader", {}) for cell in nb.cells]
        ids = [mark["grade_id"] for mark in marks if mark]
        found += [f"{name}: two cells are called {i}" for i in set(ids) if ids.count(i) > 1]
        for cell in nb.cells:
            for region in REGIONS:
                if cell.source.count(f"BEGIN {region}") != cell.source.count(f"END {region}"):
                    found.append(f"{name}: cell {cell.id} has a BEGIN or END {region} too many")
        if not any(mark.get("grade") for mark in marks):
            found.append(f"{name}: no cell gives points")
    return found
