"""The command line:    autograder --help"""

import argparse
import os
import sys
import textwrap
import time

from autograder.course import Course, Trouble, said

EPILOG = """\
A class, from beginning to end:

  autograder release                  make exercises/ from solutions/; hand exercises/ out
  (put what comes back into           autograder/submitted/STUDENT/ASSIGNMENT/)
  autograder grade --all              grade all that is new or was changed
  autograder report                   the scores, as a table and as CSV
  autograder feedback                 a page for each student
  jupyter lab                         formgrader: look at answers, grade by hand, comment

nbgrader's own commands work in this folder too, on the same gradebook.
Try it first on a made-up class:      autograder demo
"""

HELP = {
    "release": (
        "make exercises/ from solutions/",
        "Take answers and hidden tests out of the notebooks in solutions/, and write the rest to "
        "exercises/. The same source always gives the same bytes. The gradebook is not touched.",
    ),
    "grade": (
        "grade what was handed in",
        "Grade the notebooks in autograder/submitted/STUDENT/ASSIGNMENT/ into the gradebook. "
        "Each runs in a kernel of its own, with the original tests put back. What was graded "
        "before and has not changed is not graded again, so after Ctrl-C the same command goes on "
        "where it stopped. Scores and comments given by hand stay.",
    ),
    "feedback": (
        "write a page for each student",
        "Write autograder/feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html for what has been graded.",
    ),
    "report": (
        "the scores, as a table and as CSV",
        "Print what the gradebook holds, with why marks were lost, and write it as CSV.",
    ),
    "doctor": (
        "what is there, and what is not",
        "Look at packages, folders, the gradebook, the sources and the released exercises, and "
        "say truly what was found. Nothing is changed.",
    ),
    "demo": (
        "grade a made-up class",
        "Make a sample class from solutions/, each student right or wrong in a way that has a "
        "name; grade it in a course folder of its own, autograder/demo/; and print who got "
        "what, and why. Your own gradebook is not touched.",
    ),
}


def parser():
    main = argparse.ArgumentParser(
        prog="autograder",
        description="Grade a class of the course, on top of nbgrader.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)
    made = {}
    for name, (brief, text) in HELP.items():
        made[name] = one = commands.add_parser(name, help=brief, description=text)
        one.add_argument(
            "--course", metavar="DIR", help="the course folder (default: the one you are in)"
        )
        if name in ("release", "grade", "feedback", "report"):
            one.add_argument(
                "assignments",
                metavar="ASSIGNMENT",
                nargs="*",
                help="such as 02_sgd" + ("" if name == "grade" else " (default: all)"),
            )
        if name in ("grade", "feedback"):
            one.add_argument(
                "--student",
                action="append",
                default=[],
                metavar="NAME",
                help="only this student; may be given several times",
            )
    made["release"].add_argument(
        "--check", action="store_true", help="change nothing; fail if exercises/ is out of date"
    )
    made["release"].add_argument(
        "--force", action="store_true", help="also over answers that someone wrote in exercises/"
    )
    made["grade"].add_argument("--all", action="store_true", help="all assignments")
    made["grade"].add_argument(
        "--again", action="store_true", help="also what has been graded and has not changed"
    )
    made["report"].add_argument(
        "--csv", metavar="FILE", help="where to write it (default: autograder/scores.csv)"
    )
    made["demo"].add_argument(
        "--keep", action="store_true", help="keep what an earlier run graded; do only the rest"
    )
    return main


def main(argv=None):
    """Run one command; returns the exit status, 0 only if all went well."""
    args = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a sign shows a ?
        stream.reconfigure(errors="replace")
    try:
        course = Course.around(args.course or os.getcwd())
        return COMMANDS[args.command](course, args)
    except Trouble as why:
        print(f"autograder: {why}", file=sys.stderr)
    except KeyboardInterrupt:
        print(
            "\nautograder: stopped. What was done is kept; run it again to go on.", file=sys.stderr
        )
        return 130
    except BrokenPipeError:  # autograder report | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ModuleNotFoundError as error:
        print(f"autograder: {error.name} is not installed: run `make set-up`.", file=sys.stderr)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"autograder: {name}{error.strerror or error}.", file=sys.stderr)
    except Exception as error:  # a mistake of ours; one sentence even so
        if os.environ.get("AUTOGRADER_DEBUG"):
            raise
        text = f"{type(error).__name__}: {said(error)}"
        print(
            f"autograder: {text}. This should not happen: please report it, with what "
            "AUTOGRADER_DEBUG=1 shows.",
            file=sys.stderr,
        )
    return 1


def release(course, args):
    from autograder import release as room

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


def grade(course, args):
    if not args.assignments and not args.all:
        raise Trouble(
            "grade what? Name assignments, or say --all. Handed in so far: " + handed_in(course)
        )
    names = course.chosen([] if args.all else args.assignments)
    submissions = course.submissions(names, args.student)
    if not submissions:
        name = names[0] if args.assignments else "ASSIGNMENT"
        where = (course.submitted / "STUDENT" / name).relative_to(course.root).as_posix()
        raise Trouble(f"nothing was handed in: put submissions into {where}/.")
    return grade_and_tell(course, submissions, args.again)


def handed_in(course):
    found = [one.assignment for one in course.submissions(course.chosen([]))]
    return ", ".join(f"{name} {found.count(name)}" for name in sorted(set(found))) or "nothing."


def grade_and_tell(course, submissions, again=False):
    """Grade with a progress bar, print the table; returns the exit status."""
    from tqdm import tqdm

    from autograder import report as room
    from autograder.grade import WORKERS
    from autograder.grade import grade as graded

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
            for outcome in graded(course, submissions, again):
                outcomes.append(outcome)
                bar.set_postfix_str(outcome.submission.student, refresh=False)
                bar.update()
    finally:
        if outcomes:
            tell(course, outcomes, room)
    failed = sum(not outcome.graded for outcome in outcomes)
    seconds = time.monotonic() - start
    print(
        f"\n{len(outcomes) - failed} of {len(outcomes)} submissions are graded "
        f"({seconds:.0f} s, {min(WORKERS, len(outcomes))} at a time); "
        f"scores are in {course.gradebook or 'the gradebook'}."
    )
    if failed:
        print(f"{failed} could not be graded: the table says why.", file=sys.stderr)
    return 1 if failed else 0


def tell(course, outcomes, room):
    points = {(row["student"], row["assignment"]): row for row in room.scores(course)}
    rows = []
    for outcome in sorted(outcomes, key=lambda one: one.submission):
        student, assignment, _ = outcome.submission
        row = points.get((student, assignment))
        known = outcome.graded and row
        score = f"{row['score']:g}/{row['max_score']:g}" if known else "not graded"
        note = ["needs grading by hand"] if known and row["needs_manual_grade"] else []
        rows.append((student, assignment, score, outcome.why + note))
    print(room.table(rows))


def feedback(course, args):
    from tqdm import tqdm

    from autograder import report as room

    names = course.chosen(args.assignments)
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
            room.feedback(course, one)
        except Trouble as why:
            failed += 1
            tqdm.write(f"{one.student}, {one.assignment}: {why}")
    print(f"{len(ready) - failed} of {len(ready)} pages are in {course.feedback}.")
    return 1 if failed else 0


def report(course, args):
    from pathlib import Path

    from autograder import report as room

    if course.gradebook and not course.gradebook.exists():
        raise Trouble("there is no gradebook yet: run `autograder grade` first.")
    rows = room.scores(course, course.chosen(args.assignments))
    if not rows:
        raise Trouble("the gradebook holds no scores: run `autograder grade` first.")
    lines = []
    for row in rows:
        why = room.reasons(course, row["student"], row["assignment"])
        score = f"{row['score']:g}/{row['max_score']:g}"
        lines.append((row["student"], row["assignment"], score, why))
        row["why"] = " | ".join(why)
    print(room.table(lines))
    path = Path(args.csv) if args.csv else course.root / "autograder" / "scores.csv"
    room.write_csv(rows, path)
    print(f"\nas CSV: {path}")
    return 0


def doctor(course, args):
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


def demo(course, args):
    from autograder import demo as room

    workspace, submissions = room.prepare(course, args.keep)
    where = workspace.root.relative_to(course.root).as_posix()
    print(f"a sample class of {len({one.student for one in submissions})} in {where}/\n")
    status = grade_and_tell(workspace, submissions)
    print(
        f"\nLook closer: `autograder report --course {where}`, or open formgrader in {where}/.\n"
        "Your own class: put what was handed in into autograder/submitted/STUDENT/ASSIGNMENT/, "
        "then run `autograder grade --all`."
    )
    return status


COMMANDS = dict(
    release=release, grade=grade, feedback=feedback, report=report, doctor=doctor, demo=demo
)

if __name__ == "__main__":
    sys.exit(main())
