"""The website: executed lectures as pages that need no server and no network."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("build", ROOT / "site" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


def test_formulas_become_mathml_and_code_stays():
    text = build.with_mathml("Let $x^2$ be `$5` and\n$$y \\leftarrow 1$$\n```\n$a$ $b$\n```")
    assert text.count("<math") == 2
    assert "<msup>" in text and "`$5`" in text and "$a$ $b$" in text


@pytest.mark.parametrize("path", sorted(ROOT.glob("lectures/*.ipynb")), ids=lambda p: p.stem)
def test_every_formula_of_a_lecture_can_be_drawn(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            left = re.sub(
                r"```.*?```|`[^`\n]*`|<math.*?</math>",
                "",
                build.with_mathml(cell.source),
                flags=re.S,
            )
            assert "$" not in left


def test_links_lead_to_pages_and_to_the_repository():
    page = build.to_pages('<a href="03_momentum.ipynb"> <a href="../exercises/02_sgd/sgd.ipynb">')
    assert 'href="03_momentum.html"' in page
    assert re.search(r'href="https://[^"]+/blob/main/exercises/02_sgd/sgd.ipynb"', page)


@pytest.mark.slow
def test_a_page_is_executed_and_fetches_nothing(tmp_path):
    cells = [new_markdown_cell("# 99 · A title\n$x$"), new_code_cell("print(6 * 7)")]
    path = tmp_path / "99_title.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    page = build.lecture(path)
    assert "<title>99 · A title</title>" in page
    assert ">42\n" in page and "<math" in page
    assert not re.search(r'<script[^>]+src="http|<link[^>]+href="http|@import', page)
