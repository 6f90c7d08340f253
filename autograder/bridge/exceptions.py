"""Exceptions, as they cross: names and text, and the lines that they came through."""

import builtins
import linecache
import os
import traceback
from typing import Any

from utils import learner
from utils.check.errors import NOT_THEIRS
from utils.check.guard import Stopped

KNOWN = {
    name: x
    for name, x in vars(builtins).items()
    if isinstance(x, type) and issubclass(x, BaseException)
}
KNOWN |= {x.__name__: x for x in (learner.CancelBatch, learner.CancelEpoch, learner.CancelFit)}
KNOWN["Stopped"] = Stopped
LONGEST, FRAMES, NAME, LINE = 5_000, 30, 100, 500
"""Characters of a text, lines of a traceback, characters of a name and of a line: at most."""

FILES, LINES = 100, 10_000
"""How many files of the other side are known by their lines, and how many lines each may have."""

KEPT: set[str] = set()


def take_apart(error):
    """An exception as JSON."""
    try:
        text = str(error)[:LONGEST]
    except BaseException:  # a __str__ of the student's own
        text = ""
    frames = [
        [f.filename, f.lineno, f.name, f.line or linecache.getline(f.filename, f.lineno or 0)]
        for f in traceback.extract_tb(error.__traceback__)[-FRAMES:]
        if not f.filename.startswith(__file__.rpartition("/")[0])
    ]
    return {
        "names": [cls.__name__ for cls in type(error).__mro__],
        "text": text,
        "args": [a for a in getattr(error, "args", ()) if type(a) in (str, int, float, bool)][:5],
        "frames": frames,
    }


def rebuild(failure):
    """An exception of the same name here, that seems to come from the same lines."""
    names = [str(name)[:NAME] for name in failure.get("names", [])[:FRAMES]] or ["Exception"]
    kind: type[BaseException] = next((KNOWN[n] for n in names if n in KNOWN), Exception)
    if issubclass(kind, (KeyboardInterrupt, GeneratorExit)):
        kind = Stopped
    text, args = str(failure.get("text", ""))[:LONGEST], short_values(failure.get("args", []))
    cls: Any = kind if kind.__name__ == names[0] else type(names[0], (kind,), {})
    try:
        error = cls.__new__(cls)
        error.args = tuple(args) or ((text,) if text else ())
        if str(error) != text:  # what it says hangs on more than its arguments
            cls = type(names[0], (kind,), {"__str__": lambda self: text})
            error = cls.__new__(cls)
            error.args = (text,)
    except Exception:
        error = Exception(text)
    return through(error, failure.get("frames", []))


def short_values(args):
    """Those of an exception's arguments that are numbers and texts, cut to a length."""
    args = args[:5] if isinstance(args, list) else []
    kept = [arg for arg in args if type(arg) in (str, int, float, bool)]
    return [arg[:LONGEST] if isinstance(arg, str) else arg for arg in kept]


def through(error, frames):
    """The exception, with a traceback through lines of the other side."""
    for frame in reversed(frames[-FRAMES:] if isinstance(frames, list) else []):
        if not (isinstance(frame, list) and [type(part) for part in frame] == [str, int, str, str]):
            continue
        file, line, name, text = frame
        if not 0 < line <= LINES:
            continue
        file = known(file[:NAME], line, text[:LINE].rstrip("\n"))
        code = compile("\n" * (line - 1) + "raise error", file, "exec")
        code = code.replace(co_name=name[:NAME])
        try:
            exec(code, {"error": error})
        except BaseException as raised:
            here = raised.__traceback__
            error = raised.with_traceback(here and here.tb_next)
    return error


def known(file, line, text):
    """Keep a line of the other side's source, to be quoted; returns the file name it is kept under.

    The other side may call its files what it likes: no name of theirs is one of ours, but those of
    the libraries that both sides have.
    """
    if os.path.realpath(file).startswith(NOT_THEIRS) or file.startswith("<frozen"):
        return file
    file = f"answer {file}"
    if len(KEPT) == FILES and file not in KEPT:
        return file
    KEPT.add(file)
    lines = linecache.cache.get(file, (0, None, [], file))[2]
    lines += ["\n"] * (line - len(lines))
    lines[line - 1] = text + "\n"
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)
    return file
