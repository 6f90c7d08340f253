"""The master's structure with the student's answers in it; their own cells keep their place."""

import pytest

from autograder.intake.master import masters

from .conftest import MASTER, MINE, ids, of, said


def code(sheet):
    """What runs, in order."""
    return [cell.source for cell in sheet.cells if cell.kind == "code"]


def test_an_honest_notebook_comes_through_as_it_is_with_the_masters_tests(hand_in, paper):
    sheet = hand_in(paper)
    assert sheet.verdict is None and sheet.notes == [] and sheet.flags == []
    assert ids(sheet) == MASTER
    assert of(sheet, "shift").source == MINE["shift"] and of(sheet, "shift").origin == "student"
    assert "there and back" in of(sheet, "shift-test").source
    assert of(sheet, "shift-test").origin == "master" and of(sheet, "shift-test").points == 2
    roles = {cell.id: cell.role for cell in sheet.cells}
    assert roles == {
        "badge": "text", "setup": "given", "title": "text", "imports": "given", "shift": "answer",
        "shift-test": "test", "look": "free", "twice-text": "text", "twice": "answer",
        "twice-test": "test",
    }  # fmt: skip


def test_own_cells_stay_where_they_stood(hand_in, paper):
    paper.add("shift", "helper = 1", id="mine")
    paper.add("title", "first = 1")
    paper.add("twice-test", "last = 1")
    paper.cells.insert(0, dict(cell_type="code", source="top = 1", metadata={}))
    sheet = hand_in(paper)
    own = [cell for cell in sheet.cells if cell.id.startswith("student-")]
    assert [cell.source for cell in own] == ["top = 1", "first = 1", "helper = 1", "last = 1"]
    assert code(sheet)[0] == "top = 1" and code(sheet)[-1] == "last = 1"
    at = ids(sheet).index("shift")
    assert sheet.cells[at + 1].source == "helper = 1"
    assert ids(sheet)[at + 2] == "shift-test"
    assert {cell.role for cell in own} == {"free"} and sheet.notes == []


def test_an_answer_split_in_two_by_hand_keeps_both_halves_in_order(hand_in, paper):
    first, second = MINE["shift"].split("\n\n\n")
    paper["shift"]["source"] = first
    paper.add("shift", second)
    sheet = hand_in(paper)
    at = ids(sheet).index("shift")
    assert [cell.source for cell in sheet.cells[at : at + 2]] == [first, second]


def test_an_answer_split_by_jupyter_has_its_mark_twice_and_both_run(hand_in, paper):
    first, second = MINE["shift"].split("\n\n\n")
    paper["shift"]["source"] = first
    paper.add("shift", second)["metadata"] = paper["shift"]["metadata"]
    sheet = hand_in(paper)
    at = code(sheet).index(first)
    assert code(sheet)[at + 1] == second and of(sheet, "shift").source == second
    assert "twice" not in said(sheet) and "shift is there 2 times" in said(sheet)
    assert [c for c in ids(sheet) if not c.startswith("student")] == MASTER


@pytest.mark.parametrize("name", MASTER)
def test_a_deleted_cell_is_put_back_and_the_others_are_unharmed(hand_in, paper, name):
    paper.remove(name)
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and sheet.verdict is None and sheet.flags == []
    for other, source in MINE.items():
        assert of(sheet, other).source == source or other == name
    if name in MINE:
        assert "NotImplementedError" in of(sheet, name).source
        assert of(sheet, name).origin == "master"


def test_all_cells_deleted_gives_the_stubs_and_a_flag(hand_in, paper):
    paper.tree["cells"] = []
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and sheet.flags[0].kind == "another notebook"
    assert "NotImplementedError" in of(sheet, "twice").source


@pytest.mark.parametrize("stub_last", [True, False])
def test_of_two_copies_the_changed_one_wins(hand_in, paper, course, stub_last):
    (master,) = masters(course, "01_tiny")
    paper.add("shift", MINE["shift"])["metadata"] = paper["shift"]["metadata"]
    paper.cells[paper.at("shift") + stub_last]["source"] = master.released["shift"]
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "shift").source == MINE["shift"]
    assert "the changed one counts" in said(sheet)


def test_a_copy_of_a_test_runs_only_if_it_was_changed_and_the_original_counts(hand_in, paper):
    mark = paper["shift-test"]["metadata"]
    paper.add("shift-test", paper["shift-test"]["source"])["metadata"] = mark
    assert ids(hand_in(paper)) == MASTER
    paper.add("shift-test", "print(shift(40))")["metadata"] = mark
    sheet = hand_in(paper)
    assert "print(shift(40))" in code(sheet) and sheet.flags == []
    assert "there and back" in of(sheet, "shift-test").source


def test_moved_cells_are_back_in_their_order(hand_in, paper):
    paper.cells.reverse()
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "shift").source == MINE["shift"]
    assert "moved" in said(sheet)


def test_retyped_cells_are_turned_back(hand_in, paper):
    paper["shift"]["cell_type"] = "markdown"
    paper["shift-test"]["cell_type"] = "raw"
    paper["title"]["cell_type"] = "code"
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER
    assert of(sheet, "shift").kind == "code" and of(sheet, "shift").source == MINE["shift"]
    assert of(sheet, "shift-test").kind == "code" and of(sheet, "title").kind == "markdown"
    assert "Turned into markdown, and back: shift." in said(sheet)


def test_a_free_cell_that_was_switched_off_stays_off(hand_in, paper):
    paper["look"]["cell_type"] = "markdown"
    sheet = hand_in(paper)
    assert (of(sheet, "look").kind, of(sheet, "look").role) == ("markdown", "text")


def test_text_that_was_made_other_code_is_a_cell_of_the_students(hand_in, paper):
    paper["title"].update(cell_type="code", source="x = 3")
    sheet = hand_in(paper)
    assert of(sheet, "title").kind == "markdown" and "x = 3" in code(sheet)


def test_free_cells_come_with_the_students_source_also_without_any_name(hand_in, paper):
    paper["look"]["source"] = "print('a picture of', shift(100))"
    assert of(hand_in(paper), "look").source.endswith("shift(100))")
    del paper["look"]["id"]
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "look").source.endswith("shift(100))")


def test_without_metadata_the_cell_id_tells(hand_in, paper):
    for cell in paper.cells:
        cell["metadata"] = {}
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "twice").source == MINE["twice"]


def test_without_metadata_and_ids_likeness_tells(hand_in, paper):
    for cell in paper.cells:
        cell["metadata"] = {}
        del cell["id"]
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and sheet.flags == []
    assert of(sheet, "shift").source == MINE["shift"] and of(sheet, "twice").source == MINE["twice"]
    assert "known by likeness" in said(sheet)


def test_ids_as_colab_writes_them_are_known(hand_in, paper):
    for cell in paper.cells:
        cell["metadata"] = {"id": cell.pop("id")}
    paper.cells[4]["source"] = "shift = back = abs"
    assert of(hand_in(paper), "shift").source == "shift = back = abs"


def test_a_renamed_mark_does_not_hide_the_cell(hand_in, paper):
    paper["shift"]["metadata"]["nbgrader"]["grade_id"] = "shift-2"
    paper["shift-test"]["metadata"]["nbgrader"]["grade_id"] = None
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "shift").source == MINE["shift"]
    assert "Called otherwise: shift (shift-2)." in said(sheet)


def test_an_answer_written_in_a_new_cell_is_found_by_its_name(hand_in, paper):
    paper.remove("twice")
    paper.add("twice-test", MINE["twice"])
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER and of(sheet, "twice").source == MINE["twice"]


def test_a_deleted_answer_written_over_two_cells_is_not_covered_by_the_stub(hand_in, paper):
    first, second = MINE["shift"].split("\n\n\n")
    paper.remove("shift")
    paper.add("imports", second)
    paper.add("imports", first)
    names = {}
    for source in code(hand_in(paper))[:5]:
        if "assert" not in source:
            exec(source, names)
    assert names["shift"](1) == 2 and names["back"](1) == 0


def test_an_answer_pasted_from_another_answer_cell_is_known_as_its_own(hand_in, paper):
    """Copied with its mark, and the cell that it was for is gone."""
    paper.remove("twice")
    paper.add("twice-text", MINE["twice"])["metadata"] = paper["shift"]["metadata"]
    sheet = hand_in(paper)
    assert ids(sheet) == MASTER
    assert of(sheet, "twice").source == MINE["twice"] and of(sheet, "shift").source == MINE["shift"]


def test_what_was_added_to_the_setup_cell_runs_after_it(hand_in, paper):
    paper["setup"]["source"] += "\nimport json"
    sheet = hand_in(paper)
    assert of(sheet, "setup").source == "import sys"
    assert code(sheet)[:2] == ["import sys", "import json"]


def test_locked_cells_are_the_masters_and_a_changed_test_is_a_flag(hand_in, paper):
    paper["imports"]["source"] = "math = None"
    paper["shift-test"]["source"] = "pass"
    sheet = hand_in(paper)
    assert of(sheet, "imports").source == "import math"
    assert "there and back" in of(sheet, "shift-test").source
    assert [(flag.kind, "shift-test" in flag.text) for flag in sheet.flags] == [
        ("test changed", True)
    ]


def test_blanks_and_ends_of_lines_are_no_change(hand_in, paper):
    text = paper["shift-test"]["source"].replace("\n", "\r\n") + "  \r\n\r\n"
    paper["shift-test"]["source"] = text
    assert hand_in(paper).flags == []


def test_a_test_of_an_earlier_release_is_a_note(hand_in, paper):
    from autograder.intake.assemble import checksum

    old = "assert shift(1) == 2"
    cell = paper["shift-test"]
    (sheet,) = [hand_in(paper)]
    cell["metadata"]["nbgrader"]["checksum"] = checksum(of(sheet, "shift-test"), old)
    cell["source"] = old
    sheet = hand_in(paper)
    assert sheet.flags == [] and "Of another release" in said(sheet)


def test_tags_metadata_and_outputs_never_come_from_the_student(hand_in, paper):
    for cell in paper.cells:
        cell["metadata"] |= {"tags": ["skip-execution"], "jupyter": {"source_hidden": True}}
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= dict(points=100, grade=False, locked=False)
        cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "2.0"}}]
    paper.add("shift", "1")["metadata"] = {"tags": ["skip-execution"]}
    sheet = hand_in(paper)
    assert "skip-execution" not in repr(sheet) and "source_hidden" not in repr(sheet)
    assert of(sheet, "shift-test").points == 2
    assert of(sheet, "shift-test").metadata["nbgrader"]["points"] == 2
    assert not any(hasattr(cell, "outputs") for cell in sheet.cells)


def test_an_own_cell_cannot_take_the_id_of_another(hand_in, paper):
    for name in ("shift-test", "student-1", "x" * 999):
        paper.add("shift", f"print({name!r})", id=name)
    sheet = hand_in(paper)
    assert len(set(ids(sheet))) == len(ids(sheet)) == len(MASTER) + 3
