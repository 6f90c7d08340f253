"""Whatever the file is: the right sheet, or one sentence for that student alone."""

import json

import pytest

from autograder.intake import files, parse

from .conftest import MASTER, MINE, ids, of, said


def text(paper):
    return json.dumps(paper.tree, ensure_ascii=False)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_any_unicode_is_read(hand_in, paper, encoding):
    paper["shift"]["source"] = "# naïve β\n" + MINE["shift"]
    sheet = hand_in(text(paper).encode(encoding))
    assert ids(sheet) == MASTER and of(sheet, "shift").source.startswith("# naïve β\n")


def test_latin_1_is_read_with_a_note(hand_in, paper):
    paper["shift"]["source"] = "# naïve\n" + MINE["shift"]
    sheet = hand_in(text(paper).encode("latin-1"))
    assert of(sheet, "shift").source.startswith("# naïve") and "not in UTF-8" in said(sheet)


BROKEN = {
    b"": "is empty",
    b"\0" * 5000: "is empty",
    b" \n\t ": "is empty",
    b"not a notebook": "it is not JSON",
    b"import torch\n": "it is not JSON",
    b"<!DOCTYPE html><html></html>": "is a web page",
    b"PK\3\4xxxxxxxx": "is a zip archive",
    b"%PDF-1.7": "is a PDF",
    b"\x1f\x8b\x08": "is a compressed file",
    b"[]": "JSON, but not of a notebook",
    b"42": "JSON, but not of a notebook",
    b'"cells"': "JSON, but not of a notebook",
    b"null": "JSON, but not of a notebook",
    b"{}": "there are no cells",
    b'{"cells": 3}': "there are no cells",
    b'{"cells": {"0": {}}}': "there are no cells",
    b'{"cells": [}': "is cut off",
    b'{"cells": [], , "nbformat": 4}': "is damaged: line 1",
    b"[" * 100_000: "nested too deeply",
    b'{"a":' * 50_000: "nested too deeply",
    b'{"cells": [' + b"[]," * 1_200_000 + b"[]]}": "far too many parts",
    b'{"cells": [], "x": [' + b"1," * 4_100_000 + b"1]}": "far too many parts",
    b'{"cells": [' + b"{}," * 2500 + b"{}]}": "2,501 cells",
}


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:24]))
def test_a_broken_file_is_a_sentence(hand_in, data):
    sheet = hand_in(data)
    assert BROKEN[data] in sheet.verdict and "tiny.ipynb" in sheet.verdict
    assert sheet.verdict.endswith(".") and "\n" not in sheet.verdict and sheet.cells == []
    assert len(sheet.digest) == 64


def test_a_cut_off_notebook_is_told_as_one(hand_in, paper):
    data = paper.bytes()
    for share in (0.1, 0.5, 0.9):
        assert "is cut off" in hand_in(data[: int(len(data) * share)]).verdict


def test_a_git_conflict_is_told_as_one(hand_in, paper):
    data = json.dumps(paper.tree, indent=1).replace(
        ' "nbformat": 4', '<<<<<<< HEAD\n "nbformat": 4\n=======\n "nbformat": 3\n>>>>>>> b', 1
    )
    assert "git conflict" in hand_in(data.encode()).verdict


def test_padding_with_nul_bytes_is_taken_off(hand_in, paper):
    assert ids(hand_in(paper.bytes() + b"\0" * 4096)) == MASTER


@pytest.mark.parametrize("version", [None, "4", 99, -1, 4.5, [4], "9" * 9999])
def test_an_absurd_version_is_no_matter(hand_in, paper, version):
    paper.tree["nbformat"] = "VERSION"
    digits = version if version == "9" * 9999 else json.dumps(version)
    sheet = hand_in(paper.bytes().replace(b'"VERSION"', digits.encode()))
    assert ids(sheet) == MASTER and of(sheet, "shift").source == MINE["shift"]


def test_nbformat_3_is_brought_up_to_date(hand_in, paper):
    for cell in paper.cells:
        cell.pop("id")
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
            cell |= dict(language="python", prompt_number=1)
            cell.pop("execution_count")
    paper.cells[2] |= dict(cell_type="heading", level=1, source="Two questions")
    cells = paper.tree.pop("cells")
    paper.tree |= dict(nbformat=3, nbformat_minor=0, worksheets=[{"cells": cells}])
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "shift").source == MINE["shift"]
    assert of(sheet, "title").source == "# Two questions" and "old format" in said(sheet)


def test_nbformat_3_is_read_as_nbformat_itself_upgrades_it(hand_in, paper):
    import nbformat

    four = nbformat.from_dict(paper.tree)
    three = nbformat.convert(four, 3)
    again = nbformat.convert(nbformat.from_dict(json.loads(json.dumps(three))), 4)
    sheet = hand_in(json.dumps(three).encode())
    assert [cell.source for cell in again.cells if cell.cell_type == "code"] == [
        cell.source if cell.id != "shift-test" else paper["shift-test"]["source"]
        for cell in sheet.cells
        if cell.kind == "code"
    ]


@pytest.mark.parametrize("kernel", [{"name": "ir", "language": "R"}, "julia", None, 3, []])
def test_a_wrong_kernel_is_no_matter(hand_in, paper, kernel):
    paper.tree["metadata"] = {"kernelspec": kernel}
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and ("another kernel" in said(sheet)) == isinstance(kernel, dict)
    paper.tree["metadata"] = kernel
    assert ids(hand_in(paper)) == MASTER


@pytest.mark.parametrize(
    "source", [None, 3, {"a": 1}, [1, 2], [["x"]], True, "a\0b", "\ud800 = 1", "x" * (2 << 20)]
)
def test_a_source_that_is_no_text_harms_no_other_cell(hand_in, paper, source):
    paper["shift"]["source"] = source
    paper.add("title", source)
    sheet = hand_in(paper)
    assert of(sheet, "twice").source == MINE["twice"] and sheet.notes
    assert isinstance(of(sheet, "shift").source, str)
    assert "\0" not in of(sheet, "shift").source


@pytest.mark.parametrize(
    "cell", [None, 3, "x", [], {}, {"cell_type": {}}, {"metadata": 3, "id": []}]
)
def test_what_is_no_cell_is_left_out(hand_in, paper, cell):
    paper.cells.insert(3, cell)
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "shift").source == MINE["shift"]


@pytest.mark.parametrize("outputs", [None, 3, "x", {"a": 1}, [[]], [{"output_type": 3}], [None]])
def test_outputs_of_any_shape_are_thrown_away(hand_in, paper, outputs):
    for cell in paper.cells:
        cell["outputs"] = outputs
    assert ids(hand_in(paper)) == MASTER


@pytest.mark.parametrize("mark", [None, 3, [], {"grade_id": {}}, {"grade_id": ["shift"]}])
def test_metadata_of_any_shape_is_no_matter(hand_in, paper, mark):
    for cell in paper.cells:
        cell["metadata"] = mark if mark is None else {"nbgrader": mark, "id": mark}
    assert of(hand_in(paper), "shift").source == MINE["shift"]


def test_too_large_a_file_is_not_read(hand_in, paper, tmp_path, monkeypatch):
    def read_all(*_):
        raise AssertionError("it was opened")

    hand_in(paper)
    with open(tmp_path / "ada" / "tiny.ipynb", "wb") as file:
        file.truncate(40 << 30)  # a hole: takes no room
    monkeypatch.setattr(files.os, "open", read_all, raising=True)
    assert "too large" in hand_in().verdict


def test_much_text_in_many_cells_is_a_verdict(hand_in, paper):
    for _ in range(20):
        paper.add("title", "#" * 500_000)
    assert "far too many" in hand_in(paper).verdict
    assert parse.TEXT < 20 * 500_000


@pytest.mark.slow
def test_cells_that_are_long_to_look_through_do_not_hold_up_the_class(hand_in, paper):
    """Many statements, many magics, much text, many cells: seconds, also on a busy machine."""
    import time

    for source in ("x = 1\n" * 20_000, "%time x\n" * 400, "word " * 100_000, "a.b.c.d + " * 900):
        for _ in range(8):
            paper.add("title", source)
    for i in range(800):
        paper.add("title", f"# YOUR CODE HERE\nraise NotImplementedError({i})")
    start = time.process_time()
    sheet = hand_in(paper)
    assert time.process_time() - start < 20 and sheet.verdict is None
    assert any(flag.kind == "cannot be looked through" for flag in sheet.flags)
