"""A table for a terminal."""

import shutil
import textwrap

from autograder.plain_text import printable


def table(rows, heads=("student", "assignment", "score", "why")):
    """A text table of three words and what there is to say.

    Args:
        rows: tuples (student, assignment, score as text, list of sentences).
    """
    rows = [(*map(printable, row[:3]), [printable(text) for text in row[3]]) for row in rows]
    *heads, last = heads
    widths = [max([len(h), *(len(row[i]) for row in rows)]) for i, h in enumerate(heads)]
    indent = sum(widths) + 2 * len(widths)
    room = max(40, shutil.get_terminal_size((120, 25)).columns - indent)

    def line(student, assignment, score, why):
        cells = (student.ljust(widths[0]), assignment.ljust(widths[1]), score.rjust(widths[2]), why)
        return "  ".join(cells).rstrip()

    lines = [
        line(heads[0], heads[1], heads[2], last),
        "  ".join("─" * width for width in [*widths, min(room, 60)]),
    ]
    for student, assignment, score, why in rows:
        wrapped = [part for text in why for part in fold(text, room)]
        first, *rest = wrapped or [""]
        lines.append(line(student, assignment, score, first))
        lines += [" " * indent + part for part in rest]
    return "\n".join(lines)


def fold(text, room):
    return textwrap.wrap(text, room, subsequent_indent="  ", break_on_hyphens=False)
