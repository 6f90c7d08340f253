"""A closer look at what a check found wrong: it takes seconds, so the first message is shown before.

The line that makes it wrong, if one small edit makes it right; if none does, what the step depends
on; and an example to follow by hand. `MY_STEP_LINE`, or `line` under [tool.my_step] in
pyproject.toml, is "off" where nobody waits for it, as in grading.
"""

import os
from dataclasses import replace

from utils.check import errors
from utils.check.depends import depends_on
from utils.check.finding import Finding
from utils.check.guard import Guard
from utils.check.line import LineFinding, find_line, find_line_in_function
from utils.check.progress import setting
from utils.check.smallest import smallest

MOST_ROWS = 3
"""So many differences in what the step depends on are told."""


def wanted() -> bool:
    """Is there someone who waits for a closer look?"""
    if not Guard.clock or os.environ.get("NBGRADER_EXECUTION"):
        return False
    return setting("line", "on") not in ("off", "false", "no")


def at_optimizer(found: Finding, both) -> Finding:
    """The finding on an optimizer, with all that a closer look shows.

    Args:
        both: the `Comparison`.
    """
    if not wanted() or found.unwritten or hasattr(both.Student, "plays"):
        return found
    line = find_line(both, both.Reference)
    if line is not None:
        found = with_line(found, line)
    if found.yours:  # the numbers differ
        example = smallest(both.Student, both.Reference, both.hyper)
        if example is not None:
            found = replace(found, notes=(*found.notes, ("by hand", example.says)))
        if line is None:
            table = depends_on(both.Student, both.Reference, both.hyper, both.name, both.against)
            rows = table.different[:MOST_ROWS] if table else ()
            compared = tuple((row.question, row.yours, row.theirs) for row in rows)
            found = replace(found, compared=compared)
    return found


def at_function(found: Finding, function, reference, cases) -> Finding:
    """The finding on a function, with its line."""
    if not wanted() or found.unwritten:
        return found
    line = find_line_in_function(function, reference, cases)
    return found if line is None else with_line(found, line)


def with_line(found: Finding, line: LineFinding) -> Finding:
    """The finding with the line in it; its hints climb from the kind of slip to the edit."""
    first, *more = line.edits
    where = " and ".join(dict.fromkeys(str(edit.line) for edit in line.edits))
    one = "One small edit" if not more else "Two small edits"
    lines = "line" if " and " not in where else "lines"
    says = f"{one} in {lines} {where} of your code would make it right."
    notes = [("and line", f"{edit.line}: `{edit.text.strip()}`") for edit in more]
    unknown = found.mistakes == ("unknown",)
    return replace(
        found,
        line=errors.line_at(first.file, first.line),
        mistakes=tuple(dict.fromkeys(e.name for e in line.edits)) if unknown else found.mistakes,
        diagnosis=found.diagnosis or (says,),
        observed=(says,) if found.diagnosis else (),
        hints=(*(() if unknown else found.hints), *line.hints),
        notes=(*found.notes, *notes),
    )
