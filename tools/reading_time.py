"""How long a lecture takes, section by section.    python tools/reading_time.py [--check]

Under each heading of a section stands its time, and in the title that of the core path. Both are
stamped by this tool. What stands below the heading "Going further" is not part of the core path,
and "Second sitting" begins a new one; neither is longer than 90 minutes.

The rule, for a student who reads everything and runs each cell:

    a minute for 120 words of text, for 12 lines of code, and for 1.5 displayed formulas;
    a minute for each prediction, and half a minute for what a cell shows;
    four minutes for each playground.

Checks count half: an `assert` is read, and not studied.
"""

import argparse
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
LECTURES = sorted((ROOT / "lectures").glob("[0-9][0-9]_*.ipynb"))
MOST = 90
FURTHER, SITTING = "Going further", "Second sitting"
UNTIMED = {"Summary", "Try this", "Further reading", SITTING}

WORDS, LINES, FORMULAS = 120, 12, 1.5  # a minute each
STAMP = re.compile(r"\n\n\*\d+ minutes?\*$|\n\n\*\d+ minutes?\*(?=\n\n)")
SUM = re.compile(r"\*\d+(?: and \d+)? minutes?[^*]*?\.(?= |\*)")


@dataclass
class Section:
    """A section: its heading, the cell that holds it, and the minutes that it takes."""

    title: str
    cell: nbformat.NotebookNode
    minutes: float = 0.0
    further: bool = False
    sitting: int = 1


def text_minutes(text):
    """Minutes for a text cell: words, displayed formulas, predictions."""
    formulas = len(re.findall(r"\$\$.*?\$\$", text, flags=re.DOTALL))
    predictions = text.count("**Predict")
    text = re.sub(r"\$\$.*?\$\$|<!--.*?-->|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    return len(re.findall(r"[^\W_]{2,}", text)) / WORDS + formulas / FORMULAS + predictions


def code_minutes(code):
    """Minutes for a code cell: its lines, and what it shows."""
    lines = [line for line in code.splitlines() if line.strip()]
    checks = [line for line in lines if line.strip().startswith(("assert", "torch.testing"))]
    plays = len(re.findall(r"^\w*(?:playground|smooth)\(", code, flags=re.MULTILINE))
    shows = bool(
        re.search(r"plots\.|smoothing\.pictures?\(|output\(|print\(|^show\(", code, re.MULTILINE)
    )
    return (len(lines) - len(checks) / 2) / LINES + 4 * plays + shows / 2


def sections(nb):
    """The sections of a lecture with their minutes, up to the summary."""
    found, further, sitting = [], False, 1
    for cell in nb.cells:
        if cell.id in ("badge", "setup", "title", "imports", "glossary-words"):
            continue
        heading = re.match(r"## (.*)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            further |= heading[1].startswith(FURTHER)
            sitting += heading[1].startswith(SITTING)
            found.append(Section(heading[1], cell, 0.0, further, sitting))
        if found:
            is_text = cell.cell_type == "markdown"
            found[-1].minutes += (text_minutes if is_text else code_minutes)(
                STAMP.sub("", cell.source)
            )
    return [part for part in found if not part.title.startswith(tuple(UNTIMED))]


def rounded(minutes):
    return max(1, math.ceil(minutes))


def sittings(parts):
    """The minutes of each sitting of the core path."""
    core = [part for part in parts if not part.further]
    return [
        sum(rounded(part.minutes) for part in core if part.sitting == number)
        for number in sorted({part.sitting for part in core})
    ]


def in_words(parts):
    """The sum as it stands in the title."""
    further = sum(rounded(part.minutes) for part in parts if part.further)
    path = " and ".join(f"{minutes} minutes" for minutes in sittings(parts))
    path = path.replace(" minutes and", " and") + (" in two sittings" if " and " in path else "")
    return f"{path}, and {further} more at the end" if further else path


def stamped(nb):
    """The notebook with its times in place."""
    parts = sections(nb)
    for part in parts:
        first, _, rest = STAMP.sub("", part.cell.source).partition("\n")
        unit = "minute" if rounded(part.minutes) == 1 else "minutes"
        part.cell.source = f"{first}\n\n*{rounded(part.minutes)} {unit}*\n{rest}".rstrip()
    title = next(cell for cell in nb.cells if cell.id == "title")
    title.source = SUM.sub(f"*{in_words(parts)}.", title.source, count=1)
    return nb


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail if it would")
    check, wrong = parser.parse_args().check, []
    for path in LECTURES:
        before = path.read_text(encoding="utf-8")
        nb = nbformat.reads(before, as_version=4)
        after = nbformat.writes(stamped(nb)) + "\n"
        parts = sections(nb)
        print(f"{path.stem}: {in_words(parts)}")
        if max(sittings(parts)) > MOST:
            wrong.append(f"{path.stem} has a sitting of more than {MOST} minutes")
        if after != before:
            wrong += [f"{path.stem}: other times are stamped"] if check else []
            if not check:
                path.write_text(after, encoding="utf-8")
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
