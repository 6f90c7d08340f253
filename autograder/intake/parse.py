"""The cells of a notebook, out of bytes that may be anything.

nbformat is not asked: it trusts what it reads. Kept of a cell are its kind, its source, and the
names by which the master's cell is found.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property

from autograder.intake.files import Unreadable

CELLS = 2_000  # in a notebook
LONGEST = 1 << 20  # characters of a cell
TEXT = 8 << 20  # characters of all cells
BRACKETS, COMMAS, QUOTES = (
    1_000_000,
    4_000_000,
    4_000_000,
)  # so that little text does not become gigabytes of objects
CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} )", re.M)
DEFINED = re.compile(r"^(?:async +def|def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.M)


@dataclass
class Raw:
    """One cell as it was handed in.

    ids: names that it goes by: its id, as nbformat 4.5 and as Colab write it.
    """

    kind: str
    source: str
    grade_id: str | None = None
    ids: tuple = ()
    checksum: str | None = None

    @cached_property
    def bare(self):
        return bare(self.source)

    @cached_property
    def defined(self):
        return defined(self.source)


def bare(source):
    """A source without what editors change: ends of lines, blank lines, blanks at the end."""
    lines = [line.rstrip() for line in source.replace("\r", "\n").split("\n")]
    return "\n".join(line for line in lines if line)


def defined(source):
    """The names that a cell defines at its top level, even if it is no valid Python."""
    return {one or other for one, other in DEFINED.findall(source)}


def parse(data, name):
    """The cells of a notebook.

    Args:
        data: the bytes of the file.
        name: what it is called in a sentence.

    Returns:
        (list of Raw, list of notes)

    Raises:
        Unreadable: it is no notebook.
    """
    notes: list[str] = []
    text = decoded(data, name, notes)
    tree = tree_of(text, name)
    cells = cells_of(tree, name, notes)
    if len(cells) > CELLS:
        raise Unreadable(f"{name} has {len(cells):,} cells: at most {CELLS:,} are read.")
    found = [raw(cell, number, notes) for number, cell in enumerate(cells, 1)]
    total = sum(len(cell.source) for cell in found if cell)
    if total > TEXT:
        raise Unreadable(f"{name} has {total:,} characters in its cells: far too many.")
    return [cell for cell in found if cell], notes


def decoded(data, name, notes):
    if not data.strip(b"\0 \t\r\n"):
        raise Unreadable(f"{name} is empty.")
    for start, what in FOREIGN.items():
        if data.lstrip()[: len(start)].lower() == start:
            raise Unreadable(f"{name} is {what}, not a notebook.")
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if not encoding.startswith("utf-8"):
            raise Unreadable(f"{name} is no text: it is cut off or damaged.") from None
        text = data.decode("latin-1")
        notes.append("The file was not in UTF-8: letters with accents may be wrong.")
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The file was in {encoding.upper()}, not in UTF-8.")
    return text.strip("\0 \t\r\n\ufeff")


FOREIGN = {
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b"%pdf": "a PDF",
    b"pk\3\4": "a zip archive",
    b"\x1f\x8b": "a compressed file",
    b"\x89png": "a picture",
    b"version https://git-lfs": "a git-lfs pointer",
}


def tree_of(text, name):
    """JSON, without its traps: depth, huge integers, gigabytes of empty lists."""
    brackets = text.count("[") + text.count("{")
    if brackets > BRACKETS or text.count(",") > COMMAS or text.count('"') > QUOTES:
        raise Unreadable(f"{name} holds far too many parts for a notebook.")
    try:
        return json.loads(text, strict=False, parse_int=whole)
    except RecursionError:
        raise Unreadable(f"{name} is nested too deeply for a notebook.") from None
    except json.JSONDecodeError as error:
        if CONFLICT.search(text):
            text = f"{name} has the marks of a git conflict in it: choose one of the two versions."
        elif text[0] not in "{[":
            text = f"{name} is no notebook: it is not JSON."
        elif error.pos >= len(text) - 1 or error.msg.startswith("Unterminated"):
            text = f"{name} is cut off: the file ends in the middle of a notebook."
        else:
            text = f"{name} is damaged: line {error.lineno} is not JSON ({error.msg})."
        raise Unreadable(text) from None


def whole(digits):
    return int(digits) if len(digits) < 20 else 0


def cells_of(tree, name, notes):
    """The list of cells, of any version of the format."""
    if not isinstance(tree, dict):
        raise Unreadable(f"{name} is no notebook: it is JSON, but not of a notebook.")
    cells = tree.get("cells")
    sheets = tree.get("worksheets")
    if not isinstance(cells, list) and isinstance(sheets, list):  # nbformat 2 and 3
        parts = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for part in parts if isinstance(part, list) for cell in part]
        notes.append("The notebook was in an old format, and was brought up to date.")
    if not isinstance(cells, list):
        raise Unreadable(f"{name} is no notebook: there are no cells in it.")
    version = tree.get("nbformat")
    if version != 4 and not isinstance(sheets, list):
        notes.append("The notebook said that it is of a format that does not exist.")
    metadata = tree.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    if isinstance(language, str) and language.lower() not in ("", "python", "ipython"):
        notes.append("The notebook asked for another kernel than Python.")
    return cells


def raw(cell, number, notes):
    """A cell as a Raw; None if there is nothing in it that could be a cell."""
    if not isinstance(cell, dict):
        notes.append(f"Cell {number} was no cell, and was left out.")
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        notes.append(f"Cell {number} had something else than text in it, and was emptied.")
        source = ""
    if len(source) > LONGEST:
        notes.append(f"Cell {number} had {len(source):,} characters, far too many; it was emptied.")
        source = ""
    whole_signs = source.replace("\0", "\ufffd").encode("utf-16", "surrogatepass")
    clean = whole_signs.decode("utf-16", "replace")
    if clean != source:
        notes.append(f"Cell {number} had characters in it that do not exist.")
    kind = cell.get("cell_type")
    if kind == "heading":  # nbformat 3
        level = cell.get("level")
        depth = level if isinstance(level, int) and 1 <= level <= 6 else 1
        clean = "#" * depth + " " + clean
    if kind not in ("code", "markdown", "raw"):
        kind = "code" if "outputs" in cell or "input" in cell else "markdown"
    if kind != "code" and isinstance(cell.get("attachments"), dict) and cell["attachments"]:
        notes.append(f"Cell {number} had pictures in it: they are only in the file handed in.")
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    mark = metadata.get("nbgrader")
    mark = mark if isinstance(mark, dict) else {}
    ids = tuple(one for one in (cell.get("id"), metadata.get("id")) if isinstance(one, str))
    return Raw(kind, clean, word(mark.get("grade_id")), ids, word(mark.get("checksum")))


def word(value):
    return value if isinstance(value, str) else None
