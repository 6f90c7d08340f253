"""Hidden tests stay hidden: their source is on no page that a student gets, nor are their numbers.

Of a hidden test that failed, the student reads what kind of case it was and the diagnosis: words that
the test's author wrote, and the fields of a check's finding that hold no number. Whatever an answer
raises or returns cannot put more on the page.
"""

import ast
import builtins
import functools
import re
from pathlib import Path

import utils
from autograder.plain_text import without_colours

BEGIN, END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
REGION = re.compile(rf"^[^\n]*{BEGIN}.*?(?:^[^\n]*{END}[^\n]*\n?|\Z)", re.S | re.M)
TELLING = 20  # a line this long is no coincidence inside another one
WORD = re.compile(r"[^\W_]+")
GAP = "…"


def visible(source: str) -> str:
    """A test cell's source as the student has it."""
    return REGION.sub("", source)


def has_hidden(source: str) -> bool:
    """Is there a part in a test cell that the student does not have?"""
    return BEGIN in source


def is_hidden(source: str, line: int) -> bool:
    """Is this line of a test cell (from 1 on) one that the student does not have?"""
    return any(
        source.count("\n", 0, region.start()) < line <= source.count("\n", 0, region.end() - 1) + 1
        for region in REGION.finditer(source)
    )


def secrets(source: str) -> set[str]:
    """The lines of a test cell that the student does not have."""
    lines = {line.strip() for region in REGION.findall(source) for line in region.splitlines()}
    return {line for line in lines if line.strip("()[]{}: ")}


def without(text: str, secrets: set[str]) -> str:
    """Text without the lines in which one of the secrets is."""
    kept = [line for line in text.splitlines() if not tells(line, secrets)]
    return "\n".join(kept).strip()


def tells(line: str, secrets: set[str]) -> bool:
    return line.strip() in secrets or any(
        len(secret) >= TELLING and secret in line for secret in secrets
    )


def for_student(score: dict, source: str) -> str:
    """What a student reads of a test that failed.

    Args:
        score: an `autograder.model.Score` as a dict; of a notebook that plain nbgrader graded, `why`
            and `raised`. Without `hidden` nothing says which part failed.
        source: of the test cell.
    """
    if has_hidden(source) and score.get("hidden", True):
        return kind_of_case(score, source)
    why, raised = score.get("why") or "", score.get("raised") or ""
    if score.get("finding") or raised in OURS:
        return without(without_colours(why), secrets(source))
    return f"{error_name(raised)}: {authors_words(why, source)}".rstrip(": ")


OURS = ("", "AssertionError", "CheckFailed", "NotGraded", "Gone", "TimeoutError")
"""Exceptions whose text the course writes. Of others only the name is told: a student's code may have
put into the text what an earlier hidden test gave it."""


def error_name(raised: str) -> str:
    """The name of an exception; of one that the student made, just that there was one."""
    return raised if isinstance(getattr(builtins, raised, None), type) else "an exception"


def kind_of_case(score: dict, source: str) -> str:
    """What a student reads of a hidden test that failed: no numbers, and no word of the answer's own."""
    finding, raised = score.get("finding"), score.get("raised") or ""
    if finding:
        known = vocabulary() | words_of(source)
        about = [*finding["diagnosis"], *([finding["situation"]] if finding["situation"] else [])]
        about += [f"Hint: {finding['hints'][0]}"] if finding["hints"] else []
        return "\n".join(["A hidden test found:", *(only(text, known) for text in about)])
    if raised == "AssertionError":
        said = authors_words(score.get("why") or "", source)
        return f"A hidden test failed: {said}" if said else "A hidden test failed."
    if raised in OURS and raised:
        return f"A hidden test failed: {score['why']}"
    return f"A hidden test failed: {error_name(raised)}." if raised else "A hidden test failed."


def authors_words(text: str, source: str) -> str:
    """The first line of a message without what its author did not write into the test: numbers, and
    words of the answer's own."""
    lines = [line for line in without_colours(text).splitlines() if line.strip()]
    return only(lines[0], words_of(source)) if lines else ""


def only(text: str, known: set[str]) -> str:
    """Text in which other words, and what no sentence needs, are left out."""
    kept = WORD.sub(lambda found: found[0] if found[0] in known else GAP, text)
    kept = re.sub(rf"[^\w\s{GAP}.,:;()\[\]'\"=`√/·-]", "", kept)
    return re.sub(rf"-?{GAP}(?:[\s.,+-]*{GAP})*", GAP, kept)[:500]


def words_of(source: str) -> set[str]:
    """The words in the texts of a piece of code, without numbers."""
    words = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words |= set(WORD.findall(node.value))
    return {word for word in words if not any(sign.isdigit() for sign in word)}


@functools.cache
def vocabulary() -> set[str]:
    """The words that the checks of utils.check can say."""
    folder = Path(utils.__file__ or "").parent / "check"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))]
    return set().union(*map(words_of, texts))
