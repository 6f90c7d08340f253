"""What can be said on the command line, and what `--help` answers."""

import argparse
from collections.abc import Callable
from typing import Any

from autograder.report.lms import FORMATS

EPILOG = """\
A term, from beginning to end:

  autograder doctor                   is everything there, and does the sandbox hold?
  autograder release                  make exercises/ from solutions/ …
  autograder release --bundle x.zip   … or all that students need, as a zip
  autograder collect DOWNLOAD.zip     what came back: from Moodle, Canvas, a folder
  autograder student merge OLD NEW    … two that are one; also rename, remove
  autograder grade --all              grade all that is new or was changed
  jupyter lab                         formgrader: look at answers, grade by hand, comment
  autograder report                   scores and mistakes: a table, CSV, a page about the class
  autograder feedback                 a page for each student

nbgrader's own commands work in this folder too, on the same gradebook. Each command says more:
`autograder grade --help`. All of it as a story: docs/instructors.md.
Try it first on a made-up class:      autograder demo
"""

HELP = {
    "release": (
        "make exercises/ from solutions/; a zip for students",
        "Take answers and hidden tests out of the notebooks in solutions/, and write the rest to "
        "exercises/. The same source always gives the same bytes. The gradebook is not touched. "
        "With --bundle, write what students need into one zip: lectures, exercises, utils, data, "
        "set-up. It is built from a list, and each file in it is searched for every solution and "
        "hidden test before it is written.",
        """\
  autograder release                      all assignments
  autograder release 02_sgd               this one
  autograder release --check              for CI: does exercises/ fit solutions/?
  autograder release --bundle week1.zip   the zip; exercises/ is left alone""",
    ),
    "collect": (
        "take in what students handed in",
        "Put submissions into autograder/submitted/STUDENT/ASSIGNMENT/. The source is the zip that "
        "Moodle, Canvas, Brightspace, Blackboard or Gradescope gives for an assignment, what was "
        "unpacked of it, a folder with one folder for each student, or nbgrader's exchange. Who handed "
        "in is told by the LMS's number, the exchange or the top folder; nothing in a submission is "
        "trusted. Every entry ends as taken or as left, with a sentence.",
        """\
  autograder collect ~/Downloads/submissions.zip --assignment 02_sgd
  autograder collect inbox/                       a folder for each student
  autograder collect class.zip/week2              a folder within a zip
  autograder collect submissions.zip --dry-run    look first, change nothing""",
    ),
    "student": (
        "give a student another name, make one of two, remove one",
        "Everywhere at once, and no grade is lost: in the gradebook, in autograder/submitted, autograded "
        "and feedback, and in the list of what an LMS calls whom, so that the next `collect` knows. merge "
        "makes one student of two, such as one whom Moodle gave two numbers. What a removed student handed "
        "in is kept in autograder/submitted/.removed.",
        """\
  autograder student rename u1234 ann-lee
  autograder student merge Ann-Lee-2001 Ann-Lee
  autograder student remove ann-lee""",
    ),
    "grade": (
        "grade what was handed in",
        "Grade the notebooks in autograder/submitted/STUDENT/ASSIGNMENT/ into the gradebook, with "
        "the original tests. What was graded before and has not changed is not graded again, so "
        "after Ctrl-C or a power cut the same command goes on where it stopped. Scores and "
        "comments given by hand stay.",
        """\
  autograder grade --all                        all that is new or was changed
  autograder grade 02_sgd --student ann         one student
  autograder grade 02_sgd --again               also what has not changed
  autograder grade --all --dry-run              what would be graded?""",
    ),
    "feedback": (
        "write a page for each student",
        "Write autograder/feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html for what has been graded, with "
        "the scores and comments that were given by hand.",
        """\
  autograder feedback                           all
  autograder feedback 02_sgd --student ann      one page
  autograder feedback 02_sgd --moodle back.zip  in Moodle: Upload multiple feedback files in a zip""",
    ),
    "report": (
        "scores and mistakes: a table, CSV, a page about the class",
        "Print what the gradebook holds, with why marks were lost. Write it as CSV, and as a page "
        "about the class: score distributions, mistakes by name, hardest cells, times, what was "
        "flagged. The page is one file that needs no network.",
        """\
  autograder report                                     all assignments
  autograder report 02_sgd --format moodle --roster worksheet.csv
  autograder report --format canvas --roster grades.csv --csv upload.csv

With --roster, the students and columns are those of the file that your LMS exported, so the import
fits: Canvas: Grades, Export.  Moodle: the assignment's grading worksheet, or Grades, Export.""",
    ),
    "doctor": (
        "what is there, and what is not",
        "Look at packages, folders, the gradebook, the sources, the released exercises and the "
        "sandbox, and say truly what was found. Nothing is changed.",
        """\
  autograder doctor""",
    ),
    "demo": (
        "grade a made-up class",
        "Make a sample class from solutions/, each student right or wrong in a way that has a "
        "name; grade it in a course folder of its own, autograder/demo/; and print who got "
        "what, and why. Your own gradebook is not touched.",
        """\
  autograder demo
  autograder report --course autograder/demo     and then, its class page""",
    ),
}
"""command → (a few words, a few sentences, examples)."""


def parser() -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    main = argparse.ArgumentParser(
        prog="autograder",
        description="Grade a class of the course, on top of nbgrader.",
        epilog=EPILOG,
        formatter_class=shape,
    )
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)
    made = {}
    for name, (brief, text, examples) in HELP.items():
        made[name] = commands.add_parser(
            name,
            help=brief,
            description=fill(text),
            epilog=f"examples:\n{examples}",
            formatter_class=shape,
        )
        made[name].add_argument(
            "--course", metavar="DIR", help="the course folder (default: the one you are in)"
        )
    for name in ("release", "grade", "feedback", "report"):
        made[name].add_argument(
            "assignments",
            metavar="ASSIGNMENT",
            nargs="*",
            help="such as 02_sgd" + ("" if name == "grade" else " (default: all)"),
        )
    for name in ("grade", "feedback"):
        made[name].add_argument(
            "--student",
            action="append",
            default=[],
            metavar="NAME",
            help="only this student; may be given several times",
        )
    for name, add in (
        ("release", release),
        ("collect", collect),
        ("student", student),
        ("grade", grade),
        ("feedback", feedback),
        ("report", report),
    ):
        add(made[name].add_argument)
    made["demo"].add_argument(
        "--keep", action="store_true", help="keep what an earlier run graded; do only the rest"
    )
    return main


def fill(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 92)


def release(add: Callable[..., Any]) -> None:
    add("--check", action="store_true", help="change nothing; fail if exercises/ is out of date")
    add("--force", action="store_true", help="also over answers that someone wrote in exercises/")
    add("--bundle", metavar="FILE.zip", help="write the zip for students, and nothing else")


def feedback(add: Callable[..., Any]) -> None:
    add(
        "--moodle",
        metavar="FILE.zip",
        help="also write the pages of one assignment as the zip that Moodle takes back",
    )


def collect(add: Callable[..., Any]) -> None:
    add("source", metavar="SOURCE", help="a zip, a folder, or nbgrader's exchange")
    add("--assignment", metavar="NAME", help="what it was handed in for, if the source is silent")
    add("--dry-run", action="store_true", help="say what would be taken; change nothing")
    add(
        "--known-names",
        choices=("join", "apart"),
        help="Moodle numbers students anew in each assignment: is one whose name is known from another "
        "assignment that student (join), or somebody else (apart)?",
    )
    add(
        "--encoding",
        metavar="NAME",
        help="of names in a zip that does not say, such as gbk or euc-kr",
    )


def student(add: Callable[..., Any]) -> None:
    add("action", choices=("rename", "merge", "remove"), help="what to do")
    add(
        "names",
        metavar="STUDENT",
        nargs="+",
        help="the folder's name; for rename and merge OLD NEW",
    )
    add("--keep", metavar="STUDENT", help="whose work counts, if both handed in (merge)")


def grade(add: Callable[..., Any]) -> None:
    add("--all", action="store_true", help="all assignments")
    add("--again", action="store_true", help="also what has been graded and has not changed")
    add("--dry-run", action="store_true", help="say what would be graded; change nothing")
    add(
        "--workers",
        metavar="N",
        type=int,
        help="how many submissions at a time (default: one a core)",
    )
    add(
        "--pictures",
        action="store_true",
        help="draw the course's own pictures too; without, those in cells that nobody has changed are "
        "told in words, which is several times as fast",
    )
    add(
        "--no-sandbox",
        action="store_true",
        help="run submissions with your rights, where no sandbox holds: only code you trust",
    )


def report(add: Callable[..., Any]) -> None:
    add("--csv", metavar="FILE", help="where to (default: autograder/scores.csv)")
    add("--format", choices=FORMATS, default="plain", help="for whom the CSV is (default: plain)")
    add("--roster", metavar="FILE", help="what the LMS exported, to be filled in")
    add("--html", metavar="FILE", help="where to (default: autograder/report.html)")
