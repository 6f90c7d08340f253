"""The students' zip: all that they need, and provably nothing that they must not see."""

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder import bundle
from autograder.course import Course, Trouble
from autograder.leaks import leaks, secrets

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = "return 2 * x"
LONG = """\
def order(names):
    ### BEGIN SOLUTION
    todo, done = list(names), []
    while todo:
        done.append(todo.pop(0))
    return done
    ### END SOLUTION"""
LONG_TEST = """\
### BEGIN HIDDEN TESTS
for names in (["b", "a"], ["c"]):
    expected = sorted(names, key=names.index)
    assert order(names) == expected, names
### END HIDDEN TESTS"""


@pytest.fixture
def house(course):
    """The tiny course, with all that a bundle is made of, in small."""
    root = course.root
    for name in (
        *("Makefile", "pyproject.toml", "environment.yml", "constraints.txt"),
        *("LICENSE", "LICENSE-TEXTS"),
    ):
        shutil.copy(ROOT / name, root)
    for folder in ("tools", "docs"):
        shutil.copytree(ROOT / folder, root / folder)
    for name, text in {
        "lectures/README.md": "# Start\n\n[01](01_tiny.ipynb)\n",
        "utils/__init__.py": "",
        "utils/optim.py": "import torch\n",
        "utils/x/a.js": "1\n",
        "utils/x/a.css": "p {}\n",
        "utils/x/a.json": "{}\n",
        "data/README.md": "numbers\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "data" / "mnist").mkdir()
    (root / "data" / "mnist" / "t.gz").write_bytes(gzip.compress(bytes(100)))
    (root / "data" / "tables").mkdir()
    (root / "data" / "tables" / "t.csv").write_text("lr\n0.1\n")
    lecture = new_notebook(cells=[new_markdown_cell("# Tiny", id="t"), new_code_cell("1", id="c")])
    nbformat.write(lecture, root / "lectures" / "01_tiny.ipynb")
    path = root / "solutions" / "01_tiny" / "tiny.ipynb"
    nb = nbformat.read(path, as_version=4)
    mark = dict(grade_id="order", grade=False, solution=True, locked=False, task=False)
    nb.cells.append(new_code_cell(LONG, id="order"))
    nb.cells[-1].metadata.nbgrader = {**mark, "schema_version": 3}
    nb.cells.append(new_code_cell(LONG_TEST, id="order-hidden"))
    more = dict(grade_id="order-hidden", grade=True, solution=False, locked=True, points=1)
    nb.cells[-1].metadata.nbgrader = {**mark, **more, "schema_version": 3}
    nbformat.write(nb, path)
    return course


def names(path):
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def add(house, name, source, kind=new_code_cell):
    """One more cell in a notebook."""
    path = house.root / name
    nb = nbformat.read(path, as_version=4)
    nb.cells.append(kind(source, id="one-more"))
    nbformat.write(nb, path)


def test_what_is_in_it(house, tmp_path):
    made = bundle.write(house, tmp_path / "b.zip")
    found = names(tmp_path / "b.zip")
    assert made["files"] == len(found) and (made["solutions"], made["tests"]) == (3, 2)
    for name in [
        "README.md",
        "Makefile",
        "pyproject.toml",
        "environment.yml",
        "constraints.txt",
        "LICENSE",
        "LICENSE-TEXTS",
        "lectures/README.md",
        "lectures/01_tiny.ipynb",
        "exercises/01_tiny/tiny.ipynb",
        "utils/optim.py",
        "tools/lab.py",
        "tools/lab/overrides.json",
        "tools/set_up.py",
        "tools/set_up.sh",
        "data/mnist/t.gz",
        "data/tables/t.csv",
        "docs/glossary.md",
    ]:
        assert f"my_step/{name}" in found
    banned = r"solutions|autograder|nbgrader_config|tests|benchmarks|\.git|tidy\.py|\.db"
    assert not [name for name in found if re.search(banned, name)]


def test_what_lies_about_does_not_get_in(house, tmp_path):
    for name in (
        "key.py",
        "lectures/notes.ipynb",
        "lectures/answers.txt",
        "exercises/00_x/x.ipynb",
    ):
        (house.root / name).parent.mkdir(exist_ok=True, parents=True)
        (house.root / name).write_text("mine")
    bundle.write(house, tmp_path / "b.zip")
    assert not [
        name for name in names(tmp_path / "b.zip") if re.search("key|notes|answers|00_x", name)
    ]


def test_the_same_course_gives_the_same_bytes(house, tmp_path):
    bundle.write(house, tmp_path / "a.zip")
    os.utime(house.root / "utils" / "optim.py", (1e9, 1e9))
    (house.root / "utils" / "optim.py").chmod(0o755)
    bundle.write(house, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_exercises_are_released_anew(house, tmp_path):
    """Whatever stands in exercises/, the answers of whoever tried it out too."""
    add(house, "exercises/01_tiny/tiny.ipynb", f"def double(x):\n    {SOLUTION}")
    bundle.write(house, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert SOLUTION not in archive.read("my_step/exercises/01_tiny/tiny.ipynb").decode()


def test_outputs_stay_here(house, tmp_path):
    path = house.root / "lectures" / "01_tiny.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells[1].outputs = [new_output("stream", text=LONG)]
    nb.cells[1].execution_count, nb.metadata.widgets = 7, {"state": LONG}
    nbformat.write(nb, path)
    bundle.write(house, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        cells = nbformat.reads(archive.read("my_step/lectures/01_tiny.ipynb"), 4).cells
    assert cells[1].outputs == [] and cells[1].execution_count is None


def test_only_some_assignments(house, tmp_path):
    more = house.solutions / "02_more"
    shutil.copytree(house.solutions / "01_tiny", more)
    bundle.write(house, tmp_path / "b.zip", ["02_more"])
    found = [name for name in names(tmp_path / "b.zip") if "exercises" in name]
    assert found == ["my_step/exercises/02_more/tiny.ipynb"]


THREE = "\n".join(LONG_TEST.splitlines()[1:4])


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("lectures/README.md", LONG_TEST, "a marker"),
        ("lectures/README.md", THREE, "the hidden test of tiny.ipynb, cell order-hidden"),
        ("utils/optim.py", THREE.replace("    ", "  "), "the hidden test"),
        (
            "utils/optim.py",
            "\n".join(LONG.splitlines()[2:6]),
            "the solution of tiny.ipynb, cell ord",
        ),
        ("utils/optim.py", "from autograder.course import Course", "an import of the autograder"),
        ("docs/glossary.md", "# BEGIN SOLUTION", "a marker"),
        ("utils/x/a.json", '["### BEGIN", " HIDDEN TESTS"]'.replace('", "', ""), "a marker"),
    ],
)
def test_a_leak_is_found_and_nothing_is_written(house, tmp_path, name, source, said):
    with open(house.root / name, "a") as file:
        file.write(f"\n{source}\n")
    with pytest.raises(Trouble, match=f"{name} holds {said}"):
        bundle.write(house, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize("kind", [new_code_cell, new_markdown_cell])
def test_a_hidden_test_in_a_lecture_is_found(house, tmp_path, kind):
    add(house, "lectures/01_tiny.ipynb", f"x = 1\n{THREE}", kind)
    with pytest.raises(Trouble, match="lectures/01_tiny.ipynb holds the hidden test"):
        bundle.write(house, tmp_path / "b.zip")


def test_a_solution_in_a_free_cell_of_an_exercise_is_found(house, tmp_path):
    """nbgrader only looks at its own regions."""
    add(house, "solutions/01_tiny/tiny.ipynb", "\n".join(LONG.splitlines()[2:6]))
    with pytest.raises(Trouble, match="exercises/01_tiny/tiny.ipynb holds the solution of"):
        bundle.write(house, tmp_path / "b.zip")


def test_a_hint_may_say_it_and_a_lecture_may_teach_it(house, tmp_path):
    add(house, "solutions/01_tiny/tiny.ipynb", f"Hint: `{SOLUTION}`", new_markdown_cell)
    add(house, "lectures/01_tiny.ipynb", SOLUTION)
    bundle.write(house, tmp_path / "b.zip")


@pytest.mark.parametrize("name", ["my_step/solutions/a.py", "my_step/../x.py", "other/x.py"])
def test_a_file_that_does_not_belong_is_found(name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "1")
    assert list(leaks(buffer.getvalue(), [], "my_step")) == [f"{name} does not belong to students"]


def test_links_and_missing_files_are_refused(house, tmp_path):
    (house.root / "utils" / "key.py").symlink_to(house.root / "nbgrader_config.py")
    with pytest.raises(Trouble, match="key.py is a link"):
        bundle.write(house, tmp_path / "b.zip")
    (house.root / "utils" / "key.py").unlink()
    (house.root / "constraints.txt").unlink()
    with pytest.raises(Trouble, match="constraints.txt is missing"):
        bundle.write(house, tmp_path / "b.zip")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no/b.zip", "cannot be written"),
        ("folder.zip", "is a folder"),
        ("b.tar", "is a zip: call it"),
    ],
)
def test_where_it_cannot_be_written(house, tmp_path, autograder, target, said):
    (tmp_path / "folder.zip").mkdir()
    status, _, err = autograder("release", "--bundle", str(tmp_path / target))
    assert status == 1 and said in err and err.count("\n") == 1


def test_the_command(house, tmp_path, autograder):
    before = (house.exercises / "01_tiny" / "tiny.ipynb").read_bytes()
    status, out, _ = autograder("release", "--bundle", str(tmp_path / "b.zip"))
    assert status == 0 and "None of the 3 solutions and 2 hidden tests is in it." in out
    assert (house.exercises / "01_tiny" / "tiny.ipynb").read_bytes() == before
    status, _, err = autograder("release", "--bundle", str(tmp_path / "b.zip"), "--check")
    assert status == 1 and "leave out --check" in err


def test_the_students_set_up_asks_for_nothing_of_the_autograder(house):
    found = bundle.contents(house)
    project = tomllib.loads(found["pyproject.toml"].decode())
    packages = project["tool"]["setuptools"]["packages"]
    assert "utils" in packages and all(name.split(".")[0] == "utils" for name in packages)
    assert "scripts" not in project["project"]
    extras = project["project"]["optional-dependencies"]
    assert set(extras) == {"lab", "dev"} and "nbgrader" not in str(extras)
    asked = re.search(r'^EXTRA = "(\w+)"', found["tools/set_up.py"].decode(), re.M)[1]
    assert asked in extras
    assert "-e .[lab]" in found["environment.yml"].decode()
    makefile = found["Makefile"].decode()
    assert "tools/lab.py" in makefile and "autograder" not in makefile
    assert re.findall(r"^([a-z-]+):", makefile, re.M) == ["help", "set-up", "lab"]
    for tool in re.findall(r"tools/[\w.]+", makefile):
        assert tool in found


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The bundle of this course, unpacked."""
    folder = tmp_path_factory.mktemp("student")
    made = bundle.write(Course(ROOT), folder / "my_step.zip")
    with zipfile.ZipFile(folder / "my_step.zip") as archive:
        archive.extractall(folder)
    return folder / "my_step", made


@pytest.mark.slow
def test_this_course_has_no_leak(real):
    _, made = real
    assert made["solutions"] >= 50 and made["tests"] >= 40 and made["bytes"] < 20e6


@pytest.mark.slow
def test_its_packages_are_all_there_and_links_lead_somewhere(real):
    root, _ = real
    project = tomllib.loads((root / "pyproject.toml").read_text())
    told = {name.replace(".", "/") for name in project["tool"]["setuptools"]["packages"]}
    assert told == {path.parent.relative_to(root).as_posix() for path in root.rglob("__init__.py")}
    for path in [*root.rglob("*.md"), *root.rglob("*.ipynb")]:
        for link in re.findall(r"\]\(([^)#\s:]+)(?:#[^)\s]*)?\)", path.read_text()):
            link = link.replace('\\"', "")
            if re.search(r"\.(ipynb|md|py|png)$", link):
                assert (path.parent / link).exists(), f"{path.name}: {link}"


@pytest.mark.slow
def test_an_exercise_runs_there_and_its_check_is_passed(real):
    """Where only the bundle's own utils can be imported, and no autograder."""
    root, _ = real
    code = """
import sys
sys.path[:0] = [sys.argv[1]]
sys.meta_path[:] = [one for one in sys.meta_path if "editable" not in repr(one).lower()]
import importlib.util, nbformat
assert importlib.util.find_spec("autograder") is None
import utils
assert utils.__file__.startswith(sys.argv[1]), utils.__file__
cells = {c.id: c for c in nbformat.read("exercises/02_sgd/sgd.ipynb", 4).cells}
answer = cells["sgd-step"].source.replace("raise NotImplementedError()", "p.sub_(group['lr'] * p.grad)")
import torch
from utils.check import check_optimizer
from utils.optim import Optim
exec(answer)
check_optimizer(SGDOptimizer, torch.optim.SGD, lr=0.1)
"""
    command = [sys.executable, "-c", code, str(root)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1500:]
    assert done.stdout.startswith("✓ SGDOptimizer")


@pytest.mark.slow
def test_every_secret_of_this_course_would_be_found(real):
    """Each, planted in a file of utils, is a leak."""
    hidden = secrets(Course(ROOT))
    sources = {}
    for path in ROOT.glob("solutions/*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for kind, region in (("solution", "SOLUTION"), ("hidden test", "HIDDEN TESTS")):
                text = re.findall(
                    rf"### BEGIN {region}\n(.*?)\n\s*### END {region}", cell.source, re.S
                )
                sources[kind, f"{path.name}, cell {cell.id}"] = "\n\n".join(text)
    unseen = []
    for one in hidden:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("my_step/utils/x.py", f"# x\n{sources[one.kind, one.where]}\n")
        if f"the {one.kind} of {one.where}" not in " ".join(
            leaks(buffer.getvalue(), [one], "my_step")
        ):
            unseen.append(one.whole)
    assert all(len(whole) < 20 for whole in unseen), "too short to mean anything"
