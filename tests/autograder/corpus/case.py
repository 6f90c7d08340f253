"""One submission of the corpus: how it is made, and what it must come to.

A builder is a function that is given a `Paper`, the exercise filled in, and spoils it. Its docstring
says what it tries, in words that go into docs/grading.md.

    @case(HONEST, loses="sgd")
    def loop_in_step(paper):
        "An infinite loop in `my_step`."
        paper.body("sgd-step", "while True: pass")
"""

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

HONEST, FILE, FORGED = "honest but broken", "broken files", "forgeries"
VERDICT = "verdict"
"""Instead of points: cannot be graded, and a sentence says why."""

SGD, MOMENTUM = "02_sgd", "03_momentum"
MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION\n?", re.M)
REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION\n?", re.M | re.S)

CASES = {}
"""name → Case, in the order of definition."""


@dataclass
class Case:
    """One submission.

    kind: HONEST, FILE or FORGED.
    tries: what it tries, or what befell it.
    make: changes a Paper.
    base: "right", all answers are in; or "empty", none is.
    changes: on a right paper, the questions that are lost; on an empty one, those that are earned:
        grade_ids, or the beginning of some, such as "sgd limit-one"; "*" is all.
    verdict: whether it cannot be graded.
    flags: kinds of flags of which one must be raised.
    or_flagged: points above the expected are all right if one of `flags` is raised.
    harms: why it is not run where nothing holds it; empty if it is.
    drawn: whether the cells that only draw are in it; elsewhere they are empty, as they take most of
        the time.
    student: the folder's name, if it is not the name of the case.
    """

    name: str
    kind: str
    tries: str
    make: Callable
    assignment: str = SGD
    base: str = "right"
    changes: str = ""
    verdict: bool = False
    flags: tuple = ()
    or_flagged: bool = False
    harms: str = ""
    drawn: bool = False
    student: str = ""

    def expected(self, points):
        """grade_id → points, of these in the master; or VERDICT."""
        if self.verdict:
            return VERDICT
        words = self.changes.split()
        known = {
            w for w in words if w == "*" or any(i == w or i.startswith(f"{w}-") for i in points)
        }
        assert known == set(words), f"{self.name}: there is no {set(words) - known}"

        def named(name):
            return any(w in ("*", name) or name.startswith(f"{w}-") for w in words)

        empty = self.base == "empty"
        return {name: most if named(name) == empty else 0 for name, most in points.items()}


def case(kind, assignment=SGD, *, loses="", earns="", base="right", **more):
    """Decorates a builder: it is a case of the corpus."""

    def enter(make):
        name = make.__name__.strip("_").replace("_", "-")
        assert name not in CASES, name
        tries = " ".join(make.__doc__.split())
        more.setdefault("student", name)
        CASES[name] = Case(
            name, kind, tries, make, assignment, base, earns if base == "empty" else loses, **more
        )
        return make

    return enter


@dataclass
class Paper:
    """A submission in the making.

    nb: the notebook, as plain JSON; None for no notebook.
    files: name → bytes, or a function that is given the path: what else is handed in. A notebook of
        the right name here stands in the place of `nb`.
    root, home: where the course and the home folder are, for those who would like to know.
    port: a port of this machine where somebody listens.
    """

    nb: dict
    sources: dict
    name: str
    root: str
    home: str
    port: int
    base: str
    files: dict = field(default_factory=dict)

    @classmethod
    def of(cls, one, released, master, name, **where):
        """The released notebook for a case, with the master's answers if its base is right."""
        nb = json.loads(released)
        sources = {c["id"]: "".join(c["source"]) for c in json.loads(master)["cells"]}
        paper = cls(nb, sources, name, base=one.base, **where)
        for cell in nb["cells"]:
            cell["source"] = "".join(cell["source"])
            free = cell["cell_type"] == "code" and not cell["metadata"].get("nbgrader")
            if free and cell["id"] != "setup" and not one.drawn:
                cell["source"] = ""
            if one.base == "right" and cell["metadata"].get("nbgrader", {}).get("solution"):
                cell["source"] = MARKER.sub("", sources[cell["id"]])
        return paper

    @property
    def cells(self):
        return self.nb["cells"]

    @property
    def tests(self):
        return [c for c in self.cells if c["metadata"].get("nbgrader", {}).get("grade")]

    def cell(self, name):
        return next(c for c in self.cells if c.get("id") == name)

    def write(self, name, source):
        """Set the source of a cell."""
        self.cell(name)["source"] = source

    def body(self, name, *bodies):
        """Write an answer: the master's cell, with these lines where its solutions are."""
        bodies = iter(bodies)

        def put(region):
            lines = next(bodies, region[2]).strip("\n").splitlines()
            indent = region[1] if lines and not lines[0].startswith(" ") else ""
            return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)

        self.write(name, REGION.sub(put, self.sources[name] + "\n").rstrip())

    def before(self, name, source):
        """Put lines at the head of an answer."""
        self.write(name, f"{source.strip()}\n{self.cell(name)['source']}")

    def add(self, source, before=None, kind="code"):
        """Put in a cell of the student's own, after the imports or before a named cell."""
        ids = [c.get("id") for c in self.cells]
        at = ids.index(before) if before else ids.index("imports") + 1
        cell = dict(cell_type=kind, id=f"own-{len(ids)}", metadata={}, source=source.strip())
        if kind == "code":
            cell.update(outputs=[], execution_count=None)
        self.cells.insert(at, cell)
        return cell

    def twin(self, name):
        """A copy of a cell, right behind it."""
        cell = self.cell(name)
        self.cells.insert(self.cells.index(cell) + 1, new := copy.deepcopy(cell))
        return new

    def bytes(self):
        return json.dumps(self.nb).encode()

    def save(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        if self.nb is not None and self.name not in self.files:
            (folder / self.name).write_bytes(self.bytes())
        for name, what in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            what(path) if callable(what) else path.write_bytes(what)
