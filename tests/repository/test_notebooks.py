"""Every notebook of the course: it runs from top to bottom, quietly, and git keeps no outputs."""

import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
LECTURES = sorted(ROOT.glob("lectures/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
RELEASED = sorted(ROOT.glob("exercises/*/*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def name(path):
    return path.relative_to(ROOT).as_posix()


def images(cell):
    """The figures that a cell shows, as (mime bundle, metadata)."""
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            yield output.data, output.metadata


@pytest.mark.slow
@pytest.mark.parametrize("path", LECTURES + SOLUTIONS, ids=name)
def test_it_runs_from_top_to_bottom(path, tmp_path):
    nb = read(path)
    NotebookClient(nb, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()

    said = [o.text for c in nb.cells for o in c.get("outputs", []) if o.get("name") == "stderr"]
    assert said == [], "nothing is written to stderr"
    for cell in nb.cells:
        for data, metadata in images(cell):
            alt = metadata.get("image/png", {}).get("alt", "")
            assert len(alt) > 20, f"the figure of cell {cell.id} has an alternative text"
            assert "text/html" in data, f"and shows it where it opens (cell {cell.id})"


@pytest.mark.parametrize("path", LECTURES, ids=name)
def test_code_cells_are_short(path):
    lengths = [len(c.source.splitlines()) for c in read(path).cells if c.cell_type == "code"]
    assert statistics.median(lengths) <= 8


@pytest.mark.parametrize("path", LECTURES + SOLUTIONS + RELEASED, ids=name)
def test_git_keeps_no_outputs(path):
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count] == []


def test_every_notebook_is_tidy():
    tidy = [sys.executable, ROOT / "tools" / "tidy.py", "--check"]
    done = subprocess.run(tidy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
