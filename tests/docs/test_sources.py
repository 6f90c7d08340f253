"""The table of sources: every document of the course has its rows, every mistake is taught."""

import re
from pathlib import Path

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
    assert named >= {path.stem for path in ROOT.glob("lectures/0[1-8]*.ipynb")}
