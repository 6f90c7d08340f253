"""What an instructor should know of is named in one sentence; honest work raises no flag."""

import ast
import json

import pytest

from autograder.course import Course
from autograder.intake.integrity import look_through
from autograder.intake.master import masters
from autograder.model import Cell
from utils.check.mistakes import families

from .conftest import ROOT

COURSE = Course(ROOT)


def given(master):
    return [cell for cell in master.cells if cell.role == "given"]


def look(*sources, assignment="02_sgd"):
    """Flags of free cells, the last one an answer: as "kind: text"."""
    (master,) = masters(COURSE, assignment)
    cells = [Cell(f"s{i}", "free", "code", s, "student") for i, s in enumerate(sources)]
    cells[-1].role, cells[-1].grade_id = "answer", "sgd-step"
    return [f"{flag.kind}: {flag.text}" for flag in look_through(given(master) + cells, master)]


TORCHS = [
    ["class SGDOptimizer(torch.optim.SGD): pass"],
    ["from torch.optim import SGD as Mine\nclass SGDOptimizer(Mine): pass"],
    ["import torch.optim as o\nclass SGDOptimizer(o.Adam): pass"],
    ["from torch import optim\nstep = optim.SGD.step"],
    ["from torch.optim import *"],
    ["from torch.optim.sgd import sgd"],
    ["import torch.optim.sgd as s\ns.sgd()"],
    ["x = getattr(torch.optim, 'SGD')"],
    ["x = getattr(getattr(torch, 'optim'), 'SGD')"],
    ["x = vars(torch.optim)['SGD']"],
    ["torch._fused_sgd_([p], [g])"],
    ["torch.ops.aten._fused_adam_([p])"],
    ["Base = torch.optim.SGD", "class SGDOptimizer(Base): pass"],
    ["A = torch.optim.SGD", "B = A", "class SGDOptimizer(B): pass"],
    ["def make(p): return torch.optim.SGD(p, lr=1)", "def step(p): make([p]).step()"],
    ["t = torch\no = t.optim.SGD"],
    ["o = torch.optim", "class SGDOptimizer(o.SGD): pass"],
    ["def SGDOptimizer(params, lr): return torch.optim.SGD(params, lr)", "x = 1"],
    ["%%time\nSGDOptimizer = torch.optim.SGD", "x = 1"],
    ["class SGDOptimizer(torch.functional.torch.optim.SGD): pass"],
    ["import utils.optim\nclass SGDOptimizer(utils.optim.torch.optim.SGD): pass"],
    ["from utils.optim import torch as t\nclass SGDOptimizer(t.optim.SGD): pass"],
    ["from torch.functional import torch as t\nclass SGDOptimizer(t.optim.SGD): pass"],
    ["class SGDOptimizer(find_it().optim.SGD): pass"],
    ["%matplotlib inline\nclass SGDOptimizer(torch.optim.SGD): pass"],
    ["from torch.optim import SGD\nclass SGDOptimizer(Optim):\n    def f(self): SGD([w]).step()"],
    [
        "from torch.optim import SGD\nr = SGD([w])\nclass SGDOptimizer(Optim):\n    def f(self): r.step()"
    ],
    ["from torch.optim import SGD\nfor SGDOptimizer in [SGD]: pass"],
    ["SGDOptimizer.step = torch.optim.SGD.step"],
    ["setattr(SGDOptimizer, 'step', torch.optim.SGD.step)"],
    ["globals()['SGDOptimizer'] = torch.optim.SGD"],
]


@pytest.mark.parametrize("sources", TORCHS, ids=str)
def test_torchs_own_optimizer_in_an_answer_is_seen(sources):
    flags = look(*sources)
    assert flags and all(flag.startswith("torch.optim used: ") for flag in flags)


FITTED = "def fit_one_epoch(model, batches, opt):\n    return {}(model, batches, opt)"
REFERENCES = {
    (FITTED.format("fit"),): "mentions utils.train.fit",
    (FITTED.format("evaluate"),): "mentions utils.train.evaluate",
    ("from utils.train import fit as f\n" + FITTED.format("f"),): "mentions utils.train.fit",
    ("import utils.train\n" + FITTED.format("utils.train.fit"),): "mentions utils.train.fit",
    ("loop = fit", FITTED.format("loop")): "uses `loop`, in which there is utils.train.fit",
    (
        "loop = partial(fit)",
        FITTED.format("loop"),
    ): "uses `loop`, in which there is utils.train.fit",
}


@pytest.mark.parametrize("sources", REFERENCES, ids=str)
def test_what_only_the_tests_need_is_seen_in_an_answer(sources):
    """The reference that an answer is compared with would pass as an answer."""
    (flag,) = look(*sources, assignment="06_mnist")
    assert flag.startswith("reference used: The answer ") and REFERENCES[sources] in flag


@pytest.mark.parametrize(
    "sources",
    [
        ("history = fit(model, batches, opt)", "x = 1"),
        ("accuracy = evaluate(model, batches)", "x = 1"),
        ("def evaluate(model): return 1", "def accuracy(model): return evaluate(model)"),
        ("x = Batches(images, labels)\nplots.save(x)\ncheck_function(f, g)",),
    ],
    ids=str,
)
def test_to_look_at_an_answer_by_what_the_tests_need_is_nothing(sources):
    assert look(*sources, assignment="06_mnist") == []


REACHING = {
    "import os; os._exit(0)": "starts or ends processes (os._exit)",
    "from os import system": "starts or ends processes (os.system)",
    "import subprocess": "starts programs",
    "import socket": "uses the network",
    "import urllib.request": "uses the network",
    "from ctypes import cdll": "reaches into memory",
    "import __main__": "reaches for __main__",
    "import sys\nf = sys._getframe(1)": "looks into the frames",
    "import inspect\ninspect.stack()": "looks into the frames",
    "f.__globals__['x'] = 1": "reaches for __globals__",
    "object.__subclasses__()": "reaches for __subclasses__",
    "import sys\nsys.modules['torch']": "reaches for the loaded modules",
    "import gc\ngc.get_objects()": "looks at all objects",
    "import sqlite3": "opens a database",
    "from nbgrader.api import Gradebook": "asks for the grader",
    "eval('1 + 1')": "runs hidden code",
    "__import__('os')": "imports by a hidden name",
    "get_ipython().run_code('x')": "reaches for IPython",
    "from utils.check.mistakes import families": "looks behind the checks",
    "import utils.check.mistakes.sgd as s": "looks behind the checks",
    "import utils\nutils.check.mistakes.families()": "looks behind the checks",
    "from utils import check\ncheck.mistakes.families()": "looks behind the checks",
    "from utils.check import diagnosis": "looks behind the checks",
    "import utils.check as c\ngetattr(c, 'mistakes')": "looks behind the checks",
    "import utils.check as c\nvars(c)['mistakes']": "hands utils.check itself about",
    "import utils.check as c\nc.__dict__": "hands utils.check itself about",
    "import utils\nx = getattr(utils, 'che' + 'ck')": "hands utils itself about",
    "import os\nos.getenv('NBGRADER_EXECUTION')": "asks whether it is being graded",
    "__builtins__.print = None": "reaches for builtins",
    "torch.allclose = lambda *a: True": "in the place of torch.allclose",
    "import utils.check\nutils.check.check_optimizer = print": "in the place of utils.check.check",
    "setattr(torch, 'allclose', print)": "in the place of torch",
    "del torch.Tensor.add_": "in the place of torch.Tensor.add_",
    "def check_optimizer(*_): pass": "defines check_optimizer anew",
    "match torch:\n    case object(optim=o): pass": "hands torch itself about",
    "vars(torch)": "hands torch itself about",
    "torch.__dict__['op' + 'tim']": "hands torch itself about",
    "import operator\noperator.attrgetter('optim.SGD')(torch)": "hands torch itself about",
    "from operator import attrgetter\nattrgetter('optim.SGD')(x)": "reaches by a hidden name",
    "class A:\n    t = torch\ngetattr(A.t, name)": "hands torch itself about",
    "self.t = torch": "hands torch itself about",
    "t, = torch,": "hands torch itself about",
    "def f(t=torch): pass": "hands torch itself about",
    "getattr(torch.functional.torch, name)": "hands torch itself about",
    "from importlib import import_module": "imports by a hidden name",
    "import inspect\ninspect.getmodule(p)": "reaches for the loaded modules",
    "import pydoc\npydoc.locate('torch.optim.SGD')": "imports by a hidden name",
    "t = torch\nx = getattr(t, name)": "hands torch itself about",
    "from torch.optim.optimizer import register_optimizer_step_post_hook": "hooks into all",
    "!ls": "uses the shell",
    "files = !ls": "uses the shell",
    "%pip install x": "uses the shell (pip)",
    "%%bash\nls": "uses the shell (bash)",
    "ls /": "uses the shell (ls)",
    "-" * 5000 + "1": "is too long or too deep",
    "x = 1  #" + "x" * 300_000: "is too long or too deep",
    "msg = 'a column of a table is not changed in place'": "words of the hidden test axpy-hidden",
}


@pytest.mark.parametrize("source", REACHING, ids=lambda source: source[:40])
def test_ways_out_are_named(source):
    for flags in (look(source), look(source, "x = 1")):
        assert any(REACHING[source] in flag for flag in flags)
        assert all(flag.endswith(".") and "\n" not in flag for flag in flags)


def test_much_of_one_kind_is_one_flag():
    (flag,) = look("torch.a = torch.b = torch.c = torch.d = torch.e = 1", "x = 1")
    what = "puts something else in the place of torch"
    assert (
        flag
        == f"overwritten: The cell s0 {what}.a, {what}.b, {what}.c and does 2 more things of the kind."
    )


HONEST = [
    ["import pickle\nagain = pickle.loads(pickle.dumps(sgd))"],
    ["from torch.optim import SGD\nclass SGDOptimizer(Optim): pass"],
    [
        "from torch.optim import SGD\nclass SGDOptimizer(Optim): pass\nref = SGD([w], lr=0.1)\nref.step()"
    ],
    [
        "class SGDOptimizer(Optim): pass\nfor o in [torch.optim.SGD, SGDOptimizer]:\n    o([w], lr=1)"
    ],
    ["from multiprocessing import Pool\nwith Pool(2) as pool:\n    pool.map(f, [1])"],
    ["from concurrent.futures import ThreadPoolExecutor", "x = 1"],
    ["from threading import Thread\nThread(target=f).start()"],
    ["class SGDOptimizer(Optim): pass"],
    ["from torch import optim\nclass SGDOptimizer(optim.Optimizer): pass"],
    ["from torch.optim.lr_scheduler import StepLR"],
    ["output(torch.optim.SGD([w], lr=0.1))", "class SGDOptimizer(Optim): pass"],
    ["optimizer = torch.optim.SGD([w], lr=0.1)", "def f(optimizer): return optimizer.step()"],
    ["for o in [torch.optim.SGD, SGDOptimizer]:\n    output(o([w], lr=0.1))", "x = 1"],
    ["'''like torch.optim.SGD'''  # not torch.optim.SGD itself"],
    ["w.grad = None\nw.requires_grad = True\ntorch.backends.cudnn.deterministic = True"],
    ["import os\nos.environ['KMP_DUPLICATE_LIB_OK'] = 'TRUE'\nopen(os.path.join('a', 'b'))"],
    ["model.eval()\nmodel = torch.compile(model)\nx = getattr(F, name)"],
    ["%matplotlib inline\n%timeit f(3)\n?f\nf?"],
    ["import numpy as np\nimport matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 90"],
    ["from importlib import reload\nimport inspect\ninspect.signature(f)"],
    ["this is no python ="],
    ["x = (", "y = 1"],
    ["await f()\nasync with x: pass"],
    [""],
]


@pytest.mark.parametrize("sources", HONEST, ids=str)
def test_honest_code_raises_no_flag(sources):
    assert look(*sources) == []


@pytest.mark.parametrize("assignment", COURSE.assignments)
def test_no_false_alarm_on_solutions_and_lectures(assignment):
    """The lectures as a student's own cells, each in the exercise of its number."""
    (master,) = masters(COURSE, assignment)
    (path,) = COURSE.notebooks(assignment)
    solved = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]}
    answers = [
        Cell(cell.id, "answer", "code", solved[cell.id], "student", cell.grade_id)
        for cell in master.cells
        if cell.role == "answer"
    ]
    (lecture,) = (ROOT / "lectures").glob(f"{assignment[:2]}_*.ipynb")
    own = [
        Cell(f"student-{i}", "free", "code", "".join(cell["source"]), "student")
        for i, cell in enumerate(json.loads(lecture.read_text())["cells"])
        if cell["cell_type"] == "code" and cell["id"] != "setup"
    ]
    assert answers and len(own) > 5
    assert look_through(given(master) + own + answers, master) == []


@pytest.mark.slow
def test_no_false_alarm_on_the_bank_of_right_and_wrong_answers():
    written = [family.write(m) for family in families() for m in family.mistakes]
    for source in filter(None, written + [family.source for family in families()]):
        assert look(source) == []


def test_no_false_alarm_on_right_optimizers_written_in_other_ways():
    text = (ROOT / "tests/utils/check/right.py").read_text("utf-8")
    parts = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    assert len(parts) > 20
    for node in parts:
        assert look(ast.get_source_segment(text, node)) == []
