"""The repository as a whole: lint, one list of packages, its size, its commands."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())


def ruff(*args):
    done = subprocess.run([sys.executable, "-m", "ruff", *args], cwd=ROOT, capture_output=True)
    return done.stdout.decode()[-3000:] if done.returncode else ""


def test_code_and_notebooks_are_clean():
    assert ruff("check") == ""


def test_code_is_formatted():
    assert ruff("format", "--check") == ""


def pinned():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def extras(*names):
    """The requirements of the project with these extras, extras of extras included."""
    lines = list(PROJECT["dependencies"])
    for extra in names:
        for line in PROJECT["optional-dependencies"][extra]:
            requirement = Requirement(line)
            if requirement.name == PROJECT["name"]:
                lines += extras(*requirement.extras)
            else:
                lines.append(line)
    return lines


def test_tested_versions_lie_in_the_ranges_that_are_asked_for():
    for line in set(extras("dev")):
        requirement = Requirement(line)
        assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)]), line


def test_conda_and_binder_install_from_the_same_list_with_the_same_versions():
    *conda, pip = CONDA["dependencies"]
    assert pip["pip"] == ["-c constraints.txt", "-e .[lab,autograder]"]
    python = next(line for line in conda if line.startswith("python="))
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))
    wanted = {Requirement(line).name for line in extras("lab", "autograder")}
    assert wanted >= {"torch", "torchvision", "matplotlib", "jupyterlab", "nbgrader", "ipywidgets"}
    assert set(conda) == {python, "pip"}  # nothing comes from a second list


def test_make_installs_all_that_conda_does():
    assert set(extras("dev")) >= set(extras("lab", "autograder"))


def test_utils_needs_no_package_of_the_autograder():
    for file in (ROOT / "utils").rglob("*.py"):
        found = re.search(
            r"^\s*(?:from|import) (autograder|nbgrader|dask)\b", file.read_text(), re.M
        )
        assert not found, f"{file.name}: {found and found[0]}"


def git_files():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).exists()]


def test_the_checkout_stays_under_20_mb():
    assert sum(file.stat().st_size for file in git_files()) < 20e6


def make(*args):
    """What `make` prints when it is not called from within another one, as it is by `make test`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", *args]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("command", ["lab", "test", "grade", "bench", "site"])
def test_make_has_the_command_and_it_sets_up_first(command):
    planned = make("--dry-run", command)
    assert planned.startswith("sh tools/set_up.sh")
    assert ".venv/bin/python" in planned.splitlines()[-1]


def test_make_alone_lists_the_commands():
    said = make()
    for command in ("lab", "test", "grade", "bench", "site"):
        assert f"make {command}" in said
