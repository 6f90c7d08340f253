"""Text that a student may have written, made fit for a line on a screen."""

import re

ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
"""What colours a terminal, moves its cursor or sets its title."""

NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters, and half characters, which no file in UTF-8 can hold."""

# Control signs move a terminal's cursor; signs that turn the direction of writing hide a name.
ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: object) -> str:
    """Text without colours; each sign that does something, not shows something, as `\\ufffd`."""
    return ACTING.sub("\ufffd", ANSI.sub("", str(text)).replace("\r\n", "\n"))


def without_colours(text: object) -> str:
    """Text without colours and control characters. A list of lines, as notebooks have, is joined."""
    return NOT_TEXT.sub("", ANSI.sub("", joined(text)))


def joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list | tuple) else str(text)


def first_line(text: object) -> str:
    lines = [line.strip() for line in printable(text).splitlines()]
    return next((line for line in lines if line), "")


def shorten(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
