"""Documents that students may write or show, and what must hold for each of them when it is shown.

A document is drawn from a grammar of Markdown × HTML × entities × CSS × TeX, or is one of the known
attacks, mutated. It is cleaned as a text cell and as each kind of output, rendered as formgrader does
and as the feedback page does, and parsed by an HTML5 parser that is not the one that cleaned it.
"""

# ruff: noqa: SIM905 - lists of words are easier to read as text
import functools
import random
import re
import time

import html5lib

from autograder.record import safe_html
from autograder.record.safe_markdown import BOX, boxed, quoted, stored, typeset
from autograder.record.sanitize import OUTPUT_BOX, clean_output
from tests.support.markup_attacks import HTML, MARKDOWN, PNG

SECONDS = 1.0  # of CPU, that the cleaning of one document may take
OURS = {BOX, OUTPUT_BOX, safe_html.PICTURE_STYLE}
ATTRIBUTES = {
    "style": None,
    "href": re.compile(r"(https?://|mailto:)[!#$%&()*+,\-./0-9:;=?@A-Z_a-z~]+", re.I),
    "rel": re.compile("noopener noreferrer nofollow"),
    "src": re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=]+"),
    "alt": re.compile("[^<>]*", re.S),
    "open": re.compile("(open)?"),
    "scope": re.compile("row|col"),
}
ATTRIBUTES |= dict.fromkeys(("colspan", "rowspan", "span"), re.compile("[1-9][0-9]?|100"))
ATTRIBUTES |= dict.fromkeys(("width", "height"), re.compile("[1-9][0-9]{0,2}|1000"))

# ── the grammar ──────────────────────────────────────────────────────────────────────────────────

NAMES = """a b br code col details div em form h1 iframe img input li math noscript object ol p pre script
span style sub summary svg table tbody td template textarea th title tr u ul video x-y base link meta
select option button font center plaintext xmp frameset html body head""".split()
KEYS = """href src style onload onerror onfocus onmouseover onclick autofocus contenteditable tabindex id name
class title alt width height colspan rowspan open srcdoc background formaction xlink:href data-x action
accesskey""".split()
VALUES = """javascript:pwn() https://evil.example/x data:text/html,<script>pwn()</script> x 1 99999 -50
//evil.example/ java&#115;cript:pwn() &#x6a;avascript:pwn() vbscript:x file:///etc/passwd #notebook
position:fixed;top:0 margin:-900px 0 0 width:2500px;height:9000px background:url(//evil.example/)
color:red;text-align:right expression(pwn()) mailto:a@b 100%""".split(" ")
CSS = """position margin margin-top width height color background z-index top transform float display
behavior content font-size""".split()
SIZES = (
    "fixed absolute -900px 2500px 100vw url(//evil.example/x) red calc(1px) 1e9em 0 100%".split()
)
ENTITIES = (
    "&lt; &gt; &amp; &quot; &#60; &#x3c; &#0; &#x1F600; &notin; &AMP &lt &#99999999; &colon; &Tab;"
)
SIGNS = "<>\"'`&/=\\[]()!*_#-+|~$:;{}\n\r\t \x00\x1b\x7f\u200b\u202e\u00a0\ud800aZ0é漢"
TEX = r"\href \def \let \style \class \require \alpha \frac \begin{align} \end{align} \\( \\) \\[ \\] $ $$ \mmlToken \unicode"
WORDS = (
    "loss momentum lr=0.1 x 1<2 a&b https://evil.example/x www.evil.example _v_ **w** see".split()
)


class Grammar:
    """Draws documents. The same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def document(self) -> str:
        """One document of some hundred characters; one in fifty of some thousand."""
        kind = self.r.random()
        if kind < 0.15:
            return self.mutated(self.r.choice(HTML + MARKDOWN))
        if kind < 0.17:
            return self.flood()
        parts = [self.block(0) for _ in range(self.r.randint(1, 4))]
        text = self.r.choice(("\n", "\n\n", "")).join(parts)
        return self.mutated(text) if self.r.random() < 0.3 else text

    def some(self, *makers) -> str:
        return self.r.choice(makers)()

    def block(self, depth: int) -> str:
        if depth > 4:
            return self.word()
        inner = self.inline(depth)
        return self.r.choice(
            (
                inner,
                f"{'#' * self.r.randint(1, 7)} {inner}",
                f"> {self.block(depth + 1)}",
                f"{self.r.choice(('- ', '1. ', '* [ ] ', '    ', chr(9)))}{self.block(depth + 1)}",
                f"```{self.word()}\n{inner}\n```",
                f"~~~ {self.tag(depth)}\n{inner}",
                f"|{inner}|{self.word()}|\n|-|:-:|\n|{self.inline(depth)}|x|",
                f"[{self.word()}]: {self.value()} '{inner}'",
                f"{self.tag(depth)}\n{inner}\n{self.closing()}",
                f"{self.tag(depth)}\n\n{inner}",
                f"<!--{inner}{self.r.choice(('-->', '', '--!>', '->'))}",
                f"$${inner}$$",
                f"term\n: {inner}",
            )
        )

    def inline(self, depth: int) -> str:
        if depth > 4:
            return self.word()
        deeper = depth + 1
        makers = (
            self.word,
            self.entity,
            lambda: f"*{self.inline(deeper)}*",
            lambda: f"`{self.inline(deeper)}`",
            lambda: f"[{self.inline(deeper)}]({self.value()} '{self.word()}')",
            lambda: f"![{self.inline(deeper)}]({self.value()})",
            lambda: f"[{self.inline(deeper)}][{self.word()}]",
            lambda: f"<{self.value()}>",
            lambda: f"<https://x/{'/'.join(self.r.sample(KEYS, 3))}={self.value()}>",
            lambda: f"{self.tag(deeper)}{self.inline(deeper)}{self.closing()}",
            lambda: f"${self.inline(deeper)}$",
            lambda: f"{self.r.choice(TEX.split())}{{{self.inline(deeper)}}}",
            lambda: "\\" + self.r.choice(SIGNS),
            lambda: self.r.choice(SIGNS) * self.r.randint(1, 3),
            lambda: f'<img src="data:image/png;base64,{PNG}" {self.attributes()}>',
        )
        return " ".join(self.some(*makers) for _ in range(self.r.randint(1, 3)))

    def word(self) -> str:
        return self.r.choice(WORDS)

    def entity(self) -> str:
        return self.r.choice(ENTITIES.split())

    def value(self) -> str:
        return self.r.choice(VALUES)

    def tag(self, depth: int) -> str:
        name = self.cased(self.r.choice(NAMES))
        end = self.r.choice((">", ">", ">", "/>", "", " >", "\n>", "<"))
        return f"<{name}{self.r.choice((' ', '/', chr(10), ''))}{self.attributes()}{end}"

    def closing(self) -> str:
        return f"</{self.cased(self.r.choice(NAMES))}{self.r.choice(('>', '>', ' x=1>', ''))}"

    def attributes(self) -> str:
        return " ".join(self.attribute() for _ in range(self.r.randint(0, 3)))

    def attribute(self) -> str:
        key = self.cased(self.r.choice(KEYS))
        value = self.style() if key == "style" else self.value()
        quote = self.r.choice(('"', "'", "", "`"))
        return self.r.choice((key, f"{key}={quote}{value}{quote}", f"{key} = {quote}{value}"))

    def style(self) -> str:
        return ";".join(
            f"{self.r.choice(CSS)}{self.r.choice((':', ' : ', ':/**/'))}{self.r.choice(SIZES)}"
            for _ in range(self.r.randint(1, 4))
        )

    def cased(self, text: str) -> str:
        return text if self.r.random() < 0.8 else text.swapcase()

    def mutated(self, text: str) -> str:
        """The same with some characters changed, doubled, moved or left out."""
        signs = list(text)
        for _ in range(self.r.randint(1, 6)):
            at = self.r.randrange(len(signs) + 1)
            change = self.r.random()
            if change < 0.4:
                signs.insert(at, self.r.choice(SIGNS))
            elif change < 0.6:
                signs.insert(
                    at, self.some(self.entity, self.word, lambda: self.tag(0), self.closing)
                )
            elif change < 0.8:
                del signs[at : at + self.r.randint(1, 4)]
            else:
                signs[at:at] = signs[: self.r.randint(1, 30)]
        return "".join(signs)

    def flood(self) -> str:
        """One thing very often: what takes long to read, or is too deep."""
        piece = self.r.choice(
            (
                *SIGNS, *ENTITIES.split(), *TEX.split(), "<b>", "<b><div>", "<b style=color:red>", "<a ",
                "<!--", "<table>", "[a](", "![", "> ", "- ", "* a\n", "$a", "\\begin{a}", "`" * 3, "<p><i>",
                "&#", "calc(", "**a ", "_a__", "| a ", "</b>", "[a]: b\n", "<a href='", '<img alt="', "~~a",
                self.tag(0), self.closing(), self.inline(3),
            )
        )  # fmt: skip
        many = piece * (self.r.choice((50, 500, 3000, 30_000)) // len(piece) + 1)
        first = self.r.choice(("", "&#", "<p style='width:", "\\[", "<a href='https://x/&#", "$"))
        return first + many + self.r.choice(("", ";", "'>", "$", "]", ")", ">"))


# ── what must hold ───────────────────────────────────────────────────────────────────────────────

START, END = "<article><section>", "</section></article><aside>end</aside>"


def places(*markups: str) -> list:
    """What an HTML5 parser makes of a page that shows these, one below the other: an element each.

    Raises:
        AssertionError: one of them ends what holds it, or goes on behind it.
    """
    page = "".join(f"{START}{markup}{END}" for markup in markups)
    page = f"<!DOCTYPE html><html><head><title>t</title></head><body>{page}</body></html>"
    body = html5lib.parse(page, namespaceHTMLElements=False).find("body")
    kinds = [child.tag for child in body]
    assert kinds == ["article", "aside"] * len(markups), f"one broke out of its place: {kinds}"
    assert all([one.tag for one in article] == ["section"] for article in body[::2])
    return [article[0] for article in body[::2]]


def look(element, code: bool) -> None:
    for child in element:
        name = child.tag
        assert name in safe_html.TAGS, f"an element {name}"
        for key, value in child.attrib.items():
            assert key in ATTRIBUTES, f"<{name} {key}={value!r}>"
            good = ATTRIBUTES[key].fullmatch(value) if ATTRIBUTES[key] else tame(value)
            assert good, f"<{name} {key}={value[:200]!r}>"
        inside = code or name in safe_html.CODE
        look(child, inside)
        typed(child.tail, code)
    typed(element.text, code or element.tag in safe_html.CODE)


def tame(style: str) -> bool:
    """A style that is ours, or has only what `STYLE` lists."""
    return style in OURS or all(
        re.fullmatch(safe_html.STYLE.get(key, "(?!)"), value)
        for key, _, value in (part.partition(":") for part in style.split(";"))
    )


def typed(text, code: bool) -> None:
    for command in re.findall(r"\\([a-zA-Z]+)", text or "") if not code else ():
        assert command in safe_html.TEX, f"TeX may read \\{command}"


def outline(element) -> list:
    """A tree without what a renderer of Markdown may add at the ends: empty lines."""
    return [
        (child.tag, sorted(child.attrib.items()), (child.text or "").strip("\n"), outline(child))
        for child in element
    ]


@functools.cache
def render():
    """Markdown as formgrader and nbgrader's feedback show it."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    return MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render


def holds(text: str) -> None:
    """Raises AssertionError if a page on which this text is shown, in any form, is not harmless."""
    start = time.process_time()
    cleaned = [
        clean_output(dict(output_type="display_data", data={kind: text}, metadata={}))
        for kind in ("text/html", "text/markdown", "text/latex", "image/svg+xml")
    ]
    cell, comment = stored(text), quoted(text)
    assert time.process_time() - start < SECONDS, "it takes long to clean"
    start = time.process_time()
    rendered = render()(cell)
    assert time.process_time() - start < SECONDS, "it takes long to render"
    shown = [one["data"]["text/html"] for one in cleaned if one]
    again = safe_html.clean_html(cell)
    ours, theirs, comment, *others = places(
        boxed(typeset(text)), rendered, render()(comment), again, *shown
    )
    assert outline(ours) == outline(theirs), "formgrader's Markdown reads what was stored"
    for one in (ours, *others):
        look(one, code=False)
    quiet(comment)


def quiet(section) -> None:
    """A comment is rendered by nbconvert alone: no tag, attribute or address of the student's own."""
    for one in section.iter():
        assert one.tag in COMMENT_TAGS, f"a comment makes an element {one.tag}"
        assert set(one.attrib) <= COMMENT_KEYS, f"a comment makes {one.tag} {one.attrib}"
        assert re.match(r"https?://|#|mailto:", one.get("href", "#")), one.get("href")


COMMENT_TAGS = safe_html.TAGS - {"img"} | {"input", "section"}
COMMENT_KEYS = {"href", "class", "id", "type", "disabled", "checked", "style", "start"}


def check(text: str) -> None:
    """Raises AssertionError, with the document, if one of its forms is not harmless."""
    try:
        holds(text)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{text[:3000]!r}") from None
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}\n{text[:3000]!r}") from error


def run(count: int, seed: int = 1) -> None:
    """Clean and check so many documents.

    Raises:
        AssertionError: one of them does not hold; the document is in its text.
    """
    grammar = Grammar(seed)
    for number in range(count):
        check(grammar.document())
        if number % 10_000 == 9_999:
            print(f"{number + 1} documents", flush=True)
