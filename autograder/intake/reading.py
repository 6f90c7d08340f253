"""`read`: the files of one submission → a Sheet for each notebook of the assignment."""

import hashlib
import os
import sys
from pathlib import Path

from autograder.course import Course, Submission
from autograder.intake.assemble import assemble
from autograder.intake.files import (
    TIMESTAMP,
    Unreadable,
    content,
    could_be_notebook,
    listing,
    moment,
    notebooks,
    shown,
    stem,
    why,
)
from autograder.intake.integrity import look_through
from autograder.intake.master import Master, masters
from autograder.intake.parse import bare, parse
from autograder.log import Log
from autograder.model import Flag, Sheet

OURS = {"autograder", "IPython", "matplotlib", "numpy", "sitecustomize", "torch", "usercustomize"}
OURS |= {"utils", "nbgrader", "pandas", "torchvision", "ipykernel", "nbformat", "tqdm"}
RIVALS = 8  # notebooks of other names that are looked into


def read(course: Course, submission: Submission) -> list[Sheet]:
    """The sheets of a submission, one for each notebook of the assignment, in the master's order.

    Whatever was handed in, this returns: if a notebook cannot be used, its sheet has a verdict and
    no cells. Nothing of it is run, and of other files only the names are read.

    Args:
        course: a Course.
        submission: a Submission.

    Raises:
        Trouble: the *master* cannot be used.
    """
    sheets = []
    ours = masters(course, submission.assignment)
    names = [master.notebook for master in ours]
    for master in ours:
        sheet = Sheet(submission.student, submission.assignment, master.notebook)
        try:
            fill(sheet, master, Surroundings(submission.folder), names)
        except Unreadable as reason:
            sheet.verdict = str(reason)
        except Exception as error:  # a mistake of ours, brought out by what only one handed in
            what = f"{type(error).__name__}: {shown(error)}"
            sheet.verdict = f"{master.notebook}.ipynb cannot be made a sheet of ({what})."
            Log(course).traceback("intake", submission.student, submission.assignment)
        if sheet.verdict:
            sheet.cells = []
        sheets.append(sheet)
    return sheets


def fill(sheet: Sheet, master: Master, around: "Surroundings", names: list[str]) -> None:
    """Fill a sheet with the cells of the notebook that was handed in for it."""
    sheet.timestamp = around.timestamp(sheet.notes)
    path = around.notebook(master, names, sheet.notes)
    data = content(path)
    sheet.digest = hashlib.sha256(data).hexdigest()
    raws, notes = parse(data, shown(path.name))
    sheet.notes += notes
    assemble(master, raws, sheet)
    around.note_other_files(sheet)
    sheet.flags += look_through(sheet.cells, master)


class Surroundings:
    """The folder that was handed in. Nothing in it is opened but notebooks and the timestamp."""

    def __init__(self, folder: Path):
        self.folder = folder
        try:
            os.scandir(folder).close()
        except PermissionError as error:
            name = shown(os.path.join(*folder.parts[-2:]))
            raise Unreadable(f"{name} cannot be opened: {why(error)}.") from error
        except OSError:
            pass  # it is not there, or no folder: then nothing is found in it
        self.paths = listing(folder)
        self.notebooks = notebooks(self.paths) or called_otherwise(self.paths)

    def timestamp(self, notes: list[str]) -> str | None:
        """When it was handed in, as ISO 8601 in UTC; None if timestamp.txt does not say."""
        path = self.folder / TIMESTAMP
        if path not in self.paths:
            return None
        try:
            when = moment(content(path, limit=1 << 10).decode("utf-8-sig"))
        except (Unreadable, UnicodeDecodeError):
            when = None
        if when is None:
            notes.append(f"{TIMESTAMP} does not say a time, so nothing counts as late.")
            return None
        return when.isoformat(timespec="seconds") + "+00:00"

    def notebook(self, master: Master, names: list[str], notes: list[str]) -> Path:
        """The file that is most likely this notebook.

        Raises:
            Unreadable: there is none, or there are several and nothing tells them apart.
        """
        name = f"{master.notebook}.ipynb"
        if self.folder / name in self.paths:
            inside = [path for path in self.notebooks if path.name == name]
            if self.folder / name in self.notebooks or not inside:
                return self.folder / name
        other = [path for path in self.notebooks if path.name not in {f"{n}.ipynb" for n in names}]
        alike = [path for path in other if stem(path.name).lower() == master.notebook.lower()]
        named = [path for path in self.notebooks if path.name == name]
        for choice in (named, alike, other if len(names) == 1 else []):
            if len(choice) == 1:
                found = choice[0].relative_to(self.folder)
                notes.append(f"{name} was handed in as {shown(found)}.")
                return choice[0]
        rivals = named or alike or other
        best = most_like(master, rivals)
        if best:
            notes.append(f"Of {len(rivals)} notebooks {shown(best.name)} was taken for {name}.")
            return best
        found = ", ".join(shown(path.name) for path in self.paths[:5]) or "nothing"
        raise Unreadable(f"{name} is missing (found: {found}).")

    def note_other_files(self, sheet: Sheet) -> None:
        """Notes on what else is in the folder; a flag if it could stand in for a module."""
        known = {self.folder / TIMESTAMP, *self.notebooks}
        more = [path for path in self.paths if path not in known and not self.above_notebook(path)]
        shadows = [path for path in more if shadow(path)]
        rest = [path for path in more if path not in shadows and not path.is_dir()]
        if shadows:
            text = f"{listed(shadows)} could stand in for a module, and was not taken along."
            sheet.flags.append(Flag("module shadowed", text))
        if rest:
            sheet.notes.append(f"Not taken along, as only the notebook is graded: {listed(rest)}.")

    def above_notebook(self, path: Path) -> bool:
        return any(path in notebook.parents for notebook in self.notebooks)


def called_otherwise(paths: list[Path]) -> list[Path]:
    """Notebooks that a browser saved as .ipynb.txt or .json."""
    found = []
    for path in [one for one in paths if could_be_notebook(one.name)][:RIVALS]:
        try:
            parse(content(path), path.name)
            found.append(path)
        except Unreadable:
            continue
    return found


def most_like(master: Master, paths: list[Path]) -> Path | None:
    """The notebook that has most cells of the master's in it; None if two have equally many."""
    scores: list[tuple[int, int, Path]] = []
    released = {bare(source) for source in master.released.values()}
    for path in paths[:RIVALS]:
        try:
            raws, _ = parse(content(path), path.name)
        except Unreadable:
            continue
        marks = {raw.grade_id for raw in raws} & set(master.by_grade_id)
        scores.append((len(marks), sum(raw.bare not in released for raw in raws), path))
    scores.sort(key=lambda score: score[:2], reverse=True)
    if not scores or not scores[0][0]:
        return None
    if len(scores) > 1 and scores[0][:2] == scores[1][:2]:
        return None
    return scores[0][2]


def shadow(path: Path) -> bool:
    """Would Python, started here, import this in the place of something else?"""
    module = path.name.split(".")[0]
    python = path.suffix.lower() in (".py", ".pyc", ".so", ".pyd", ".pth", ".zip") or path.is_dir()
    return python and (module in OURS or module in sys.stdlib_module_names or path.suffix == ".pth")


def listed(paths: list[Path], most: int = 5) -> str:
    names = [shown(path.name) for path in paths[:most]]
    return ", ".join(names) + (f" and {len(paths) - most} more" if len(paths) > most else "")
