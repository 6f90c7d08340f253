"""The corpus through the grader of this course: one class, in one run, as `autograder grade` does it."""

import contextlib
import csv
import io
import re
from dataclasses import dataclass, field

from autograder.__main__ import main
from autograder.grade import grade
from tests.autograder.corpus.case import HONEST, VERDICT, Case
from tests.autograder.corpus.cases import CASES
from tests.autograder.corpus.world import World, expected

LIMITS = dict(cell=6.0, cell_cpu=6.0, memory=1 << 30, grace=1.0)
"""Small ones: what never ends costs its whole time here."""


@dataclass
class Came:
    """What came of a submission: grade_id → points, or None with the reason; kinds of flags."""

    points: dict | None
    why: list = field(default_factory=list)
    flags: set = field(default_factory=set)
    seconds: float = 0.0


@dataclass
class Class:
    """What came of them all. others: those who did nothing but answer right. harm: see World."""

    came: dict
    others: dict
    harm: list


def bystander(assignment, number):
    """Somebody who answers right, and whose work lies beside that of the others."""
    name = f"{'az'[number]}-bystander"
    return Case(name, HONEST, "", lambda paper: None, assignment, student=name)


def run(folder, names=None, workers=2, say=lambda outcome: None):
    """Grade these cases, or all, between two bystanders for each exercise; a `Class`.

    Args:
        say: called with each Outcome as it is there.
    """
    chosen = [CASES[name] for name in names or CASES]
    assignments = sorted({one.assignment for one in chosen})
    beside = [[bystander(a, n) for a in assignments] for n in (0, 1)]
    everyone = [*beside[0], *chosen, *beside[1]]
    world = World(folder, assignments)
    with world.listening():
        submissions = [world.hand_in(one) for one in everyone]
        before = world.watched()
        outcomes = {}
        for one in grade(world.course, submissions, workers=workers, limits=LIMITS):
            outcomes[one.submission.student, one.submission.assignment] = one
            say(one)
        scores = world.by_assignment()
        harm = world.harm(before) + acts(world.course)
    came = {}
    for one in everyone:
        outcome = outcomes[one.student, one.assignment]
        points = scores.get((one.student, one.assignment)) if outcome.graded else None
        kinds = {flag.kind for flag in outcome.flags}
        came[one.name, one.assignment] = Came(points, outcome.why, kinds, outcome.seconds)
    others = {(b.name, b.assignment): came[b.name, b.assignment] for b in sum(beside, [])}
    return Class({one.name: came[one.name, one.assignment] for one in chosen}, others, harm)


ACTS = r"<script>window\.corpus|<img[^>]*onerror|<svg[^>]*onload|href=.javascript:|<iframe"


def acts(course):
    """What of a submission would act on those who read about it: pages, tables, the terminal."""
    said, found = io.TextIOWrapper(io.BytesIO(), "utf-8"), []
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(["report", "--course", str(course.root)])
    for path in sorted((course.root / "autograder").rglob("*.html")):
        if re.search(ACTS, path.read_text("utf-8"), re.I):
            found.append(f"a script of a submission is in {path.relative_to(course.root)}")
    for path in sorted((course.root / "autograder").glob("*.csv")):
        with open(path, newline="", encoding="utf-8-sig") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        if any(cell[:1] in "=+-@\t\r" for cell in cells if cell):
            found.append(f"a formula of a submission is in {path.name}")
    said.seek(0)
    log = (course.root / "autograder" / "grade.log").read_text("utf-8")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", said.read() + log):
        found.append("the terminal or the log gets control characters")
    return found


def wrong(name, came):
    """Why this is not what was to come of a case, in a sentence; "" if it is."""
    one, due = CASES[name], expected(name)
    if due == VERDICT:
        return "" if came.points is None and came.why else "it was graded"
    if came.points is None:
        return f"it was not graded: {' '.join(came.why)}"
    flagged = bool(came.flags & set(one.flags))
    off = {k: (came.points.get(k), most) for k, most in due.items() if came.points.get(k) != most}
    if off and not (one.or_flagged and flagged and all((a or 0) >= b for a, b in off.values())):
        return "points, and what they should be: " + ", ".join(
            f"{k} {a} ({b:g})" for k, (a, b) in off.items()
        )
    if one.flags and not flagged and not one.or_flagged:
        return f"not one of the flags {', '.join(one.flags)} is raised"
    return ""
