"""Where things lie on the grading machine is nobody's business: paths in outputs are made short.

/home/ann/course/utils/optim.py                          utils/optim.py
/home/ann/venv/lib/python3.12/site-packages/torch/x.py   <python>/torch/x.py
/tmp/grading-1a2b/tmp3c4d/mine.txt                       mine.txt
"""

import os
import re
import sys
import sysconfig
from dataclasses import replace

from autograder.run.sandbox import inside, root_of, sight

COMMON = ("/", "/usr", "/usr/local")
"""Where a Python may be installed, and much else is."""


class Places:
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
        self.short = dict.fromkeys(seen(python), "<python>") | dict.fromkeys(seen(ours), "")
        self.path = one_of(self.short)
        self.scratch = re.compile(one_of(seen([scratch])).pattern + r"(?:[^/\s'\"]+(/|\b))?")

    def __call__(self, text):
        return self.path.sub(self.put, self.scratch.sub(lambda at: "" if at[3] else ".", text))

    def put(self, at):
        path, slash = at.groups()
        short = self.short[path]
        return short + slash if short else "" if slash else "."

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


def one_of(paths):
    """Finds these paths, the longest first: (path, slash behind it), but no part of a name.

    A colour, such as ESC[32m, may be before it.
    """
    longest = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
    return re.compile(rf"(?:(?<![\w.~-])|(?<=\dm))({longest})(?![\w-]|\.\w)(/?)")
