"""What goes into the gradebook and comes out of it, as plain data."""

from dataclasses import dataclass, field


@dataclass
class Mark:
    """What the gradebook knows of a cell of the master's notebook."""

    grade_id: str
    kind: str
    source: str
    checksum: str
    locked: bool
    points: float | None = None
    solution: bool = False
    task: bool = False

    @property
    def graded(self):
        return self.points is not None and not self.task

    def metadata(self):
        """The cell's metadata in a graded notebook, as nbgrader writes it."""
        about = dict(
            cell_type=self.kind,
            checksum=self.checksum,
            grade=self.graded,
            grade_id=self.grade_id,
            locked=self.locked,
            schema_version=3,
            solution=self.solution,
            task=self.task,
        )
        if self.points is not None:
            about["points"] = int(self.points) if self.points == int(self.points) else self.points
        shut = dict(editable=False) if self.locked else {}
        return {**shut, "deletable": False, "nbgrader": about}


@dataclass
class Master:
    """A notebook of an assignment, as the gradebook has it: its marked cells by name."""

    notebook: str
    kernelspec: dict
    marks: dict[str, Mark]


@dataclass
class Marks:
    """What the gradebook holds for one notebook that was handed in.

    grades: grade_id → (score, most, needs a look by hand).
    comments: grade_id → comment, by hand or else the automatic one; only where there is one.
    penalty: points off for being late.
    """

    grades: dict[str, tuple] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0


@dataclass
class Entry:
    """What is to be written for one notebook.

    scores: grade_id → score; None: somebody has to look at it.
    comments: grade_id → automatic comment, or None; for every answer.
    flagged: raise formgrader's flag. (It is never taken down here.)
    """

    scores: dict[str, float | None]
    comments: dict[str, str | None]
    flagged: bool = False
