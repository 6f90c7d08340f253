"""What the forge reads: workflows, templates, hooks. They call the commands that everybody runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted(ROOT.glob(".github/**/*.yml")), ROOT / ".pre-commit-config.yaml"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def read(path):
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_yaml(path):
    assert isinstance(read(path), dict)


def test_workflows_call_make_on_linux_and_macos():
    jobs = read(ROOT / ".github" / "workflows" / "test.yml")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["os"] == ["ubuntu-latest", "macos-latest"]
    lines = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    called = [name for line in lines for name in re.findall(r"make ([a-z-]+)", line)]
    assert {"test", "site"} <= set(called) <= TARGETS


def test_templates_have_what_the_forge_asks_for():
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = read(path)
        if path.name != "config.yml":
            assert form["name"] and form["description"]
            assert all({"type", "attributes"} <= set(part) for part in form["body"])
            names = [part["id"] for part in form["body"]]
            assert len(names) == len(set(names))


def test_hooks_are_local_and_name_what_is_there():
    """Nothing is fetched at a commit, and no tool has a second version."""
    repos = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    for hook in repos[0]["hooks"]:
        assert hook["language"] == "system"
        for word in hook["entry"].split():
            if word.startswith("tools/"):
                assert (ROOT / word).exists()


def test_pre_commit_accepts_its_file():
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ci_runs_what_contributors_run():
    assert "make test-all" in (ROOT / ".ci" / "run").read_text()
    told = (ROOT / "CONTRIBUTING.md").read_text() + (ROOT / "README.md").read_text()
    assert set(re.findall(r"`make ([a-z-]+)", told)) <= TARGETS
    assert "`make test-all`" in told
