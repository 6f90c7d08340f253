"""The sample class: each student loses the points of the mistake it is named after, and no others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.convert import gradebook
from autograder.course import Course
from autograder.demo import CLASS
from autograder.report import reasons

ROOT = Path(__file__).resolve().parents[2]

MOMENTUM = {"momentum-by-hand", "momentum-check", "momentum-hidden"}
CONVERT = {"to-sum", "to-ewma", "convert-hidden"}
DAMPENING = {"dampening-check", "dampening-decay", "dampening-hidden"}
NESTEROV = {"nesterov-check", "nesterov-hidden"}
EDGE_AND_BEST = {"edge-check", "edge-hidden", "best-check", "best-hidden"}
SGD = {"sgd-numbers", "sgd-check", "sgd-hidden"}
AXPY = {"axpy-value", "axpy-in-place", "axpy-hidden"}
GROUPS = {"groups-one", "groups-two", "groups-hidden"}
TRAIN = {"train-first", "train-three", "train-left-over", "train-hidden"}
NOISE = {"noise-half", "noise-hidden"}

LOST = {
    "02_sgd": {
        "right": set(),
        "copied-back": set(),
        "half": GROUPS | TRAIN | NOISE,
        "syntax-error": AXPY,
        "uphill": SGD,
        "gradient-changed": SGD - {"sgd-numbers"},
        "exception": SGD,
    },
    "03_momentum": {
        "right": set(),
        "copied-back": set(),
        "half": NESTEROV | EDGE_AND_BEST,
        "lr-in-velocity": MOMENTUM - {"momentum-by-hand"},
        "velocity-not-stored": MOMENTUM,
        "first-step-dampened": DAMPENING,
        "gradient-changed": DAMPENING - {"dampening-check"},
        "plain-momentum": NESTEROV,
        "calls-itself": NESTEROV,
        "cell-deleted": set(),
    },
}

SAID = {
    ("uphill", "02_sgd"): "steps uphill",
    ("gradient-changed", "02_sgd"): "p.grad is changed in place",
    ("half", "02_sgd"): "not answered",
    ("syntax-error", "02_sgd"): "SyntaxError",
    ("lr-in-velocity", "03_momentum"): "lr is folded into the velocity",
    ("velocity-not-stored", "03_momentum"): "the velocity is not stored",
    ("first-step-dampened", "03_momentum"): "the first gradient is dampened",
    ("plain-momentum", "03_momentum"): "no look-ahead",
}


def grades(course, student, assignment):
    """grade_id → (score, most), from the gradebook."""
    with gradebook(course) as book:
        notebooks = book.find_submission(assignment, student).notebooks
        return {g.name: (g.score, g.max_score) for one in notebooks for g in one.grades}


def sample_course(tmp_path):
    root = tmp_path / "course"
    (root / "autograder").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for assignment in CLASS:
        shutil.copytree(ROOT / "solutions" / assignment, root / "solutions" / assignment)
    return root


def test_there_are_at_least_twelve_and_each_has_a_name():
    assert sum(len(students) for students in CLASS.values()) >= 12
    assert {name: set(LOST[name]) | {"empty"} for name in CLASS} == {
        n: set(CLASS[n]) for n in CLASS
    }


def test_a_course_without_the_two_exercises(course, autograder):
    status, _, err = autograder("demo")
    assert status == 1 and "the sample class needs 02_sgd, 03_momentum" in err


@pytest.mark.slow
def test_each_loses_the_points_of_its_mistake(tmp_path, capsys):
    root = sample_course(tmp_path)
    assert main(["demo", "--course", str(root)]) == 0
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert not (root / "autograder" / "gradebook.db").exists(), "the class's own gradebook"

    workspace = Course(root / "autograder" / "demo")
    wrong = []
    for assignment, students in LOST.items():
        most = {
            name: points for name, (_, points) in grades(workspace, "empty", assignment).items()
        }
        for student, lost in {**students, "empty": set(most)}.items():
            got = grades(workspace, student, assignment)
            expected = {name: (0 if name in lost else most[name], most[name]) for name in most}
            if got != expected or not lost <= set(most):
                wrong.append((student, assignment, got, reasons(workspace, student, assignment)))
    assert wrong == []
    for (student, assignment), words in SAID.items():
        assert words.lower() in " ".join(reasons(workspace, student, assignment)).lower()

    stock_nbgrader_agrees(workspace, ["right", "lr-in-velocity"], "03_momentum")

    # A second run that keeps what is there has nothing to grade.
    journal = workspace.autograded / ".journal.jsonl"
    before = journal.read_bytes()
    assert main(["demo", "--keep", "--course", str(root)]) == 0
    assert "19 of 19" in capsys.readouterr().out and journal.read_bytes() == before


def stock_nbgrader_agrees(course, students, assignment):
    other = course.root.parent / "stock"
    (other / "autograder").mkdir(parents=True)
    shutil.copy(course.root / "nbgrader_config.py", other)
    shutil.copytree(course.solutions / assignment, other / "solutions" / assignment)
    for student in students:
        there = Path("autograder", "submitted", student, assignment)
        shutil.copytree(course.root / there, other / there)
    for command in ("generate_assignment", "autograde"):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", command, assignment],
            cwd=other,
            env={**os.environ, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    for student in students:
        ours, stock = (
            grades(course, student, assignment),
            grades(Course(other), student, assignment),
        )
        assert ours == stock
