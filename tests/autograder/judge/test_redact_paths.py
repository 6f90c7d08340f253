"""What cells show says nothing of where things lie on the grading machine."""

import json
import os
import sys
import sysconfig

import pytest

from autograder.judge.redact_paths import PathRedactor
from autograder.judge.worker import Worker
from autograder.model import ANSWER, FREE, TEST, Cell, Sheet, from_json
from autograder.sandbox import Limits, Warm, tiers


@pytest.fixture
def places(request, tmp_path):
    return PathRedactor(request.config.rootpath, tmp_path / "grading-1a2b")


def test_the_course_is_where_we_are(places, request, tmp_path):
    root = request.config.rootpath
    assert places(f"File {root}/utils/optim.py:12, in x") == "File utils/optim.py:12, in x"
    assert places(f"in {root}.") == "in .." and places(f"'{root}'") == "'.'"
    assert places(f"file://{root}/data") == "file://data"
    for other in (f"{root}-2/x", f"{root}.bak/x", f"/other{root}/x", "/tmp/x"):
        assert places(other) == other


def test_python_is_python(places):
    library, torch = sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")
    assert places(f"{library}/json/decoder.py:3") == "<python>/json/decoder.py:3"
    assert places(f"{torch}/torch/nn/x.py") == "<python>/torch/nn/x.py"
    assert sys.prefix not in places(f"{sys.prefix}/bin/python3 {sys.executable}")


def test_the_scratch_folder_is_where_we_are(places, tmp_path):
    mine = tmp_path / "grading-1a2b" / "tmpabc"
    assert places(f"open('{mine}/a.txt')") == "open('a.txt')" and places(f"in {mine}") == "in ."


def test_pictures_stay(places, request):
    root = str(request.config.rootpath)
    made = {"data": {"image/png": root, "text/html": [root, {"a": f"{root}/b"}]}, "n": 3}
    data = {"image/png": root, "text/html": [".", {"a": "b"}]}
    assert places.out(made) == {"data": data, "n": 3}


SHOWS = """\
import os, sys, utils.optim, warnings, torch
warnings.warn("old", DeprecationWarning)
print(utils.optim.__file__, os.getcwd(), sys.path, sys.prefix, torch, file=sys.stderr)
print(sys.executable, sys.modules["json"].__file__, flush=True)
os.system("pwd; echo $PATH")
display({"a": [utils.optim.__file__]})
utils"""
BREAKS = [
    "import utils.optim, json\nutils.optim.Optim([], {})",
    "import json\njson.loads('{')",
    "import torch\ntorch.nn.Linear(2, 2)(torch.zeros(3))",
    "import matplotlib.pyplot as plt\nplt.plot([1], [1, 2])",
    "open('/nowhere/' + __import__('utils').__file__)",
]


@pytest.mark.slow
@pytest.mark.parametrize("tier", [tier.name for tier in tiers()])
def test_no_path_of_this_machine_leaves_the_worker(request, tier):
    root = request.config.rootpath
    cells = [Cell("shows", FREE, "code", SHOWS, "student")]
    cells += [Cell(f"b{n}", FREE, "code", text, "student") for n, text in enumerate(BREAKS)]
    answer = "import utils.optim\ndef f(): return open(utils.optim.__file__ + 'x')"
    cells.append(Cell("a", ANSWER, "code", answer, "student", "a"))
    cells.append(Cell("t", TEST, "code", "import utils\nprint(utils)\nf()", grade_id="t", points=1))
    with Warm(root, tier) as warm:
        worker = object.__new__(Worker)
        worker.root, worker.warm = str(root), warm
        text = worker.grade(Sheet("ann", "x", "x", cells), Limits())
        scratch = str(warm.scratch)
    graded = from_json(text)
    assert graded.scores["t"].score == 0 and "utils/optim.pyx" in graded.scores["t"].why
    shown = json.dumps([one.outputs for one in graded.ran.values()])
    assert "utils/optim.py" in shown and "<python>/torch" in shown
    assert "Traceback" in shown and "<python>/json/decoder.py" in shown
    for place in (
        str(root),
        sys.prefix,
        sys.base_prefix + "/lib",
        scratch,
        os.path.expanduser("~"),
    ):
        assert place not in text, text[text.index(place) - 100 :][:300]
