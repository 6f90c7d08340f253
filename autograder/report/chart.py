"""Pictures for the class page: SVG that takes its colours from the page, with words for who cannot
see it."""

import math
from statistics import median

from autograder.report.markup import tag

WIDTH, HEIGHT, LEFT, FLOOR, TOP = 340, 150, 10, 118, 16


def bins(values, low, high, n=10):
    """How many of `values` lie in each of n equal parts of low … high, the last one closed."""
    counts = [0] * n
    for value in values:
        part = int((value - low) / (high - low) * n) if high > low else n - 1
        counts[min(max(part, 0), n - 1)] += 1
    return counts


def histogram(values, low, high, *, what, unit, n=10):
    """How often each size occurs, as a picture and as the table behind it.

    Args:
        values: numbers, at least one; those beyond low … high count at the ends.
        what: what is counted, such as "submissions".
        unit: of the values, such as "points".
    """
    counts = bins(values, low, high, n)
    edges = [low + (high - low) * i / n for i in range(n + 1)]
    said = (
        f"{len(values)} {what} between {min(values):.3g} and {max(values):.3g} {unit}, "
        f"half of them at or above {median(values):.3g}."
    )
    step, most = (WIDTH - 2 * LEFT) / n, max(counts)
    bars = []
    for i, count in enumerate(counts):
        x, tall = LEFT + i * step, (FLOOR - TOP) * count / most
        if count:
            bars += [
                tag("rect", class_="bar", x=f"{x + 1.5:.1f}", y=f"{FLOOR - tall:.1f}",
                    width=f"{step - 3:.1f}", height=f"{tall:.1f}", rx=1.5),
                words(x + step / 2, FLOOR - tall - 4, count),
            ]  # fmt: skip
    marks = [
        words(
            LEFT + (WIDTH - 2 * LEFT) * i / 4, FLOOR + 15, f"{low + (high - low) * i / 4:.3g}", at
        )
        for i, at in enumerate(("start", "middle", "middle", "middle", "end"))
    ]
    picture = tag(
        "svg",
        tag("title", said),
        bars,
        tag("path", class_="axis", d=f"M{LEFT} {FLOOR}H{WIDTH - LEFT}"),
        marks,
        words(WIDTH / 2, FLOOR + 29, unit),
        view_box=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=said,
        class_="histogram",
    )
    rows = [
        tag("tr", tag("th", f"{edges[i]:.3g} to {edges[i + 1]:.3g}", scope="row"), tag("td", count))
        for i, count in enumerate(counts)
    ]
    behind = tag(
        "details",
        tag("summary", "the same as a table"),
        tag(
            "table",
            tag("thead", tag("tr", tag("th", unit, scope="col"), tag("th", what, scope="col"))),
            tag("tbody", rows),
        ),
    )
    return tag("figure", picture, tag("figcaption", said), behind)


def words(x, y, text, at="middle"):
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=at)


def rounded(high):
    """The next number from `high` on that an axis can end with, so that its quarters are short."""
    size = 10 ** math.floor(math.log10(high))
    return next(size * part for part in (1, 2, 4, 6, 8, 10) if size * part >= high * 0.999)


def spark(values, low, high, n=10):
    """A histogram of the size of a word, to be compared with those above and below it."""
    counts = bins(values, low, high, n)
    most = max(counts) or 1
    bars = [
        tag("rect", class_="bar", x=i * 8 + 0.5, y=f"{20 - 19 * c / most:.1f}", width=7,
            height=f"{19 * c / most:.1f}")
        for i, c in enumerate(counts) if c
    ]  # fmt: skip
    axis = tag("path", class_="axis", d=f"M0 20.5H{8 * n}")
    return tag("svg", bars, axis, view_box=f"0 0 {8 * n} 21", class_="spark", aria_hidden="true")


def bar(share):
    """A cell of a table whose length shows a share of 0 … 1; the number stands beside it."""
    wide = f"{100 * min(max(share, 0), 1):.1f}"
    picture = tag(
        "svg",
        tag("rect", class_="bar", width=wide, height=10),
        view_box="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    return tag("td", picture, class_="share")
