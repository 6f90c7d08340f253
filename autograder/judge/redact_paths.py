"""Paths of the grading machine are taken out of outputs: students need not know where things lie.

/home/ann/course/utils/optim.py                          utils/optim.py
/home/ann/venv/lib/python3.12/site-packages/torch/x.py   <python>/torch/x.py
/tmp/grading-1a2b/tmp3c4d/mine.txt                       mine.txt
"""

import os
import re
import sys
import sysconfig
from dataclasses import replace

from autograder.sandbox.tier import inside, root_of, sight

COMMON = ("/", "/usr", "/usr/local")
"""Where a Python may be installed, and much else is."""


class PathRedactor:
    """Called with a text, gives it with short paths.

    Args:
        course: the course, or its root folder.
        scratch: in which each submission has a folder of its own.
    """

    def __init__(self, course, scratch):
        ours = [root_of(course), *sight(course).roots]
        libraries = map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))
        prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
        python = [*libraries, *prefixes.difference(COMMON)]
        short = dict.fromkeys(seen(python), "<python>") | dict.fromkeys(seen(ours), "")
        self.known = [
            *((path, mention(path, r"(?:[^/\s'\"]+(/|\b))?"), "") for path in seen([scratch])),
            *((path, mention(path), short[path]) for path in sorted(short, key=len, reverse=True)),
        ]

    def __call__(self, text):
        for path, mentioned, short in self.known:
            if path in text:
                text = mentioned.sub(lambda at, short=short: put(short, at[at.lastindex]), text)
        return text

    def out(self, value):
        """The same for all texts in an output; pictures stay."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.out(part) for part in value]
        if isinstance(value, dict):
            return {k: v if k.startswith("image/") else self.out(v) for k, v in value.items()}
        return value

    def graded(self, graded):
        """The same for all that is told of a sheet."""
        return replace(
            graded,
            ran={
                key: replace(one, outputs=self.out(one.outputs)) for key, one in graded.ran.items()
            },
            scores={key: replace(one, why=self(one.why)) for key, one in graded.scores.items()},
            flags=[replace(flag, text=self(flag.text)) for flag in graded.flags],
        )


def seen(paths):
    """Paths as they may be met: as given, without links, and as they are seen in a sandbox."""
    real = {path for one in paths for path in (str(one), os.path.realpath(one))}
    return real | {inside(path) for path in real}


def mention(path, more=""):
    """Finds the path, and the slash behind it, where it is no part of another one.

    A colour, such as ESC[32m, may be before it. The path comes first, for that is fast.
    """
    path = re.escape(path)
    alone = rf"(?:(?<![\w.~-]{path})|(?<=\dm{path}))(?![\w-]|\.\w)"
    return re.compile(rf"{path}{alone}(/?){more}")


def put(short, slash):
    """What stands for a path, with a slash behind it or without."""
    return short + slash if short else "" if slash else "."
