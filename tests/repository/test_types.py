"""Types: mypy over everything, strict for what others call (see pyproject.toml)."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
STRICT = next(one for one in SETTINGS["overrides"] if one.get("disallow_untyped_defs"))["module"]


@pytest.mark.slow
def test_mypy_is_clean(tmp_path):
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_what_is_strict_is_there():
    """A module that was renamed would be checked no more, and nobody would see it."""
    for name in STRICT:
        path = ROOT.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), name


def test_nothing_is_left_out():
    assert set(SETTINGS["packages"]) == {"utils", "autograder"}
    assert "exclude" not in SETTINGS
