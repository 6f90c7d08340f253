"""The master's structure with the student's answers in it.

Stock nbgrader runs the student's notebook with tests put right. For an honest submission the result
here is the same, and never less than the student wrote:

    deleted      put back; an answer as its stub, so that it counts as not written
    twice        the copy that was changed; if several were, all stay, and the last is the answer
    moved        back to its place
    retyped      turned back, if it is an answer, a test, or unchanged text
    their own    where it stood: after the same cell of the master's
"""

from collections import defaultdict
from dataclasses import replace

from autograder.intake.files import shown
from autograder.intake.match import match
from autograder.intake.parse import Raw, bare
from autograder.model import ANSWER, FREE, GIVEN, TEST, TEXT, Cell, Flag


def assemble(master, raws, sheet):
    """Fill a sheet: its cells, and in notes and flags what had to be put right."""
    found = match(master, raws)
    chosen, extras = {}, set(range(len(raws)))
    for cell in master.cells:
        indices = found.get(cell.id, [])
        extras -= set(indices)
        if indices:
            chosen[cell.id], more = choose(master, cell, indices, raws, sheet)
            extras |= set(more)
    tell(master, found, chosen, raws, sheet)
    owners = {index: cell for cell, index in invert(master, chosen)}
    following: dict[str | None, list[Raw]] = {None: []}
    anchor: str | None = None
    for index, raw in enumerate(raws):
        if index in owners:
            anchor = owners[index].id
        elif index in extras:
            following.setdefault(anchor, []).append(raw)
    maker = Maker(master, sheet)
    waiting = maker.extras(following[None])
    for cell in master.cells:
        if cell.id in chosen:
            sheet.cells += waiting
            raw = raws[chosen[cell.id]]
            sheet.cells.append(maker.filled(cell, raw))
            waiting = maker.rest(cell, raw) + maker.extras(following.get(cell.id, []))
        else:
            if cell.role not in (ANSWER, TEXT):  # a stub comes before what was written in its stead
                sheet.cells += waiting
                waiting = []
            sheet.cells.append(copy(cell))
    sheet.cells += waiting


def invert(master, chosen):
    return [(cell, chosen[cell.id]) for cell in master.cells if cell.id in chosen]


def choose(master, cell, indices, raws, sheet):
    """Of the copies of a cell the one that counts, and those that stay beside it."""
    if len(indices) == 1:
        return indices[0], []
    released = {bare(master.released[cell.id]), bare(cell.source), ""}
    changed: list[int] = []
    seen: set[str] = set()
    for index in reversed(indices):  # of equal copies the last
        if raws[index].bare not in released | seen:
            changed.insert(0, index)
        seen.add(raws[index].bare)
    fixed = cell.id in master.fixed
    if fixed:
        rest = [index for index in indices if raws[index].bare in released]
        winner, what = (rest or indices)[-1], "the original counts"
    else:
        winner, what = (changed or indices)[-1], "the changed one counts"
    others = [index for index in changed if index != winner]
    if others and fixed:
        what += ", and the changed ones run, too"
    elif others:
        what = "several were changed, so all of these run, and the last one counts"
    elif not changed:
        what = "they are all as released"
    sheet.notes.append(f"{called(cell)} is there {len(indices)} times: {what}.")
    return winner, others


def tell(master, found, chosen, raws, sheet):
    """Notes and flags about what is missing, moved or changed."""
    marked = [cell for cell in master.cells if cell.role in (ANSWER, TEST, GIVEN)]
    gone = [cell for cell in marked if cell.id not in found]
    if gone and len(gone) == len(marked):
        text = "Not one cell of the assignment is in it: was another notebook handed in?"
        sheet.flags.append(Flag("another notebook", text))
    elif gone:
        names = ", ".join(called(cell) for cell in gone)
        sheet.notes.append(f"Deleted, and put back as released: {names}.")
    places = [index for _, index in invert(master, chosen)]
    if places != sorted(places):
        sheet.notes.append("Cells were moved, and are back in their order.")
    told: dict[str, list[str]] = defaultdict(list)
    for cell, index in invert(master, chosen):
        raw = raws[index]
        if cell.grade_id and not raw.grade_id:
            told["Without a name, and known by likeness: {}."].append(called(cell))
        elif cell.grade_id and raw.grade_id != cell.grade_id:
            told["Called otherwise: {}."].append(f"{called(cell)} ({shown(raw.grade_id)})")
        if cell.kind != raw.kind and (cell.grade_id or cell.kind != "code"):
            told[f"Turned into {raw.kind}, and back: {{}}."].append(called(cell))
        if cell.id in master.fixed and not same(master, cell, raw):
            told[about_change(cell, raw)].append(called(cell))
    for text, cells in told.items():
        if text == TEST_CHANGED:
            sheet.flags.append(Flag("test changed", text.format(", ".join(cells))))
        elif text:
            sheet.notes.append(text.format(", ".join(cells)))


TEST_CHANGED = "Tests were changed, and the originals run in their place: {}."


def about_change(cell, raw):
    """What to say of a locked cell that is not as it was released."""
    if cell.role != TEST:
        return "Changed, but the original runs: {}." if cell.id != "badge" else ""
    if raw.checksum and raw.checksum == checksum(cell, raw.source):
        return "Of another release; the tests of today run: {}."
    return TEST_CHANGED


def checksum(cell, source):
    """What nbgrader writes into a cell when it releases it."""
    from nbformat import NotebookNode
    from nbgrader.utils import compute_checksum

    metadata = {"nbgrader": NotebookNode(cell.metadata["nbgrader"])}
    return compute_checksum(
        NotebookNode(source=source, cell_type=cell.kind, metadata=NotebookNode(metadata))
    )


def same(master, cell, raw):
    return raw.bare in (bare(master.released[cell.id]), bare(cell.source))


def called(cell):
    return cell.grade_id or cell.id


def copy(cell):
    return replace(cell, metadata=dict(cell.metadata))


class Maker:
    """Makes the cells of a sheet; each gets an id that no other has."""

    def __init__(self, master, sheet):
        self.master, self.sheet = master, sheet
        self.used = {cell.id for cell in master.cells}
        self.number = 0

    def filled(self, cell, raw):
        """A cell of the master's with what the student made of it."""
        new = copy(cell)
        if cell.id in self.master.fixed:
            return new
        untouched = (raw.kind, raw.source) == (cell.kind, cell.source)
        untouched |= cell.kind != "code" and same(self.master, cell, raw)
        if cell.role == ANSWER:
            new.source, new.origin = raw.source, "student"
        elif not untouched:  # unmarked: as it is in the notebook
            new.source, new.kind, new.origin = raw.source, raw.kind, "student"
            new.role = FREE if raw.kind == "code" else TEXT
        return new

    def rest(self, cell, raw):
        """What a student added to the set-up cell, as a cell of its own."""
        before, found, after = raw.source.partition(cell.source)
        more = "\n".join(part.strip("\n") for part in (before, after) if part.strip())
        if cell.id != "setup" or not found or not more:
            return []
        return [self.cell("code", more)]

    def extras(self, raws):
        """The student's own cells."""
        return [self.cell(raw.kind, raw.source) for raw in raws if raw.source.strip()]

    def cell(self, kind, source):
        role = FREE if kind == "code" else TEXT
        return Cell(self.new_id(), role, kind, source, origin="student")

    def new_id(self):
        while True:
            self.number += 1
            name = f"student-{self.number}"
            if name not in self.used:
                self.used.add(name)
                return name
