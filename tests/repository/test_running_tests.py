"""Tests that a stranger can trust: nothing is left out where it would not be noticed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMALL = "tests/utils/playground/test_playground_engine.py"


def run(tmp_path, *args, **env):
    """pytest where neither Chromium nor Node is found."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "env"):
        (tools / tool).symlink_to(shutil.which(tool))
    env = {**os.environ, "PATH": str(tools), **env}
    env.pop("CHROMIUM", None)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *args]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_without_a_browser_its_tests_are_left_out_and_that_is_said(tmp_path):
    done = run(tmp_path, SMALL, "--collect-only", CI="")
    assert re.search(r"no tests collected \(\d+ deselected\)", done.stdout), done.stdout


def test_in_ci_a_missing_browser_is_a_failure(tmp_path):
    done = run(tmp_path, SMALL, "-k", "walks_as_torch_does and sgd-quadratic", CI="true")
    assert done.returncode == 1 and "these tests need Node.js" in done.stdout, done.stdout[-2000:]


def test_no_test_skips_itself_in_ci():
    """A skipped test looks like a passed one: in CI what is missing is a failure."""
    skip, found = re.compile(r"pytest\.skip\(|mark\.skip(if)?\(|importorskip\("), []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines):
            if skip.search(line) and path != Path(__file__):
                before = "\n".join(lines[max(0, number - 3) : number])
                if 'assert not os.environ.get("CI")' not in before:
                    found.append(f"{path.relative_to(ROOT)}:{number + 1}")
    assert found == []
