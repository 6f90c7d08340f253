"""Who may import whom, and a map in each package: what pyproject.toml and the docstrings promise."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    path.parent
    for top in ("utils", "autograder")
    for path in sorted((ROOT / top).rglob("__init__.py"))
]


def test_import_rules_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def modules(package):
    """The names of what lies in a package: its modules, and its packages."""
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return files | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_each_package_names_its_modules(package):
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    missing = {name for name in modules(package) if not re.search(rf"\b{name}\b", text)}
    assert not missing, f"the docstring of {package.name}/__init__.py does not name {missing}"
