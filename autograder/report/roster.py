"""The table of students that an LMS exported: read as it is, and matched with our students."""

import csv
import io
import re

from autograder.course import Trouble

KEYS = {  # headings, folded, of what says who a row is about; the surest first
    "canvas": ("sisloginid", "sisuserid", "id", "integrationid"),
    "moodle": ("username", "idnumber", "emailaddress", "email", "identifier"),
}
NAMES = (("student",), ("fullname",), ("lastname", "firstname"), ("surname", "firstname"))


class Roster:
    """The CSV file that an LMS exported.

    Attributes:
        heads: the headings; meant: the same in English, for a table in another language.
        rows: lists of str, as long as `heads`; first what Canvas puts above the students.
        delimiter, comma: how it separates cells, and whether numbers have a decimal comma.

    Raises:
        Trouble: it cannot be read, or is no such table.
    """

    def __init__(self, path, lms):
        self.path, self.lms = path, lms
        text = decoded(path)
        first = text.lstrip("\n").split("\n", 1)[0]
        self.delimiter = max(",;\t", key=first.count)
        try:
            table = [row for row in csv.reader(io.StringIO(text), delimiter=self.delimiter) if row]
        except csv.Error as error:
            raise Trouble(f"{path} cannot be read as CSV: {error}.") from error
        self.heads = [head.strip() for head in table[0]] if table else []
        wide = len(self.heads)
        self.rows = [(row + [""] * wide)[:wide] for row in table[1:]]
        self.meant = self.heads
        if lms == "moodle" and not any(fold(head) in KEYS[lms] for head in self.heads):
            self.meant = in_english(self.heads, self.rows)
        self.keys = [self.at(name) for name in KEYS[lms] if self.at(name) is not None]
        if not self.keys:
            wanted = {
                "canvas": "Student, ID, SIS User ID, SIS Login ID, Section",
                "moodle": "Username, ID number, Email address or Identifier",
            }
            raise Trouble(
                f"{path} is not what {lms.title()} exports: its first line should have the "
                f"headings {wanted[lms]}."
            )
        self.comma = self.delimiter != "," and any(
            re.fullmatch(r"\d+,\d+", cell.strip()) for row in self.rows for cell in row
        )
        self.index = [self.rows_by(column) for column in self.keys] + [self.rows_by_name()]

    def at(self, name):
        """The number of the column with this heading, or None."""
        found = [i for i, head in enumerate(self.meant) if fold(head) == fold(name)]
        return found[0] if found else None

    def rows_by(self, column):
        """key → numbers of rows; a login is known without its @… too, a participant by number."""
        found: dict = {}
        for i, row in enumerate(self.rows):
            key = row[column].strip().casefold()
            for one in {key, key.split("@")[0], last_number(key)} - {""}:
                found.setdefault(one, []).append(i)
        return found

    def rows_by_name(self):
        """A name without spaces and signs, in either order → numbers of rows."""
        found: dict = {}
        for names in NAMES:
            columns = [place for name in names if (place := self.at(name)) is not None]
            if len(columns) < len(names):
                continue
            for i, row in enumerate(self.rows):
                parts = [part for column in columns for part in row[column].split(",")]
                for order in (parts, parts[::-1]):
                    key = fold("".join(order))
                    if key and i not in found.setdefault(key, []):
                        found[key].append(i)
        return found

    def find(self, student, number=""):
        """The number of the row about this student, or None if there is none, or no one row.

        Args:
            number: what the LMS called the student when the submissions were collected, if it did.
        """
        if self.at("identifier") is not None:  # numbers of Moodle are those of one assignment
            surest = self.at("identifier")
        else:
            surest = self.at("id") if self.lms == "canvas" else None
        looks = [(self.rows_by(surest), number)] if number and surest is not None else []
        looks += [(index, student.casefold()) for index in self.index]
        looks += [(self.index[-1], fold(student))]
        for index, key in looks:
            if len(index.get(key, ())) == 1:
                return index[key][0]
        return None

    def name_in(self, row):
        """The name that a row gives, in the order of the LMS; "" if it gives none."""
        for names in NAMES:
            columns = [place for name in names if (place := self.at(name)) is not None]
            if len(columns) == len(names):
                return " ".join(filter(None, (row[column].strip() for column in columns[::-1])))
        return ""

    def column_of(self, assignment):
        """The number of the column that the LMS has for this assignment, or None.

        Canvas writes `02_sgd (4711)`, Moodle `Assignment: 02_sgd (Real)`.
        """
        for i, head in enumerate(self.heads):
            name = re.sub(r"\s*\([^()]*\)$", "", head)
            if fold(assignment) in (fold(name), fold(name.partition(":")[2])):
                return i
        return None


def in_english(heads, rows):
    """The headings that Moodle would give this table in English, told by what stands below them.

    The grading worksheet has the same columns in the same order in every language: a participant with
    a number, the full name, perhaps an address, …, the grade, the highest one, …, the comments.
    """
    below = [[row[i].strip() for row in rows] for i in range(len(heads))]
    meant = list(heads)
    for i, cells in enumerate(below):
        if cells and all("@" in cell for cell in cells if cell) and any(cells):
            meant[i] = "Email address"
    number = re.compile(r"\D{3,40}\d+")
    if len(heads) < 5 or not rows or not all(number.fullmatch(cell) for cell in below[0]):
        return meant
    meant[0], meant[1] = "Identifier", "Full name"
    most = [
        i
        for i, cells in enumerate(below)
        if i > 2 and len(set(cells)) == 1 and re.fullmatch(r"\d+(?:[.,]\d+)?", cells[0])
    ]
    if most:
        meant[most[0] - 1 : most[0] + 1] = "Grade", "Maximum grade"
        if most[0] < len(heads) - 1:
            meant[-1] = "Feedback comments"
    return meant


def fold(text):
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def last_number(key):
    """`participant 123`, in any language, without the word."""
    found = re.fullmatch(r"[^\d@]{3,40}(\d+)", key)
    return found[1] if found else ""


def decoded(path):
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Trouble(f"{path} cannot be read: {error.strerror}.") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise Trouble(f"{path} is no CSV file: export the table as CSV, not as a spreadsheet.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what Excel saves
