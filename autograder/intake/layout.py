"""Who handed in what, told from where an entry of a delivery lies and what it is called.

    Moodle        Full Name_PARTICIPANT_assignsubmission_file(_)/FILE, or all of it in one name
    Canvas        lastfirst(_LATE)_USER_FILEID_FILE, or anon_ID_FILEID_FILE
    Brightspace   USER-FOLDER - Full Name - Sep 24, 2026 1103 PM/FILE
    Blackboard    ASSIGNMENT_login_attempt_2026-09-24-11-03-00_FILE
    Gradescope    submission_NUMBER/FILE, and submission_metadata.yml, which says whose
    nbgrader      inbound/USER+ASSIGNMENT+TIME(+RANDOM)/FILE, owned by USER
    folders       STUDENT/ASSIGNMENT/FILE, ASSIGNMENT/STUDENT/FILE, STUDENT/FILE, STUDENT_FILE

Only the top of a delivery tells who handed in: what an LMS, the exchange or the instructor wrote there.
Whatever is below it was named by a student, and is not asked.

Moodle's form is that of mod/assign/classes/downloader.php (4.5; the last underscore was there until
4.0), Canvas's that of lib/content_zipper.rb, nbgrader's that of exchange/default/submit.py.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from autograder.course import Course
from autograder.intake.archive import Budget, Item
from autograder.intake.files import Unreadable, shown, stem

EXCHANGE = re.compile(
    r"(?P<user>.+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d[ T_]\d\d[:.-]\d\d[^+]*)(\+[^+]*)?"
)
MOODLE = re.compile(
    r"(?P<name>[^_]+)_(?P<number>\d+)_assignsubmission_(?P<type>[a-z]+)(_(?P<rest>.*))?", re.S
)
CANVAS = re.compile(
    r"(?:(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)|(?P<early>LATE_)?anon_(?P<anon>\w+?))"
    r"_(?:(?P<file>\d+)_(?P<rest>.+)|(?P<text>(text|link|media)\w*\.\w+))",
    re.S,
)
BRIGHTSPACE = re.compile(
    r"(?P<number>\d+)-(?P<box>\d+) ?- ?(?P<name>.+?) ?- ?"
    r"(?P<time>\w{3,} \d{1,2}, \d{4} \d{3,4} ?[AP]M|[^-]*\d{4}[^-]*)",
    re.S,
)
BLACKBOARD = re.compile(
    r"(?P<before>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|(?P<note>\.txt))", re.S
)
GRADESCOPE = re.compile(r"submission_(?P<number>\d+)")
GRADESCOPE_EXPORT = re.compile(r"assignment_\d+_export")
METADATA = "submission_metadata.yml"
WRAPPERS = {"submissions", "submission", "submitted", "inbox", "inbound"}
"""Names of a folder around all students that nobody is called."""

BAD = re.compile(r"[^\w.@+'-]+")
LONGEST = 120  # bytes of a student's folder: room is left for a number, within 255
YAML = 32 << 20  # bytes of Gradescope's list


@dataclass(frozen=True)
class Place:
    """Where an entry belongs.

    name: the student, as the delivery writes it.
    source: "Moodle", "Canvas", "Brightspace", "Blackboard", "Gradescope", "nbgrader" or "folder".
    number: what the LMS calls the student; for a folder, and on the exchange, the name itself.
    inside: the entry's path within the submission, as parts.
    assignment: None if the place does not say.
    of_one_assignment: is the number another one in each assignment?
    time: when it was handed in, as text that sorts; None if the place does not say. Only nbgrader's and
        Gradescope's have a time zone.
    age: of two files of the same name the larger is the newer.
    late: does the LMS say so?
    not_work: what else it is, if no student's work: a sentence.
    """

    name: str
    source: str
    number: str
    inside: tuple[str, ...]
    assignment: str | None = None
    of_one_assignment: bool = False
    time: str | None = None
    age: int = 0
    late: bool = False
    not_work: str | None = None


class Layout:
    """How a delivery is laid out.

    `places(item)` gives whose an entry is: Places, several for a group's; or a sentence, if that cannot
    be told.

    Args:
        found: all its entries.
        name: of the folder or archive, without its ending.
    """

    def __init__(self, course: Course, found: list[Item], name: str):
        self.course, self.assignments = course, frozenset(course.assignments)
        self.stems = {
            path.stem: one for one in course.assignments for path in course.notebooks(one)
        }
        self.assignment: str | None = None
        self.question: str | None = None
        self.depth = self.wrapper([item.parts for item in found], name)
        tops = [item.parts[self.depth :] for item in found if len(item.parts) > self.depth]
        self.metadata = self.gradescope_list(found)
        files = [parts[0] for parts in tops if len(parts) == 1]
        attempts = [match["before"] for one in files if (match := BLACKBOARD.fullmatch(one))]
        self.blackboard = common_prefix(attempts)
        self.prefers_blackboard = len(attempts) > sum(map(bool, map(CANVAS.fullmatch, files)))
        paths = [item.parts for item in found]
        in_exchange = exchange_depth(paths, course.course_id) is not None
        self.form = "nbgrader" if in_exchange else self.most_common_form(tops)
        above = (course.course_id,) if self.depth == 2 else ()
        self.inbound = (*above, "inbound") if in_exchange else ()

    def most_common_form(self, tops: list[tuple[str, ...]]) -> str:
        """The source that most of the top entries look like; else "folder".

        So one student's folder that is called like another LMS's does not change what the others are.
        """
        forms: dict[str, set[str]] = {"folder": set()}
        for parts in tops:
            head = parts[1:] if parts[0] in self.assignments and len(parts) > 1 else parts
            place = self.by_lms(head)
            if place or len(head) > 1 or is_book(head[0]):
                forms.setdefault(place.source if place else "folder", set()).add(head[0])
        best = max(forms, key=lambda form: len(forms[form]))
        return best if 2 * len(forms[best]) > sum(map(len, forms.values())) else "folder"

    def by_form(self, parts: tuple[str, ...]) -> Place | None:
        """By the LMS's form, if that is this delivery's."""
        found = self.by_lms(parts)
        return found if found and found.source == self.form else None

    # the folders around all of it

    def wrapper(self, paths: list[tuple[str, ...]], name: str) -> int:
        """How many folders hold all of it, and say nothing of who handed in."""
        depth, known = 0, set(self.assignments)
        inbound = exchange_depth(paths, self.course.course_id)
        if inbound is not None:
            return inbound
        while True:
            tops = {parts[depth] for parts in paths}
            if len(tops) != 1 or any(len(parts) < depth + 2 for parts in paths):
                return depth
            (top,) = tops
            if is_of_lms(top):
                return depth
            below = {parts[depth + 1] for parts in paths}
            if top in known:
                if self.assignment is not None or below & known:
                    return depth
                self.assignment = top
            elif self.says_nothing(top, below, name):
                pass
            else:
                if may_hold_students(paths, depth, known):
                    self.question = (
                        f"all lies in one folder, {shown(top)}. Is that the student, or do the folders "
                        f"in it stand for students? Name the one that holds them: …/{shown(top)}."
                    )
                return depth
            depth += 1

    def says_nothing(self, top: str, below: set[str], name: str) -> bool:
        if top.lower() in WRAPPERS or GRADESCOPE_EXPORT.fullmatch(top):
            return True
        return top == name and (len(below) > 1 or any(map(is_of_lms_or_file, below)))

    # one entry

    def places(self, item: Item) -> list[Place] | str:
        """Whose an entry is; or why that cannot be told, in one sentence."""
        parts = item.parts[self.depth :]
        if self.question:
            return f"{item.name}: {self.question}"
        if not parts or len(item.parts) <= self.depth:
            return f"{item.name} does not say who handed it in."
        if self.form == "nbgrader" and not (
            EXCHANGE.fullmatch(parts[0]) and item.parts[: len(self.inbound)] == self.inbound
        ):
            return f"{item.name} is not what somebody handed in on nbgrader's exchange."
        found = self.by_form(parts)
        if found and found.source == "Gradescope":
            return self.of_group(found)
        if found and found.source == "nbgrader":
            owner = item.owners[self.depth] if len(item.owners) > self.depth else None
            why = not_the_owner(found.number, owner, self.course)
            if why:
                return f"{shown(parts[0])} {why}"
        if found is None:
            if self.form != "folder" and parts[0] not in self.assignments:
                return f"{item.name} does not say who handed it in."
            found = self.by_folder(parts)
        if found is None:
            return f"{item.name} does not say who handed it in."
        if found.assignment is None and self.assignment:
            found = replace(found, assignment=self.assignment)
        return [found]

    def by_lms(self, parts: tuple[str, ...]) -> Place | None:
        """By the form in which an LMS or nbgrader's exchange writes it."""
        top, inside = parts[0], parts[1:]
        if found := MOODLE.fullmatch(top):
            return of_moodle(found, inside)
        if inside and (found := BRIGHTSPACE.fullmatch(top)):
            time = brightspace_time(found["time"])
            return Place(found["name"], "Brightspace", found["number"], inside, time=time)
        if inside and (found := EXCHANGE.fullmatch(top)):
            time = found["time"].replace("_", " ")
            user = found["user"]
            return Place(user, "nbgrader", user, inside, found["assignment"], time=time)
        if inside:
            of_gradescope = self.metadata is not None and GRADESCOPE.fullmatch(top)
            return Place(top, "Gradescope", top, inside, None, True) if of_gradescope else None
        canvas, blackboard = CANVAS.fullmatch(top), BLACKBOARD.fullmatch(top)
        if blackboard and (self.prefers_blackboard or not canvas):
            return self.of_blackboard(blackboard)
        return of_canvas(canvas) if canvas else None

    def of_blackboard(self, found: re.Match[str]) -> Place:
        before = found["before"]
        known = [name for name in self.assignments if before.startswith(f"{name}_")]
        prefix = f"{max(known, key=len)}_" if known else self.blackboard
        login = before[len(prefix) :] or before.rpartition("_")[2]
        year, month, day, *clock = found["time"].split("-")
        return Place(
            login,
            "Blackboard",
            login,
            (found["rest"] or "attempt.txt",),
            max(known, key=len) if known else None,
            time=f"{year}-{month}-{day} {':'.join(clock)}",
            not_work="what Blackboard says of the attempt" if found["note"] else None,
        )

    def gradescope_list(self, found: list[Item]) -> dict[str, list[Place]] | None:
        """Gradescope's list: submission_NUMBER → a Place for each student; None if there is none."""
        lists = [item for item in found if item.parts[self.depth :] == (METADATA,)]
        numbered = [GRADESCOPE.fullmatch(one.parts[self.depth]) for one in found
                    if len(one.parts) > self.depth + 1]  # fmt: skip
        if not lists:
            return {} if numbered and all(numbered) else None
        try:
            if lists[0].size > YAML:
                return {}
            return submitters(lists[0].data(Budget()))
        except Unreadable:
            return {}

    def of_group(self, place: Place) -> list[Place] | str:
        """The Places of all who handed in together, as Gradescope's list says."""
        assert self.metadata is not None
        known = self.metadata.get(place.name)
        if known:
            return [replace(one, inside=place.inside, assignment=self.assignment) for one in known]
        if self.metadata:
            return f"{shown(place.name)} is not in {METADATA}: whose is it?"
        return [replace(place, assignment=self.assignment)]

    def by_folder(self, parts: tuple[str, ...]) -> Place | None:
        """By folders that the instructor made."""
        top, assignments = parts[0], self.assignments
        if len(parts) > 1 and top in assignments:
            below = self.by_form(parts[1:]) or self.by_folder_name(parts[1:])
            return below and replace(below, assignment=top)
        found = self.by_folder_name(parts)
        if found and len(found.inside) > 1 and found.inside[0] in assignments:
            found = replace(found, assignment=found.inside[0], inside=found.inside[1:])
        return found

    def by_folder_name(self, parts: tuple[str, ...]) -> Place | None:
        if len(parts) > 1:
            return Place(parts[0], "folder", parts[0], parts[1:])
        student, name = in_name(parts[0], self.stems)
        return Place(student, "folder", student, (name,)) if student else None


def of_moodle(found: re.Match[str], inside: tuple[str, ...]) -> Place:
    return Place(
        found["name"],
        "Moodle",
        found["number"],
        inside or (found["rest"] or "file",),
        of_one_assignment=True,
        not_work=None if found["type"] == "file" else "a text that was typed in, not a notebook",
    )


def of_canvas(found: re.Match[str]) -> Place:
    anonymous = found["anon"] and f"anon-{found['anon']}"
    return Place(
        anonymous or found["name"],
        "Canvas",
        anonymous or found["number"],
        (found["rest"] or found["text"],),
        of_one_assignment=bool(anonymous),
        age=int((found["file"] or "0")[:18]),
        late=bool(found["late"] or found["early"]),
        not_work="a text or link that was typed in, not a notebook" if found["text"] else None,
    )


def exchange_depth(paths: list[tuple[str, ...]], course_id: str) -> int | None:
    """How deep inbound/ lies in the exchange of this course; None if it is no exchange."""
    for at in (1, 2):
        for parts in paths:
            if (
                len(parts) < at + 2
                or parts[at - 1] != "inbound"
                or at == 2
                and parts[0] != course_id
            ):
                continue
            if EXCHANGE.fullmatch(parts[at]):
                return at
    return None


def is_of_lms(top: str) -> bool:
    """Is this how an LMS or the exchange calls a student's folder?"""
    return any(form.fullmatch(top) for form in (EXCHANGE, MOODLE, BRIGHTSPACE, GRADESCOPE))


def is_of_lms_or_file(top: str) -> bool:
    return is_of_lms(top) or any(form.fullmatch(top) for form in (CANVAS, BLACKBOARD))


def may_hold_students(paths: list[tuple[str, ...]], depth: int, assignments: set[str]) -> bool:
    """Several folders (or TOP/ASSIGNMENT's folders) with notebooks, or what only an LMS writes?"""
    books = [parts[depth + 1 :] for parts in paths if is_book(parts[-1])]
    if any(parts[0] in assignments for parts in books):
        deep = {parts[:2] for parts in books if len(parts) > 2 and parts[0] in assignments}
        return len(deep) > len({parts[0] for parts in deep})
    return len({parts[0] for parts in books if len(parts) > 1}) > 1 or any(
        is_of_lms_or_file(parts[depth + 1]) for parts in paths
    )


def is_book(name: str) -> bool:
    return name.lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json", ".json", ".zip"))


def not_the_owner(user: str, owner: int | None, course: Course) -> str | None:
    """Why a folder of the exchange is not this user's; None if it is, or if nobody can tell.

    What the collecting user owns was copied: then the owner says nothing. As nbgrader's own setting
    says it, `c.ExchangeCollect.check_owner = False` takes any owner.
    """
    if owner is None or not hasattr(os, "getuid") or owner == os.getuid():
        return None
    for command in ("ExchangeCollect", "CollectApp"):
        if course.config[command].get("check_owner", True) is False:
            return None
    import pwd

    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"user number {owner}"
    if name == user:
        return None
    return (
        f"says that it is {shown(user)}'s, and belongs to {shown(name)}: it was not taken "
        "(c.ExchangeCollect.check_owner = False takes it)."
    )


def brightspace_time(text: str) -> str | None:
    for form in ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p"):
        try:
            return datetime.strptime(text, form).isoformat(sep=" ")
        except ValueError:
            continue
    return None


def common_prefix(names: list[str]) -> str:
    """What all have in common, up to an underscore: of Blackboard's names the assignment."""
    common = os.path.commonprefix(names)
    return common[: common.rfind("_") + 1]


def submitters(data: bytes) -> dict[str, list[Place]]:
    """Gradescope's submission_metadata.yml: submission → a Place for each who handed it in."""
    import yaml

    try:
        tree = yaml.load(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(f"{METADATA} cannot be read: {type(error).__name__}.") from error
    found: dict[str, list[Place]] = {}
    for key, about in tree.items() if isinstance(tree, dict) else ():
        people = about.get(":submitters") if isinstance(about, dict) else None
        for one in people if isinstance(people, list) else ():
            if not isinstance(one, dict):
                continue
            name, email = str(one.get(":name") or ""), str(one.get(":email") or "")
            number = email or str(one.get(":sid") or "")
            if number:
                time = about.get(":created_at")
                with_zone = isinstance(time, datetime) and time.tzinfo is not None
                when = time.isoformat(sep=" ") if with_zone else None
                found.setdefault(str(key), []).append(
                    Place(name or number, "Gradescope", number, (), time=when)
                )
    return found


def in_name(name: str, stems: Iterable[str]) -> tuple[str, str]:
    """`ada_lovelace_sgd.ipynb` → ("ada_lovelace", "sgd.ipynb"); ("", name) if there is no student."""
    if not is_book(name):
        return "", name
    known = sorted(stems, key=len, reverse=True)
    archive = name.lower().endswith(".zip")
    whole = name[:-4] if archive else stem(name)
    ending = name[-4:] if archive else ".ipynb"
    for one in known:
        found = re.fullmatch(rf"(.+)[_-]{re.escape(one)}", whole, flags=re.I)
        if found:
            return found[1], one + ending
    student, _, rest = (whole, "", name) if archive else name.partition("_")
    nobody = {one.casefold() for one in known}
    return (student, rest) if rest and student.casefold() not in nobody else ("", name)


def folder_name(text: str) -> str:
    """A student's name as a folder's: letters and digits of any script, no blanks.

    Empty if nothing is left of it.
    """
    text = BAD.sub("-", unicodedata.normalize("NFC", text)).strip("-.")
    cut = text.encode("utf-8", "ignore")[:LONGEST].decode("utf-8", "ignore")
    return cut.strip("-.")
