"""The class page: one HTML file that needs no network and no other file.

A short script of its own sorts and filters the table of students; the page allows that one script, by
its hash, and no other. Without it everything is there as well.
"""

import base64
import datetime
import hashlib
import os
from collections import Counter
from importlib import resources
from statistics import mean, median
from urllib.parse import quote

from autograder.atomic import write
from autograder.plain_text import shorten
from autograder.report.chart import bar, histogram, rounded, spark
from autograder.report.markup import Html, join, tag
from autograder.report.parts import columns, folded, percent, scored, table
from autograder.report.reasons import NAMELESS

LONG = 10  # rows that are shown at once
STATES = ("flagged", "by hand", "not graded", "nothing handed in")


def write_page(results, path, title="the class", registered=()):
    """Write the class page.

    Args:
        results: of `report.results`, at least one.
        registered: (student, name) of all who are known, with work or without; a name may be "".

    Raises:
        Trouble: the file cannot be written.
    """
    write(path, page(results, title, registered=registered, folder=os.path.dirname(path) or "."))


def page(results, title, now=None, registered=(), folder="."):
    """The page, as text.

    Args:
        folder: where the page will be; links to feedback pages start there.
    """
    now = now or datetime.datetime.now().astimezone()
    by_assignment: dict = {}
    for one in results:
        by_assignment.setdefault(one.assignment, []).append(one)
    people = People(results, registered, folder)
    body = [
        tag("h1", f"Class report: {title}"),
        summary(results, by_assignment, now, people),
        attention(results, people),
        tag("h2", "Assignments"),
        overview(by_assignment),
        everyone(results, list(by_assignment), people),
        [assignment(name, ones, people) for name, ones in by_assignment.items()],
    ]
    script = Html(part("class_page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    safe = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=safe),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"Class report: {title}"),
        tag("style", Html(part("class_page.css"))),
    ]
    end = tag("script", script)
    whole = tag("html", tag("head", head), tag("body", tag("main", body), end), lang="en")
    return f"<!doctype html>\n{whole}\n"


def part(name):
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


class People:
    """The students: how they are called, and where on the page they are."""

    def __init__(self, results, registered, folder):
        self.names = dict(registered)
        for one in results:
            self.names.setdefault(one.student, "")
        self.order = sorted(
            self.names, key=lambda student: (self.called(student).casefold(), student)
        )
        self.number = {student: number for number, student in enumerate(self.order)}
        self.folder = folder

    def called(self, student):
        """A student's name, with what we call the folder if that is something else."""
        name = self.names.get(student, "")
        return f"{name} ({student})" if name and name != student else student

    def row(self, student, assignment=None):
        """The id of a student's row: in the table of all, or in that of an assignment."""
        number = self.number[student]
        return f"s{number}" if assignment is None else f"s{number}-{anchor(assignment)}"

    def link(self, student, assignment=None):
        """The name, leading to the row."""
        called = tag("bdi", self.called(student))
        return tag("a", called, href=f"#{self.row(student, assignment)}")

    def head(self, student, **more):
        """The first cell of a row about a student."""
        return tag("th", self.link(student, **more), scope="row", class_="name")

    def feedback(self, one):
        """The address of the page that the student gets, or None."""
        if not one.page:
            return None
        path = os.path.relpath(one.page, self.folder).replace(os.sep, "/")
        return quote(os.fsencode(path))


def summary(results, by_assignment, now, people):
    text = (
        f"{many(len(people.order), 'student')}, {many(len(by_assignment), 'assignment')}, "
        f"{many(len(results), 'submission')}. Made {now:%Y-%m-%d %H:%M %Z}. "
        "For instructors: it holds names, scores and what was flagged."
    )
    return tag("p", text, class_="soft")


def many(n, word):
    return f"{n} {word}{'' if n == 1 else 's'}"


def attention(results, people):
    """What somebody should look at: what could not be graded, what was flagged, what is open."""
    found = []  # (0: nothing was graded, 1: a flag), the cells of its row
    for one in results:
        who = [people.head(one.student, assignment=one.assignment), tag("td", one.assignment)]
        if one.verdict or one.score is None:
            said = one.verdict or "not graded"
            found.append((0, [*who, kind("not graded"), tag("td", said, class_="why")]))
        found += [(1, [*who, kind(f.kind), tag("td", f.text, class_="why")]) for f in one.flags]
    rows = [row for _, row in sorted(found, key=lambda row: row[0])]
    by_hand = Counter(one.assignment for one in results if one.needs_manual_grade)
    hand = "To be graded by hand, in formgrader: " + (
        ", ".join(f"{name} ({n})" for name, n in by_hand.items()) + "." if by_hand else "nothing."
    )
    heads = columns("student", "assignment", "what", "what was seen")
    if rows:
        note = "A flag changes no score. It says what to look at before you decide."
        found = [
            tag("p", note, class_="soft"),
            table(heads, rows, LONG, "flags and verdicts", flow=True),
        ]
    else:
        found = tag("p", "Nothing was flagged, and every submission could be graded.")
    return join([tag("h2", "To look at"), tag("p", hand), found])


def kind(text):
    return tag("td", text, class_="mark")


def overview(by_assignment):
    rows = []
    for name, ones in by_assignment.items():
        got = [one.score for one in ones if one.score is not None]
        most = max(one.max_score for one in ones)
        rows.append(
            [
                tag("th", tag("a", name, href=f"#{anchor(name)}"), scope="row", class_="name"),
                tag("td", len(ones), class_="n"),
                tag("td", f"{most:g}", class_="n"),
                *(tag("td", f"{f(got):.3g}" if got else "–", class_="n") for f in (median, mean)),
                tag("td", f"{min(got):g} to {max(got):g}" if got else "–", class_="n"),
                tag("td", spark(got, 0, most)),
                tag("td", sum(one.needs_manual_grade for one in ones), class_="n"),
                tag("td", sum(bool(one.flags) for one in ones), class_="n"),
                tag("td", sum(one.score is None for one in ones), class_="n"),
            ]
        )
    heads = columns("assignment", *["handed in", "points", "median", "mean", "range"])
    heads += columns("scores", *["by hand", "flagged", "not graded"])
    return table(heads, rows, len(rows), "all assignments")


def anchor(name):
    return "a-" + "".join(sign if sign.isalnum() else "-" for sign in name)


def assignment(name, ones, people):
    graded = [one for one in ones if one.score is not None]
    parts = [tag("h2", name, id=anchor(name))]
    if graded:
        most = max(one.max_score for one in graded)
        scores = [one.score for one in graded]
        chart = histogram(scores, 0, most, what="submissions", unit="points")
        parts += [
            tag(
                "div",
                tag("div", tag("h3", "Scores"), chart),
                tag("div", tag("h3", "Time and sandbox"), timing(graded, people)),
                class_="side",
            ),
            tag("h3", "Mistakes, by name"),
            mistakes(name, graded, people),
            tag("h3", "Cells, the hardest first"),
            hardest(graded),
        ]
    parts.append(
        folded(f"{many(len(ones), 'submission')}, each with why", submissions(name, ones, people))
    )
    return tag("section", parts)


def mistakes(assignment, graded, people):
    """Each mistake that a check named, with how many made it, where, and on which line."""
    made: dict = {}
    where: dict = {}
    lines: dict = {}
    unwritten = set()
    for one in graded:
        for mistake in one.mistakes:
            name = called(mistake)
            made.setdefault(name, set()).add(one.student)
            where.setdefault(name, Counter())[mistake.cell] += 1
            if mistake.line:
                lines.setdefault(name, {}).setdefault(mistake.line, set()).add(one.student)
            unwritten |= {name} if mistake.unwritten else set()
    if not made:
        return tag("p", "No check named a mistake.")
    order = sorted(made, key=lambda name: (name in unwritten, -len(made[name]), name))
    rows = []
    for name in order:
        n = len(made[name])
        cells = ", ".join(cell for cell, _ in where[name].most_common(4))
        more = len(where[name]) - 4
        rows.append(
            [
                tag(
                    "th",
                    shorten(name, 160),
                    on_lines(lines.get(name, {}), len(graded)),
                    scope="row",
                    class_="why",
                    id=mistake_row(assignment, name),
                ),
                tag("td", f"{n} of {len(graded)}", class_="n"),
                bar(n / len(graded)),
                tag("td", who(made[name], assignment, people)),
                tag("td", cells + (f" and {more} more" if more > 0 else ""), class_="cells"),
            ]
        )
    return table(
        columns("mistake", "students", "share of the class", "who", "in"),
        rows,
        LONG,
        "mistakes",
        flow=True,
    )


def called(mistake):
    return "a mistake without a name" if mistake.name == NAMELESS else mistake.name


def mistake_row(assignment, name):
    digest = hashlib.sha256(f"{assignment}\0{name}".encode("utf-8", "replace")).hexdigest()
    return f"m{digest[:12]}"


def who(students, assignment, people):
    """Students, each leading to the row with the work."""
    links = []
    for student in sorted(students, key=people.number.get):
        links += [people.link(student, assignment), " "]
    return folded("who", tag("p", links)) if len(students) > 3 else tag("span", links)


def on_lines(lines, of):
    """The line that most of them have it on, with how many."""
    if not lines:
        return None
    line, who = max(lines.items(), key=lambda item: (len(item[1]), item[0]))
    code = tag("code", shorten(line, 90))
    return tag("small", tag("br"), code, f" {len(who)} of {of} have it on this line")


def hardest(graded):
    """Each graded cell with the share of its points that the class earned."""
    earned: dict = {}
    for one in graded:
        for cell, (score, most) in one.cells.items():
            if score is not None and most:
                earned.setdefault(cell, []).append(score / most)
    if not earned:
        return tag("p", "Nothing gives points here.")
    rows = [
        [
            tag("th", cell, scope="row", class_="name"),
            tag("td", percent(mean(shares)), class_="n"),
            bar(mean(shares)),
            tag("td", sum(share >= 1 for share in shares), class_="n"),
            tag("td", sum(share <= 0 for share in shares), class_="n"),
        ]
        for cell, shares in sorted(earned.items(), key=lambda item: (mean(item[1]), item[0]))
    ]
    heads = columns("cell", "points earned", "share", "all points", "none")
    return table(heads, rows, LONG, "cells")


def timing(graded, people):
    """How long submissions ran, which ones longest, and in what sandbox."""
    tiers = Counter(one.tier or "not noted" for one in graded)
    sandbox = "Sandbox: " + ", ".join(f"{name} {n}" for name, n in tiers.most_common()) + "."
    timed = sorted((one for one in graded if one.seconds is not None), key=lambda one: -one.seconds)
    if not timed:
        return tag("p", sandbox)
    seconds = [one.seconds for one in timed]
    late = seconds[len(seconds) // 20]  # 19 of 20 take no longer
    return join(
        [
            histogram(seconds, 0, rounded(max(late, 0.1)), what="submissions", unit="seconds"),
            tag("p", sandbox),
            folded(
                "the slowest",
                table(
                    columns("student", "seconds"),
                    [
                        [people.head(one.student), tag("td", f"{one.seconds:.2f}", class_="n")]
                        for one in timed[:LONG]
                    ],
                    LONG,
                    "the slowest",
                ),
            ),
        ]
    )


def submissions(name, ones, people):
    """Each submission of an assignment with why, and the way to the feedback page."""
    rows = []
    for one in sorted(ones, key=lambda one: people.number[one.student]):
        made = dict.fromkeys(called(mistake) for mistake in one.mistakes)
        links = [tag("a", shorten(m, 60), href=f"#{mistake_row(name, m)}") for m in made]
        page = people.feedback(one)
        lines = [tag("li", shorten(text, 400)) for text in why(one)]
        rows.append(
            [
                people.head(one.student),
                scored(one),
                tag("td", tag("a", "feedback", href=page) if page else ""),
                tag("td", tag("ul", lines) if lines else "", class_="why"),
                tag("td", [part for link in links for part in (link, " ")], class_="why"),
            ]
        )
    heads = columns("student", "score", "page", "why", "others with the same mistake")
    ids = [
        people.row(one.student, name)
        for one in sorted(ones, key=lambda one: people.number[one.student])
    ]
    return table(heads, rows, len(rows), "submissions", flow=True, ids=ids)


def why(one):
    """What there is to say about a submission, a sentence each."""
    texts = [one.verdict] if one.verdict else [*one.why, *one.notes]
    if one.needs_manual_grade and not one.verdict:
        texts = [*texts, "something is to be graded by hand"]
    return texts


def everyone(results, names, people):
    """The table of all students: a row each, a column for each assignment, and the sum."""
    got = {(one.student, one.assignment): one for one in results}
    rows = []
    for student in people.order:
        ones = [got.get((student, name)) for name in names]
        total = sum(one.score or 0 for one in ones if one)
        cells = [points(one, people) for one in ones]
        head = tag("th", tag("bdi", people.called(student)), scope="row", class_="name")
        rows.append(
            tag(
                "tr", head, cells, tag("td", f"{total:g}", class_="n", data_v=f"{total:g}"),
                id=people.row(student), data_state=state(ones), data_made=made_by(ones),
            )
        )  # fmt: skip
    heads = columns("student")
    for name in names:
        most = max(one.max_score for one in results if one.assignment == name)
        of = tag("small", f"of {most:g}")
        heads.append(tag("th", foldable(name), tag("br"), of, scope="col", class_="n"))
    heads += columns("sum", number=True)
    body = tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows), id="students")
    scroll = tag(
        "div", body, class_="scroll tall", role="region", aria_label="all students", tabindex=0
    )
    return join([tag("h2", "Students"), tools(), scroll])


def foldable(name):
    """The name of an assignment, which may be broken after each underscore."""
    return join([part for piece in name.split("_") for part in ("_", Html("<wbr>"), piece)][2:])


def tools():
    """What the script needs: hidden as long as it does not run."""
    options = [
        tag("option", "all", value=""),
        *(tag("option", s, value=s.replace(" ", "-")) for s in STATES),
    ]
    return tag(
        "p",
        tag("label", "Search ", tag("input", id="search", type="search", placeholder="a name, a mistake")),
        " ",
        tag("label", "Show ", tag("select", options, id="state")),
        " ",
        tag("span", id="count", class_="soft", role="status"),
        id="tools",
        hidden=True,
    )  # fmt: skip


def state(ones):
    """Which of STATES hold for one of a student's submissions, as words without blanks."""
    there = [one for one in ones if one]
    holds = {
        "flagged": any(one.flags for one in there),
        "by hand": any(one.needs_manual_grade for one in there),
        "not graded": any(one.score is None for one in there),
        "nothing handed in": len(there) < len(ones),
    }
    return " ".join(name.replace(" ", "-") for name, true in holds.items() if true)


def made_by(ones):
    """The mistakes of a student, to be searched."""
    return " ".join({called(m).lower(): None for one in ones if one for m in one.mistakes})


def points(one, people):
    """A score that leads to why, marked if there is something to look at."""
    if one is None:
        return tag("td", "–", class_="n", data_v=-2)
    text = "?" if one.score is None else f"{one.score:g}"
    sign = " ⚑" if one.flags else " ✎" if one.needs_manual_grade else ""
    label = "not graded" if one.score is None else None
    link = tag("a", text, href=f"#{people.row(one.student, one.assignment)}", title=label)
    return tag("td", link, sign, class_="n", data_v=-1 if one.score is None else f"{one.score:g}")
