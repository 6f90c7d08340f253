"""The table of sources: every document of the course has its rows, every mistake is taught."""

import functools
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
TABLES = {table.splitlines()[0]: table for table in PAGE.split("\n## ")[1:]}


def rows(table):
    return [line for line in table.splitlines() if line.startswith("| ")][1:]


def test_there_is_a_table_for_each_of_the_five_documents():
    assert len(TABLES) == 5


@pytest.mark.parametrize("document", TABLES)
def test_every_topic_names_a_section_of_a_lecture(document):
    assert len(rows(TABLES[document])) >= 8
    for row in rows(TABLES[document]):
        assert re.search(r"\]\(\.\./lectures/\d\d_\w+\.ipynb#[^)]+\)", row), row


@pytest.mark.parametrize("document", TABLES)
def test_the_mistakes_of_every_document_have_a_place(document):
    assert any(row.startswith("| *mistake*") for row in rows(TABLES[document]))


def test_each_of_the_first_eight_lectures_teaches_something_of_them():
    named = set(re.findall(r"lectures/(\d\d_\w+)\.ipynb", PAGE))
    assert named == {path.stem for path in ROOT.glob("lectures/0[1-8]*.ipynb")}


def heading_anchor(heading):
    return heading.replace("`", "").replace(" ", "-")


@functools.cache
def lecture_sections(name):
    """Anchor → everything in that section, text and code, down to the next heading of its level."""
    cells = nbformat.read(ROOT / "lectures" / name, as_version=4).cells
    text = "\n".join(
        cell.source if cell.cell_type == "markdown" else re.sub(r"(?m)^#", " #", cell.source)
        for cell in cells
    )
    parts = re.split(r"(?m)^(#{1,4}) (.+)$", text)[1:]
    found = {}
    for level, heading, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        for anchor, (above, _) in found.items():
            if len(level) > above:
                found[anchor] = above, found[anchor][1] + heading + body
        found = {a: (above if len(level) > above else 9, t) for a, (above, t) in found.items()}
        found[heading_anchor(heading)] = len(level), heading + body
    return {anchor: text.lower() for anchor, (_, text) in found.items()}


def sections_of(row):
    """The sections that a row links to."""
    for name, anchor in re.findall(r"\]\(\.\./lectures/([\w.]+)#((?:[^()]|\([^)]*\))+)\)", row):
        yield lecture_sections(name)[unquote(anchor)]


COMMON = {"mistake", "said", "where", "what", "which", "with", "that", "from", "text", "code"}


def telling(row):
    """What a row speaks of: code, numbers, and the stems of its longer words."""
    topic = row.split(" | ")[0].removeprefix("| ").replace("*mistake*:", "").lower()
    code = re.findall(r"`([^`]+)`", topic)
    numbers = re.findall(r"\d+\.\d+", topic)
    words = re.findall(r"[^\W\d_]{4,}", re.sub(r"`[^`]+`", " ", topic))
    return [*code, *numbers, *(word[:5] for word in words if word not in COMMON)]


def says(row, places):
    """Whether these sections speak of a row's topic, and each of them of a part of it."""
    terms = telling(row)
    found = [term for term in terms if any(term in place for place in places)]
    return 2 * len(found) >= len(terms) and all(any(t in place for t in terms) for place in places)


ROWS = [row for table in TABLES.values() for row in rows(table)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_the_place_says_the_thing(row):
    places = list(sections_of(row))
    assert places and says(row, places), telling(row)
    for code in re.findall(r"`([^`]+)`", row.split(" | ")[0]):
        assert any(code.lower() in place for place in places), f"{code} stands in none of them"


def test_another_place_would_not_do():
    """The test above can fail: give each row the places of another one."""
    shifted = [list(sections_of(row)) for row in ROWS[20:] + ROWS[:20]]
    passing = sum(says(row, places) for row, places in zip(ROWS, shifted, strict=True))
    assert passing < len(ROWS) / 2
