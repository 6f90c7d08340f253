"""Text that a student may have written, made harmless for a line on a screen."""

import re

ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
# Control signs move a terminal's cursor; signs that turn the direction of writing hide a name.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def plain(text):
    """Without colours; every other sign that does something, not shows something, as `\ufffd`."""
    text = ANSI.sub("", str(text)).replace("\r\n", "\n")
    return CONTROL.sub("\ufffd", text)


def first_line(text):
    lines = [line.strip() for line in plain(text).splitlines()]
    return next((line for line in lines if line), "")


def shorten(text, room):
    return text if len(text) <= room else text[: room - 1] + "…"
