"""`collect`: what a class handed in, wherever it lies, into submitted/STUDENT/ASSIGNMENT/.

Every entry of a delivery ends as taken or as left with one sentence. Whatever is raised for one
submission is what is said of that one; the others go on.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from autograder.course import Course, Trouble, said
from autograder.intake.archive import EACH, TOTAL, Budget, Item, is_archive, is_junk, items, opened
from autograder.intake.delivery import deliver
from autograder.intake.files import TIMESTAMP, Unreadable, could_be_notebook, shown, stem
from autograder.intake.layout import Layout, Place
from autograder.intake.master import masters
from autograder.intake.parse import Raw, bare, parse
from autograder.intake.reading import shadow
from autograder.intake.registry import Key, Registry, Who, key_of
from autograder.log import Log

JOIN, APART = "join", "apart"
"""What to do with a student whose name is known from another assignment, where the LMS's number is
another one: the same person, or another."""

Hand = list[tuple[Place, Item]]
"""What one student handed in at one time."""


@dataclass
class Taken:
    """What became of one submission.

    path: the folder that it is in now; None if it was not taken.
    note: what there is to say of it, in sentences.
    trouble: why it was not taken, in one sentence; or None.
    source: "Moodle", "Canvas", …, "nbgrader" or "folder".
    number: what the LMS calls the student.
    """

    student: str
    assignment: str | None
    path: Path | None = None
    note: str = ""
    trouble: str | None = None
    source: str = ""
    number: str = ""


@dataclass
class Collected:
    """What became of a delivery: of each student's work, and of each entry.

    submissions: by student and assignment.
    entries: (name, why it was left, in one sentence; or None: it was taken), in the delivery's order.
    """

    submissions: list[Taken]
    entries: list[tuple[str, str | None]]

    @property
    def left(self) -> dict[str, str]:
        """entry → why it was left."""
        return {name: why for name, why in self.entries if why is not None}

    @property
    def count(self) -> str:
        left = sum(why is not None for _, why in self.entries)
        whole = len(self.entries)
        entries = "1 entry" if whole == 1 else f"{whole} entries"
        return f"{entries}: {whole - left} taken, {left} left."


def collect(
    course: Course,
    source: str | Path,
    assignment: str | None = None,
    dry_run: bool = False,
    known_names: str | None = None,
    encoding: str | None = None,
) -> Collected:
    """Take what was handed in to where `autograder grade` and nbgrader look for it.

    Args:
        source: a folder or a zip archive: what an LMS gave (see `layout`), nbgrader's exchange, or
            folders of students; ARCHIVE.zip/FOLDER for a folder within an archive.
        assignment: only this one; and what does not say for which it is, is for this one.
        dry_run: say what would be done, and do nothing.
        known_names: JOIN or APART; without, such a student's work is left, with the question.
        encoding: of names in an archive that does not say; else it is guessed.

    The newest submission counts. One that was there before and is another is kept beside it, as
    ASSIGNMENT.earlier-1; if it is the newer one, it stays. Each folder is either the old one or the new
    one, whole. `registry` remembers which student came from where.

    Raises:
        Trouble: the source cannot be read at all, or there is no such assignment.
    """
    source = Path(source)
    if assignment is not None:
        course.chosen([assignment])
    if source.resolve() == course.submitted or course.submitted in source.resolve().parents:
        raise Trouble(f"{source} is where submissions go to: name the place where they come from.")
    try:
        found = items(source, encoding)
    except LookupError as error:
        raise Trouble(f"there is no encoding {encoding}.") from error
    except OSError as error:
        raise Trouble(f"{source} cannot be read: {said(error)}.") from error
    run = Collection(course, source, assignment, dry_run, known_names)
    return run(found)


class Collection:
    """One run over one delivery."""

    def __init__(
        self,
        course: Course,
        source: Path,
        wanted: str | None,
        dry_run: bool,
        known_names: str | None,
    ):
        self.course, self.source, self.wanted = course, source, wanted
        self.dry_run, self.known_names = dry_run, known_names
        self.registry = Registry(course.submitted)
        self.assignments = course.assignments
        self.masters = cache(partial(masters, course))
        self.budget = Budget(TOTAL)
        self.stems = {
            path.stem: one for one in course.assignments for path in course.notebooks(one)
        }
        self.items: list[Item] = []
        self.fates: dict[Item, str | None] = {}
        self.submissions: list[Taken] = []
        self.parsed: dict[Item, list[Raw] | None] = {}
        self.log = None if dry_run else Log(course)

    def __call__(self, found: list[Item]) -> Collected:
        work = [item for item in found if not is_junk(item.parts)]
        name = re.sub(r"\.zip$", "", self.source.resolve().name, flags=re.I)
        layout = Layout(self.course, work, name)
        hands: dict[tuple[object, ...], Hand] = defaultdict(list)
        for item in found:
            if is_junk(item.parts):
                self.leave(item, f"{item.name} is what a system leaves behind: nobody's work.")
                continue
            for place, one in self.owned(layout, item):
                which = place.source, place.number, place.assignment, place.time
                hands[which].append((place, one))
        versions: dict[tuple[Key, str], list[Hand]] = defaultdict(list)
        for files in hands.values():
            self.guard(files, None, partial(self.sort, files, versions))
        whos: dict[tuple[Key, str], Who] = {}
        for (key, _), several in list(versions.items()):
            place = several[0][0][0]
            whos[key, _] = Who(key, place.name, place.source)
        self.ask_about_names(versions, whos)
        said_of = self.registry.settle(
            (whos[one] for one in versions), join=self.known_names == JOIN
        )
        if not self.dry_run:
            self.registry.remember(
                ((self.registry.folders[key], whos[key, name], name) for key, name in versions),
                str(self.source),
            )
        in_folder: dict[tuple[str, str], list[tuple[Key, list[Hand]]]] = defaultdict(list)
        for (key, name), several in versions.items():
            in_folder[self.registry.folders[key], name].append((key, several))
        for (student, name), owners in in_folder.items():
            key = owners[-1][0]
            several = [hand for _, hands_of_one in owners for hand in hands_of_one]
            self.submit(student, name, several, said_of.pop(key, None))
        self.submissions.sort(key=lambda one: (one.student, one.assignment or ""))
        entries = [(item.name, self.fates.get(item, NOT_SEEN)) for item in self.items]
        return Collected(self.submissions, entries)

    # what becomes of an entry

    def leave(self, item: Item, why: str) -> None:
        """It is not taken, unless it is elsewhere: what a group handed in is in several folders."""
        if item not in self.fates:
            self.items.append(item)
        self.fates.setdefault(item, why)

    def owned(self, layout: Layout, item: Item) -> list[tuple[Place, Item]]:
        """Whose an entry is; of an archive, whose each file in it is."""
        places = layout.places(item)
        if isinstance(places, str):
            self.leave(item, item.trouble or places)
            return []
        if is_archive(item):
            try:
                inside = list(opened(item, Budget(EACH, self.budget)))
            except Unreadable as why:
                item.trouble = str(why)
            except Exception as error:  # an archive as nobody has thought of
                item.trouble = self.stumbled(item.name, error)
            else:
                if inside:
                    return [pair for place in places for pair in self.within(place, item, inside)]
                item.trouble = f"{item.name} is an empty archive."
        if item.trouble:
            self.leave(item, item.trouble)
        elif item not in self.fates:
            self.items.append(item)
            self.fates[item] = NOT_SEEN
        return [(place, item) for place in places]

    def within(self, place: Place, archive: Item, inside: list[Item]) -> list[tuple[Place, Item]]:
        """The files in a student's archive."""
        found = []
        folder = place.inside[:-1]
        for one in inside:
            path = one.parts
            if one not in self.fates:
                one.parts = (*archive.parts, *one.parts)
                if is_junk(path):
                    self.leave(one, f"{one.name} is what a system leaves behind: nobody's work.")
                else:
                    self.items.append(one)
                    self.fates[one] = one.trouble or NOT_SEEN
            if not is_junk(path):
                below = one.parts[len(archive.parts) :]
                found.append((replace(place, inside=(*folder, *below)), one))
        return found

    # whose is it, and for which assignment

    def sort(self, files: Hand, versions: dict[tuple[Key, str], list[Hand]]) -> None:
        """Put what one student handed in at one time under its assignment."""
        for name, part in self.by_assignment(files).items():
            if name is None:
                self.aside(part, None, self.no_assignment(part))
            elif name not in self.assignments:
                text = f"there is no assignment {shown(name)} in this course."
                self.aside(part, None, text)
            elif self.wanted not in (None, name):
                text = self.belongs_elsewhere(part, name)
                for _, item in part:
                    self.leave_now(item, text)
                if len(part) == len(files):
                    self.note_left(part, name, text)
            else:
                versions[key_of(part[0][0], name), name].append(part)

    def by_assignment(self, files: Hand) -> dict[str | None, Hand]:
        parts: dict[str | None, Hand] = defaultdict(list)
        rest: Hand = []
        for place, item in files:
            said_so = place.assignment or self.wanted
            about = self.about(item, place.inside[-1])
            is_book = place.inside[-1].lower().endswith(".ipynb") and not item.trouble
            if about is None and not is_book:
                rest.append((place, item))
            elif place.assignment is not None and place.assignment not in self.assignments:
                parts[place.assignment].append((place, item))
            else:
                parts[about or said_so].append((place, item))
        if rest:
            said_so = rest[0][0].assignment or self.wanted
            (only,) = parts if len(parts) == 1 else (said_so,)
            home = said_so if said_so in parts or not parts else only
            parts[home].extend(rest)
        return parts

    def about(self, item: Item, name: str) -> str | None:
        """The assignment that a notebook is of: that of most of its marked cells, else of its name."""
        if item.trouble or not could_be_notebook(name):
            return None
        raws = self.cells(item)
        if raws is None:
            return self.stems.get(stem(name)) if name.lower().endswith(".ipynb") else None
        marks = {raw.grade_id for raw in raws} - {None}
        scores = {
            one: sum(len(marks & set(master.by_grade_id)) for master in self.masters(one))
            for one in (self.assignments if marks else [])
        }
        best = max(scores.values(), default=0)
        names = [one for one, score in scores.items() if score == best and best]
        by_name = self.stems.get(stem(name))
        if by_name in names or not names:
            return by_name
        return names[0] if len(names) == 1 else None

    def cells(self, item: Item) -> list[Raw] | None:
        """The cells of a notebook; None if it is none."""
        if item not in self.parsed:
            try:
                self.parsed[item] = parse(item.data(Budget(EACH, self.budget)), item.name)[0]
            except Unreadable:
                self.parsed[item] = None
        return self.parsed[item]

    def belongs_elsewhere(self, part: Hand, name: str) -> str:
        first = next((one for one in part if could_be_notebook(one[0].inside[-1])), part[0])
        return (
            f"{shown('/'.join(first[0].inside))} belongs to {name}, not to {self.wanted}: "
            f"collect it with --assignment {name}."
        )

    def no_assignment(self, part: Hand) -> str:
        place, item = part[0]
        if item.trouble:
            return item.trouble
        if could_be_notebook(place.inside[-1]):
            return f"{item.name} does not say which assignment it is: name one."
        return f"there is no notebook, only {shown(place.inside[-1])}: name the assignment."

    def ask_about_names(
        self, versions: dict[tuple[Key, str], list[Hand]], whos: dict[tuple[Key, str], Who]
    ) -> None:
        """Leave what is of a student who may be one that is known, or may not."""
        if self.known_names is not None:
            return
        for (key, name), several in list(versions.items()):
            who = whos[key, name]
            known = self.registry.known_by_name(who) if key not in self.registry.folders else []
            if known and key.assignment:
                text = (
                    f"{who.source} has new numbers in each assignment: is {shown(who.name)} the "
                    f"student in {known[0]}? Say --known-names join if equal names are the same "
                    "people here, or --known-names apart."
                )
                for files in several:
                    self.aside(files, name, text)
                del versions[key, name]

    # taking it

    def submit(self, student: str, name: str, several: list[Hand], note: str | None) -> None:
        """Of what one student handed in for one assignment, take the newest."""
        several.sort(key=lambda hand: (hand[0][0].time or "", max(place.age for place, _ in hand)))
        files = several[-1]
        for hand in several[:-1]:
            for _, item in hand:
                self.leave_now(item, f"{item.name} is an earlier one: the newest counts.")
        place = files[0][0]
        number = place.number if key_of(place, name).source else ""
        one = Taken(student, name, source=place.source, number=number)
        notes = [note] if note else []
        if len(several) > 1:
            dated = all(place.time or place.age for place, _ in several[-1])
            what = "the newest" if dated else f"that of {place.number}"
            notes.append(f"Handed in {len(several)} times: {what} was taken.")
        self.submissions.append(one)
        self.guard(files, one, partial(self.take, one, files, notes))
        one.note = " ".join(dict.fromkeys(notes)) if one.path else ""

    def guard(self, files: Hand, one: Taken | None, action: Callable[[], None]) -> None:
        """Whatever is raised for one submission is what is said of it."""
        try:
            action()
            return
        except Unreadable as why:
            text = str(why)
        except OSError as error:
            text = f"{said(error)}: nothing was written."
        except Exception as error:  # a submission as nobody has thought of
            text = self.stumbled(files[0][1].name, error)
        if one is None:
            self.aside(files, None, text)
            return
        one.trouble, one.path = text, None
        for _, item in files:
            self.leave_now(item, item.trouble or text)

    def stumbled(self, what: str, error: Exception) -> str:
        if self.log:
            self.log.traceback("collect", what)
        return f"it cannot be taken in ({type(error).__name__}: {shown(said(error))})."

    def leave_now(self, item: Item, why: str) -> None:
        if self.fates.get(item, NOT_SEEN) == NOT_SEEN:
            self.fates[item] = why

    def aside(self, files: Hand, name: str | None, text: str) -> None:
        """A submission that is not taken, and why."""
        for _, item in files:
            self.leave_now(item, item.trouble or text)
        self.note_left(files, name, text)

    def note_left(self, files: Hand, name: str | None, text: str) -> None:
        place = files[0][0]
        known = self.registry.folders.get(key_of(place, name or ""))
        number = place.number if place.source not in ("folder", "nbgrader") else ""
        self.submissions.append(
            Taken(known or shown(place.name), name, None, "", text, place.source, number)
        )

    def take(self, one: Taken, files: Hand, notes: list[str]) -> None:
        """Put one submission in its place."""
        place = files[0][0]
        if any(place.late for place, _ in files):
            notes.append(f"{place.source} says that it is late, but not by how much.")
        assert one.assignment is not None
        chosen = self.files_of(one.assignment, files, notes)
        contents: dict[tuple[str, ...], bytes] = {}
        budget = Budget(EACH, self.budget)
        for inside, item in chosen.items():
            try:
                contents[inside] = item.data(budget)
            except Unreadable as why:
                if inside[-1].lower().endswith(".ipynb") or budget.left < 0:
                    raise
                self.leave_now(item, str(why))
                notes.append(str(why))
                continue
            notes += item.notes
        if place.time and place.source in ("nbgrader", "Gradescope"):
            contents[(TIMESTAMP,)] = place.time.encode("utf-8", "replace")
        if not set(contents) - {(TIMESTAMP,)}:
            broken = [item.trouble for _, item in files if item.trouble]
            raise Unreadable(broken[0] if broken else "there is nothing in it that can be taken.")
        if not any(could_be_notebook(inside[-1]) for inside in contents):
            notes.append("There is no notebook in it.")
        if self.dry_run:
            with tempfile.TemporaryDirectory() as scratch:
                target = self.course.submitted, one.student, one.assignment
                one.path, now = deliver(*target, contents, notes, Path(scratch))
        else:
            target = self.course.submitted, one.student, one.assignment
            one.path, now = deliver(*target, contents, notes)
        for inside, item in chosen.items():
            if inside in contents:
                self.fates[item] = None if now else f"{item.name}: a newer one is there already."

    def files_of(
        self, assignment: str, files: Hand, notes: list[str]
    ) -> dict[tuple[str, ...], Item]:
        """Path within the submission → Item. The notebooks get the names that they are to have."""
        files = sorted(files, key=lambda one: (-one[0].age, len(one[0].inside), one[0].inside))
        chosen: dict[tuple[str, ...], Item] = {}
        used: set[Item] = set()
        left: dict[Item, str] = {}
        books = [one for one in files if not one[1].trouble and self.is_notebook(*one)]
        names = [one.notebook for one in self.masters(assignment)]
        for master in self.masters(assignment):
            name = master.notebook
            free = [one for one in books if one[1] not in used]
            best = self.candidates(free, name, only=len(names) == 1)
            if not best:
                continue
            place, item = self.best_of(best, name, [bare(one) for one in master.released.values()])
            chosen[(f"{name}.ipynb",)] = item
            used.add(item)
            path = shown("/".join(place.inside))
            others = [one for one in best if one[1] is not item]
            if place.inside != (f"{name}.ipynb",):
                notes.append(f"{path} was taken as {name}.ipynb.")
            for other, left_out in others:
                left[left_out] = (
                    f"{shown('/'.join(other.inside))} was left out: of several {path} counts."
                )
        broken = [item.trouble for place, item in files
                  if item.trouble and could_be_notebook(place.inside[-1])]  # fmt: skip
        if broken and not chosen:
            raise Unreadable(broken[0])
        for place, item in files:
            inside = place.inside
            path = shown("/".join(inside))
            taken = {"/".join(other).casefold() for other in chosen}
            if item in used:
                continue
            if item in left:
                why = left[item]
            elif item.trouble:
                why = item.trouble
            elif place.not_work and chosen:
                why = f"{path} is {place.not_work}."
                self.leave_now(item, why)
                continue
            elif shadow(Path(inside[0])) or shadow(Path(inside[-1])):
                why = f"{shown(inside[-1])} was left out: it could stand in for a module."
            elif any(one.startswith(".") for one in inside) or not_for_disk(inside):
                why = f"{path} was left out: no such name is written here."
            elif "/".join(inside).casefold() in taken or any(
                one.startswith("/".join(inside).casefold() + "/")
                or "/".join(inside).casefold().startswith(one + "/")
                for one in taken
            ):
                why = f"{path} was left out: its name is taken."
            elif inside == (TIMESTAMP,) and (place.source != "folder" or place.time):
                why = "A timestamp.txt was left out: it is the student's."
                if place.source == "nbgrader":  # nbgrader wrote it; we write the same
                    self.fates[item] = None
                    continue
            else:
                chosen[inside] = item
                if place.not_work:
                    notes.append(f"{path} is {place.not_work}.")
                continue
            notes.append(why)
            self.leave_now(item, why)
        return chosen

    def is_notebook(self, place: Place, item: Item) -> bool:
        """Is it called a notebook, or is it one that is called otherwise?"""
        name = place.inside[-1]
        if name.lower().endswith(".ipynb"):
            return True
        return could_be_notebook(name) and not item.trouble and self.cells(item) is not None

    def candidates(self, books: Hand, name: str, only: bool) -> Hand:
        """Those of a student's notebooks that may be this one of the assignment."""
        alike = [one for one in books if stem(one[0].inside[-1]).lower() == name.lower()]
        near = [one for one in books if one not in alike
                and stem(one[0].inside[-1]).lower().startswith(name.lower())]  # fmt: skip
        if alike:
            return alike + near
        return near or (books if only else [])

    def best_of(self, several: Hand, name: str, released: Iterable[str]) -> tuple[Place, Item]:
        """Of several candidates the one that counts.

        On Canvas the newest; else the one with the right name, unless nothing was written in it.

        Raises:
            Unreadable: nothing tells them apart.
        """
        if len(several) == 1:
            return several[0]
        if several[0][0].age:
            return several[0]
        known = set(released)

        def written(item: Item) -> bool:
            return any(raw.kind == "code" and raw.bare and raw.bare not in known
                       for raw in self.cells(item) or [])  # fmt: skip

        exact = [one for one in several if one[0].inside[-1] == f"{name}.ipynb"]
        top = [one for one in exact if len(one[0].inside) == 1]
        with_work = [one for one in several if written(one[1])]
        if top and (top[0] in with_work or not with_work):
            return top[0]
        for choice in (with_work, exact if len(exact) == 1 else []):
            if len(choice) == 1:
                return choice[0]
        if len({one[0].inside[:-1] for one in several}) == 1 and exact:
            return exact[0]
        paths = [shown("/".join(place.inside)) for place, _ in several]
        raise Unreadable(
            f"{', '.join(paths[:5])} may each be {name}.ipynb: keep the one that counts, and collect "
            "it again."
        )


NOT_SEEN = "nothing was done with it."


def not_for_disk(inside: tuple[str, ...]) -> bool:
    """Names that the file system or nbgrader could stumble over."""
    try:
        return any(len(part.encode("utf-8")) > 250 for part in inside)
    except UnicodeEncodeError:
        return True
