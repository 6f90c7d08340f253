"""docs/grading.md: what nbgrader and this grader make of the corpus, side by side."""

from tests.autograder.corpus import ours
from tests.autograder.corpus.case import FILE, FORGED, HONEST, VERDICT
from tests.autograder.corpus.cases import CASES
from tests.autograder.corpus.world import ROOT, expected

PAGE = ROOT / "docs" / "grading.md"

HEAD = """\
# What graders make of hostile and broken submissions

<!-- Made by `python -m tests.autograder.corpus`; do not edit. -->

Each row is a submission in `tests/autograder/corpus/`: a few lines that spoil one of the course's \
exercises, and the points that are due for it, cell by cell. Each row is of the last run of its case. They went through nbgrader (– where one has not yet), and \
through `autograder grade`. A ✗ means: other points than are due, somebody else harmed, or no end in three minutes. Not to be \
graded is right where nothing is due.

*Points due* are those for the answers that are right. Where nothing can be graded, a sentence must \
say why, and that is due: *a verdict*. Forgeries start from an empty exercise, so nothing is due for \
them unless the row says so.

nbgrader is {nbgrader}, with nbclient {nbclient} and torch {torch}, in the configuration of this \
course, with 40 seconds for a cell. It does not claim to withstand its users: its documentation \
advises to run it in a container. It ran behind a wall of our own, and submissions that would take \
a whole machine down were not run through it.

*What a flag is for.* What decides about points is decided on the judge's side: a class, an object or a function \
of torch's optimizers is refused where it crosses to the judge, by what it is and not by its name. What a \
student's process computes for itself, nobody can see all of: code there may let torch take the step and wipe out \
every trace of it. Where such a call is noticed, it is a flag for the instructor, in the report and beside the \
score; where none is noticed, that proves nothing. So some rows have points and a flag, and a person looks.

*How memory is counted.* In a control group for each submission, where the grader may make one (the grade then \
says so: `namespaces, cgroup v2`): that counts all that the kernel holds for it, and its limit holds at any \
moment. Elsewhere the grader looks twenty times a second at the pages and page tables of all its processes, and \
counts each open socket as full; what else the kernel holds for a process it does not see there.
"""

TITLES = {
    HONEST: "## Honest, but broken",
    FILE: "## Broken files",
    FORGED: "## Forgeries",
}
COLUMNS = "| submission | what it is | due | nbgrader | ours |\n|---|---|---|---|---|"


def rows_of(page):
    """name → what a page says of our grader there, for those cases that are not run again."""
    lines = [line for line in page.splitlines() if line.startswith("| ") and line.count(" | ") >= 4]
    return {line.split(" | ")[0][2:]: line.rsplit(" | ", 1)[1].removesuffix(" |") for line in lines}


def page(kept, came, harm, before=None):
    """The text of docs/grading.md.

    Args:
        kept: as `stock.kept` gives it.
        came: name → `ours.Came`.
        harm: what the class as a whole did to others.
        before: name → what the page said of it, for cases that are not in `came`; see `rows_of`.
    """
    outcomes = kept["outcomes"]
    texts = {**(before or {}), **{name: mine(name, one) for name, one in came.items()}}
    text = [HEAD.format(**kept["versions"]), summary(outcomes, texts, harm)]
    for kind, title in TITLES.items():
        text += ["", title, "", COLUMNS]
        for name, one in CASES.items():
            if one.kind == kind:
                cells = (
                    name,
                    one.tries.replace("|", "\\|"),
                    due(name),
                    theirs(name, outcomes.get(name)),
                    texts[name],
                )
                text.append("| " + " | ".join(cells) + " |")
    return "\n".join(text) + "\n"


def summary(outcomes, texts, harm):
    """How many of each kind each grader gets right. texts: name → what is said of ours."""
    lines = ["| | submissions | nbgrader: right | wrong | not run | ours: right | wrong |"]
    lines.append("|---|---|---|---|---|---|---|")
    for kind in TITLES:
        names = [name for name, one in CASES.items() if one.kind == kind]
        stock = [verdict(name, outcomes.get(name)) for name in names]
        good = sum(texts[name].startswith("✓") for name in names)
        counts = [len(names), stock.count("✓"), stock.count("✗"), stock.count("–")]
        lines.append(
            f"| {kind} | " + " | ".join(map(str, [*counts, good, len(names) - good])) + " |"
        )
    end = (
        "After ours, nothing else on the machine had changed, and nobody else's points."
        if not harm
        else ("Ours let this happen: " + "; ".join(harm) + ".")
    )
    return "\n".join([*lines, "", end])


def due(name):
    points = expected(name)
    return "a verdict" if points == VERDICT else f"{sum(points.values()):g}"


def verdict(name, outcome):
    """✓ ✗ or –, for not run."""
    if outcome is None or outcome["said"].startswith("not run"):
        return "–"
    points, want = outcome["points"], expected(name)
    if outcome["harm"] or "did not come to an end" in outcome["said"]:
        return "✗"
    if points is None:  # it says so, and nobody loses anything
        return "✓" if want == VERDICT or not any(want.values()) else "✗"
    if want == VERDICT:
        return "✗"
    return "✓" if all((points.get(k) or 0) == x for k, x in want.items()) else "✗"


def theirs(name, outcome):
    sign = verdict(name, outcome)
    if outcome is None:
        return f"{sign} not run"
    said, points = outcome["said"], outcome["points"]
    if said.startswith("not run"):
        return f"{sign} {said}"
    text = f"not graded: `{brief(said)}`" if points is None else f"{total(points):g}"
    if outcome["harm"]:
        text += f"; {brief('; '.join(outcome['harm']), 120)}"
    return f"{sign} {text}"


def mine(name, came):
    sign = "✗" if ours.wrong(name, came) else "✓"
    text = brief(" ".join(came.why), 120) if came.points is None else f"{total(came.points):g}"
    flags = sorted(came.flags)
    return f"{sign} {text}" + (f"; flags: {', '.join(flags)}" if flags else "")


def total(points):
    return sum(x or 0 for x in points.values())


def brief(text, most=90):
    text = text.replace("|", "/").replace("`", "'").replace("<", "‹").replace("\n", " ")
    return text if len(text) <= most else text[: most - 1] + "…"
