"""`autograder doctor` says truly what is there, and attacks the sandbox that grading will use."""

import os
import re

import pytest

from autograder import doctor
from autograder.sandbox import NoSandbox, attacks
from autograder.sandbox import tier as tier_module


@pytest.fixture
def unattacked(monkeypatch):
    """Without the sandbox, which takes a minute."""
    monkeypatch.setattr(doctor, "sandboxes", lambda course: [])


def rows(out, word):
    return [line for line in out.splitlines() if line[4:].startswith(word)]


@pytest.mark.slow
def test_it_finds_all_well_and_the_sandbox_withstands_every_attack(autograder):
    status, out, _ = autograder("doctor")
    assert status == 0 and "all well" in out, out
    for word in ("python", "torch", "nbgrader", "gradebook", "source 01_tiny", "release 01_tiny"):
        assert rows(out, word)
    names = [tier.name for tier in tier_module.tiers()]
    assert re.search(rf"{names[0]}(, cgroup v\d)?: ready in", rows(out, "sandbox ")[-1])
    tried = [one for one in attacks.ATTACKS if names[0] in one.on]
    assert len(rows(out, "attack")) == len(tried)
    assert all(line.startswith("ok") for line in rows(out, "attack"))
    assert attacks.CANARY not in os.environ


def test_it_says_which_attack_got_through(autograder, monkeypatch):
    class Warm:
        tier, holds, seconds = "namespaces", "namespaces", 1.0

        def __init__(self, course):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    found = [attacks.Result("read", True, "came to nothing"), attacks.Result("dial", False, "WON")]
    monkeypatch.setattr("autograder.sandbox.warm.Warm", Warm)
    monkeypatch.setattr(attacks, "attack", lambda course, warm: found)
    status, out, _ = autograder("doctor")
    assert status == 1 and "1 bad" in out
    assert [line[:3] for line in rows(out, "attack")] == ["ok ", "BAD"]


def test_it_says_so_where_there_is_no_sandbox(autograder, monkeypatch):
    def none(course):
        raise NoSandbox("there is no sandbox on this machine.")

    monkeypatch.setattr("autograder.sandbox.warm.Warm", none)
    status, out, _ = autograder("doctor")
    assert status == 1
    (line,) = [line for line in rows(out, "sandbox ") if line.startswith("BAD")]
    assert "there is no sandbox" in line


def test_it_changes_nothing(course, autograder, unattacked):
    before = {path for path in course.root.rglob("*") if "__pycache__" not in str(path)}
    autograder("doctor")
    assert {path for path in course.root.rglob("*") if "__pycache__" not in str(path)} == before


def test_it_sees_what_is_wrong(course, autograder, unattacked):
    (course.exercises / "01_tiny" / "tiny.ipynb").unlink()
    (course.exercises / "00_gone").mkdir()
    (course.exercises / "00_gone" / "gone.ipynb").write_text("{}")
    course.gradebook.parent.mkdir(exist_ok=True)
    course.gradebook.write_text("no gradebook " * 100)
    (course.solutions / "02_bad").mkdir()
    (course.solutions / "02_bad" / "bad.ipynb").write_text("not json")
    status, out, _ = autograder("doctor")
    bad = [line for line in out.splitlines() if line.startswith("BAD")]
    assert status == 1 and "4 bad" in out
    for name in ("gradebook ", "release 01_tiny", "release 00_gone", "source 02_bad"):
        assert sum(name in line for line in bad) == 1


def test_on_windows_it_says_where_to_grade(autograder, monkeypatch):
    monkeypatch.delattr(os, "fork")
    status, out, _ = autograder("doctor")
    (row,) = rows(out, "sandbox")
    assert status == 1 and row.startswith("BAD") and "On Windows use WSL" in row


def test_another_package_of_the_same_name_is_found(monkeypatch):
    names = {"autograder": ["my-step", "old-autograder"], "utils": ["my-step"]}
    monkeypatch.setattr(doctor.importlib.metadata, "packages_distributions", lambda: names)
    (found,) = doctor.names()
    assert found.what == "package autograder" and found.ok is False
    assert "old-autograder has a package of this name" in found.text
