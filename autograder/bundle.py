"""A zip for students: the course without solutions, hidden tests and anything of the autograder.

It is built from a list of what belongs in it, never from what lies about; exercises are released
anew from solutions/. Then every file that is in the zip is read again and searched for each
solution and each hidden test. The same course gives the same bytes.
"""

import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

from autograder import atomic
from autograder.course import Course, Trouble
from autograder.leaks import leaks, secrets
from autograder.release import files, released

TOP = "my_step"  # the folder in the zip
WHEN = (2020, 1, 1, 0, 0, 0)  # the time of every file in it; wheels cannot hold 1980 everywhere

WHAT = (  # what students get: paths from the course's folder
    "lectures/README.md",
    "lectures/[0-9][0-9]_*.ipynb",
    "utils/**/*.py",
    "utils/**/*.js",
    "utils/**/*.css",
    "utils/**/*.json",
    "data/README.md",
    "data/mnist/*.gz",
    "data/tables/*.csv",
    "docs/glossary.md",
    "docs/conventions.md",
    "docs/mistakes.md",
    "docs/playground.md",
    "docs/sources.md",
    "tools/lab.py",
    "tools/lab/overrides.json",
    "tools/set_up.py",
    "tools/set_up.sh",
    "constraints.txt",
    "LICENSE",
    "LICENSE-TEXTS",
)
OPTIONAL = (
    "data/tables/*.csv",
)  # results that take too long for a lecture; not every course has some
TARGETS = ("help", "set-up", "lab")  # of the Makefile

README = """\
# my_step

**Learn optimizers by writing them.** You fill in one method, see it move on a loss landscape, and are told at once whether it
takes the same steps as `torch.optim` and, if not, which mistake it is.

You need Python 3.11 or newer and some disk: the default torch with its CUDA libraries takes 5.4 GB on Linux.

    make lab

sets everything up in `.venv`, the first time, and opens the course on its start page, [lectures/README.md](lectures/README.md).

- **No GPU?** `make lab TORCH_INDEX=<a package index of CPU builds>` gets a torch of about 1 GB.
- **Windows**: `py tools\\set_up.py`, then `.venv\\Scripts\\python tools\\lab.py`.
- **conda**: `conda env create -f environment.yml`, then `conda run -n my_step python tools/lab.py`.

Write your answers in `exercises/`, in the cells that say `# YOUR CODE HERE`. Hand in the notebook itself, under the name it has.

The code is under the [MIT licence](LICENSE), texts and figures under [CC BY 4.0](LICENSE-TEXTS), MNIST under
[its own](data/README.md).
"""


def write(course: Course, path: str | Path, names: Iterable[str] = ()) -> dict[str, int]:
    """Write the students' zip.

    Args:
        names: of the assignments that go into it; all where none is named.

    Returns:
        dict: files (their number), bytes, solutions and tests (how many were searched for).

    Raises:
        Trouble: something is missing or would leak, or the file cannot be written.
    """
    data = zipped(contents(course, names))
    hidden = secrets(course)
    for leak in leaks(data, hidden, TOP):
        raise Trouble(f"the bundle is not written: {leak}.")
    atomic.write(path, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        count = len(archive.namelist())
    kinds = [one.kind for one in hidden]
    return dict(
        files=count,
        bytes=len(data),
        solutions=kinds.count("solution"),
        tests=kinds.count("hidden test"),
    )


def contents(course: Course, names: Iterable[str] = ()) -> dict[str, bytes]:
    """What goes into the zip: path in the course → bytes."""
    found, names = {}, course.chosen(names)
    for pattern in WHAT:
        paths = [path for path in course.root.glob(pattern) if "__pycache__" not in path.parts]
        if not paths and pattern not in OPTIONAL:
            raise Trouble(f"{pattern} is missing in {course.root}: students would need it.")
        for path in paths:
            if path.is_symlink() or course.root not in path.resolve().parents:
                raise Trouble(f"{path} is a link: put the file itself there.")
            found[path.relative_to(course.root).as_posix()] = path.read_bytes()
    for name, data in found.items():
        if name.endswith(".ipynb"):
            found[name] = without_outputs(data, name)
    for assignment in names:
        with released(course, assignment) as folder:
            for path in files(folder):
                name = path.relative_to(folder).as_posix()
                found[f"exercises/{assignment}/{name}"] = path.read_bytes()
    found["pyproject.toml"] = pyproject(read(course, "pyproject.toml")).encode()
    found["Makefile"] = makefile(read(course, "Makefile")).encode()
    found["environment.yml"] = environment(read(course, "environment.yml")).encode()
    found["README.md"] = README.encode()
    return found


def read(course: Course, name: str) -> str:
    try:
        return (course.root / name).read_text(encoding="utf-8")
    except OSError as error:
        raise Trouble(f"{course.root / name} cannot be read: {error.strerror}.") from error


def without_outputs(data: bytes, name: str) -> bytes:
    """A notebook as it is in git: what someone ran last night stays here."""
    try:
        nb = nbformat.reads(data.decode(), as_version=4)
    except (ValueError, KeyError, AttributeError) as error:
        raise Trouble(f"{name} cannot be read as a notebook.") from error
    for cell in nb.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in ("nbgrader", "tags")}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    known = ("kernelspec", "language_info")
    nb.metadata = {k: v for k, v in nb.metadata.items() if k in known}
    return f"{nbformat.writes(nb)}\n".encode()


def pyproject(text: str) -> str:
    """A pyproject.toml for students: only utils, and only what the notebooks and JupyterLab need.

    It has an extra `dev`, as tools/set_up.py asks for it; here that is the same as `lab`.
    """
    ours = tomllib.loads(text)
    project, tools = ours["project"], ours["tool"]
    packages = [name for name in tools["setuptools"]["packages"] if re.match(r"utils(\.|$)", name)]
    carried = {
        name: patterns
        for name, patterns in tools["setuptools"].get("package-data", {}).items()
        if name in packages
    }
    sections = {
        "build-system": ours["build-system"],
        "project": {
            name: project[name]
            for name in (
                *("name", "version", "description", "readme", "requires-python"),
                *("license", "license-files"),
            )
        }
        | {"dependencies": project["dependencies"]},
        "project.optional-dependencies": {
            "lab": project["optional-dependencies"]["lab"],
            "dev": [f"{project['name']}[lab]"],
        },
        "project.urls": project["urls"],
        "tool.setuptools": {"packages": packages},
        "tool.setuptools.package-data": carried,
        "tool.my_step": tools.get("my_step", {}),
    }
    return "\n".join(
        f"[{head}]\n" + "".join(f"{key(name)} = {toml(value)}\n" for name, value in section.items())
        for head, section in sections.items()
        if section
    )


def toml(value: Any) -> str:
    """A text, or a list of texts, as TOML writes it: as JSON does."""
    return json.dumps(value, ensure_ascii=False)


def key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name) else toml(name)


def makefile(text: str) -> str:
    """The Makefile with the students' targets only."""
    blocks = text.strip().split("\n\n")
    kept = [block for block in blocks if target(block) is None or target(block) in TARGETS]
    text = "\n\n".join(kept) + "\n"
    return re.sub(r"^\.PHONY:.*$", ".PHONY: " + " ".join(TARGETS), text, flags=re.M)


def target(block: str) -> str | None:
    found = re.match(r"([a-z-]+):", block)
    return found[1] if found else None


def environment(text: str) -> str:
    """environment.yml with the students' extra only."""
    changed = re.sub(r"(-e \.)\[[\w,]+\]", r"\1[lab]", text)
    if "[lab]" not in changed:
        raise Trouble("environment.yml does not install the course with `-e .[…]`.")
    return changed


def zipped(found: dict[str, bytes]) -> bytes:
    """The bytes of a zip that depend on nothing but the names and contents of its files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(found):
            info = zipfile.ZipInfo(f"{TOP}/{name}", WHEN)
            info.create_system = 3  # Unix, so that the rights count
            info.external_attr = (0o100644) << 16
            packed = name.endswith((".gz", ".png"))
            info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            archive.writestr(info, found[name], compresslevel=9)
    return buffer.getvalue()
