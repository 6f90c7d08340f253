"""The glossary: every term links to where it is taught, and is linked back from there."""

import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
LINK = re.compile(r"\]\(([^)]+)\)")


def entries():
    """Term → its text, down to the next term."""
    parts = GLOSSARY.read_text(encoding="utf-8").split("\n### ")[1:]
    return dict(part.split("\n", 1) for part in parts)


TERMS = entries()
LECTURES = sorted(ROOT.glob("lectures/*.ipynb"))
NAMES = [path.name for path in LECTURES]


def slug(heading):
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def prose(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def sections(path):
    """The anchors of a lecture's headings, as Jupyter makes them."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", prose(path), re.M)
    return {heading.replace("`", "").replace(" ", "-") for heading in headings}


def taught(term):
    """Where a term is taught: (file name, section) of each link into a lecture."""
    for link in LINK.findall(TERMS[term]):
        if link.startswith("../lectures/"):
            file, _, section = link.removeprefix("../lectures/").partition("#")
            yield file, unquote(section)


def back_links(path):
    """The terms that a lecture links to, as anchors of the glossary."""
    links = LINK.findall(prose(path))
    return [link.partition("#")[2] for link in links if link.startswith("../docs/glossary.md#")]


@pytest.mark.parametrize("term", TERMS)
def test_a_term_links_to_the_section_that_teaches_it_and_the_lecture_links_back(term):
    places = list(taught(term))
    assert places, "it is taught somewhere"
    for file, section in places:
        assert file in NAMES
        assert section in sections(ROOT / "lectures" / file)
        assert slug(term) in back_links(ROOT / "lectures" / file), f"{file} links back (make tidy)"


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.name)
def test_every_link_of_a_lecture_into_the_glossary_meets_a_term(path):
    known = {slug(term) for term in TERMS}
    assert [link for link in back_links(path) if link not in known] == []


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.name)
def test_every_lecture_has_words_in_the_glossary(path):
    assert any(file == path.name for term in TERMS for file, _ in taught(term))


def test_terms_that_mention_each_other_mean_terms_that_are_there():
    known = {slug(term) for term in TERMS}
    inside = [link[1:] for text in TERMS.values() for link in LINK.findall(text) if link[0] == "#"]
    assert inside and [link for link in inside if link not in known] == []


def test_terms_are_in_the_order_of_the_alphabet_each_once():
    assert len({slug(term) for term in TERMS}) == len(TERMS)
    assert list(TERMS) == sorted(TERMS, key=str.lower)


@pytest.mark.parametrize("term", TERMS)
def test_an_entry_says_something(term):
    said = TERMS[term].split("→")[0].strip()
    assert len(said) > 30 and said.endswith(".")
