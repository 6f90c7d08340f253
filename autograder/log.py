"""grade.log: what grading did, for a person to read. One line each, the newest last."""

import datetime
import os
import traceback

from autograder.plain_text import printable

LINES = 60  # of a traceback, the last ones
LARGEST = 1 << 20  # bytes; then it becomes grade.log.1, and the one before is gone


class Log:
    """Lines into the course's grade.log, beside autograded/."""

    def __init__(self, course):
        self.path = course.autograded.parent / "grade.log"

    def __call__(self, *parts):
        now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        line = "  ".join([now, *(one_line(part) for part in parts if part)])
        self.write(line + "\n")

    def traceback(self, *parts):
        """A line, and below it the traceback of the exception that is being handled."""
        self(*parts, "went wrong:")
        lines = traceback.format_exc().splitlines()
        self.write("".join(f"    {printable(line)}\n" for line in lines[-LINES:]))

    def write(self, text):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size > LARGEST:
            os.replace(self.path, self.path.with_name("grade.log.1"))
        with open(self.path, "a", encoding="utf-8", errors="replace") as file:
            file.write(text)


def one_line(text):
    """Text on one line, without signs that do something to a terminal."""
    shown = " ".join(str(text).split())
    return "".join(c if c.isprintable() else "�" for c in shown)[:1000]
