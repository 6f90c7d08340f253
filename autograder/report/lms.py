"""The scores as CSV: plain, and in the forms that Canvas and Moodle import.

Canvas takes a table with the columns Student, ID, SIS User ID, SIS Login ID, Section, one column
for each assignment, and a first row with the points possible. Moodle takes any table with a column
that says who; its assignments also take back the worksheet that they gave out (Identifier, …,
Grade, …, Feedback comments). An empty cell changes nothing in either. A name, or the name of a file
in a sentence, may be a formula for a spreadsheet: then an apostrophe goes before it.
"""

import contextlib
import csv
import io
import json
from pathlib import Path

from autograder.atomic import write
from autograder.course import Trouble
from autograder.plain_text import printable
from autograder.report.roster import KEYS, NAMES, Roster, fold

FORMATS = ("plain", "canvas", "moodle")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"
FORMULA = "=+-@＝＋－＠"


def write_csv(results, path, form="plain", roster=None, numbers=None):
    """Write the scores.

    Args:
        results: of `book.results`.
        form: one of FORMATS.
        roster: the file that the LMS exported; then the students and columns are those of it.
        numbers: (student, assignment) → what the LMS calls the student, as `collected` gives it.

    Returns:
        list of str, sentences: what the instructor should know before the import.

    Raises:
        Trouble: the roster is none, or the file cannot be written.
    """
    notes: list = []
    delimiter = ","
    if roster is not None:
        roster = Roster(Path(roster), form)
        delimiter = roster.delimiter
        rows = filled(roster, results, numbers or {}, notes)
    else:
        rows = {"plain": plainly, "canvas": for_canvas, "moodle": for_moodle}[form](results)
    if form != "plain":
        open_ = [one for one in results if one.needs_manual_grade]
        if open_:
            notes.append(f"{of(open_)}: not final, something is still to be graded by hand.")
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(map(harmless, row) for row in rows)
    write(path, text.getvalue())
    return notes


def harmless(cell):
    """A cell that no spreadsheet takes for a formula."""
    text = printable(cell)
    if len(text.strip()) < 2 or not text.strip().startswith(tuple(FORMULA)):
        return text  # Moodle writes a lone - for nothing
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def plainly(results):
    yield "student", "assignment", "score", "max_score", "needs_manual_grade", "why"
    for one in results:
        yield (
            one.student,
            one.assignment,
            points(one),
            f"{one.max_score:g}",
            one.needs_manual_grade,
            said(one),
        )


def for_canvas(results):
    """Without a roster: the name of a student's folder is the login."""
    names, most, table = wide(results)
    yield *CANVAS, *names
    yield POSSIBLE, "", "", "", "", *(f"{most[name]:g}" for name in names)
    for student, got in table.items():
        yield student, "", "", student, "", *(points(got.get(name)) for name in names)


def for_moodle(results):
    """Without a roster: the name of a student's folder is the username."""
    names, _, table = wide(results)
    yield "username", *(head for name in names for head in (name, feedback_of(name)))
    for student, got in table.items():
        yield (
            student,
            *(cell for name in names for cell in (points(got.get(name)), said(got.get(name)))),
        )


def wide(results):
    """The assignments; the most points of each; student → assignment → result."""
    most: dict = {}
    table: dict = {}
    for one in results:
        most[one.assignment] = max(one.max_score, most.get(one.assignment, 0))
        table.setdefault(one.student, {})[one.assignment] = one
    return sorted(most), most, dict(sorted(table.items()))


def collected(course, form):
    """What an LMS called the students when `autograder collect` took their submissions in.

    Returns:
        dict: (student, assignment) → number, as text.
    """
    found = {}
    with contextlib.suppress(OSError):
        text = (course.submitted / ".collected.jsonl").read_text(encoding="utf-8")
        for line in text.splitlines():
            with contextlib.suppress(
                ValueError, KeyError, AttributeError
            ):  # cut off by a power cut
                entry = json.loads(line)
                if entry["source"].lower() == form and entry["number"]:
                    found[entry["student"], entry["assignment"]] = entry["number"]
    return found


def moodle_numbers(course):
    """What Moodle called the students: (student, assignment) → (number, name)."""
    found = {}
    with contextlib.suppress(OSError):
        for line in (course.submitted / ".collected.jsonl").read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError, AttributeError):
                entry = json.loads(line)
                if entry["source"] == "Moodle" and str(entry["number"]).isdigit():
                    name = entry.get("name") or entry["student"]
                    found[entry["student"], entry["assignment"]] = (str(entry["number"]), name)
    return found


def on_roster(path, form, results, numbers):
    """Who stands on the LMS's list: (student, name) for each row.

    Of a row that is about none of the students with work, the student is called by its surest key.
    """
    roster, names = Roster(Path(path), form), {}
    of: dict = {}
    for one in results:
        number = numbers.get((one.student, one.assignment), "")
        of.setdefault(roster.find(one.student, number), one.student)
    for i, row in enumerate(roster.rows):
        key = next((row[column].strip() for column in roster.keys if row[column].strip()), "")
        if key:
            names[of.get(i, key)] = roster.name_in(row)
    return list(names.items())


def filled(roster, results, numbers, notes):
    """The LMS's own rows, with our scores in them. What does not fit goes into `notes`."""
    names, most, table = wide(results)
    lost = []
    rows: dict = {}  # number of a row → assignment → result
    for student, got in table.items():
        number = next((numbers[student, name] for name in got if (student, name) in numbers), "")
        at = roster.find(student, number)
        if at is None:
            lost.append(student)
        elif at in rows:
            other = next(iter(rows[at].values())).student
            raise Trouble(
                f"{student} and {other} are one row in {roster.path}: name their folders in "
                "autograder/submitted/ as the LMS names the students."
            )
        else:
            rows[at] = got
    if lost:
        notes.append(f"not in {roster.path.name}: {', '.join(lost)}.")
    if roster.at("identifier") is not None and roster.at("grade") is not None:
        return worksheet(roster, names, most, rows, notes)
    canvas = roster.lms == "canvas"
    who = {fold(name) for name in (*KEYS[roster.lms], *sum(NAMES, ()), "section", "rootaccount")}
    kept = [i for i, head in enumerate(roster.heads) if fold(head) in who]
    heads = []
    for name in names:
        at = roster.column_of(name)
        heads += [name if at is None else roster.heads[at]]
        heads += [] if canvas else [feedback_of(name)]
    out = [[*(roster.heads[i] for i in kept), *heads]]
    if canvas:
        out.append([POSSIBLE, *[""] * (len(kept) - 1)])
        out[-1] += [decimal(roster, possible(roster, name, most[name], notes)) for name in names]
    for i, row in enumerate(roster.rows):
        if canvas and not any(row[key].strip() for key in roster.keys):
            continue  # Canvas's own lines above the students
        got = [rows.get(i, {}).get(name) for name in names]
        cells = [c for one in got for c in (decimal(roster, points(one)), said(one))]
        out.append([*(row[k] for k in kept), *(cells[::2] if canvas else cells)])
    return out


def possible(roster, name, ours, notes):
    """The points possible that Canvas has for an assignment, or ours if it has none."""
    at = roster.column_of(name)
    for row in roster.rows if at is not None else ():
        if row[0].strip().casefold() == "points possible":
            theirs = row[at].strip().replace(",", ".")
            compare(name, theirs, ours, notes)
            return theirs or f"{ours:g}"
    return f"{ours:g}"


def worksheet(roster, names, most, rows, notes):
    """Moodle's grading worksheet of one assignment, filled in; the rest of it is as it was."""
    if len(names) != 1:
        raise Trouble(
            f"{roster.path} is Moodle's worksheet for one assignment: say which one, "
            f"as in `autograder report {names[0]} --format moodle --roster {roster.path}`."
        )
    grade, comments = roster.at("grade"), roster.at("feedbackcomments")
    at = roster.at("maximumgrade")
    if at is not None and roster.rows:
        compare(names[0], roster.rows[0][at].strip().replace(",", "."), most[names[0]], notes)
    out = [roster.heads]
    for i, row in enumerate(roster.rows):
        one, row = rows.get(i, {}).get(names[0]), list(row)
        if one is not None:
            row[grade] = decimal(roster, points(one))
            if comments is not None:
                row[comments] = said(one)
        out.append(row)
    return out


def compare(name, theirs, ours, notes):
    """Note it if the LMS counts other points."""
    try:
        same = not theirs or float(theirs) == ours
    except ValueError:
        same = True  # a scale, or "(read only)"
    if not same:
        notes.append(f"{name}: {ours:g} points here, {theirs} there; scores are not rescaled.")


def points(one):
    return "" if one is None or one.score is None else f"{one.score:g}"


def decimal(roster, text):
    return text.replace(".", ",") if roster.comma else text


def said(one):
    return "" if one is None else " | ".join(one.why)


def feedback_of(name):
    return f"{name} feedback"


def of(results):
    shown = ", ".join(f"{one.student} ({one.assignment})" for one in results[:5])
    return shown + (f" and {len(results) - 5} more" if len(results) > 5 else "")
