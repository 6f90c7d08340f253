"""Answers that took no work: empty ones, constants, the argument itself.

`earned(path)` puts each of them in the place of each answer of a notebook, all others being right,
and runs the tests that hang on this answer: those that the exercise fails as it is handed out.
"""

import ast
import builtins
import contextlib
import io
import re

import nbformat

REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION\n?", re.M | re.S)
UNANSWERED = "raise NotImplementedError"
ANSWERS = {
    "nothing": "return None",
    "zero": "return 0.0",
    "one": "return 1.0",
    "yes": "return True",
    "an empty list": "return []",
    "an empty tensor": "return torch.empty(0)",
    "no rows": "return torch.empty(0, *getattr({first}, 'shape', ()))",
    "the first argument": "return {first}",
    "zeros like the first argument": "return {first} * 0",
    "the first argument, zeroed": "{first}.zero_()\nreturn {first}",
    "the first argument, emptied": "{first}.data = torch.empty(0, *{first}.shape)\nreturn {first}",
    "its own class": "return type({first})",
}
"""What it is → the lines. `first` is the function's first argument, `self` apart."""


def cells(path):
    """The code cells of a notebook that are the master's: (grade_id, kind, source, points)."""
    for cell in nbformat.read(path, 4).cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and marks:
            kind = "answer" if marks["solution"] else "test" if marks["grade"] else "given"
            yield marks["grade_id"], kind, cell.source


def answered(source, lines):
    """An answer cell with these lines in each function that was left to the student."""
    tree = ast.parse(source)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]

    def put(region):
        at = source[: region.start()].count("\n") + 1
        around = [f for f in functions if f.lineno <= at <= f.end_lineno]
        if not around:
            return region[2]  # no function: a constant that all answers share
        if around[-1].name == "__init__":
            return f"{region[1]}pass\n" if lines != UNANSWERED else f"{region[1]}{lines}\n"
        names = [a.arg for a in around[-1].args.args if a.arg != "self"] or ["None"]
        text = lines.format(first=names[0])
        return "".join(f"{region[1]}{line}\n" for line in text.splitlines())

    return REGION.sub(put, source + "\n")


def run(source, space):
    """None, or the exception that a cell raised. What it prints goes nowhere."""
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        try:
            exec(compile(source, "<cell>", "exec"), space)
        except (Exception, SystemExit) as error:
            return error
    return None


def passed(all_cells, chosen, lines, only=None):
    """The tests that pass with these lines for one answer.

    Args:
        chosen: grade_id of the answer.
        only: grade_ids of the tests to run; all if None.
    """
    space, good = {"__name__": "__main__", "__builtins__": builtins}, set()
    for name, kind, source in all_cells:
        if kind == "test":
            if (only is None or name in only) and run(source, space) is None:
                good.add(name)
            continue
        run(answered(source, lines) if name == chosen else source, space)
    return good


def earned(path):
    """[(answer, what was answered, tests that it passes)]: empty if no point is for nothing."""
    all_cells, found = list(cells(path)), []
    tests = {name for name, kind, _ in all_cells if kind == "test"}
    for chosen in [name for name, kind, _ in all_cells if kind == "answer"]:
        hang = tests - passed(all_cells, chosen, UNANSWERED)
        for what, lines in ANSWERS.items():
            if free := passed(all_cells, chosen, lines, hang):
                found.append((chosen, what, sorted(free)))
    return found
