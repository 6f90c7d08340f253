"""Notebooks spoilt at random: `read` returns a sheet, and its tests are exactly the master's."""

import copy
import json
import random

import pytest

from autograder.intake.master import masters

ODD = [None, True, -1, 1e308, 10**30, "", "x", "\0", "\ud800", "β" * 50, [], {}, [[]], {"a": {}}]
NAMES = ["cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "id", "outputs"]


def the_tests(cells):
    return [(c.id, c.source, c.points, c.grade_id, c.origin) for c in cells if c.role == "test"]


def spoil_bytes(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) + 1)
        size = rng.choice([0, 1, 1, 2, 20, 400])
        what = rng.randrange(5)
        if what == 0:
            del data[at : at + size]
        elif what == 1:
            data[at:at] = rng.randbytes(size)
        elif what == 2:
            data[at : at + size] = bytes(size)
        elif what == 3:
            data[at:at] = data[at : at + size] * rng.randint(1, 3)
        else:
            data[at:at] = rng.choice(
                [b'"', b"{", b"]", b"\\", b"\\ud800", b"\xff", b"1e999", b"NaN"]
            )
    return bytes(data)


def spoil_tree(rng, tree):
    """Change, delete, copy or move parts of the JSON, anywhere."""
    for _ in range(rng.randint(1, 6)):
        parts, todo = [], [tree]
        while todo:
            one = todo.pop()
            if isinstance(one, dict | list) and one:
                parts.append(one)
                todo += one.values() if isinstance(one, dict) else one
        one = rng.choice(parts)
        key = rng.choice(list(one) if isinstance(one, dict) else range(len(one)))
        other = rng.choice(parts)
        what = rng.randrange(5)
        if what == 0:
            one[key] = copy.deepcopy(rng.choice(ODD))
        elif what == 1:
            del one[key]
        elif what == 2:
            one[key] = copy.deepcopy(other)
        elif isinstance(one, dict):
            one[rng.choice(NAMES)] = copy.deepcopy(rng.choice(ODD))
        elif what == 3:
            rng.shuffle(one)
        else:
            one.insert(rng.randrange(len(one) + 1), copy.deepcopy(one[key]))
    return tree


def spoil_cells(rng, tree):
    """What students do to cells, and worse."""
    cells = tree["cells"]
    for _ in range(rng.randint(1, 12)):
        if not cells:
            break
        cell, what = rng.choice(cells), rng.randrange(8)
        if what == 0:
            cells.remove(cell)
        elif what == 1:
            cells.insert(rng.randrange(len(cells) + 1), copy.deepcopy(cell))
        elif what == 2:
            cell["cell_type"] = rng.choice(["code", "markdown", "raw", "heading", None])
        elif what == 3:
            cell["metadata"] = {}
        elif what == 4:
            cell["metadata"] = copy.deepcopy(rng.choice(cells)["metadata"])
        elif what == 5:
            cell["id"] = rng.choice(cells).get("id")
        elif what == 6:
            cell["source"] = rng.choice(cells)["source"]
        else:
            rng.shuffle(cells)
    return tree


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("spoil", [spoil_bytes, spoil_tree, spoil_cells])
def test_read_never_raises_and_the_tests_are_the_masters(hand_in, paper, course, spoil, seed):
    rng, verdicts, runs = random.Random(f"{spoil.__name__} {seed}"), 0, 120
    (master,) = masters(course, "01_tiny")
    before = copy.deepcopy(master)
    for _ in range(runs):
        if spoil is spoil_bytes:
            data = spoil(rng, paper.bytes())
        else:
            data = json.dumps(spoil(rng, copy.deepcopy(paper.tree))).encode()
        sheet = hand_in(data)
        assert "cannot be made a sheet" not in (sheet.verdict or "")  # that would be our mistake
        assert (sheet.verdict is None) == bool(sheet.cells)
        if sheet.verdict:
            verdicts += 1
            continue
        assert the_tests(sheet.cells) == the_tests(master.cells)
        names = [cell.id for cell in sheet.cells]
        assert len(names) == len(set(names))
        assert [name for name in names if not name.startswith("student-")] == list(master.by_id)
        for cell in sheet.cells:
            if cell.id in master.fixed:
                assert cell == master.by_id[cell.id]
            elif cell.id in master.by_id:
                assert cell.metadata == master.by_id[cell.id].metadata
            else:
                assert cell.metadata == {} and cell.points is None and cell.grade_id is None
    assert master == before
    assert verdicts < runs * 0.95 and (verdicts or spoil is spoil_cells)
