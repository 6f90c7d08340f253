"""The page's JavaScript: checked, current, small; and nothing in it that Python says, too."""

import ast
import fcntl
import inspect
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from utils.playground import facts, textbook, walk
from utils.playground.assets import bundle

ROOT = Path(__file__).resolve().parents[3]
JS = ROOT / "js"
SOURCES = sorted((JS / "src").rglob("*.js"))
PYTHON = [*sorted((ROOT / "utils/playground").glob("*.py")), ROOT / "utils/style.py"]


@pytest.fixture(scope="module")
def npm():
    """Runs one of js/package.json's tools; npm fetches them once."""

    def run(*command):
        done = subprocess.run(command, cwd=JS, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    with open(JS / "package-lock.json") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if not (JS / "node_modules/esbuild").is_dir():
            assert shutil.which("npm"), "these tests need npm: install it (Debian's package npm)."
            code, said = run("npm", "ci", "--no-audit", "--no-fund")
            assert code == 0, f"npm cannot install the tools in js/: {said}"
    return run


def test_the_committed_bundle_is_what_the_sources_make(npm, tmp_path):
    code, said = npm("node", "build.js", str(tmp_path / "made.js"))
    assert code == 0, said
    made = (tmp_path / "made.js").read_text(encoding="utf-8")
    assert made == bundle(), "js/src has changed, and playground.min.js has not: run `make js`."


def test_format_lint_types_and_nodes_own_tests_are_clean(npm):
    code, said = npm("npm", "run", "check")
    assert code == 0, said


def test_the_lock_file_names_no_address():
    lock = (JS / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "http" not in re.sub(r'"url": "[^"]*"', "", lock)  # authors' pages


def test_the_bundle_is_small():
    """Every saved output and every widget carries it."""
    assert len(bundle().encode()) <= 60_000


# ---- one truth ----


def sentences(found):
    """All texts that people see, in a part of playground.json."""
    if isinstance(found, dict):
        return [text for value in found.values() for text in sentences(value)]
    if isinstance(found, list):
        return [text for value in found for text in sentences(value)]
    return [found] if isinstance(found, str) else []


def literals(path):
    """The texts in a source, without comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        nodes = ast.walk(ast.parse(text))
        return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return set(re.findall(r'"((?:[^"\\\n]|\\.)+)"', text))


def test_no_label_sentence_or_colour_is_written_again():
    parts = ("hyper", "optimizers", "landscapes", "verdicts", "averages", "colours")
    names = {*facts.HYPER, *facts.LANDSCAPES, *facts.OPTIMIZERS, "°"}
    shown = {text for part in parts for text in sentences(facts.FACTS[part])} - names
    shown.discard("#767676")  # also the ink of words in utils/style.py
    assert len(shown) > 40
    for path in [*SOURCES, *PYTHON]:
        twice = shown & literals(path)
        assert not twice, f"{path.relative_to(ROOT)} writes {twice}: it stands in playground.json."


def test_python_has_a_formula_for_each_optimizer_and_landscape():
    assert set(textbook.MAKE) == set(facts.OPTIMIZERS)
    assert set(walk.CLASSES) == set(facts.LANDSCAPES)


@pytest.mark.parametrize("name", facts.LANDSCAPES)
def test_landscapes_begin_as_their_classes_do(name):
    """The classes in utils/landscape.py show their defaults to students; here they are compared."""
    about, made = facts.LANDSCAPES[name], walk.CLASSES[name]
    given = inspect.signature(made).parameters
    defaults = {key: p.default for key, p in given.items() if key != "seed"}
    assert defaults == {key: shape["value"] for key, shape in about["shape"].items()}
    if name != "mnist":  # its own file says where it is lowest
        assert list(made().minimum) in [list(map(float, place)) for place in about["minima"]]


def test_every_slider_and_setting_begins_inside_its_range():
    for about in facts.LANDSCAPES.values():
        for shape in about["shape"].values():
            assert shape["min"] <= shape["value"] <= shape["max"]
    for key in ("steps", "noise", "seed"):
        about = facts.SETTINGS[key]
        assert about["min"] <= about["value"] <= about["max"]
    assert json.dumps(facts.FACTS)  # plain data
