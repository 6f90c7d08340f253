"""No number in the prose of a lecture that no cell bears out.

A sentence that states a number is borne out in its section (from one `##` heading to the next):

- an `assert` there holds the same number, rounded as it is said ("35 %" is 0.35 or 35); or
- the number is a setting: the code there says it, too (a learning rate, a size, a seed); or
- it is from elsewhere: its paragraph links to the source, on the web or in docs/sources.md; or
- it is neither measured nor computed (a formula's own number, a range of a slider), and the cell
  says so with `<!-- given: 0.4 12 -->`, which readers do not see.

Questions state nothing. The summary is borne out by the whole lecture. What to try and what to
read have no claims of ours.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

LECTURES = sorted((Path(__file__).parents[2] / "lectures").glob("[0-9][0-9]*.ipynb"))

FRACTIONS = ["half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
NUMERALS = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
COUNTS = {word: n for n, word in enumerate(NUMERALS, 2)}
PARTS = {word: 1 / n for n, word in enumerate(FRACTIONS, 2)}
PARTS |= {"hundredth": 0.01, "thousandth": 0.001, "millionth": 1e-6, "twentieth": 1 / 20}
TIMES = COUNTS | {"a hundred": 100, "a thousand": 1000, "a million": 1e6, "twenty": 20}
UNITS = {"million": 1e6, "billion": 1e9}

NUMBER = re.compile(
    r"(?<![\w.])(?P<digits>\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+(?!\d)|\d+)(?P<rest>\.\d+)?(?P<power>e[-−]?\d+)?"
    r"(?![\w])(?:[ \u00a0]?(?P<unit>%|million|billion))?"
)
PART = re.compile(rf"\b(?:(a|an|one|two|three|four) )({'|'.join(PARTS)})s?\b")
RATIO = re.compile(rf"\b(?:({'|'.join(TIMES)}) times|(twice))\b")

SOURCE = r"\]\(https?://|\]\(\.\./docs/sources\.md"
NOT_OURS = ("try this", "further reading")  # sections without claims
NO_CLAIM = (
    r"<!--.*?-->",
    r"```.*?```",
    r"\$\$.*?\$\$",
    r"\$[^$]*\$",
    r"`[^`]*`",
    r"(?m)^#+ .*$",  # headings
    r"(?m)^\*\d+ minutes.*$",  # stamped by tools/reading_time.py
    r"(?m)^ *\d+\. ",  # numbers of a list
    r"(?m)^\|[-| :]+\|$",
    r"\]\([^)]*\)",  # where links lead
    r"\b[Ss]ections? \d+(?:(?:,| and| to) \d+)*",
    r"\b[Ll]ectures?\b \[?\d\d\]?(?:(?:,| and| to) \[?\d\d\]?)*",
    r"\[?\b[Ee]xercises? \d\d",
    r"\[\d\d\b",  # a link to a lecture
    r"\b(?:19|20)\d\d\b(?! steps| images)",  # years
    r"\b\d+×\d+\b",  # shapes
    r"\b[A-Za-z]{2,}-\d+(?:-\d+)*\b",  # names with a number: ResNet-34
    r"\b\d+(?:-\d+)+\b",  # a network 784-32-10
)


def numbers_in(sentence):
    """The numbers that a sentence states, as (text, the values that would bear it out)."""
    for match in NUMBER.finditer(sentence):
        digits = re.sub(r"[ ,\u00a0\u202f]", "", match["digits"])
        value = float(digits + (match["rest"] or "") + (match["power"] or "").replace("−", "-"))
        unit = match["unit"]
        values = {value, value / 100} if unit == "%" else {value, value * UNITS.get(unit, 1)}
        yield match.group().strip(), values
    for match in PART.finditer(sentence.lower()):
        value = {"two": 2, "three": 3, "four": 4}.get(match[1], 1) * PARTS[match[2]]
        yield match.group(), {value, 1 / value}
    for match in RATIO.finditer(sentence.lower()):
        value = TIMES[match[1]] if match[1] else 2
        yield match.group(), {value, 1 / value}


def sentences(text):
    """The sentences of a text cell that are in our own words and ask nothing."""
    sourced = False
    for paragraph in re.split(r"\n\s*\n", text):
        table = paragraph.lstrip().startswith("|")
        sourced = bool(re.search(SOURCE, paragraph)) or (table and sourced)
        if sourced:
            continue  # it names its source, or is the table of a paragraph that does
        for pattern in NO_CLAIM:
            paragraph = re.sub(pattern, " … ", paragraph, flags=re.DOTALL)
        for sentence in re.split(
            r"(?<=[.:!?;])[\s*)]+(?=[^a-z])|\n(?=[-|])|\n(?= *\d+\.)", paragraph
        ):
            if not sentence.rstrip(" *").endswith("?"):
                yield sentence


def is_check(node):
    """An `assert`, or a call of `assert_close`."""
    called = getattr(node, "func", None)
    name = getattr(called, "attr", getattr(called, "id", ""))
    return isinstance(node, ast.Assert) or name == "assert_close"


def constants(tree, checked=False):
    """The numbers in a piece of code; in checks those in strings as well (f"{x:.2f}" == "0.35")."""
    checked = checked or is_check(tree)
    if isinstance(tree, ast.Constant) and type(tree.value) in (int, float):
        yield abs(float(tree.value))
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, str) and checked:
        for match in NUMBER.finditer(tree.value):
            yield from next(numbers_in(match.group()))[1]
    elif isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):  # 1 / 3
        sides = tree.left, tree.right
        if all(isinstance(side, ast.Constant) for side in sides) and tree.right.value:
            yield tree.left.value / tree.right.value
    for node in ast.iter_child_nodes(tree):
        yield from constants(node, checked)


def python(source):
    """A code cell without the lines that only IPython understands."""
    return re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)


class Section:
    """A section of a lecture: its text cells, and the numbers of its code."""

    def __init__(self, title):
        self.title, self.cells, self.texts, self.known = title, [], [], set()

    def add(self, cell):
        self.cells.append(cell)
        if cell.cell_type == "code":
            self.known.update(constants(ast.parse(python(cell.source))))
        else:
            self.texts.append(cell)
            for given in re.findall(r"<!-- given: (.*?) -->", cell.source):
                self.known.update(float(number) for number in given.split())


def sections(cells):
    """The sections of a lecture, from its first `##` heading on."""
    found = []
    for cell in cells:
        heading = re.search(r"(?m)^## (.*)$", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            found.append(Section(heading[1]))
        if found and cell.id != "glossary-words":
            found[-1].add(cell)
    for section in found:
        if section.title == "Summary":
            section.known = {number for part in found for number in part.known}
    return [section for section in found if section.title.lower() not in NOT_OURS]


def borne_out(values, known):
    return any(abs(value - number) <= 1e-9 * value for value in values for number in known)


def own_words(cell):
    """A text cell up to its list of what to try, or what to read."""
    return re.split(rf"(?mi)^## (?:{'|'.join(NOT_OURS)})$", cell.source)[0]


def unproven(cells):
    """What a lecture states and no cell bears out, as (section, cell, number, sentence)."""
    for section in sections(cells):
        for cell in section.texts:
            for sentence in sentences(own_words(cell)):
                for number, values in numbers_in(sentence):
                    if min(values) > 2 and values != {0} or "." in number or "%" in number:
                        if not borne_out(values, section.known):
                            yield section.title, cell.id, number, " ".join(sentence.split())
                    elif not number.isdigit() and not borne_out(values, section.known):
                        yield section.title, cell.id, number, " ".join(sentence.split())


def stem(path):
    return path.stem


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


@pytest.mark.parametrize("path", LECTURES, ids=stem)
def test_each_number_is_borne_out_in_its_section(path):
    found = [" | ".join(where) for where in unproven(cells_of(path))]
    assert found == [], "assert it in a cell beside the sentence:\n" + "\n".join(found)


@pytest.mark.parametrize("path", LECTURES, ids=stem)
def test_a_result_without_its_assert_is_found(path):
    """Take away the checks of a section: what only they bore out is missed at once."""
    missed = 0
    for number in range(len(sections(cells_of(path)))):
        cells = cells_of(path)
        section = sections(cells)[number]
        for cell in cells:
            if any(cell.source == part.source for part in section.cells):
                cell.source = re.sub(r"(?m)^( *)assert\b.*$", r"\1pass", cell.source)
        missed += section.title in {where[0] for where in unproven(cells)}
    assert missed >= 2


def lecture(text, code):
    """A lecture of one section."""
    text = nbformat.v4.new_markdown_cell("## 1. A section\n\n" + text)
    return [text, nbformat.v4.new_code_cell(code)]


STATED = {  # a sentence, and code that bears it out
    "It takes 51 steps.": "assert steps == 51",
    "The loss falls to 0.35.": "assert round(loss, 2) == 0.35",
    "It gains 35 % of it.": "assert round(gain, 2) == 0.35",
    "It needs a third of the steps.": "assert round(ratio, 2) == round(1 / 3, 2)",
    "The step is ten times as long.": "assert round(ratio) == 10",
    "SGD needs 13 000 steps.": "assert round(steps, -3) == 13_000",
    "The error is 1e-8.": "assert error < 1e-8",
    "The last digit is at −0.95.": "assert_close(factor, torch.tensor(-0.95))",
    "It has 3.2 million weights.": "assert weights == 3.2e6",
}


@pytest.mark.parametrize("sentence", STATED)
def test_what_bears_a_sentence_out(sentence):
    assert list(unproven(lecture(sentence, STATED[sentence]))) == []
    assert list(unproven(lecture(sentence, "pass"))) != []
    in_words = f"print({STATED[sentence]!r})"
    assert list(unproven(lecture(sentence, in_words))) != [], "what is only printed proves nothing"


NO_CLAIMS = (
    "How many steps will it take: 10, 100, 1000?",
    "Section 9 and lecture 03 have more; so do sections 12 and 14.",
    "Polyak found it in 1964.",
    "Call `lr = 0.37` what you like, or $0.37$.",
    "It took [5,625 steps](https://example.org/paper).",
    "A picture is 784-32-10.",
    "The slider goes to 0.99. <!-- given: 0.99 -->",
)


@pytest.mark.parametrize("sentence", NO_CLAIMS)
def test_what_is_no_result(sentence):
    assert list(unproven(lecture(sentence, "pass"))) == []


@given(st.integers(13, 99_999), st.integers(13, 99_999))
def test_another_number_does_not_bear_it_out(said, asserted):
    found = list(unproven(lecture(f"It takes {said} steps.", f"assert steps == {asserted}")))
    assert (found == []) == (said == asserted)
