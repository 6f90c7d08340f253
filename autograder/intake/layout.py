"""Who handed in what, told from where a file lies and what it is called.

    nbgrader exchange   inbound/USER+ASSIGNMENT+TIME(+RANDOM)/FILE
    Moodle              Full Name_PARTICIPANT_assignsubmission_file(_)/FILE, or all of it in one name
    Canvas              lastfirst(_LATE)_USERID_FILEID_FILE, or LATE_anon_ID_FILEID_FILE
    a folder            STUDENT/ASSIGNMENT/FILE, ASSIGNMENT/STUDENT/FILE, STUDENT/FILE, STUDENT_FILE

Moodle's form is that of mod/assign/classes/downloader.php (4.5; the last underscore was there until
4.0), Canvas's that of lib/content_zipper.rb, nbgrader's that of exchange/default/submit.py.
"""

import re
import unicodedata
from dataclasses import dataclass

from autograder.intake.files import stem

EXCHANGE = re.compile(
    r"(?P<user>.+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d[ T_]\d\d[:.-]\d\d[^+]*)(\+[^+]*)?"
)
MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?P<type>file|onlinetext)(_(?P<rest>.*))?",
    re.S,
)
CANVAS = re.compile(
    r"(?:(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)|(?P<early>LATE_)?anon_(?P<anon>\w+?))"
    r"_(?P<file>\d+)_(?P<rest>.+)",
    re.S,
)
BAD = re.compile(r"[^\w.@+'-]+")


@dataclass(frozen=True)
class Place:
    """Where a file belongs.

    student: a name that can be a folder's.
    assignment: None if the place does not say.
    inside: the file's path within the submission, as parts.
    source: "nbgrader", "Moodle", "Canvas" or "folder".
    number: what the LMS calls the student: Canvas's user, Moodle's participant (which is another
        one in each assignment).
    time: when, as the exchange wrote it.
    age: of two files of the same name the larger is the newer.
    late: does the LMS say so?
    """

    student: str
    assignment: str | None
    inside: tuple
    source: str
    number: str = ""
    time: str | None = None
    age: int = 0
    late: bool = False


def place(parts, assignments, stems):
    """The Place of a file; None if its path names no student.

    Args:
        parts: of its path, below the folder or archive that is collected from.
        assignments: the names of the course's assignments.
        stems: notebook name → its assignment.
    """
    for form in (exchange, moodle, canvas, folder):
        found = form(parts, assignments, stems)
        if found and found.student and found.inside:
            return found
    return None


def exchange(parts, assignments, stems):
    for at, part in enumerate(parts[:-1]):
        found = EXCHANGE.fullmatch(part)
        if found:
            time = found["time"].replace("_", " ")
            student = folder_name(found["user"])
            return Place(student, found["assignment"], parts[at + 1 :], "nbgrader", time=time)
    return None


def moodle(parts, assignments, stems):
    for at, part in enumerate(parts):
        found = MOODLE.fullmatch(part)
        if found:
            inside = (found["rest"],) if found["rest"] and at == len(parts) - 1 else parts[at + 1 :]
            assignment = known(parts[:at], assignments)
            name = folder_name(found["name"])
            return Place(name, assignment, inside, "Moodle", found["number"])
    return None


def canvas(parts, assignments, stems):
    found = CANVAS.fullmatch(parts[-1])
    if not found or any(part in assignments for part in parts[1:-1]):
        return None
    name = f"anon-{found['anon']}" if found["anon"] else folder_name(found["name"])
    late = bool(found["late"] or found["early"])
    return Place(
        name,
        known(parts[:-1], assignments),
        (found["rest"],),
        "Canvas",
        found["number"] or "",
        age=int(found["file"][:18]),
        late=late,
    )


def folder(parts, assignments, stems):
    for at, part in enumerate(parts[:-1]):
        if part in assignments:
            if at:
                return Place(folder_name(parts[at - 1]), part, parts[at + 1 :], "folder")
            if len(parts) > 2:
                return Place(folder_name(parts[1]), part, parts[2:], "folder")
            student, name = in_name(parts[1], stems)
            return student and Place(folder_name(student), part, (name,), "folder")
    if len(parts) > 1:
        return Place(folder_name(parts[0]), None, parts[1:], "folder")
    student, name = in_name(parts[0], stems)
    return student and Place(folder_name(student), None, (name,), "folder")


def depth(paths, assignments):
    """How many folders hold all of it, and say nothing: 1 for `submissions/ada/…`, else 0."""
    tops = {parts[0] for parts in paths}
    if len(tops) != 1 or any(len(parts) < 3 for parts in paths):
        return 0
    (top,) = tops
    several = len({parts[1] for parts in paths}) > 1
    if top in assignments or any(parts[1] in assignments for parts in paths):
        return 0
    return int(several and not EXCHANGE.fullmatch(top) and not MOODLE.fullmatch(top))


def in_name(name, stems):
    """`ada_lovelace_sgd.ipynb` → ("ada_lovelace", "sgd.ipynb"); ("", name) if there is no student."""
    bare = stem(name)
    for one in sorted(stems, key=len, reverse=True):
        found = re.fullmatch(rf"(.+)[_-]{re.escape(one)}", bare, flags=re.I)
        if found:
            return found[1], f"{one}.ipynb"
    student, _, rest = name.partition("_")
    return (student, rest) if rest else ("", name)


def known(parts, assignments):
    return next((part for part in reversed(parts) if part in assignments), None)


def folder_name(text):
    """A student's name as a folder's: letters and digits of any script, no blanks.

    Empty if nothing is left of it.
    """
    text = unicodedata.normalize("NFC", text)
    return BAD.sub("-", text).strip("-.")[:80].strip("-.")
