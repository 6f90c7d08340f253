"""Notebooks spoilt at random, out of the course's own: whatever they are, intake makes a sheet of them.

Its tests are the master's, it takes less than a second, and memory does not grow.
"""

import copy
import json
import random
import shutil
import tempfile
import time
from pathlib import Path

from autograder.course import Course, Submission
from autograder.intake import read
from autograder.intake.master import Master, masters
from autograder.model import Sheet, from_json, to_json

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1.0  # of CPU, that one notebook may take
GROWTH = 64 << 20  # bytes that memory may grow by, however many there are
WARM = 500  # notebooks until it must not grow any more

# ── the mutator ──────────────────────────────────────────────────────────────────────────────────

ODD = [None, True, -1, 1e308, 10**30, "", "x", "\0", "\ud800", "β" * 50, [], {}, [[]], {"a": {}}]
NAMES = ["cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "id", "outputs"]
CODE = [
    "(", "[", "lambda: ", "%time ", "!ls\n", "torch.optim", ".a", "class A:\n ", 'f"{', '}"', "'" * 3,
    "\\", "\0", "\t", "=", "=" * 7 + "\n", "import x\n", "del ", "await ", "é", "\ud800", "%%time\n", "?",
]  # fmt: skip


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


def spoil_outputs(rng, tree):
    """What was shown and what is said about cells: of any shape."""
    kinds = ["stream", "display_data", "execute_result", "error", "update_display_data", None, "x"]
    for cell in tree["cells"]:
        if rng.random() < 0.5:
            cell["outputs"] = [
                {
                    "output_type": rng.choice(kinds),
                    "name": copy.deepcopy(rng.choice(ODD)),
                    "text": rng.choice(
                        [["a"] * 50, "\x1b[31m" * 99, copy.deepcopy(rng.choice(ODD))]
                    ),
                    "data": {
                        rng.choice(["text/plain", "text/html"]): copy.deepcopy(rng.choice(ODD))
                    },
                }
                for _ in range(rng.randint(0, 20))
            ]
        if rng.random() < 0.3:
            key = rng.choice(["nbgrader", "tags", "id", "jupyter"])
            cell["metadata"] = {key: copy.deepcopy(rng.choice(ODD))}
    tree["metadata"] = copy.deepcopy(rng.choice([tree.get("metadata"), *ODD]))
    return tree


def spoil_source(rng, tree):
    """Code that the checks of a notebook's source have to look through."""
    for cell in tree["cells"]:
        if rng.random() < 0.4:
            source = "".join(cell.get("source", ""))
            for _ in range(rng.randint(1, 5)):
                at = rng.randrange(len(source) + 1)
                part = rng.choice(CODE) * rng.choice([1, 1, 2, 30, 300])
                source = source[:at] + part + source[at + rng.choice([0, 0, 5]) :]
            cell["source"] = source
    return tree


SPOILERS = (spoil_bytes, spoil_tree, spoil_cells, spoil_outputs, spoil_source)


def spoilt(rng: random.Random, tree: dict) -> bytes:
    """A notebook's bytes, with one or more kinds of damage."""
    chosen = rng.sample(SPOILERS, rng.choice([1, 1, 1, 2, 3]))
    tree = copy.deepcopy(tree)
    for spoil in chosen:
        if spoil is not spoil_bytes:
            try:
                tree = spoil(rng, tree)
            except (KeyError, TypeError, AttributeError, IndexError, ValueError):
                break  # what an earlier one left is no notebook any more: good enough
    data = json.dumps(tree).encode()
    return spoil_bytes(rng, data) if spoil_bytes in chosen else data


# ── what must hold ───────────────────────────────────────────────────────────────────────────────


def the_tests(cells):
    """Of the cells with points, what gives them."""
    tests = [one for one in cells if one.role == "test"]
    return [(one.id, one.source, one.points, one.grade_id, one.origin) for one in tests]


def check(sheet: Sheet, master: Master) -> None:
    """The promises of a sheet, whatever was handed in."""
    assert "cannot be made a sheet" not in (sheet.verdict or ""), sheet.verdict  # our mistake
    assert (sheet.verdict is None) == bool(sheet.cells)
    for text in [sheet.verdict or "", *sheet.notes, *(flag.text for flag in sheet.flags)]:
        assert "\n" not in text
    assert from_json(to_json(sheet)) == sheet
    to_json(sheet).encode("utf-8")
    if sheet.verdict:
        return
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


def solved(course: Course, assignment: str) -> list[tuple[Master, dict]]:
    """Each notebook of an assignment as it was released, with the right answers in it."""
    found = []
    for master in masters(course, assignment):
        path = course.exercises / assignment / f"{master.notebook}.ipynb"
        tree = json.loads(path.read_text("utf-8"))
        source = json.loads((course.solutions / assignment / path.name).read_text("utf-8"))
        right = {cell["id"]: cell["source"] for cell in source["cells"]}
        for cell in tree["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                cell["source"] = right[cell["id"]]
        found.append((master, tree))
    return found


def memory() -> int:
    """Bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def run(count: int, seed: int) -> int:
    """Spoil and read that many notebooks; one that fails stays on disk, and its path is printed."""
    import utils.check  # noqa: F401  (the first that asks for it would wait for torch)

    course = Course(ROOT)
    papers = [(name, *one) for name in course.assignments for one in solved(course, name)]
    scratch = Path(tempfile.mkdtemp())
    slowest, verdicts, before = 0.0, 0, 0
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        name, master, tree = papers[number % len(papers)]
        path = scratch / f"{master.notebook}.ipynb"
        path.write_bytes(spoilt(rng, tree))
        start = time.process_time()
        try:
            sheets = read(course, Submission("ada", name, scratch))
            seconds = time.process_time() - start
            check(next(one for one in sheets if one.notebook == master.notebook), master)
            assert number < len(papers) or seconds < SECONDS, f"it took {seconds:.1f} s"
        except BaseException:
            print(f"number {number} of seed {seed}: {path}")
            raise
        if number >= len(papers):  # the first ones wait for their masters
            slowest = max(slowest, seconds)
        verdicts += bool(sheets[0].verdict)
        path.unlink()
        if number == WARM:
            before = memory()
    shutil.rmtree(scratch)
    grown = memory() - before if before else 0
    assert grown < GROWTH, f"memory grew by {grown >> 20} MB"
    print(
        f"{verdicts} verdicts, {count - verdicts} sheets; the slowest took {slowest:.2f} s of CPU; "
        f"{grown >> 20} MB more memory after the first {WARM}"
    )
    return count
