"""Markdown that a student wrote, made harmless wherever it is shown.

formgrader renders the text cells of a graded notebook with nbconvert's Markdown, raw HTML and
autolinks included, on a page that holds the keys of the instructor's Jupyter server. So it gets none
of the student's Markdown to read: it is typeset here, with raw HTML shown as it was typed, cleaned
(see `safe_html`), and stored as one line of HTML in which no sign is left that Markdown would read.
"""

import functools
import html
import re

import mistune
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from autograder.plain_text import NOT_TEXT, joined
from autograder.record.safe_html import LONGEST, clean_html, unescaped

TYPESET = 20_000  # characters of one text that is typeset; a longer one is shown as it was typed
NESTED = re.compile(r"\\begin\{|\$|`|\[|<|\*|_|~")
MOST_SIGNS = 4_000

BOX = "overflow:auto;max-width:100%;position:relative;contain:paint"
"""The style of whatever holds a student's HTML: it paints nothing outside of itself."""

SIGNS = str.maketrans({sign: f"&#{ord(sign)};" for sign in "\\`*_{}[]()!|~$:\n\t"})


class Typeset(mistune.HTMLRenderer):
    """HTML of Markdown, in which HTML is text and formulas stay as they are."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def text(self, text: str) -> str:
        return html.escape(unescaped(text))

    def block_math(self, body: str) -> str:
        return f"$${html.escape(body)}$$"

    def inline_math(self, body: str) -> str:
        return f"${html.escape(body)}$"

    def latex_environment(self, name: str, body: str) -> str:
        return f"\\begin{{{html.escape(name)}}}{html.escape(body)}\\end{{{html.escape(name)}}}"


@functools.cache
def typesetter() -> MarkdownWithMath:
    """nbconvert's reading of Markdown, so that a text is read as formgrader would."""
    return MarkdownWithMath(renderer=Typeset())


def typeset(source: str) -> str:
    """HTML of a student's Markdown, harmless. Raises nothing."""
    source = NOT_TEXT.sub("", joined(source)).replace("\r\n", "\n").replace("\r", "\n")[:LONGEST]
    if len(source) <= TYPESET and len(NESTED.findall(source)) <= MOST_SIGNS:
        try:
            made = clean_html(typesetter().render(source))
        except Exception:  # whatever a text may do to the library, it is still a text
            made = ""
        if made or not source.strip():
            return made
    return as_typed(source)


def as_typed(source: str) -> str:
    """A text as it was typed, in HTML."""
    return f"<pre>{html.escape(source)}</pre>"


def boxed(markup: str) -> str:
    """Clean HTML in a box that it cannot leave."""
    return f'<div style="{BOX}">{markup}</div>' if markup else ""


def one_line(markup: str) -> str:
    """Clean HTML as Markdown that is rendered as just this HTML, and read by nobody.

    One line that begins with `<div` is a block of HTML. And should a reader of Markdown see it
    otherwise: between the tags no sign is left that means anything in Markdown.
    """
    parts = re.split(r"(<[^<>]*>)", markup)
    return "".join(
        part.replace("\n", " ") if number % 2 else part.translate(SIGNS)
        for number, part in enumerate(parts)
    )


def stored(source: str) -> str:
    """A student's Markdown as it is stored in a graded notebook."""
    return one_line(boxed(typeset(source)))


def quoted(text: str) -> str:
    """Text as Markdown that shows it as it is: what could begin a tag, an entity, a link or a
    command of TeX is broken by an invisible space.

    For comments, which formgrader shows as text in a form and nbgrader's feedback as Markdown.
    """
    broken = re.sub(r"[<&\\\]!`](?=\S)", "\\g<0>\N{ZERO WIDTH SPACE}", joined(text))
    return NOT_TEXT.sub("", broken)
