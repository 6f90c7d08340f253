"""The line of a mistake is found in code that no bank knows, and what is told is true."""

import ast
import linecache
import textwrap
from functools import partial

import numpy as np
import pytest
import torch

from utils.check import CheckFailed, check_optimizer, closer, report
from utils.check.compare import LOOSE, difference
from utils.check.guard import Guard
from utils.check.line import find_line, find_line_in_function
from utils.check.line.brackets import elsewhere
from utils.check.line.candidates import all_edits
from utils.check.line.edits import Scope
from utils.check.line.source import pieces_of_class
from utils.check.optimizer import Comparison, label, play_reference, vary
from utils.check.situations import play_all
from utils.optim import Optim

HEAD = "class Mine(Optim):\n"
CENTERED = """
    def __init__(self, params, lr, alpha=0.99, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))

    def my_step(self, p, state, group):
        alpha = group["alpha"]
        if not state:
            state["mean"] = torch.zeros_like(p)
            state["square"] = torch.zeros_like(p)
        mean, square = state["mean"], state["square"]
        square.mul_(alpha).add_(p.grad**2, alpha=1 - alpha)
        mean.mul_(alpha).add_(p.grad, alpha=1 - alpha)
        root = (square - mean**2).sqrt() + group["eps"]  # the spread
        p.sub_(group["lr"] * p.grad / root)
"""
centered = partial(torch.optim.RMSprop, centered=True)


def cell(source, number=[0]):  # noqa: B006
    """The first class or function in a source, as if it stood in a cell of a notebook."""
    number[0] += 1
    file = f"<cell {number[0]} of test_line>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    names = {"torch": torch, "Optim": Optim}
    given = set(names) | {"__builtins__"}
    exec(compile(source, file, "exec"), names)
    return names.get("Mine") or next(
        thing for name, thing in reversed(names.items()) if name not in given
    )


@np.errstate(all="ignore")
def line_of(kind, reference, source=None, **given):
    hyper = vary(kind, reference, given)
    theirs = play_reference(reference, hyper, label(reference))
    with Guard() as guard:
        mine = play_all(kind, [t.situation for t in theirs], hyper, guard)
    both = Comparison(kind, "Mine", "reference", hyper, mine, theirs[: len(mine)], guard)
    assert any(
        a.error or a.faults or difference(a.points, b.points, LOOSE)
        for a, b in zip(mine, theirs, strict=False)
    ), "this class is right"
    return find_line(both, reference, source, seconds=20)


SLIPS = [
    ("p.sub_(", "p.add_(", "other method"),
    ("(square - mean**2)", "(square + mean**2)", "operator"),
    ('(square - mean**2).sqrt() + group["eps"]', '(square - mean**2 + group["eps"]).sqrt()', None),
    ("mean**2", "mean", "missing square"),
    ("mean.mul_(alpha)", "mean.mul(alpha)", "underscore"),
    ("add_(p.grad, alpha=1 - alpha)", "add_(p.grad, alpha=alpha)", "missing 1 -"),
    ("add_(p.grad, alpha=1 - alpha)", "add_(p.grad, value=1 - alpha)", "keyword"),
    ("add_(p.grad, alpha=1 - alpha)", "add_(p.grad)", "missing keyword"),
    ('group["lr"] * p.grad / root', "p.grad / root", None),
    ('group["lr"] * p.grad / root', 'state["lr"] * p.grad / root', "group for state"),
    ('p.sub_(group["lr"] * p.grad / root)', 'p = p - group["lr"] * p.grad / root', "not in place"),
    ('group["alpha"]', 'group["eps"]', "other key"),
]


@pytest.mark.parametrize("right, wrong, kind", SLIPS)
def test_the_line_of_a_single_slip(right, wrong, kind):
    source = HEAD + CENTERED
    assert right in source
    at = source.rindex(right)
    slipped = source[:at] + wrong + source[at + len(right) :]
    found = line_of(cell(slipped), centered, lr=0.01)
    (edit,) = found.edits
    assert edit.line == source[:at].count("\n") + 1
    assert edit.text == slipped.splitlines()[edit.line - 1]
    assert kind in (None, edit.kind)


@pytest.mark.parametrize(
    "imports", ["import torch\n", "import torch, math\nfrom torch import sqrt\n"]
)
def test_torch_may_be_imported_in_the_same_cell(imports):
    """Python then compiles calls of torch's functions to other operations."""
    wrong = (
        (HEAD + CENTERED)
        .replace("mean**2", "mean")
        .replace("root = (", "root = torch.zeros_like(p) + (")
    )
    (edit,) = line_of(cell(imports + wrong), centered, lr=0.01).edits
    assert edit.kind == "missing square"


def test_what_is_told_is_right_when_it_is_done():
    """The words of the finding, put into the student's source, make it right."""
    wrong = (HEAD + CENTERED).replace('.sqrt() + group["eps"]  #', ' + group["eps"]  #')
    (edit,) = line_of(cell(wrong), centered, lr=0.01).edits
    lines = wrong.splitlines()
    indent = edit.text[: len(edit.text) - len(edit.text.lstrip())]
    assert lines[edit.line - 1] == indent + edit.before
    lines[edit.line - 1] = indent + edit.after
    mended = cell("\n".join(lines) + "\n")
    with pytest.raises(AssertionError, match="this class is right"):
        line_of(mended, centered, lr=0.01)
    assert "# the spread" in edit.after, "comments and spaces stay as they were written"


def test_two_slips_of_one_kind():
    wrong = (HEAD + CENTERED).replace("alpha=1 - alpha)", "alpha=alpha)")
    found = line_of(cell(wrong), centered, lr=0.01)
    assert [edit.line for edit in found.edits] == [12, 13]
    assert len(found.hints) == 4


def test_in_a_helper_that_is_called():
    source = """
def root_of(x, eps):
    return (x + eps).sqrt()


class Mine(Optim):
    def __init__(self, params, lr, eps=1e-10):
        super().__init__(params, dict(lr=lr, eps=eps))

    def my_step(self, p, state, group):
        state["sum"] = state.get("sum", 0) + p.grad**2
        p.sub_(group["lr"] * p.grad / root_of(state["sum"], group["eps"]))
"""
    (edit,) = line_of(cell(source), torch.optim.Adagrad, lr=0.1).edits
    assert (edit.line, edit.function) == (3, "root_of")
    assert edit.after == "return x.sqrt() + eps"


def test_in_a_method_that_is_inherited_and_a_default():
    source = """
class Mine(Optim):
    def __init__(self, params, lr, eps=1e-6):
        super().__init__(params, dict(lr=lr, eps=eps))

    def my_step(self, p, state, group):
        state["sum"] = state.get("sum", 0) + p.grad**2
        p.sub_(group["lr"] * p.grad / (state["sum"].sqrt() + group["eps"]))


class Again(Mine):
    pass
"""
    (edit,) = line_of(cell(source), torch.optim.Adagrad, lr=0.1).edits
    assert (edit.line, edit.kind) == (3, "another default")
    assert "eps=1e-10" in edit.after


def test_where_there_is_no_source_the_text_can_be_handed_in():
    source = (HEAD + CENTERED).replace("p.sub_", "p.add_")
    names = {"torch": torch, "Optim": Optim}
    exec(compile(source, "<a cell that nobody kept>", "exec"), names)
    assert line_of(names["Mine"], centered, lr=0.01) is None
    assert line_of(names["Mine"], centered, source, lr=0.01).edits[0].line == 15


def test_the_students_class_is_left_as_it_was():
    kind = cell((HEAD + CENTERED).replace("p.sub_", "p.add_"))
    before = {name: thing for name, thing in vars(kind).items() if callable(thing)}
    line_of(kind, centered, lr=0.01)
    assert all(vars(kind)[name] is thing for name, thing in before.items())


def test_no_edit_leaves_a_trace_in_the_tree():
    (piece,) = [p for p in pieces_of_class(cell(HEAD + CENTERED)) if p.name == "my_step"]
    scope = Scope(["p", "mean"], ["alpha"], ["t"], [], ["mean", "square"], ["lr", "eps"])
    before = ast.dump(piece.tree)
    edits = all_edits([piece], [scope])
    assert len(edits) > 500
    for edit in edits:
        edit.make()
        edit.take_back()
    assert ast.dump(piece.tree) == before


def test_endless_candidates_are_survived():
    source = """
def halve_until(x, bound):
    n = 0
    while x > bound:
        x = x / 2
        n = n + 2
    return n
"""

    def right(x, bound):
        n = 0
        while x > bound:
            x, n = x / 2, n + 1
        return n

    found = find_line_in_function(cell(source), right, [(8.0, 1.0), (9.0, 0.5)], seconds=20)
    assert found.edits[0].line == 6
    assert found.edits[0].after == "n = n + 1"


def test_a_function_its_line_and_a_missing_return():
    def right(x, beta):
        average, found = 0.0, []
        for value in x:
            average = beta * average + (1 - beta) * value
            found.append(average)
        return found

    cases = [([1.0, 2.0, 4.0], 0.9), ([3.0, -1.0], 0.5)]
    source = textwrap.dedent("""
        def ewma(x, beta):
            average, out = 0.0, []
            for value in x:
                average = beta * average + beta * value
                out.append(average)
            return out
        """)
    (edit,) = find_line_in_function(cell(source), right, cases, seconds=20).edits
    assert (edit.line, edit.kind) == (5, "missing 1 -")
    assert edit.after == "average = beta * average + (1 - beta) * value"
    source = source.replace("beta * value", "(1 - beta) * value").replace("    return out\n", "")
    (edit,) = find_line_in_function(cell(source), right, cases, seconds=20).edits
    assert edit.kind == "missing return"


@pytest.mark.parametrize(
    "wrong, right",
    [
        ("a / 1 - b", "a / (1 - b)"),
        ("(1 - a) ** t", "1 - a ** t"),
        ("a * b / c + d", "a * (b / c + d)"),
        ("a + b * c", "(a + b) * c"),
        ("a * (b + c)", "a * b + c"),
        ("a - (b - c)", "a - b - c"),
        ("a ** (b - c)", "a ** b - c"),
    ],
)
def test_brackets(wrong, right):
    node = ast.parse(wrong, mode="eval").body
    assert right in [ast.unparse(new) for new in elsewhere(node)]


def test_the_check_shows_the_line_and_the_hints_climb(monkeypatch, capsys):
    monkeypatch.setenv("MY_STEP_LINE", "on")
    wrong = (HEAD + CENTERED).replace("mean.mul_(alpha)", "mean.mul(alpha)")
    with pytest.raises(CheckFailed) as caught:
        check_optimizer(cell(wrong), centered, lr=0.01)
    found = caught.value.finding
    assert found.line.number == 13 and "mean.mul(alpha)" in found.line.text
    assert "→   13 │" in str(caught.value)
    kind, edit = found.hints[-2:]
    assert "underscore" in kind and "mean.mul_(alpha)" in edit
    assert "mean.mul_" not in str(caught.value), "the edit is the last hint"


def test_without_a_line_it_is_told_what_the_step_depends_on(monkeypatch):
    monkeypatch.setenv("MY_STEP_LINE", "on")
    monkeypatch.setattr(closer, "find_line", lambda *args: None)
    wrong = (HEAD + CENTERED).replace("p.sub_", "p.add_")
    with pytest.raises(CheckFailed) as caught:
        check_optimizer(cell(wrong), centered, lr=0.01)
    found = caught.value.finding
    assert found.line is None
    assert dict(found.notes)["by hand"].startswith("p = 1, g = 2")


@pytest.mark.parametrize("name, value", [("MY_STEP_LINE", "off"), ("NBGRADER_EXECUTION", "1")])
def test_it_is_switched_off(monkeypatch, name, value):
    monkeypatch.setenv("MY_STEP_LINE", "on")
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(closer, "find_line", lambda *args: pytest.fail("it searches"))
    with pytest.raises(CheckFailed):
        check_optimizer(cell((HEAD + CENTERED).replace("p.sub_", "p.add_")), centered, lr=0.01)


def test_in_a_notebook_the_first_message_is_there_before_the_search(monkeypatch):
    shown = []

    class Shown:
        def update(self, data, raw):
            shown.append(data["text/plain"])

    def display(data, raw, display_id):
        shown.append(data["text/plain"])
        return Shown()

    def search(*args):
        shown.append("search")
        return line(*args)

    line = closer.find_line
    monkeypatch.setenv("MY_STEP_LINE", "on")
    monkeypatch.setattr(closer, "find_line", search)
    monkeypatch.setattr(report, "notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    with pytest.raises(CheckFailed) as caught:
        check_optimizer(cell((HEAD + CENTERED).replace("p.sub_", "p.add_")), centered, lr=0.01)
    first, searched, last = shown
    assert searched == "search" and first != last == str(caught.value)
