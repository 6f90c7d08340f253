"""Where the things of a course are."""

import difflib
import os
import stat
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

CONFIG = "nbgrader_config.py"


class Trouble(Exception):
    """Why it cannot go on, in one sentence."""


class Submission(NamedTuple):
    """What one student handed in for one assignment: a folder."""

    student: str
    assignment: str
    folder: Path


class Course:
    """A folder with an nbgrader_config.py, and the folders that this file names.

    Args:
        root: that folder.

    Raises:
        Trouble: no configuration there, or one that does not run.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).resolve()
        if not (self.root / CONFIG).is_file():
            raise Trouble(f"{self.root} is no course folder: there is no {CONFIG} in it.")
        named = self.config.CourseDirectory
        self.solutions = self.root / named.get("source_directory", "source")
        self.exercises = self.root / named.get("release_directory", "release")
        self.submitted = self.root / named.get("submitted_directory", "submitted")
        self.autograded = self.root / named.get("autograded_directory", "autograded")
        self.feedback = self.root / named.get("feedback_directory", "feedback")
        self.course_id = named.get("course_id", "")
        self.db_url = named.get("db_url", f"sqlite:///{self.root / 'gradebook.db'}")

    @classmethod
    def around(cls, folder: str | Path) -> "Course":
        """The course that `folder` lies in."""
        folder = Path(folder).resolve()
        for root in (folder, *folder.parents):
            if (root / CONFIG).is_file():
                return cls(root)
        raise Trouble(
            f"{folder} is not in a course: go to the folder with {CONFIG} in it, "
            "or name that folder with --course."
        )

    @cached_property
    def config(self) -> Any:
        """What nbgrader_config.py says, as nbgrader reads it."""
        from traitlets.config.loader import PyFileConfigLoader

        try:
            return PyFileConfigLoader(CONFIG, path=str(self.root)).load_config()
        except Exception as error:  # the file is Python: anything can come out of it
            raise Trouble(f"{self.root / CONFIG} does not run: {said(error)}.") from error

    @property
    def gradebook(self) -> Path | None:
        """The gradebook's file, or None if it is in another kind of database."""
        kind, _, path = self.db_url.partition(":///")
        return Path(path) if kind == "sqlite" else None

    @property
    def assignments(self) -> list[str]:
        """The names of all assignments, in order: the folders in solutions/ with a notebook."""
        return sorted({path.parent.name for path in self.solutions.glob("[!.]*/*.ipynb")})

    def chosen(self, names: Iterable[str]) -> list[str]:
        """These assignments, or all where none is named.

        Raises:
            Trouble: one is unknown, or there are none.
        """
        if not self.assignments:
            raise Trouble(f"there is no assignment in {self.solutions}.")
        for name in names:
            if name not in self.assignments:
                near = difflib.get_close_matches(name, self.assignments, 1, cutoff=0.3)
                hint = (
                    f"did you mean {near[0]}?" if near else "known: " + ", ".join(self.assignments)
                )
                raise Trouble(f"there is no assignment {name}: {hint}")
        return sorted(set(names)) or self.assignments

    def notebooks(self, assignment: str) -> list[Path]:
        """The notebooks of an assignment's source."""
        return sorted((self.solutions / assignment).glob("*.ipynb"))

    def homes(self) -> list[Path]:
        """The students' folders in submitted/."""
        there = sorted(self.submitted.iterdir()) if self.submitted.is_dir() else []
        return [home for home in there if not home.name.startswith(".") and is_folder(home)]

    def not_gradable(self) -> list[str]:
        """A sentence for each student's folder that no gradebook can have."""
        return [
            f"{os.fsencode(home.name).decode('utf-8', 'backslashreplace')} in {self.submitted} is not "
            "graded: its name is no UTF-8, so rename it."
            for home in self.homes()
            if not is_utf_8(home.name)
        ]

    def submissions(
        self, assignments: Sequence[str], students: Sequence[str] = ()
    ) -> list[Submission]:
        """What was handed in for these assignments, by these students or by all.

        Raises:
            Trouble: a named student handed in nothing.
        """
        homes = [home for home in self.homes() if is_utf_8(home.name)]
        found = [
            Submission(home.name, assignment, home / assignment)
            for assignment in assignments
            for home in homes
            if is_folder(home / assignment)
        ]
        for student in students:
            if student not in {one.student for one in found}:
                where = " or ".join(
                    str(self.submitted / student / name) for name in assignments[:2]
                )
                raise Trouble(f"{student} handed in nothing: {where} is not there.")
        return [one for one in found if not students or one.student in students]


def is_folder(path: Path) -> bool:
    """Is it a folder? Also if we may not look: then intake says so, and nobody vanishes."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def is_utf_8(name: str) -> bool:
    """Is the name of a file text? Python keeps other bytes as surrogates."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def said(error: object) -> str:
    """What an exception says, in one line without a full stop."""
    text = str(error).strip().split("\n")[0] or type(error).__name__
    return text.rstrip(".")
