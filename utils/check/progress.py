"""Which checks of the course have I passed? A small record in the course folder.

The record is `.progress.json` beside the folder `utils` (or in the home folder, if the course is
installed elsewhere). MY_STEP_PROGRESS names another file, or is "off". A record that cannot be
read or written is done without: no check fails because of it.
"""

import ast
import contextlib
import json
import os
import re
import tomllib
from datetime import datetime
from pathlib import Path

import utils
from utils.atomic import write

COURSE = Path(utils.__file__).resolve().parent.parent
CHECKS = ("check_optimizer", "check_function", "check_model", "check_training")


def setting(name, default):
    """A switch of the course: MY_STEP_<NAME>, or `name` under [tool.my_step] in pyproject.toml."""
    value = os.environ.get(f"MY_STEP_{name.upper()}")
    if value is None:
        try:
            with open(COURSE / "pyproject.toml", "rb") as file:
                value = tomllib.load(file).get("tool", {}).get("my_step", {}).get(name, default)
        except (OSError, ValueError):
            value = default
    return str(value).strip().lower()


def where():
    """The file of the record, or None if there is none."""
    named = os.environ.get("MY_STEP_PROGRESS", "")
    if named == "off" or (os.environ.get("NBGRADER_EXECUTION") and not named):
        return None
    if named:
        return Path(named)
    here = (COURSE / "exercises").is_dir() and os.access(COURSE, os.W_OK)
    return COURSE / ".progress.json" if here else Path.home() / ".my_step_progress.json"


def read():
    """name → {"passed": when or None, "tries": failures since the last pass}."""
    try:
        record = json.loads(where().read_text("utf-8"))
        return {str(k): dict(v) for k, v in record.items()}
    except Exception:
        return {}


def note(name, passed):
    """Write down that a check was passed or not; returns the tries so far."""
    record = read()
    entry = record.setdefault(name, {"passed": None, "tries": 0})
    tries = entry.get("tries")
    tries = tries if isinstance(tries, int) else 0
    if passed:
        entry["passed"] = entry.get("passed") or datetime.now().isoformat(timespec="minutes")
        entry["tries"] = 0
    else:
        entry["tries"] = tries + 1
    with contextlib.suppress(Exception):
        write(where(), json.dumps(record, indent=1))
    return entry["tries"]


def course(folder=None):
    """exercise → names that it checks, in order, as its notebook says."""
    found = {}
    folder = Path(folder) if folder else COURSE / "exercises"
    for file in sorted(folder.glob("*/*.ipynb")):
        try:
            cells = json.loads(file.read_text("utf-8"))["cells"]
        except (OSError, ValueError, KeyError):
            continue
        names = [
            name
            for cell in cells
            if cell.get("cell_type") == "code"
            for name in checked("".join(cell.get("source", "")))
        ]
        if names:
            found[file.parent.name] = list(dict.fromkeys(names))
    return found


def checked(source):
    """The names of what a cell checks: the first argument of each call of a check."""
    try:
        tree = ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M))
    except SyntaxError:
        return
    partials = {
        node.targets[0].id: node.value.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", "") == "partial"
        and node.value.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CHECKS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Call) and first.args:  # partial(Name, ...)
                first = first.args[0]
            if isinstance(first, ast.Name):
                first = partials.get(first.id, first)
            if isinstance(first, ast.Name):
                yield first.id


class Progress:
    """A table of the checks, and a bar; shows itself at the end of a cell."""

    def __init__(self, exercises, record):
        self.rows = [
            (title, [(name, has_passed(name, record)) for name in names])
            for title, names in exercises.items()
        ]
        self.done = sum(ok for _, names in self.rows for _, ok in names)
        self.total = sum(len(names) for _, names in self.rows)

    def __repr__(self):
        if not self.total:
            return "No check passed yet."
        filled = round(20 * self.done / self.total)
        lines = [f"{'█' * filled}{'░' * (20 - filled)}  {self.done} of {self.total} checks passed"]
        for title, names in self.rows:
            marks = "  ".join(f"{'✓' if ok else '·'} {name}" for name, ok in names)
            lines.append(f"{title:14} {marks}")
        return "\n".join(lines)

    def _repr_html_(self):
        if not self.total:
            return f"<p>{self!r}</p>"
        rows = "".join(
            f"<tr><th style='text-align:left'>{title}</th><td style='text-align:left'>"
            + " &emsp; ".join(
                f"<span style='white-space:nowrap'>{'✓' if ok else '·'} {name}</span>"
                for name, ok in names
            )
            + "</td></tr>"
            for title, names in self.rows
        )
        label = f"{self.done} of {self.total} checks passed"
        bar = f"<progress value='{self.done}' max='{self.total}' aria-label='{label}'></progress>"
        return f"<p>{bar} {label}</p><table>{rows}</table>"


def has_passed(name, record):
    """A check of `Name(...)`, a partial, counts as long as `Name` itself was not tried."""
    if name in record:
        return bool(record[name].get("passed"))
    return any(k.startswith(f"{name}(") and e.get("passed") for k, e in record.items())


def progress():
    """How far am I? A `Progress` over all checks of the course."""
    record = read()
    exercises = course() or {"passed": [n for n, e in record.items() if e.get("passed")]}
    return Progress(exercises, record)
