"""The class page: one HTML file that needs no network, no script and no other file."""

import datetime
from collections import Counter
from importlib import resources
from statistics import mean, median

from autograder.atomic import write
from autograder.plain_text import shorten
from autograder.report.chart import bar, histogram, rounded, spark
from autograder.report.markup import Html, join, tag
from autograder.report.parts import columns, folded, percent, person, scored, table
from autograder.report.reasons import NAMELESS

LONG = 10  # rows that are shown at once
SAFE = "default-src 'none'; style-src 'unsafe-inline'"  # whatever got in, no script runs


def write_page(results, path, title="the class"):
    """Write the class page.

    Args:
        results: of `book.results`, at least one.

    Raises:
        Trouble: the file cannot be written.
    """
    write(path, page(results, title))


def page(results, title, now=None):
    """The page, as text."""
    now = now or datetime.datetime.now().astimezone()
    by_assignment = {}
    for one in results:
        by_assignment.setdefault(one.assignment, []).append(one)
    body = [
        tag("h1", f"Class report: {title}"),
        summary(results, by_assignment, now),
        attention(results),
        tag("h2", "Assignments"),
        overview(by_assignment),
        [assignment(name, ones) for name, ones in by_assignment.items()],
        everyone(results, list(by_assignment)),
    ]
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=SAFE),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"Class report: {title}"),
        tag("style", Html(resources.files(__package__).joinpath("class_page.css").read_text())),
    ]
    whole = tag("html", tag("head", head), tag("body", tag("main", body)), lang="en")
    return f"<!doctype html>\n{whole}\n"


def summary(results, by_assignment, now):
    students = {one.student for one in results}
    text = (
        f"{many(len(students), 'student')}, {many(len(by_assignment), 'assignment')}, "
        f"{many(len(results), 'submission')}. Made {now:%Y-%m-%d %H:%M %Z}. "
        "For instructors: it holds names, scores and what was flagged."
    )
    return tag("p", text, class_="soft")


def many(n, word):
    return f"{n} {word}{'' if n == 1 else 's'}"


def attention(results):
    """What somebody should look at: what could not be graded, what was flagged, what is open."""
    rows = []
    for one in results:
        who = [person(one.student), tag("td", one.assignment)]
        if one.verdict or one.score is None:
            said = one.verdict or "not graded"
            rows.append((0, [*who, kind("not graded"), tag("td", said, class_="why")]))
        rows += [(1, [*who, kind(f.kind), tag("td", f.text, class_="why")]) for f in one.flags]
    rows = [row for _, row in sorted(rows, key=lambda row: row[0])]
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


def assignment(name, ones):
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
                tag("div", tag("h3", "Time and sandbox"), timing(graded)),
                class_="side",
            ),
            tag("h3", "Mistakes, by name"),
            mistakes(graded),
            tag("h3", "Cells, the hardest first"),
            hardest(graded),
        ]
    parts.append(folded(f"{many(len(ones), 'submission')}, each with why", submissions(ones)))
    return tag("section", parts)


def mistakes(graded):
    """Each mistake that a check named, with how many made it, where, and on which line."""
    made, where, lines, unwritten = {}, {}, {}, set()
    for one in graded:
        for mistake in one.mistakes:
            name = "a mistake without a name" if mistake.name == NAMELESS else mistake.name
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
                ),
                tag("td", f"{n} of {len(graded)}", class_="n"),
                bar(n / len(graded)),
                tag("td", cells + (f" and {more} more" if more > 0 else ""), class_="cells"),
            ]
        )
    return table(
        columns("mistake", "students", "share of the class", "in"),
        rows,
        LONG,
        "mistakes",
        flow=True,
    )


def on_lines(lines, of):
    """The line that most of them have it on, with how many."""
    if not lines:
        return None
    line, who = max(lines.items(), key=lambda item: (len(item[1]), item[0]))
    code = tag("code", shorten(line, 90))
    return tag("small", tag("br"), code, f" {len(who)} of {of} have it on this line")


def hardest(graded):
    """Each graded cell with the share of its points that the class earned."""
    earned = {}
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


def timing(graded):
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
                        [person(one.student), tag("td", f"{one.seconds:.2f}", class_="n")]
                        for one in timed[:LONG]
                    ],
                    LONG,
                    "the slowest",
                ),
            ),
        ]
    )


def submissions(ones):
    rows = []
    for one in sorted(ones, key=lambda one: one.student):
        why = [one.verdict] if one.verdict else [*one.why, *one.notes]
        if one.late_penalty:
            why = [*why, f"{one.late_penalty:g} points off for handing in late"]
        if one.needs_manual_grade:
            why = [*why, "something is to be graded by hand"]
        said = [tag("li", shorten(text, 400)) for text in why]
        rows.append(
            [
                person(one.student),
                scored(one),
                tag("td", tag("ul", said) if said else "", class_="why"),
            ]
        )
    return table(columns("student", "score", "why"), rows, len(rows), "submissions", flow=True)


def everyone(results, names):
    got = {(one.student, one.assignment): one for one in results}
    rows = []
    for student in sorted({one.student for one in results}):
        ones = [got.get((student, name)) for name in names]
        total = sum(one.score or 0 for one in ones if one)
        cells = [scored(one) if one else tag("td", "–", class_="n") for one in ones]
        rows.append([person(student), *cells, tag("td", f"{total:g}", class_="n")])
    heads = [*columns("student"), *columns(*names, number=True), *columns("sum", number=True)]
    body = table(heads, rows, len(rows), "all students")
    label = f"{many(len(rows), 'student')}, all scores"
    return join([tag("h2", "Students"), folded(label, body, open_=len(rows) <= 40)])
