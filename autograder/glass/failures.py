"""Exceptions, as they cross: names and text, and the lines that they came through."""

import builtins
import linecache
import traceback

from utils import learner
from utils.check.guard import Stopped

KNOWN = {
    name: x
    for name, x in vars(builtins).items()
    if isinstance(x, type) and issubclass(x, BaseException)
}
KNOWN |= {x.__name__: x for x in (learner.CancelBatch, learner.CancelEpoch, learner.CancelFit)}
KNOWN["Stopped"] = Stopped
LONGEST, FRAMES = 5_000, 30


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
    names = [str(name) for name in failure.get("names", [])] or ["Exception"]
    kind = next((KNOWN[name] for name in names if name in KNOWN), Exception)
    if issubclass(kind, (KeyboardInterrupt, GeneratorExit)):
        kind = Stopped
    text, args = str(failure.get("text", ""))[:LONGEST], failure.get("args", [])
    cls = kind if kind.__name__ == names[0] else type(names[0][:100], (kind,), {})
    try:
        error = kind.__new__(cls)
        error.args = tuple(args) if isinstance(args, list) and args else (text,) if text else ()
    except Exception:
        error = Exception(text)
    return through(error, failure.get("frames", []))


def through(error, frames):
    """The exception, with a traceback through lines of the other side."""
    for file, line, name, text in reversed(frames[-FRAMES:] if isinstance(frames, list) else []):
        if not (isinstance(line, int) and 0 < line < 100_000):
            continue
        file, text = str(file)[:200], str(text)[:500]
        known = dict(enumerate(linecache.cache.get(file, (0, 0, [], 0))[2], 1))
        known[line] = text.rstrip("\n") + "\n"
        lines = [known.get(n, "\n") for n in range(1, max(known) + 1)]
        linecache.cache[file] = (sum(map(len, lines)), None, lines, file)
        code = compile("\n" * (line - 1) + "raise error", file, "exec")
        code = code.replace(co_name=str(name)[:100])
        try:
            exec(code, {"error": error})
        except BaseException as raised:
            error = raised.with_traceback(raised.__traceback__.tb_next)
    return error
