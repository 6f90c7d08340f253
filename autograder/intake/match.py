"""Which of the student's cells is which of the master's.

By grade_id; then by cell id; then by likeness: the same source, the same classes and functions, or
nearly the same text. What is left over is the student's own.
"""

import difflib
import re
from collections import defaultdict

from autograder.intake.parse import bare, defined
from autograder.model import ANSWER, TEST, TEXT

LIKE = 0.6  # how much of two cells must be the same, if nothing else tells
WORDS = 400  # of a cell that are compared
PAIRS = 500  # comparisons of text, at most


def match(master, raws):
    """Pair the student's cells with the master's.

    Args:
        master: a Master.
        raws: the student's cells, in their order.

    Returns:
        dict: master cell id → indices into `raws`, in order; more than one if it is there twice.
    """
    found = defaultdict(list)
    left = dict(enumerate(raws))

    def take(cell, index):
        found[cell.id].append(index)
        del left[index]

    names = [raw.grade_id for raw in raws]
    for index, raw in enumerate(raws):
        cell = master.by_grade_id.get(raw.grade_id)
        if cell and not (names.count(raw.grade_id) > 1 and another(master, cell, raw, names)):
            take(cell, index)
    for index, raw in list(left.items()):
        cell = next((master.by_id[one] for one in raw.ids if one in master.by_id), None)
        if cell and not found[cell.id] and fits(master, cell, raw):
            take(cell, index)
    for likeness in (same_source, same_names, same_text):
        budget = PAIRS
        for cell in [cell for cell in master.cells if not found[cell.id]]:
            near = between(master, cell, found, len(raws)) if likeness is same_text else left
            candidates = [index for index in near if index in left]
            budget -= len(candidates)
            if budget < 0:
                break
            scores = [(likeness(master, cell, left[index]), index) for index in candidates]
            score, index = max(scores, default=(0, 0))  # of equals the last: it has the last word
            if score:
                take(cell, index)
    return {key: sorted(indices) for key, indices in found.items() if indices}


def another(master, cell, raw, names):
    """Is this copy of an answer cell really another answer, whose own cell is gone?"""
    if cell.role != ANSWER or raw.defined & defined(master.released[cell.id]):
        return False
    gone = [one for one in master.cells if one.role == ANSWER and one.grade_id not in names]
    return any(same_names(master, one, raw) == 1 for one in gone)


def fits(master, cell, raw):
    """Can a cell with the master's id be that cell? Text that turned into other code cannot."""
    return cell.role != TEXT or raw.kind != "code" or bool(same_source(master, cell, raw))


def same_source(master, cell, raw):
    """1 if it is the released cell, apart from blanks; else 0."""
    released = bare(master.released[cell.id])
    return int(bool(released) and raw.bare in (released, bare(cell.source)))


def same_names(master, cell, raw):
    """For answers: which part of what the stub defines is defined here, 1/2 to 1; 0 if less."""
    wanted = defined(master.released[cell.id])
    if cell.role != ANSWER or cell.kind != "code" or not wanted:
        return 0
    share = len(wanted & raw.defined) / len(wanted)
    return share if share >= 1 / 2 else 0


def same_text(master, cell, raw):
    """How alike two texts are, word by word, LIKE to 1; 0 if less."""
    released = master.released[cell.id]
    longer, shorter = sorted((len(released), len(raw.bare)), reverse=True)
    if shorter < LIKE / 2 * longer or (cell.kind != "code" and raw.kind == "code"):
        return 0
    if cell.role in (ANSWER, TEST) and cell.kind == "code" and raw.defined - defined(released):
        return 0  # it makes things of its own
    a, b = (re.findall(r"\w+|\S", source)[: WORDS + 1] for source in (raw.bare, released))
    if max(len(a), len(b)) > WORDS:
        return 0
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if matcher.real_quick_ratio() < LIKE or matcher.quick_ratio() < LIKE:
        return 0
    ratio = matcher.ratio()
    return ratio if ratio >= LIKE else 0


def between(master, cell, found, end):
    """The places in the student's notebook between the neighbours that this cell has there."""
    at = master.cells.index(cell)
    before = [max(found[one.id]) for one in master.cells[:at] if found[one.id]]
    after = [min(found[one.id]) for one in master.cells[at + 1 :] if found[one.id]]
    return range(before[-1] + 1 if before else 0, after[0] if after else end)
