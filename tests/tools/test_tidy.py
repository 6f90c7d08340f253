"""`make tidy`: what a notebook loses and gains before it goes into git."""

import importlib.util
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tidy(tmp_path):
    """tools/tidy.py for a repository of one notebook; returns the notebook as tidied."""
    spec = importlib.util.spec_from_file_location("tidy", ROOT / "tools" / "tidy.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ROOT = tmp_path

    def run(nb, path="solutions/02_sgd/sgd.ipynb"):
        path = tmp_path / path
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, path)
        return nbformat.reads(module.tidy(path), as_version=4)

    return run


def a_notebook():
    cell = new_code_cell("1 + 1", id="sum", execution_count=3, metadata={"trusted": True})
    cell.outputs = [new_output("stream", text="2")]
    return new_notebook(cells=[new_markdown_cell("# Title", id="title"), cell])


def test_outputs_counts_and_stray_metadata_go_and_ids_stay(tidy):
    cell = tidy(a_notebook()).cells[-1]
    assert (cell.outputs, cell.execution_count, cell.metadata) == ([], None, {})
    assert (cell.id, cell.source) == ("sum", "1 + 1")


def test_the_badge_opens_the_exercise_and_not_its_solution(tidy):
    badge, set_up, *_ = tidy(a_notebook()).cells
    assert "/blob/main/exercises/02_sgd/sgd.ipynb" in badge.source
    assert "/content/my_step/exercises/02_sgd" in set_up.source


def test_tidy_twice_is_tidy_once(tidy):
    once = tidy(a_notebook())
    assert tidy(once) == once


def test_what_nbgrader_knows_of_a_cell_stays(tidy):
    nb = a_notebook()
    nb.cells[1].metadata.nbgrader = {"grade_id": "sum", "points": 2}
    assert tidy(nb).cells[-1].metadata.nbgrader.points == 2


def test_the_set_up_cell_does_nothing_but_on_colab(tidy):
    source = tidy(a_notebook()).cells[1].source
    code = source.replace("![", "print('[").replace("%cd", "print('cd")
    assert 'if "google.colab" in sys.modules:' in code
    body = source.split("sys.modules:\n")[1].splitlines()
    assert all(line.startswith("    ") for line in body)


GLOSSARY = """# Glossary

### EWMA

An average. See [window](#window).

→ [01, An average](../lectures/01_ewma.ipynb#An-average)

### L2 penalty

→ [03, Decay](../lectures/03_momentum.ipynb#Decay)
"""


def test_a_lecture_ends_with_links_to_the_terms_of_the_glossary_that_link_to_it(tidy, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "glossary.md").write_text(GLOSSARY)
    for path, link in {
        "lectures/01_ewma.ipynb": "[EWMA](../docs/glossary.md#ewma)",
        "lectures/03_momentum.ipynb": "[L2 penalty](../docs/glossary.md#l2-penalty)",
    }.items():
        once = tidy(a_notebook(), path)
        assert (once.cells[-1].id, once.cells[-1].source.count("](")) == ("glossary-words", 1)
        assert link in once.cells[-1].source
        assert tidy(once, path) == once


def test_a_notebook_without_a_term_in_the_glossary_ends_as_it_was_written(tidy, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "glossary.md").write_text(GLOSSARY)
    assert tidy(a_notebook()).cells[-1].id == "sum"
    assert tidy(a_notebook(), "lectures/02_sgd.ipynb").cells[-1].id == "sum"
