"""What is there, and what is not."""

import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from autograder.course import Course, Trouble
from autograder.nbgrader_api import gradebook
from autograder.pool import WINDOWS
from autograder.release import abandoned, drift, problems

PACKAGES = ("torch", "torchvision", "nbgrader", "nbclient", "nbconvert", "ipykernel", "sqlalchemy")


class Finding(NamedTuple):
    """One thing that was looked at. `ok` is None for what is only worth knowing."""

    what: str
    ok: bool | None
    text: str


def examine(course: Course) -> Iterator[Finding]:
    """Look at everything; yields a `Finding` as each is known. Changes nothing but an empty file."""
    yield Finding("python", sys.version_info >= (3, 11), f"{platform.python_version()}")
    for name in PACKAGES:
        try:
            yield Finding(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, False, "not installed: run `make set-up`")
    yield from names()
    yield kernel()
    for folder in (course.exercises, course.submitted, course.autograded, course.feedback):
        yield writable(course, folder)
    yield book(course)
    if not course.assignments:
        yield Finding("sources", False, f"no assignment in {course.solutions}")
    for assignment in course.assignments:
        yield from source(course, assignment)
    for folder in abandoned(course):
        yield Finding(f"release {folder.name}", False, "has no source in solutions/: remove it")
    handed_in = len(course.submissions(course.assignments))
    yield Finding("submissions", None, f"{handed_in} for {len(course.assignments)} assignments")
    yield Finding("cores", None, f"{os.cpu_count()}")
    yield from sandboxes(course)


def sandboxes(course: Course) -> Iterator[Finding]:
    """Which there are, and what the one that grading will use withstands: it is attacked."""
    if not hasattr(os, "fork"):
        yield Finding("sandbox", False, WINDOWS)
        return
    from autograder.sandbox import NoSandbox, Warm
    from autograder.sandbox.attacks import attack
    from autograder.sandbox.tier import examined

    for tier in examined():
        if tier.name != "none":
            yield Finding(f"sandbox {tier.name}", None, tier.why or "this machine has it")
    try:
        with Warm(course) as warm:
            yield Finding("sandbox", True, f"{warm.holds}: ready in {warm.seconds:.1f} s")
            for result in attack(course, warm):
                yield Finding("attack", result.ok, f"{result.what}: {result.text}")
    except NoSandbox as why:
        text = f"{why} A submission would run with your rights: grade only whom you trust."
        yield Finding("sandbox", False, text)


def names() -> Iterator[Finding]:
    """Is there another package that is called like one of the course's? Then one hides the other."""
    owners = importlib.metadata.packages_distributions()
    for name in ("utils", "autograder"):
        others = sorted(set(owners.get(name, [])) - {"my-step"})
        if others:
            text = f"{', '.join(others)} has a package of this name, too: uninstall it here"
            yield Finding(f"package {name}", False, text)


def kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        return Finding("kernel", True, KernelSpecManager().get_kernel_spec("python3").display_name)
    except NoSuchKernel:
        return Finding("kernel", False, "no kernel `python3`: run `make set-up`")


def writable(course: Course, folder: Path) -> Finding:
    name = f"folder {folder.relative_to(course.root).as_posix()}"
    there = folder
    while not there.exists():
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            note = "writable" if there == folder else "not there yet; will be made when needed"
            return Finding(name, True, note)
    except OSError as error:
        return Finding(name, False, f"cannot be written to: {error.strerror}")


def book(course: Course) -> Finding:
    if course.gradebook and not course.gradebook.exists():
        return Finding("gradebook", True, "not there yet; the first `autograder grade` makes it")
    try:
        with gradebook(course) as opened:
            return Finding("gradebook", True, f"opens; it knows {len(opened.students)} students")
    except Trouble as why:
        return Finding("gradebook", False, str(why))


def source(course: Course, assignment: str) -> Iterator[Finding]:
    wrong = problems(course, assignment)
    yield Finding(f"source {assignment}", not wrong, "; ".join(wrong) or "valid")
    if not wrong:
        try:
            stale = drift(course, assignment)
            text = f"not what solutions/ gives: run `autograder release {assignment}`"
            yield Finding(f"release {assignment}", not stale, text if stale else "current")
        except Trouble as why:
            yield Finding(f"release {assignment}", False, str(why))
