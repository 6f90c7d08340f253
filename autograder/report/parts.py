"""Pieces of the class page: tables that scroll on a narrow screen, and what folds."""

from autograder.report.markup import join, tag

NUMBERS = {"handed in", "points", "median", "mean", "range", "by hand", "flagged", "not graded"}
NUMBERS |= {"students", "points earned", "all points", "none", "score", "seconds"}


def columns(*heads, number=False):
    return [
        tag("th", head, scope="col", class_="n" if number or head in NUMBERS else None)
        for head in heads
    ]


def table(heads, rows, shown, label, flow=False, ids=None):
    """A table of which the first rows are shown and the rest folds out.

    Args:
        ids: of the rows; where there are some, all rows are shown.
        flow: on a narrow screen, cells stand below each other: for rows that explain themselves.
    """
    head = tag("thead", tag("tr", heads))

    def whole(rows, label):
        inner = tag(
            "table",
            head,
            tag(
                "tbody",
                [
                    tag("tr", row, id=id)
                    for row, id in zip(rows, ids or [None] * len(rows), strict=False)
                ],
            ),
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


def scored(one):
    text = "not graded" if one.score is None else f"{one.score:g} / {one.max_score:g}"
    return tag("td", text, class_="n")


def percent(share):
    return f"{100 * share:.0f} %"
