"""`collect`: what a class handed in, wherever it lies, into submitted/STUDENT/ASSIGNMENT/."""

import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Trouble, said
from autograder.intake.archive import EACH, TOTAL, Budget, items, opened
from autograder.intake.delivery import deliver, not_alike
from autograder.intake.files import TIMESTAMP, Unreadable, shown, stem
from autograder.intake.layout import depth, exchange, place
from autograder.intake.master import masters
from autograder.intake.parse import parse
from autograder.intake.reading import shadow

LOG = ".collected.jsonl"


@dataclass
class Taken:
    """What became of one submission.

    path: the folder that it is in now; None if it was not taken.
    note: what there is to say of it, in sentences.
    trouble: why it was not taken, in one sentence; or None.
    source: "nbgrader", "Moodle", "Canvas" or "folder".
    number: what the LMS calls the student.
    """

    student: str
    assignment: str | None
    path: Path | None = None
    note: str = ""
    trouble: str | None = None
    source: str = ""
    number: str = ""


def collect(course, source, assignment=None, dry_run=False):
    """Take what was handed in to where `autograder grade` and nbgrader look for it.

    Args:
        course: a Course.
        source: a folder with STUDENT/ASSIGNMENT/FILE, STUDENT/FILE or STUDENT_FILE in it; a folder
            of the nbgrader exchange; the zip of an LMS (Moodle, Canvas), or what was unpacked of it.
        assignment: only this one; and what does not say for which it is, is for this one.
        dry_run: say what would be done, and do nothing.

    Returns:
        list of Taken, by student and assignment. The newest submission counts. One that was there
        before and is another is kept beside it, as ASSIGNMENT.earlier-1; if it is the newer one, it
        stays. Each folder is either the old one or the new one, whole. `submitted/.collected.jsonl`
        notes what came from where.

    Raises:
        Trouble: the source cannot be read at all, or there is no such assignment.
    """
    source = Path(source)
    if assignment is not None:
        course.chosen([assignment])
    if source.resolve() == course.submitted or course.submitted in source.resolve().parents:
        raise Trouble(f"{source} is where submissions go to: name the place where they come from.")
    stems = {path.stem: name for name in course.assignments for path in course.notebooks(name)}
    budget = Budget(TOTAL)
    taken, hands = [], defaultdict(list)
    try:
        found = items(source)
    except OSError as error:
        raise Trouble(f"{source} cannot be read: {said(error)}.") from error
    for where, item in placed(found, course.assignments, stems, budget, taken):
        hands[where.student, where.source, where.number, where.assignment, where.time].append(
            (where, item)
        )
    hands = told_apart(hands)
    versions = defaultdict(list)
    for where, files in hands:
        for name, part in by_assignment(course, where, files, stems, assignment, taken):
            versions[where.student, name].append((where, part))
    for (student, name), several in sorted(versions.items()):
        several.sort(key=lambda one: (one[0].time or "", one[0].age))
        where, files = several[-1]
        one = Taken(student, name, source=where.source, number=where.number)
        if len(several) > 1:
            one.note = f"Handed in {len(several)} times: the newest was taken."
        rivals = [t.student for t in taken if t.path and t.student.casefold() == student.casefold()]
        taken.append(one)
        try:
            not_alike(student, rivals)
            take(course, one, where, files, Budget(EACH, budget), dry_run)
        except Unreadable as why:
            one.trouble, one.path = str(why), None
        except OSError as error:
            one.trouble, one.path = f"{said(error)}: nothing was written.", None
    if not dry_run:
        log(course, source, taken)
    return sorted(taken, key=lambda one: (one.student, one.assignment or ""))


def placed(found, assignments, stems, budget, taken):
    """(Place, Item) of each file, those in the archives of students too."""
    top = depth([item.parts for item in found], assignments)
    seen = {
        where.source for item in found if (where := place(item.parts[top:], assignments, stems))
    }
    if "nbgrader" in seen:  # beside what was handed in lies what was handed out
        found = [item for item in found if exchange(item.parts, assignments, stems)]
    for item in found:
        parts = item.parts[top:]
        where = place(parts, assignments, stems)
        notebook = parts[-1].lower().endswith(".ipynb")
        if not parts[-1].lower().endswith(".zip") or item.trouble:
            if where and (notebook or where.source != "folder" or not seen & {"Moodle", "Canvas"}):
                yield where, item
            elif item.trouble or notebook:
                text = item.trouble or f"{item.name} does not say who handed it in."
                taken.append(Taken("", None, trouble=text))
            continue
        try:
            inner = opened(item, Budget(EACH, budget))
        except Unreadable as why:
            name = parts[-1][:-4]
            where = where or place((name, parts[-1]), assignments, stems)
            yield where, replace(item, trouble=str(why))
            continue
        for one in inner:
            inside = where
            if where and where.source != "folder":
                inside = replace(where, inside=one.parts)
            else:
                inside = place((*parts[:-1], parts[-1][:-4], *one.parts), assignments, stems)
            if inside:
                yield inside, one


def told_apart(hands):
    """[(Place, files)]; students of one name that the LMS numbers apart get the number too."""
    numbers = defaultdict(set)
    for student, source, number, *_ in hands:
        if number:
            numbers[student, source].add(number)
    result = []
    for (student, source, number, *_), files in hands.items():
        where = files[0][0]
        where = replace(where, age=max(place.age for place, _ in files))
        where = replace(where, late=any(place.late for place, _ in files))
        if len(numbers[student, source]) > 1 and number:
            where = replace(where, student=f"{student}-{number}")
        result.append((where, files))
    return result


def by_assignment(course, where, files, stems, wanted, taken):
    """(assignment, files) of what one student handed in."""
    if where.assignment is not None:
        if where.assignment not in course.assignments:
            text = f"there is no assignment {shown(where.assignment)} in this course."
            if wanted is None:
                taken.append(Taken(where.student, None, trouble=text, source=where.source))
        elif wanted in (None, where.assignment):
            yield where.assignment, files
        return
    parts, rest = defaultdict(list), []
    for one in files:
        name = one[0].inside[-1]
        if not name.lower().endswith(".ipynb"):
            rest.append(one)
            continue
        about = stems.get(stem(name)) or by_content(course, one[1])
        parts[about or wanted].append(one)
    if not parts and wanted:
        parts[wanted] = []
    for name, some in parts.items():
        if name is None:
            text = f"{some[0][1].name} does not say which assignment it is: name one."
            taken.append(Taken(where.student, None, trouble=text, source=where.source))
        elif wanted in (None, name):
            yield name, some + (rest if len(parts) == 1 else [])
    if not parts:
        first, item = rest[0]
        text = f"there is no notebook, only {shown(first.inside[-1])}: name the assignment."
        text = item.trouble or text
        taken.append(Taken(where.student, None, trouble=text, source=where.source))


def by_content(course, item):
    """The assignment that most of a notebook's marked cells belong to, or None."""
    try:
        raws, _ = parse(item.data(Budget()), item.name)
    except Unreadable:
        return None
    marks = {raw.grade_id for raw in raws} - {None}
    scores = {
        name: sum(len(marks & set(one.by_grade_id)) for one in masters(course, name))
        for name in (course.assignments if marks else [])
    }
    best = max(scores, key=scores.get, default=None)
    return best if best and scores[best] else None


def take(course, one, where, files, budget, dry_run):
    """Put one submission in its place."""
    notes = [one.note] if one.note else []
    if where.late:
        notes.append(f"{where.source} says that it is late, but not by how much.")
    chosen = files_of(course, one.assignment, files, where, notes)
    contents = {}
    for inside, item in chosen.items():
        try:
            contents[inside] = item.data(budget)
        except Unreadable as why:
            if inside[-1].lower().endswith(".ipynb") or budget.left < 0:
                raise
            notes.append(str(why))
            continue
        notes += item.notes
    if where.time:
        contents[(TIMESTAMP,)] = where.time.encode()
    if not set(contents) - {(TIMESTAMP,)}:
        broken = [item.trouble for _, item in files if item.trouble]
        raise Unreadable(broken[0] if broken else "there is nothing in it that can be taken.")
    if dry_run:
        with tempfile.TemporaryDirectory() as scratch:
            one.path = deliver(course.submitted, one, contents, notes, Path(scratch))
    else:
        one.path = deliver(course.submitted, one, contents, notes)
    one.note = " ".join(notes)


def files_of(course, assignment, files, where, notes):
    """Path within the submission → Item. The notebooks get the names that they are to have."""
    files = sorted(files, key=lambda one: (-one[0].age, len(one[0].inside), one[0].inside))
    chosen, left, used = {}, [], set()
    books = [one for one in files if one[0].inside[-1].lower().endswith(".ipynb")]
    names = [path.stem for path in course.notebooks(assignment)]
    for name in names:
        alike = [one for one in books if stem(one[0].inside[-1]).lower() == name.lower()]
        exact = [one for one in alike if one[0].inside[-1] == f"{name}.ipynb"]
        if where.source != "Canvas":  # there the higher number is the newer file
            alike = exact + [one for one in alike if one not in exact]
        if not alike and len(names) == 1 and len(books) == 1:
            alike = books
        if alike:
            place, item = alike[0]
            chosen[(f"{name}.ipynb",)] = item
            used |= {id(item)}
            if place.inside != (f"{name}.ipynb",):
                notes.append(f"{shown('/'.join(place.inside))} was taken as {name}.ipynb.")
            left += alike[1:]
    for place, item in files:
        inside = place.inside
        if id(item) in used:
            continue
        if (place, item) in left:
            notes.append(f"{shown('/'.join(inside))} was left out: another version counts.")
        elif shadow(Path(inside[0])) or shadow(Path(inside[-1])):
            notes.append(f"{shown(inside[-1])} was left out: it could stand in for a module.")
        elif "/".join(inside).casefold() in {"/".join(other).casefold() for other in chosen}:
            notes.append(f"{shown('/'.join(inside))} was left out: its name is taken.")
        elif inside == (TIMESTAMP,) and where.source != "folder":
            notes += ["A timestamp.txt was left out: it is the student's."] * (not where.time)
        else:
            chosen[inside] = item
            if item.trouble and not inside[-1].lower().endswith(".ipynb"):
                notes.append(item.trouble)
                del chosen[inside]
    return chosen


def log(course, source, taken):
    """One line for each submission that was taken: what came from where, and by which number."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [
        dict(
            student=one.student,
            assignment=one.assignment,
            time=now,
            origin=str(source),
            source=one.source,
            number=one.number,
        )
        for one in taken
        if one.path
    ]
    if lines:
        with open(course.submitted / LOG, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
