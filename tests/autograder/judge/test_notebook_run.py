"""One sheet in a real sandbox: what an answer breaks costs what depends on it, and no more."""

import pytest

from autograder.judge.notebook_run import grade_sheet
from autograder.model import ANSWER, FREE, GIVEN, LATE, OK, TEST, Cell, Sheet, from_json, to_json
from autograder.sandbox import Limits, Warm

pytestmark = pytest.mark.slow

GIVEN_CELL = "import torch\nfrom utils.check import check_optimizer\nfrom utils.optim import Optim"
OPTIMIZER = """\
class SGDOptimizer(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        {}
"""
RIGHT = "p.sub_(p.grad, alpha=group['lr'])"
THREAD = "import threading as t; one = t.Thread(target=lambda: {}); one.start(); one.join()"
ARGUMENTS = "[p], [p.grad], [], weight_decay=0.0, momentum=0.0, lr=group['lr'], dampening=0.0, maximize=False"


STEPS = """\
import torch
def stepped(p, g):
    w = torch.nn.Parameter(p)
    w.grad = g
    torch.optim.SGD([w], lr=1.0).step()
    return w.detach()
"""
PLAIN = "import torch\nassert stepped(torch.ones(2), torch.ones(2)).tolist() == [0, 0]"


@pytest.fixture(scope="module")
def warm(request):
    with Warm(request.config.rootpath) as warm:
        yield warm


def sheet(step, *, between=(), second="return 2 * x"):
    cells = [
        Cell("given", GIVEN, "code", GIVEN_CELL, grade_id="given"),
        Cell("a1", ANSWER, "code", OPTIMIZER.format(step), "student", "a1"),
        *(Cell(f"free{i}", FREE, "code", text, "student") for i, text in enumerate(between)),
        Cell(
            "t1",
            TEST,
            "code",
            "check_optimizer(SGDOptimizer, torch.optim.SGD, lr=0.1)",
            grade_id="t1",
            points=2,
        ),
        Cell("a2", ANSWER, "code", f"def twice(x):\n    {second}", "student", "a2"),
        Cell("t2", TEST, "code", "assert twice(3) == 6", grade_id="t2", points=1),
    ]
    return Sheet("ann", "x", "x.ipynb", cells)


def graded(warm, sheet, **limits):
    before = warm.hello
    result = grade_sheet(sheet, lambda: warm.fork(Limits(**limits)), warm.tier)
    assert warm.alive and warm.hello is before  # the warm process itself was not hurt
    return from_json(to_json(result))


def points(result):
    return [result.scores[name].score for name in ("t1", "t2")]


def test_right_answers_earn_all_points(warm):
    result = graded(warm, sheet(RIGHT, between=["print('hello')", "SGDOptimizer"]))
    assert points(result) == [2, 1]
    assert not result.flags and result.tier == warm.tier
    assert result.ran["free0"].outputs[0]["text"] == "hello\n"
    assert "takes the same steps as SGD" in result.ran["t1"].outputs[0]["text"]


@pytest.mark.parametrize(
    "step, why",
    [
        ("p.add_(p.grad, alpha=group['lr'])", "SGDOptimizer"),
        ("import os; os._exit(3)", "exit code 3"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("raise SystemExit", "SystemExit"),
        ("p.copy_(p * float('nan'))", "SGDOptimizer"),
        ("while True: pass", "did not come to an end"),
        ("p.grad.sub_(1)", "SGDOptimizer"),
        ("p.data = p - group['lr'] * p.grad", "SGDOptimizer"),
    ],
)
def test_a_step_that_breaks_costs_its_own_test_and_no_other(warm, step, why):
    result = graded(warm, sheet(step))
    assert points(result) == [0, 1]
    assert why in result.scores["t1"].why


@pytest.mark.parametrize(
    "cell",
    [
        "import os; os._exit(1)",
        "import sys; sys.exit(1)",
        "while True: pass",
        "raise RuntimeError('no')",
        "def f(): return f()\nf()",
        "import os\nos.closerange(3, 200)",
    ],
)
def test_a_cell_of_the_students_own_that_breaks_costs_nothing(warm, cell):
    assert points(graded(warm, sheet(RIGHT, between=[cell]), cell=3)) == [2, 1]


def test_a_right_answer_may_warn_and_print(warm):
    step = f"import warnings, sys; warnings.warn('x'); print('y', file=sys.stderr); {RIGHT}"
    assert points(graded(warm, sheet(step))) == [2, 1]


@pytest.mark.parametrize(
    "step",
    [
        "torch.optim.SGD([p], lr=group['lr']).step()",
        "getattr(torch.optim, 'SG' + 'D')([p], lr=group['lr']).step()",
        THREAD.format("torch.optim.SGD([p], lr=group['lr']).step()"),
        THREAD.format("getattr(vars(torch)['op' + 'tim'], 'S' + 'GD')([p], lr=group['lr']).step()"),
        THREAD.format(
            "__import__('sys').modules['torch.optim.sgd']"
            f".sgd({ARGUMENTS.replace('[],', '[None],')}, nesterov=False)"
        ),
        THREAD.format(
            f"getattr(torch, '_fu' + 'sed_sgd_')({ARGUMENTS}, nesterov=False, is_first_step=True)"
        ),
        THREAD.format(
            "getattr(torch.ops.aten, '_fu' + 'sed_sgd_').default"
            f"({ARGUMENTS}, nesterov=False, is_first_step=True)"
        ),
        "import sys; sys.setprofile(None); torch.optim.SGD([p], lr=group['lr']).step()",
    ],
)
def test_calling_torchs_own_optimizer_is_seen_and_flagged(warm, step):
    result = graded(warm, sheet(step))
    assert points(result) == [0, 1]
    assert [flag.kind for flag in result.flags] == ["torch.optim called"]


def test_a_test_that_checks_by_itself_sees_it_as_well(warm):
    cells = [
        Cell("a", ANSWER, "code", STEPS, "student", "a"),
        Cell("t", TEST, "code", PLAIN, grade_id="t1", points=1),
    ]
    result = graded(warm, Sheet("ann", "x", "x.ipynb", cells))
    assert [flag.kind for flag in result.flags] == ["torch.optim called"]


def test_what_a_test_hands_over_may_be_used(warm):
    """A test gives torch's own optimizer to work with, which is no borrowing."""
    given = "def trained(make, w):\n    w.grad = w.detach().clone()\n    make([w], lr=0.5).step()"
    test = "import torch\nw = torch.ones(2, requires_grad=True)\ntrained(torch.optim.SGD, w)\n"
    cells = [
        Cell("a", ANSWER, "code", given, "student", "a"),
        Cell("t", TEST, "code", f"{test}assert w.tolist() == [0.5, 0.5]", grade_id="t1", points=1),
    ]
    result = graded(warm, Sheet("ann", "x", "x.ipynb", cells))
    assert result.scores["t1"].score == 1 and not result.flags


def test_experiments_with_torchs_own_optimizer_are_no_borrowing(warm):
    own = "w = torch.ones(2, requires_grad=True)\n(w @ w).backward()\ntorch.optim.SGD([w], lr=1).step()"
    result = graded(warm, sheet(RIGHT, between=[own]))
    assert points(result) == [2, 1] and not result.flags


def test_what_is_not_run_is_not_passed(warm):
    result = graded(warm, sheet(RIGHT), total=0)
    assert points(result) == [0, 0]
    assert all("not run: the notebook took longer" in one.why for one in result.scores.values())


def test_the_time_for_a_notebook_holds_also_while_cells_are_run_again(warm):
    """Each test ends the process, and each new process takes four seconds to get ready."""
    slow = ["import time; time.sleep(2)"] * 2
    nasty = sheet("import os; os._exit(3)", between=slow, second="import os; os._exit(3)")
    nasty.cells += [
        Cell(f"t{n}", TEST, "code", "assert twice(3) == 6", grade_id=f"t{n}", points=1)
        for n in range(3, 20)
    ]
    result = graded(warm, nasty, total=9)
    assert result.seconds < 9 + 4
    assert set(points(result)) == {0}
    assert result.scores["t19"].why == "not run: the notebook took longer than 9 s"


def test_a_test_that_takes_too_long_earns_nothing_and_the_others_earn_theirs(warm):
    result = graded(warm, sheet("while True: pass"), test=3)
    assert points(result) == [0, 1]
    assert result.scores["t1"].why == "the test took longer than 3 s"
    assert result.seconds < 3 + 8


def test_a_test_whose_answer_talks_without_end_is_ended_as_well(warm):
    """Each message comes soon, and none is the last; what is asked back hides the alarm."""
    talk = """\
        for _ in iter(int, 1):
            try:
                x[0]
            except BaseException:
                pass"""
    cells = [
        Cell("a", ANSWER, "code", f"def f(x):\n{talk}", "student", "a"),
        Cell("t", TEST, "code", "class X:\n    def __getitem__(self, i): return i\nf(X())",
             grade_id="t1", points=1),
        Cell("b", ANSWER, "code", "def g(): return 1", "student", "b"),
        Cell("u", TEST, "code", "assert g() == 1", grade_id="t2", points=1),
    ]  # fmt: skip
    result = graded(warm, Sheet("ann", "x", "x.ipynb", cells), test=3)
    assert points(result) == [0, 1]
    assert result.seconds < 3 + 8


def test_a_process_that_talks_nonsense_earns_nothing_and_is_flagged(warm):
    talk = (
        "from autograder.bridge import inside\n"
        "def answer(message, namespace, channel): return b'\\xff' * 99\n"
        "inside.answer = answer\n"
        "import autograder.sandbox.inside.student as s\n"
        "for m in list(__import__('sys').modules.values()):\n"
        "    if getattr(m, 'answer', None) is not None and m.__name__.startswith('autograder'):\n"
        "        m.answer = answer"
    )
    result = graded(warm, sheet(RIGHT, between=[talk]))
    assert points(result)[0] in (0, 2)  # whether it reached the one that speaks
    if points(result)[0] == 0:
        assert "forged message" in [flag.kind for flag in result.flags]


def test_points_that_are_no_points_earn_nothing_and_are_flagged(warm):
    cells = [
        Cell("a", ANSWER, "code", "def share(): return float('nan')", "student", "a"),
        Cell("t", TEST, "code", "share()", grade_id="t1", points=2),
        Cell("b", ANSWER, "code", "def more(): return 1e9", "student", "b"),
        Cell("u", TEST, "code", "more()", grade_id="t2", points=2),
    ]
    result = graded(warm, Sheet("ann", "x", "x.ipynb", cells))
    assert points(result) == [0, 0]
    assert [flag.kind for flag in result.flags] == ["odd number of points"] * 2


DRAWING = "from utils.optim import Optim, output, w\noutput(torch.optim.SGD([w], lr=0.1));"


@pytest.mark.parametrize("pictures", [False, True])
def test_pictures_of_untouched_cells_are_told_in_words_unless_they_are_asked_for(warm, pictures):
    one = sheet(RIGHT, between=[DRAWING, DRAWING])
    one.cells[2].origin = "master"
    graded = grade_sheet(one, lambda: warm.fork(Limits(pictures=pictures)))
    kinds = [set(graded.ran[name].outputs[0]["data"]) for name in ("free0", "free1")]
    assert ["image/png" in kind for kind in kinds] == [pictures, True]
    assert "Contours" in graded.ran["free0"].outputs[0]["data"]["text/plain"]


HONEST = {
    "torch.compile": (
        "import torch\n@torch.compile\ndef helper(x): return x * torch.ones(()) * 2\n"
        "def twice(x): return float(helper(torch.tensor(float(x))))"
    ),
    "compiled step": (
        "import torch\n\n@torch.compile(fullgraph=True, dynamic=False)\ndef double(x):\n    return x + x\n"
        "def twice(x):\n    return int(double(torch.tensor(x)))"
    ),
    "a pool": (
        "from multiprocessing import Pool\ndef one(x): return 2 * x\n"
        "def twice(x):\n    with Pool(2) as pool: return pool.map(one, [x])[0]"
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def twice(x):\n    with ThreadPoolExecutor(3) as pool: return sum(pool.map(int, [x, x]))"
    ),
    "processes": (
        "from concurrent.futures import ProcessPoolExecutor\nfrom operator import add\n"
        "def twice(x):\n    with ProcessPoolExecutor(2) as pool: return pool.submit(add, x, x).result()"
    ),
    "loader": (
        "from torch.utils.data import DataLoader\ndef twice(x):\n"
        "    return int(sum(DataLoader([x, x], num_workers=2)))"
    ),
    "Colab": (
        "from google.colab import drive, files\nimport google.colab\n"
        "drive.mount('/content/drive', force_remount=True)\ndef twice(x): return 2 * x"
    ),
    "a question": "name = input('Your name? ')\ndef twice(x): return 2 * x",
    "a password": "import getpass\ngetpass.getpass()\ndef twice(x): return 2 * x",
}


@pytest.mark.parametrize("what", HONEST)
def test_honest_work_of_an_unusual_kind_keeps_its_points(warm, what):
    result = graded(warm, with_answer(HONEST[what]), total=120)
    assert result.scores["t2"].score == 1, result.scores["t2"].why
    assert not result.flags


def with_answer(source):
    one = sheet(RIGHT)
    one.cells = [c for c in one.cells if c.id not in ("a1", "t1")]
    next(c for c in one.cells if c.id == "a2").source = source
    return one


def test_nobody_is_on_colab(warm):
    ask = "import sys\nassert 'google.colab' not in sys.modules\ndef twice(x): return 2 * x"
    assert graded(warm, with_answer(ask)).scores["t2"].score == 1


HOARD = """
hoard = []
try:
    while True:
        hoard.append(bytearray(2**24))
except MemoryError:
    pass
"""


def test_a_right_answer_after_a_cell_that_holds_all_memory(warm):
    needs = "import torch\n    torch.ones(2**25)\n    return 2 * x"
    result = graded(warm, sheet(RIGHT, between=[HOARD], second=needs), memory=300 << 20, total=120)
    assert [one.score for one in result.scores.values()] == [2, 1], result.scores


def test_cells_without_points_have_the_time_of_any_cell(warm):
    slow = "import time\ntime.sleep(3)\nlast = 1"
    result = graded(
        warm, sheet(RIGHT, between=["while True: pass"] * 2 + [slow]), cell=4, total=120
    )
    assert [result.ran[f"free{i}"].status for i in range(3)] == [LATE, LATE, OK]


def test_what_a_whole_notebook_shows_is_limited(warm):
    loud = "import os\nos.write(1, b'x' * 60_000)"
    result = graded(warm, sheet(RIGHT, between=[loud] * 5), output=50_000, total_output=120_000)
    shown = [sum(len(o.get("text", "")) for o in ran.outputs) for ran in result.ran.values()]
    assert sum(shown) < 125_000 and sorted(shown)[-3] > 15_000
    assert result.scores["t2"].score == 1
