"""What the tests of the record room share: results made up, and the gradebook's rows read."""

import contextlib
import sqlite3

import nbformat

from autograder.model import ANSWER, TEST, TEXT, Cell, Graded, Ran, Score, Sheet
from tests.fuzz.documents import Grammar
from tests.support.markup_attacks import HTML, MARKDOWN

DOUBLE = "def double(x):\n    return x * x"
TEST_SOURCE = """\
assert double(2) == 4, "double(2) is 4\\nand not something else"
### BEGIN HIDDEN TESTS
assert double(3) == 6, "double(3) is 6"
### END HIDDEN TESTS"""


def failed(message, name="AssertionError"):
    return dict(
        output_type="error",
        ename=name,
        evalue=message,
        traceback=['      4 assert double(3) == 6, "double(3) is 6"', f"{name}: {message}"],
    )


def result(student="ann", first=0.0, second=1.0, why="double(3) is 6", **sheet):
    """A Graded for the tiny assignment: 2 and 1 points to get."""
    cells = [
        Cell("title", TEXT, "markdown", "# Tiny"),
        Cell("double", ANSWER, "code", DOUBLE, "student", "double"),
        Cell("double-test", TEST, "code", TEST_SOURCE, "master", "double-test", 2),
        Cell("half", ANSWER, "code", "def half(x):\n    return x / 2", "student", "half"),
        Cell("half-test", TEST, "code", "assert True", "master", "half-test", 1),
    ]
    graded = Graded(
        Sheet(student, "01_tiny", "tiny", cells, **sheet), tier="stand-in", seconds=0.25
    )
    graded.ran = {cell.id: Ran("ok", [], n) for n, cell in enumerate(cells) if cell.kind == "code"}
    graded.scores = {
        "double-test": Score(first, 2.0, "" if first == 2 else why),
        "half-test": Score(second, 1.0, "" if second == 1 else why),
    }
    if first != 2:
        graded.ran["double-test"] = Ran("error", [failed(why)], 2)
    return graded


def extra(graded, *outputs, source="pass", kind="code"):
    """The student has one more cell, which showed these outputs."""
    graded.sheet.cells.append(Cell("extra", "free", kind, source, "student"))
    graded.ran["extra"] = Ran("ok", list(outputs), 9)
    return graded


def attacked(student="ann"):
    """A submission that shows every attack in every place where it could be shown."""
    shown = []
    for attack in HTML + MARKDOWN:
        for kind in ("text/html", "text/markdown", "text/plain", "text/latex", "image/svg+xml"):
            shown.append(dict(output_type="display_data", data={kind: attack}, metadata={}))
        shown.append(dict(output_type="stream", name="stdout", text=attack))
        shown.append(failed(attack, name=attack))
    shown.append(dict(output_type="display_data", data={"application/javascript": "pwn()"}))
    graded = extra(result(student, why=HTML[0]), *shown, source="'''" + "\n".join(HTML))
    graded.sheet.cells[1].source = "\n".join(HTML + MARKDOWN)
    for number, attack in enumerate(HTML + MARKDOWN):
        extra(graded, source=attack, kind="markdown").sheet.cells[-1].id = f"text-{number}"
    graded.ran["double-test"].outputs = [failed(attack) for attack in HTML]
    return graded


def generated(student, count, seed):
    """A submission that shows generated documents as text cells, as outputs and in exceptions."""
    grammar, graded = Grammar(seed), result(student)
    for number in range(count):
        text = grammar.document()
        kind = ("text/html", "text/markdown", "text/latex", "image/svg+xml")[number % 4]
        shown = dict(output_type="display_data", data={kind: text}, metadata={})
        extra(graded, source=text, kind="markdown").sheet.cells[-1].id = f"text-{number}"
        extra(graded, source=text).sheet.cells[-1].id = f"code-{number}"
        graded.ran[f"code-{number}"] = Ran("ok", [shown, failed(text, name=text[:50])], number)
    why = grammar.document()
    graded.scores["double-test"].why = why
    graded.ran["double-test"].outputs = [failed(why)]
    return graded


def hand_in(course, student, **answers):
    """The released notebook, with these answers in it."""
    nb = nbformat.read(course.exercises / "01_tiny" / "tiny.ipynb", as_version=4)
    for cell in nb.cells:
        cell.source = answers.get(cell.id, cell.source)
    folder = course.submitted / student / "01_tiny"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, folder / "tiny.ipynb")


ROWS = {
    "submissions": """
        select s.id, a.name, x.timestamp, x.extension from submitted_assignment x
        join student s on s.id = x.student_id join assignment a on a.id = x.assignment_id""",
    "notebooks": """
        select x.student_id, n.name, m.flagged, m.late_submission_penalty
        from submitted_notebook m join notebook n on n.id = m.notebook_id
        join submitted_assignment x on x.id = m.assignment_id""",
    "grades": """
        select x.student_id, c.name, c.type, g.auto_score, g.manual_score, g.extra_credit,
        g.needs_manual_grade, a.name from grade g join base_cell c on c.id = g.cell_id
        join submitted_notebook m on m.id = g.notebook_id
        join submitted_assignment x on x.id = m.assignment_id
        join assignment a on a.id = x.assignment_id""",
    "comments": """
        select x.student_id, c.name, c.type, o.auto_comment, o.manual_comment
        from comment o join base_cell c on c.id = o.cell_id
        join submitted_notebook m on m.id = o.notebook_id
        join submitted_assignment x on x.id = m.assignment_id""",
    "students": "select id, first_name, last_name, email, lms_user_id from student",
    "assignments": "select name, duedate, course_id from assignment",
    "courses": "select id from course",
}


def rows(course):
    """What the gradebook holds, by table, without the ids that are drawn by lot."""
    with contextlib.closing(sqlite3.connect(course.gradebook)) as book:
        return {
            name: sorted(map(repr, book.execute(query).fetchall())) for name, query in ROWS.items()
        }


def change(course, statement, *values):
    """Somebody else, formgrader for instance, writes into the gradebook."""
    with contextlib.closing(sqlite3.connect(course.gradebook)) as book, book:
        assert book.execute(statement, values).rowcount > 0
