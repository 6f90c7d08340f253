"""The sample class: each student loses the points of the mistake it is named after, and no others."""

import shutil
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.course import Course
from autograder.demo import CLASS, UNREADABLE
from autograder.nbgrader_api import gradebook
from autograder.report import reasons, results

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
LIMIT = {"limit-one", "limit-many", "limit-hidden"}
EVERYTHING = SGD | AXPY | GROUPS | TRAIN | NOISE | LIMIT

LOST = {
    "02_sgd": {
        "right": set(),
        "copied-back": set(),
        "half": GROUPS | TRAIN | NOISE,
        "syntax-error": AXPY,
        "uphill": SGD,
        "gradient-changed": SGD - {"sgd-numbers"},
        "exception": SGD,
        "calls-torch": SGD - {"sgd-numbers"},
        "leaves-early": AXPY,
        "looks-for-solutions": AXPY,
        **dict.fromkeys(["always-equal", "tests-skipped", "tests-emptied"], EVERYTHING),
        **dict.fromkeys(UNREADABLE, set()),
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
    ("leaves-early", "02_sgd"): "it ended itself",
}

VERDICTS = {"cut-off": "cut off", "web-page": "is a web page"}
FLAGGED = {
    "calls-torch": "torch.optim called",
    "tests-emptied": "test changed",
    "leaves-early": "reaches out",
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
    assert "2 could not be graded" in said.err

    workspace = Course(root / "autograder" / "demo")
    wrong = []
    for assignment, students in LOST.items():
        most = {
            name: points for name, (_, points) in grades(workspace, "empty", assignment).items()
        }
        for student, lost in {**students, "empty": set(most)}.items():
            got = grades(workspace, student, assignment)
            none = student in UNREADABLE
            expected = {
                name: (0 if name in lost or none else most[name], most[name]) for name in most
            }
            if got != expected or not lost <= set(most):
                wrong.append((student, assignment, got, reasons(workspace, student, assignment)))
    assert wrong == []
    for (student, assignment), words in SAID.items():
        assert words.lower() in " ".join(reasons(workspace, student, assignment)).lower()
    found = {(one.student, one.assignment): one for one in results(workspace)}
    for student, words in VERDICTS.items():
        assert words in found[student, "02_sgd"].verdict
    for student, kind in FLAGGED.items():
        assert kind in {flag.kind for flag in found[student, "02_sgd"].flags}
    for student in ("right", "half", "empty", "copied-back"):
        assert found[student, "02_sgd"].flags == []

    # A second run that keeps what is there has nothing to grade.
    journal = workspace.autograded / ".grading" / "journal.jsonl"
    before = journal.read_bytes()
    assert main(["demo", "--keep", "--course", str(root)]) == 0
    assert "25 of 27" in capsys.readouterr().out and journal.read_bytes() == before
