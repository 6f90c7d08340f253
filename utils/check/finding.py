"""What a check found, as data, and the one place where it is put into words and HTML.

A `Finding` has fields that a program reads: no one has to read the English of the message. `rows`
turns it into lines with labels; `as_text` and `as_html` show them.
"""

import html
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

WIDTH = 92  # characters in a line of a message

LONGEST, MOST = 5_000, 100
"""A text that comes from another process is cut off here, and a list of them there."""


NO_STEP, NO_ANSWER = "my_step is not written yet", "this is not written yet"
"""Names of mistakes: nothing was answered so far."""


@dataclass(frozen=True)
class Line:
    """A line of the student's own code.

    number: from 1 on, in `file`.
    text: as it stands there; "" where there is no source.
    before, after: the neighbouring lines, shown beside it.
    file: the name that Python knows it by.
    """

    number: int
    text: str = ""
    before: str = ""
    after: str = ""
    file: str = ""


@dataclass(frozen=True)
class Finding:
    """Why a check failed.

    check: what was checked, by its name.
    title: the first line of the message, a sentence.
    against: the name of the reference.
    situation: the situation (or the case) in which it showed first.
    step: in which step, from 1 on; 0 is the making of the optimizer. None: steps are not the point.
    steps: how many there are in that situation.
    parameter: which one, from 1 on; `shape`: its shape; `entry`: the indices of the number in it.
    yours, expected: the two values there, in words.
    mistakes: names of what is wrong, as far as it is known; `("unknown",)` if it is not.
    diagnosis: a sentence for each mistake that has a name.
    observed: sentences on what was measured, the likeliest cause first.
    line: the line of the student's code that it is about.
    hints: from weak to strong.
    given, notes: further (label, text) pairs; shown before and after yours and expected.
    compared: rows (what was changed, what yours does, what is right), from the probes.
    """

    check: str
    title: str
    against: str = ""
    situation: str = ""
    step: int | None = None
    steps: int | None = None
    parameter: int | None = None
    shape: tuple[int, ...] | None = None
    entry: tuple[int, ...] = ()
    yours: str = ""
    expected: str = ""
    mistakes: tuple[str, ...] = ()
    diagnosis: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    line: Line | None = None
    hints: tuple[str, ...] = ()
    given: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    compared: tuple[tuple[str, str, str], ...] = ()

    @property
    def unwritten(self) -> bool:
        """Is there no answer yet?"""
        return bool({NO_STEP, NO_ANSWER} & set(self.mistakes))

    def to_json(self) -> dict:
        """As plain data: strings, numbers, lists and dicts."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> "Finding":
        """The finding that `to_json` made; what has another form is left out."""
        known = {field.name: field.type for field in fields(cls)}
        read: dict[str, Any] = {
            name: READ[str(known[name])](data[name]) for name in known if data.get(name) is not None
        }
        return cls(**{"check": "", "title": "", **read})


def read_text(x: object) -> str:
    return str(x)[:LONGEST] if isinstance(x, str) else ""


def read_number(x: object) -> int | None:
    return x if type(x) is int else None


def read_list(x: object) -> list:
    return list(x)[:MOST] if isinstance(x, (list, tuple)) else []


def read_texts(x: object) -> tuple[str, ...]:
    return tuple(map(read_text, read_list(x)))


def read_rows(x: object, n: int) -> tuple:
    return tuple(row for row in map(read_texts, read_list(x)) if len(row) == n)


def read_line(x: object) -> Line | None:
    if not isinstance(x, dict) or type(x.get("number")) is not int:
        return None
    texts = {name: read_text(x.get(name)) for name in ("text", "before", "after", "file")}
    return Line(x["number"], **texts)


READ: dict[str, Callable] = {
    "<class 'str'>": read_text,
    "int | None": read_number,
    "tuple[int, ...]": lambda x: tuple(n for n in read_list(x) if type(n) is int),
    "tuple[int, ...] | None": lambda x: tuple(n for n in read_list(x) if type(n) is int),
    "tuple[str, ...]": read_texts,
    "utils.check.finding.Line | None": read_line,
    "tuple[tuple[str, str], ...]": lambda x: read_rows(x, 2),
    "tuple[tuple[str, str, str], ...]": lambda x: read_rows(x, 3),
}
"""The type of a field → what makes it from JSON."""


# --- the words ------------------------------------------------------------------------------------


def rows(found: Finding, hints: Sequence[tuple[str, str]] = ()) -> list:
    """The message below its title: (label, text) pairs; "" is an empty line, a `Line` is code."""
    facts: list = [("where", place(found))] if place(found) else []
    facts += found.given
    facts += [("yours", found.yours)] if found.yours else []
    facts += [("expected", found.expected)] if found.expected else []
    facts += found.notes
    facts += [found.line] if found.line else []
    return [*facts, *([""] if facts else []), *why(found), *hints]


def place(found: Finding) -> str:
    """Situation, step, parameter and entry, in one line."""
    parts = [found.situation]
    if found.parameter is not None:
        shape = f" of shape {found.shape}" if found.shape is not None else ""
        parts.append(f"step {found.step} of {found.steps}")
        parts.append(f"parameter {found.parameter}{shape}")
    parts += [f"entry {list(found.entry)}"] if found.entry else []
    return ", ".join(part for part in parts if part)


def why(found: Finding) -> list[tuple[str, str]]:
    """The diagnosis and what was measured."""
    names, seen = found.diagnosis, found.observed
    if len(names) == 2:
        lines = [("Diagnosis", "Two mistakes at once."), ("1.", names[0]), ("2.", names[1])]
    else:
        lines = [("Diagnosis", text) for text in names]
    if names:
        lines += [("Also", text) for text in seen]
    elif seen:
        lines = [("Diagnosis", "No known mistake does exactly this. What was measured:")]
        lines += [("", f"· {text}") for text in seen]
    if found.compared:
        lines.append(("", ""))
        lines += [
            ("", f"{what}: yours {mine}; right {right}.") for what, mine, right in found.compared
        ]
    return lines


def sentence(name: str, says: str) -> str:
    """`Name. Sentence.`; symbols such as lr, ε or p.data stay small."""
    first = name.split()[0]
    word = first.isascii() and first.isalpha() and first not in SYMBOLS
    return f"{name[:1].upper() if word else name[:1]}{name[1:]}. {says}"


SYMBOLS = ("p", "g", "t", "lr", "m", "v", "c", "d", "wd", "ms")


def as_text(title: str, lines: Sequence) -> str:
    """The message for a terminal."""
    head = textwrap.fill(f"✗ {title}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join([head, *map(line_as_text, lines)])


def line_as_text(row: object) -> str:
    if isinstance(row, Line):
        return code(row)
    return wrap(*row) if isinstance(row, tuple) else str(row)


def code(line: Line) -> str:
    """The line between its neighbours, with an arrow."""
    if not line.text:
        return f"   → line {line.number} of your code"
    shown = enumerate((line.before, line.text, line.after), line.number - 1)
    return "\n".join(
        f"   {'→' if n == line.number else ' '} {n:4} │ {text[:88]}" for n, text in shown if text
    )


def wrap(label: str, text: str) -> str:
    """A label and a text beside it, wrapped."""
    head = f"  {label:<10} "
    body = textwrap.wrap(text, WIDTH - len(head), break_on_hyphens=False) or [""]
    return (head + ("\n" + " " * len(head)).join(body)).rstrip()


def marked(text: str) -> str:
    """As HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def as_html(title: str, lines: Sequence) -> str:
    """The message for a notebook."""
    left = "style='text-align:left'"
    page = [f"<p><b>✗ {marked(title)}</b></p>", "<table>"]
    for row in lines:
        if isinstance(row, Line):
            page.append(f"<tr><td colspan=2 {left}><pre>{html.escape(code(row))}</pre></td></tr>")
        elif isinstance(row, tuple):
            page.append(f"<tr><th {left}>{row[0]}</th><td {left}>{marked(row[1])}</td></tr>")
    return "".join([*page, "</table>"])
