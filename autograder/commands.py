"""The commands: each takes the course and what was said on the command line, and returns the exit
status, 0 only if all went well."""

import argparse
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import Course, Submission, Trouble, said

if TYPE_CHECKING:
    from autograder.outcome import Outcome
    from autograder.report.results import Result

NEXT = " Next: `autograder grade --all`."


def release(course: Course, args: argparse.Namespace) -> int:
    from autograder import release as room

    if args.bundle is not None:
        return bundle(course, args)
    wrong = 0
    names = course.chosen(args.assignments)
    for number, name in enumerate(names, 1):
        print(f"[{number}/{len(names)}] {name}: ", end="", flush=True)
        try:
            if args.check:
                changed = room.drift(course, name)
                wrong += bool(changed)
                print("out of date" if changed else "current")
            else:
                changed = room.release(course, name, args.force)
                print("released" if changed else "current already")
        except Trouble:
            print("failed")
            raise
        for path in changed:
            print(f"    {path.relative_to(course.root).as_posix()}")
    for folder in [] if args.assignments else room.abandoned(course):
        where = folder.relative_to(course.root).as_posix()
        print(f"{where} has no source in {course.solutions.name}/: remove it")
        wrong += 1
    if args.check and wrong:
        raise Trouble("the release is out of date: run `autograder release`.")
    return 1 if wrong else 0


def bundle(course: Course, args: argparse.Namespace) -> int:
    from autograder import bundle as room

    if args.check or args.force:
        raise Trouble("--bundle changes nothing in exercises/: leave out --check and --force.")
    if not args.bundle.endswith(".zip"):
        raise Trouble(f"the bundle is a zip: call it {args.bundle or 'my_step'}.zip.")
    made = room.write(course, args.bundle, args.assignments)
    print(
        f"{args.bundle}: {made['files']} files, {made['bytes'] / 1e6:.1f} MB. None of the "
        f"{made['solutions']} solutions and {made['tests']} hidden tests is in it."
    )
    return 0


def collect(course: Course, args: argparse.Namespace) -> int:
    from autograder.intake import collect as taken_from
    from autograder.report import table

    if args.assignment is not None:
        course.chosen([args.assignment])
    found = taken_from(
        course, args.source, args.assignment, args.dry_run, args.known_names, args.encoding
    )
    if not found.entries:
        raise Trouble(f"nothing in {args.source} looks like something that was handed in.")
    rows = []
    for one in found.submissions:
        what = "would be taken" if args.dry_run else "taken"
        said = [one.trouble] if one.trouble else [one.note] if one.note else []
        rows.append((one.student, one.assignment or "?", "left" if one.trouble else what, said))
    if rows:
        print(table(rows, heads=("student", "assignment", "", "note")))
    shown = {one.trouble for one in found.submissions}
    others = {name: why for name, why in found.left.items() if why not in shown}
    if others:
        print("\nleft where they are:")
        for why in dict.fromkeys(others.values()):
            names = [name for name, other in others.items() if other == why]
            more = "" if len(names) == 1 or len(names) == len(others) == 1 else f" ({len(names)})"
            known = names[0] in why
            print(f"  {why}{more}" if known else f"  {', '.join(names[:3])}{more}: {why}")
    left = sum(one.trouble is not None for one in found.submissions)
    good = len(found.submissions) - left
    verb = "would be taken" if args.dry_run else "are in " + str(course.submitted)
    print(f"\n{found.count}")
    print(
        f"{good} of {len(found.submissions)} submissions {verb}."
        + ("" if args.dry_run else NEXT * bool(good))
    )
    if left:
        print(f"autograder: {left} could not be taken: the table says why.", file=sys.stderr)
    return 1 if left or not good else 0


def student(course: Course, args: argparse.Namespace) -> int:
    from autograder import students

    wanted = {"rename": 2, "merge": 2, "remove": 1}[args.action]
    if len(args.names) != wanted:
        names = "OLD NEW" if wanted == 2 else "STUDENT"
        raise Trouble(f"it is `autograder student {args.action} {names}`.")
    if args.keep is not None and args.action != "merge":
        raise Trouble("--keep is for merge.")
    if args.action == "rename":
        done = students.rename(course, args.names[0], args.names[1])
    elif args.action == "merge":
        done = students.merge(course, args.names[0], args.names[1], args.keep)
    else:
        done = students.remove(course, args.names[0])
    print("\n".join(done))
    return 0


def grade(course: Course, args: argparse.Namespace) -> int:
    if args.workers is not None and args.workers < 1:
        raise Trouble(f"{args.workers} workers grade nothing: take 1 or more.")
    if args.assignments and args.all:
        raise Trouble("either name assignments or say --all, not both.")
    if not args.assignments and not args.all:
        raise Trouble(
            "grade what? Name assignments, or say --all. Handed in so far: " + handed_in(course)
        )
    submissions = course.submissions(course.chosen(args.assignments), args.student)
    others = [] if args.student else course.not_gradable()
    for sentence in others:
        print(f"autograder: {sentence}", file=sys.stderr)
    if not submissions:
        name = args.assignments[0] if args.assignments else "ASSIGNMENT"
        where = (course.submitted / "STUDENT" / name).relative_to(course.root).as_posix()
        raise Trouble(
            f"nothing was handed in: put submissions into {where}/, or fetch them from a download "
            "with `autograder collect`."
        )
    if args.dry_run:
        return would_grade(course, submissions, args.again)
    tier = "none" if args.no_sandbox else None
    limits = {"pictures": True} if args.pictures else {}
    status = grade_and_tell(course, submissions, args.again, args.workers, tier, limits)
    return 1 if others else status


def handed_in(course: Course) -> str:
    found = [one.assignment for one in course.submissions(course.chosen([]))]
    return ", ".join(f"{name} {found.count(name)}" for name in sorted(set(found))) or "nothing."


def would_grade(course: Course, submissions: list[Submission], again: bool) -> int:
    from autograder.grade import grade as graded

    todo = [one for one in graded(course, submissions, again, dry_run=True) if one.fresh]
    for one in todo:
        print(f"{one.submission.student}  {one.submission.assignment}  {' '.join(one.why)}")
    print(
        f"{len(todo)} would be graded; {len(submissions) - len(todo)} are graded and have not changed."
    )
    return 0


def grade_and_tell(
    course: Course,
    submissions: list[Submission],
    again: bool = False,
    workers: int | None = None,
    tier: str | None = None,
    limits: dict[str, Any] | None = None,
) -> int:
    """Grade with a progress bar, print the table; returns the exit status."""
    from tqdm import tqdm

    from autograder.grade import WORKERS
    from autograder.grade import grade as graded

    workers = workers or WORKERS
    start, outcomes = time.monotonic(), []
    bar = tqdm(
        total=len(submissions),
        desc="grading",
        unit="submission",
        mininterval=0.5 if sys.stderr.isatty() else 10,
        bar_format="{desc}: {n}/{total} |{bar:20}| {elapsed} gone, about {remaining} left {postfix}",
    )
    try:
        with bar:
            run = graded(
                course,
                submissions,
                again,
                workers,
                tier,
                limits=limits,
                say=lambda text: tqdm.write(text, sys.stderr),
            )
            for outcome in run:
                outcomes.append(outcome)
                bar.set_postfix_str(outcome.submission.student, refresh=False)
                bar.update()
    finally:
        if outcomes:
            tell(course, outcomes)
    failed = sum(not outcome.graded for outcome in outcomes)
    seconds = time.monotonic() - start
    print(
        f"\n{len(outcomes) - failed} of {len(outcomes)} submissions are graded "
        f"({seconds:.0f} s, {min(workers, len(outcomes))} at a time); "
        f"scores are in {course.gradebook or 'the gradebook'}."
    )
    if failed:
        print(f"{failed} could not be graded: the table says why.", file=sys.stderr)
    return 1 if failed else 0


def tell(course: Course, outcomes: "list[Outcome]") -> None:
    from autograder import report as room

    points = {(row["student"], row["assignment"]): row for row in room.scores(course)}
    rows = []
    for outcome in sorted(outcomes, key=lambda one: one.submission):
        student, assignment, _ = outcome.submission
        row = points.get((student, assignment)) if outcome.graded else None
        score = f"{row['score']:g}/{row['max_score']:g}" if row else "not graded"
        note = ["needs grading by hand"] if row and row["needs_manual_grade"] else []
        note += [f"flag: {flag.text}" for flag in outcome.flags]
        rows.append((student, assignment, score, outcome.why + note))
    print(room.table(rows))


def feedback(course: Course, args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from autograder.atomic import Full
    from autograder.log import Log
    from autograder.plain_text import printable
    from autograder.record import feedback as pages

    names = course.chosen(args.assignments)
    if args.moodle and len(names) != 1:
        raise Trouble("Moodle takes one assignment at a time: name it, with --moodle.")
    if args.moodle and not args.moodle.endswith(".zip"):
        raise Trouble(f"what Moodle takes is a zip: call it {args.moodle}.zip.")
    ready = [
        one
        for one in course.submissions(names, args.student)
        if any((course.autograded / one.student / one.assignment).glob("*.ipynb"))
    ]
    if not ready:
        raise Trouble("nothing has been graded yet: run `autograder grade` first.")
    failed = 0
    for one in tqdm(ready, desc="feedback", unit="page"):
        try:
            pages(course, one.student, one.assignment)
        except Full:
            raise
        except Exception as error:
            failed += 1
            if not isinstance(error, Trouble):
                Log(course).traceback(one.student, one.assignment, "on its feedback page")
            tqdm.write(printable(f"{one.student}, {one.assignment}: {said(error)}."))
    print(f"{len(ready) - failed} of {len(ready)} pages are in {course.feedback}.")
    unknown = back_to_moodle(course, names[0], args.moodle) if args.moodle else []
    return 1 if failed or unknown else 0


def back_to_moodle(course: Course, assignment: str, path: str) -> list[str]:
    """Write the zip for Moodle; returns the students who have no number there."""
    from autograder.report.feedback_zip import write_zip
    from autograder.report.lms import moodle_numbers

    inside, unknown = write_zip(course, assignment, path, moodle_numbers(course))
    print(f"{path}: the pages of {inside} students, for Moodle.")
    if unknown:
        print(f"autograder: Moodle gave no number to {', '.join(unknown)}.", file=sys.stderr)
    return unknown


def report(course: Course, args: argparse.Namespace) -> int:
    from autograder import report as room

    if args.roster is not None and args.format == "plain":
        raise Trouble("whose roster is it? Say --format canvas or --format moodle with it.")
    ending = "" if args.format == "plain" else f"-{args.format}"
    sheet = Path(args.csv or course.root / "autograder" / f"scores{ending}.csv")
    page = Path(args.html or course.root / "autograder" / "report.html")
    if sheet.resolve() == page.resolve():
        raise Trouble(f"--csv and --html are the same file, {sheet}.")
    if args.roster is not None and Path(args.roster).resolve() in (sheet.resolve(), page.resolve()):
        raise Trouble(f"{args.roster} is the roster: write to another file, so that it stays.")
    names = course.chosen(args.assignments)
    if course.gradebook and not course.gradebook.exists():
        raise Trouble("there is no gradebook yet: run `autograder grade` first.")
    results = room.results(course, names)
    if not results:
        raise Trouble("the gradebook holds no scores: run `autograder grade` first.")
    numbers = room.collected(course, args.format)
    notes = room.write_csv(results, sheet, args.format, args.roster, numbers)
    people = dict(room.registered(course))
    if args.roster is not None:
        people |= room.on_roster(args.roster, args.format, results, numbers)
    room.write_page(results, page, course.course_id or course.root.name, people.items())
    print(room.table(map(line, results)))
    print(f"\nas CSV: {sheet}\nas a page about the class: {page}")
    for note in notes:
        print(f"autograder: {note}", file=sys.stderr)
    return 1 if any(note.startswith("not in ") for note in notes) else 0


def line(result: "Result") -> tuple[str, str, str, list[str]]:
    """A result as a row of the table."""
    if result.score is None:
        return result.student, result.assignment, "not graded", [result.verdict or "no result"]
    flags = [f"flag: {flag.text}" for flag in result.flags]
    score = f"{result.score:g}/{result.max_score:g}"
    return result.student, result.assignment, score, [*result.why, *flags]


def doctor(course: Course, args: argparse.Namespace) -> int:
    from autograder.doctor import examine

    wrong = 0
    print(f"course      {course.root}")
    for finding in examine(course):
        sign = {True: "ok ", False: "BAD", None: "   "}[finding.ok]
        text = textwrap.fill(finding.text, 100, initial_indent="", subsequent_indent=" " * 36)
        print(f"{sign} {finding.what:30}  {text}", flush=True)
        wrong += finding.ok is False
    print(f"\n{wrong} bad" if wrong else "\nall well")
    return 1 if wrong else 0


def demo(course: Course, args: argparse.Namespace) -> int:
    from autograder import demo as room
    from autograder.report import results
    from autograder.sandbox import tiers

    workspace, submissions = room.prepare(course, args.keep)
    where = workspace.root.relative_to(course.root).as_posix()
    print(f"a sample class of {len({one.student for one in submissions})} in {where}/\n")
    bare = tiers()[0].name == "none"
    if bare:
        print(
            "No sandbox holds here. What this class hands in is ours and harmless: it runs without."
        )
    grade_and_tell(workspace, submissions, tier="none" if bare else None)
    print(
        f"\nLook closer: `autograder report --course {where}`, or open formgrader in {where}/.\n"
        "Your own class: put what was handed in into autograder/submitted/STUDENT/ASSIGNMENT/, "
        "then run `autograder grade --all`."
    )
    not_graded = {one.student for one in results(workspace) if one.verdict}
    return 0 if not_graded == room.UNREADABLE else 1
