"""The kill matrix: is every mistake of the bank caught, and called by its name?

    python -m utils.check.matrix            prints it, and writes docs/mistakes.md
    python -m utils.check.matrix --pairs    two mistakes at once as well (minutes)

Each wrong class is put in the place of the student's, and the test cells of the exercise are run
on it as they stand in the notebook. (An exercise that is not there is replaced by one call.)
"""

import argparse
import ast
import contextlib
import functools
import io
import json
import os
import re
import sys
from dataclasses import dataclass
from itertools import combinations

import torch

from utils import optim
from utils.check import CheckFailed, check_function, check_optimizer
from utils.check.mistakes import families
from utils.check.progress import COURSE


@dataclass
class Verdict:
    """What the checks said of one wrong class.

    caught: did a check fail?
    named: by which names, () if it said nothing.
    where: the situation in which it showed.
    """

    family: object
    mistakes: tuple
    caught: bool = False
    named: tuple = ()
    where: str = ""

    @property
    def right(self):
        """Named as what it is."""
        return self.caught and set(self.named) == {m.name for m in self.mistakes}


@functools.lru_cache
def cells(student, course=COURSE):
    """(preparation, test cells) in which the exercises check the class named `student`."""
    for folder in ("solutions", "exercises"):
        for file in sorted((course / folder).glob("*/*.ipynb")):
            try:
                found = json.loads(file.read_text("utf-8"))["cells"]
            except (OSError, ValueError):
                continue
            sources = ["".join(c["source"]) for c in found if c["cell_type"] == "code"]
            tests = [s for s in sources if checks(s, student)]
            if tests:
                return imports(sources), tests
    return "", []


def checks(source, student):
    """Does this cell check the class, rather than define it?"""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    return {student, "check_optimizer"} <= names and student not in defined


def imports(sources):
    """All import lines of a notebook."""
    lines = []
    for source in sources:
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M))
            kinds = (ast.Import, ast.ImportFrom)
            lines += [ast.unparse(node) for node in tree.body if isinstance(node, kinds)]
    return "\n".join(dict.fromkeys(lines))


def examine(family, kind):
    """Run the checks of the exercise on the class `kind`; what they raise, or None."""
    prepare, tests = cells(family.student)
    names = dict(
        torch=torch,
        partial=functools.partial,
        check_optimizer=check_optimizer,
        check_function=check_function,
        output=optim.output,
        w=optim.w,
    )
    kind.__name__ = family.student
    if not tests:
        torchs, fixed = family.reference
        reference = getattr(torch.optim, torchs)
        names["reference"] = functools.partial(reference, **fixed) if fixed else reference
        names["hyper"] = family.hyper
        tests = [f"check_optimizer({family.student}, reference, **hyper)"]
    exec(prepare, names)
    names[family.student] = kind
    for test in tests:
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                exec(test, names)
            except CheckFailed as error:
                return error
    return None


def verdict(family, *mistakes):
    found = Verdict(family, mistakes)
    kind = family.build(*mistakes)
    error = examine(family, kind)
    if error is not None:
        found.caught, found.named = True, error.mistakes
        found.where = error.finding.situation
    return found


@contextlib.contextmanager
def unrecorded():
    """Without a word in the record of progress."""
    before = os.environ.get("MY_STEP_PROGRESS")
    os.environ["MY_STEP_PROGRESS"] = "off"
    try:
        yield
    finally:
        del os.environ["MY_STEP_PROGRESS"]
        if before is not None:
            os.environ["MY_STEP_PROGRESS"] = before


def matrix(family):
    """A `Verdict` for each mistake of a family."""
    with unrecorded():
        return [verdict(family, mistake) for mistake in family.mistakes]


def of_two(family, every=1):
    """A `Verdict` for each pair of mistakes that can be made together, or for every n-th."""
    with unrecorded():
        for pair in list(combinations(family.mistakes, 2))[::every]:
            if family.write(*pair) is not None:
                yield verdict(family, *pair)


def page(verdicts):
    """The matrix as a page of documentation."""
    lines = [
        "# The bank of mistakes",
        "",
        "<!-- Made by `python -m utils.check.matrix`; do not edit. -->",
        "",
        "Each row is a wrong optimizer in `utils/check/mistakes/`. It was put in the place of the "
        "student's class, and the checks of the exercise were run on it. *First seen in* is the "
        "first situation in which the check saw a difference; *named* says whether the message "
        "called the mistake by this name.",
        "",
        summary(verdicts),
    ]
    for family in dict.fromkeys(v.family for v in verdicts):
        lines += ["", f"## {family.name[:1].upper()}{family.name[1:]}: `{family.student}`", ""]
        lines += ["| mistake | what it does | first seen in | caught | named |"]
        lines += ["|---|---|---|---|---|"]
        for v in verdicts:
            if v.family is family:
                (m,) = v.mistakes
                named = "yes" if v.right else "; ".join(v.named) or "no"
                caught = "yes" if v.caught else "**no**"
                says = m.says.replace("|", "\\|")
                lines.append(f"| {m.name} | {says} | {v.where or 'all'} | {caught} | {named} |")
    return "\n".join(lines) + "\n"


def summary(verdicts):
    caught, named = sum(v.caught for v in verdicts), sum(v.right for v in verdicts)
    ideas = len({(m.name, m.says) for v in verdicts for m in v.mistakes})
    n = len({v.family for v in verdicts})
    return (
        f"{len(verdicts)} wrong optimizers ({ideas} different mistakes, {n} methods): "
        f"{caught} caught, {named} named right."
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m utils.check.matrix", description=__doc__)
    parser.add_argument("--pairs", action="store_true", help="two mistakes at once as well")
    options = parser.parse_args(arguments)
    verdicts = []
    for family in families():
        for v in matrix(family):
            verdicts.append(v)
            mark = "ok" if v.right else "SURVIVES" if not v.caught else f"named {v.named}"
            print(f"{family.name[:24]:24} {v.mistakes[0].name[:52]:52} {v.where[:40]:40} {mark}")
    print(summary(verdicts))
    file = COURSE / "docs" / "mistakes.md"
    file.parent.mkdir(exist_ok=True)
    file.write_text(page(verdicts), "utf-8")
    print(f"wrote {file.relative_to(COURSE)}")
    for family in families() if options.pairs else ():
        found = list(of_two(family))
        print(f"{family.name}, two mistakes at once: {summary(found)}")
    return 0 if all(v.right for v in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
