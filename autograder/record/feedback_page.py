"""The feedback page: what the student wrote, what it showed, what each test said, and the comments.

One HTML file that needs no network and runs no script. It is made for the student: nothing of the
hidden tests but what they found wrong, and no flags.
"""

import functools
import keyword
import re
from importlib import resources

from autograder.hidden_tests import error_name, for_student, has_hidden, visible
from autograder.plain_text import joined, without_colours
from autograder.record.pictures import picture
from autograder.record.safe_html import clean_html
from autograder.record.safe_markdown import typeset
from autograder.record.sanitize import as_html, describe
from autograder.report.markup import Html, tag

SAFE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # whatever got in, no script runs
TRUSTED = "master"


def page(nb, name, student, marks):
    """The page of one graded notebook.

    Args:
        nb: the graded notebook; from `record.notebook`, or from nbgrader.
        marks: what the gradebook holds for it: a `record.marks.Marks`.
    """
    most = sum(most for _, most, _ in marks.grades.values())
    score = max(0.0, sum(score for score, _, _ in marks.grades.values()) - marks.penalty)
    waiting = [grade_id for grade_id, (_, _, look) in marks.grades.items() if look]
    verdict = nb.metadata.get("autograder", {}).get("verdict")
    result = "not graded" if verdict else f"{score:g} of {most:g} points"
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=SAFE),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{name}: {result}"),
        tag("style", style()),
    ]
    body = [
        tag("h1", f"{name}: {result}"),
        tag("p", student, class_="soft"),
        tag("p", verdict, class_="comment") if verdict else None,
        tag("p", f"{marks.penalty:g} points off for being late.") if marks.penalty else None,
        tag("p", f"Still to be graded by hand: {', '.join(waiting)}.") if waiting else None,
        summary(nb, marks) if not verdict else None,
        cells(nb, marks) if not verdict else None,
    ]
    return "<!DOCTYPE html>\n" + tag(
        "html", tag("head", *head), tag("body", tag("main", *body)), lang="en"
    )


@functools.cache
def style():
    return Html(
        resources.files(__package__).joinpath("feedback_page.css").read_text(encoding="utf-8")
    )


def summary(nb, marks):
    """A table: every cell that gives points."""
    rows = []
    for one in nb.cells:
        name = one.metadata.get("nbgrader", {}).get("grade_id")
        if name in marks.grades:
            score, most, look = marks.grades[name]
            link = tag("a", name, href=f"#{name}")
            points = "by hand" if look and not score else f"{score:g} / {most:g}"
            rows.append(tag("tr", tag("td", link), tag("td", points, class_="n")))
    heads = tag("tr", tag("th", "test", scope="col"), tag("th", "points", class_="n", scope="col"))
    return tag("details", tag("summary", "Points, test by test"), tag("table", heads, rows))


def cells(nb, marks):
    """All cells, as the page shows them.

    What the student's own cells showed after a hidden test is left out, for it may be what that test
    gave them; the student has seen it in the notebook anyway.
    """
    scores, hidden, shown = nb.metadata.get("autograder", {}).get("scores", {}), False, []
    for one in nb.cells:
        name = one.metadata.get("nbgrader", {}).get("grade_id")
        outputs = one.get("outputs", [])
        outputs = list(map(failure_alone if hidden else output, outputs))
        shown.append(cell(one, name, marks, scores.get(name), [each for each in outputs if each]))
        hidden = hidden or (one.cell_type == "code" and has_hidden(one.source))
    return shown


def cell(one, name, marks, score, outputs):
    """One cell as the page shows it, or None."""
    about = one.metadata.get("nbgrader", {})
    if about.get("solution") or about.get("task"):
        return answer(one, name, marks, outputs)
    if name in marks.grades:
        return test(one, name, marks, score)
    master = one.metadata.get("autograder", {}).get("origin") == TRUSTED
    if one.cell_type == "code":
        if master:  # the student has its source
            return tag("section", outputs) if outputs else None
        return tag("section", code(one.source), outputs) if one.source.strip() else None
    if one.cell_type == "markdown" and master:  # the student has the text; its headings lead here
        headings = re.findall(r"^#{1,3} +(.+?)#*$", one.source, re.M)
        return [tag("h2", text.strip()) for text in headings[:1]]
    return tag("section", text_cell(one)) if one.source.strip() else None


def answer(one, name, marks, outputs):
    """The student's answer, with the comment on it."""
    body = code(one.source) if one.cell_type == "code" else text_cell(one)
    comment = marks.comments.get(name)
    return tag(
        "section",
        tag("h3", name, points(name, marks), id=name),
        body,
        outputs,
        tag("div", markdown(comment), class_="comment") if comment else None,
        class_="answer",
    )


def test(one, name, marks, noted):
    """What a test was about, in its own words, and what it said."""
    score, most, _ = marks.grades[name]
    headed = re.match(r"#+ *([^\n]+)", visible(one.source).strip())
    about = headed[1] if headed else None
    said = complaint(one, noted) if score < most else None
    return tag(
        "section",
        tag("h3", "✓ " if score >= most else "✗ ", name, points(name, marks), id=name),
        tag("p", about, class_="soft") if about else None,
        tag("pre", said, class_="said") if said else None,
        class_="test right" if score >= most else "test wrong",
    )


def points(name, marks):
    if name not in marks.grades:
        return None
    score, most, look = marks.grades[name]
    text = "graded by hand" if look and not score else f"{score:g} / {most:g}"
    return tag("span", text, class_="points")


def complaint(one, noted):
    """What a failed test said, without its traceback and without what a hidden test gives away.

    Args:
        noted: what the judge noted, as a dict; None for a notebook that nbgrader graded.
    """
    for each in one.get("outputs", []):
        if each.output_type == "error":
            noted = noted or dict(raised=each.ename, why=each.evalue)
            return for_student(noted, one.source) or "This test did not pass."
    return None


def failure_alone(each):
    """Of an output only that it is an error, and its name."""
    if each.output_type != "error":
        return None
    return tag("pre", f"{error_name(each.ename)} was raised.", class_="stderr")


def output(each):
    """One output: text, a picture, cleaned HTML; or what went wrong."""
    if each.output_type == "stream":
        return tag("pre", without_colours(each.text), class_=each.name)
    if each.output_type == "error":
        lines = [without_colours(line) for line in each.traceback] or [
            f"{each.ename}: {each.evalue}"
        ]
        return tag("pre", "\n".join(lines), class_="stderr")
    data = each.get("data", {})
    for kind in ("image/png", "image/jpeg", "image/gif"):
        made = picture(kind, data[kind]) if kind in data else None
        if made:
            known = describe(kind, made, each.get("metadata", {}).get(kind, {}))
            known.setdefault("alt", "a picture")
            return tag("div", tag("img", src=f"data:{kind};base64,{made}", **known), class_="box")
    markup = as_html(data)
    if markup:
        return tag("div", Html(markup), class_="scroll box")
    text = data.get("text/plain")
    return tag("pre", without_colours(text)) if text else None


PYTHON = re.compile(
    r"(?P<note>#[^\n]*)"
    r"|(?P<string>(?<!\w)[rbfu]{0,2}(?:"
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|'
    r"\'\'\'(?:\\.|[^\\])*?(?:\'\'\'|\Z)|"
    r'"(?:\\.|[^"\\\n])*"?|'
    r"'(?:\\.|[^'\\\n])*'?))"
    rf"|(?P<word>\b(?:{'|'.join(keyword.kwlist)})\b)"
    r"|(?P<number>\b\d[\w.]*)",
    re.S,
)


def code(source):
    """Python, coloured."""
    source, parts, end = without_colours(source), [], 0
    for found in PYTHON.finditer(source):
        parts += [source[end : found.start()], tag("i", found[0], class_=found.lastgroup)]
        end = found.end()
    return tag("pre", parts, source[end:], class_="code", tabindex="0")


def markdown(source):
    """Markdown, typeset; HTML in it is shown as it was typed. Formulas stay in TeX."""
    return tag("div", Html(typeset(source)), class_="text box")


def text_cell(one):
    """A student's text cell: as we stored it, or the Markdown that stock nbgrader keeps."""
    if one.metadata.get("autograder", {}).get("typeset"):
        return tag("div", Html(clean_html(joined(one.source))), class_="text box")
    return markdown(one.source)
