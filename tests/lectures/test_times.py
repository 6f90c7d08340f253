"""The time of a lecture: stamped as the rule says, and no sitting is longer than 90 minutes."""

import importlib.util
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("reading_time", ROOT / "tools" / "reading_time.py")
reading_time = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reading_time)


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", reading_time.LECTURES, ids=lambda path: path.stem)
def test_the_times_are_those_of_the_rule(path):
    now = {cell.id: cell.source for cell in read(path).cells}
    by_rule = {cell.id: cell.source for cell in reading_time.stamped(read(path)).cells}
    assert now == by_rule, "run python tools/reading_time.py"


@pytest.mark.parametrize("path", reading_time.LECTURES, ids=lambda path: path.stem)
def test_no_sitting_is_longer_than_90_minutes(path):
    parts = reading_time.sections(read(path))
    assert max(reading_time.sittings(parts)) <= reading_time.MOST


def lecture(*cells):
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    title = text("# 99 · A lecture\n\n*1 minutes.* You need nothing.", id="title")
    made = [(text if cell.startswith(("#", "W")) else code)(cell) for cell in cells]
    return nbformat.v4.new_notebook(cells=[title, *made])


def minutes(*cells):
    return reading_time.sections(lecture(*cells))[0].minutes


WORDS = "Words " * 240


def test_more_to_read_to_run_and_to_do_takes_longer():
    short = minutes("## 1. A", WORDS)
    assert minutes("## 1. A", WORDS, WORDS) == pytest.approx(2 * short, rel=0.01)
    assert minutes("## 1. A", WORDS, "x = 1\n" * 24) == pytest.approx(short + 2)
    assert minutes("## 1. A", WORDS, "assert x\n" * 24) == pytest.approx(short + 1)
    assert minutes("## 1. A", WORDS, "W $$x$$ $$y$$ $$z$$") == pytest.approx(short + 2)
    assert minutes("## 1. A", WORDS + "**Predict:**") >= short + 1
    assert minutes("## 1. A", WORDS, "playground(SGD)") > short + 4


def test_what_goes_further_is_not_in_the_core_path():
    cells = "## 1. A", WORDS, "## Second sitting", "## 2. B", WORDS, "## Going further", WORDS
    parts = reading_time.sections(lecture(*cells, "## Summary", WORDS))
    first, second = reading_time.sittings(parts)
    assert first == second and "in two sittings" in reading_time.in_words(parts)
    assert "and 3 more at the end" in reading_time.in_words(parts)


def test_stamping_twice_changes_nothing():
    once = reading_time.stamped(lecture("## 1. A", WORDS, "## 2. B", "W", "## Summary"))
    sources = [cell.source for cell in once.cells]
    assert sources[1] == "## 1. A\n\n*2 minutes*" and "*3 minutes.* You need" in sources[0]
    assert [cell.source for cell in reading_time.stamped(once).cells] == sources
