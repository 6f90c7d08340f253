"""Pieces of the class page: tables that scroll on a narrow screen, and what folds."""

from autograder.report.markup import join, tag

NUMBERS = {"handed in", "points", "median", "mean", "range", "by hand", "flagged", "not graded"}
NUMBERS |= {"students", "points earned", "all points", "none", "score", "seconds"}


def columns(*heads, number=False):
    return [
        tag("th", head, scope="col", class_="n" if number or head in NUMBERS else None)
        for head in heads
    ]


def table(heads, rows, shown, label, flow=False):
    """A table of which the first rows are shown and the rest folds out.

    Args:
        flow: on a narrow screen, cells stand below each other: for rows that explain themselves.
    """
    head = tag("thead", tag("tr", heads))

    def whole(rows, label):
        inner = tag(
            "table",
            head,
            tag("tbody", [tag("tr", row) for row in rows]),
            class_="flow" if flow else None,
        )
        return tag("div", inner, class_="scroll", role="region", aria_label=label, tabindex=0)

    if len(rows) <= shown + 2:  # nobody unfolds two rows
        return whole(rows, label)
    rest = rows[shown:]
    more = folded(f"{len(rest)} more", whole(rest, f"{label}, continued"))
    return join([whole(rows[:shown], label), more])


def folded(label, body, open_=False):
    return tag("details", tag("summary", label), body, open=open_)


def person(name):
    """A student's name, kept apart from the direction that the text around it is written in."""
    return tag("th", tag("bdi", name), scope="row", class_="name")


def scored(one):
    text = "not graded" if one.score is None else f"{one.score:g} / {one.max_score:g}"
    return tag("td", text, class_="n")


def percent(share):
    return f"{100 * share:.0f} %"
