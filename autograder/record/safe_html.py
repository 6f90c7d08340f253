"""HTML that a student's code showed, made harmless: escape first, then allow.

The text is cut into tags and what lies between them. What lies between is escaped; a tag is written
anew, from a short list of names, attributes and values. Nothing of the original markup is copied, so
whatever was in it is either one of those tags or text. `nh3` (ammonia, a browser's own parser in
Rust) then reads the result once more, with the same lists.

formgrader typesets formulas with MathJax, whose commands can make links and set attributes. So a
TeX command that is not on a list of mathematics is broken by an invisible space.
"""

import html
import re
from urllib.parse import quote

import nh3

from autograder.plain_text import NOT_TEXT
from autograder.record.pictures import LARGEST, MOST, embedded

LONGEST = 100_000  # characters of one text
TAGS_AT_MOST, DEPTH = 10_000, 40

NAMES = """
    a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre s samp small span strong sub
    summary sup table tbody td tfoot th thead tr u ul var
"""
TAGS = frozenset(NAMES.split())
EMPTY = frozenset(("br", "col", "hr", "img"))
CODE = frozenset(("pre", "code"))  # MathJax looks into neither
SPANS = ("colspan", "rowspan")
STYLED = "style"
PICTURE_STYLE = "max-width:100%;max-height:40rem"
"""Goes with every picture. A student's style comes from `STYLE` alone."""

COLOUR = r"(?:#[0-9a-f]{3,8}|[a-z]{3,20})"
STYLE = {
    "background-color": COLOUR,
    "border": rf"[0-5]px solid {COLOUR}",
    "color": COLOUR,
    "font-family": "monospace|serif|sans-serif",
    "font-style": "italic|normal",
    "font-weight": "bold|normal|[1-9]00",
    "padding": r"\d(?:\.\d)?(?:px|em)",
    "text-align": "left|right|center",
    "vertical-align": "top|middle|bottom|baseline",
    "white-space": "pre|pre-wrap|nowrap|normal",
    "width": r"\d{1,2}%|100%|[1-9]\d{0,2}px",
}
"""Property → the values that it may have. None takes a thing out of its place."""

COMMANDS = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu
    nu xi pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma
    Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega aleph hbar ell Re Im partial nabla
    infty emptyset varnothing frac dfrac tfrac cfrac sqrt binom over sum prod int iint oint
    lim limsup liminf sup inf max min argmax argmin arg det dim exp ln log lg sin cos tan
    cot sec csc sinh cosh tanh arcsin arccos arctan gcd ker Pr deg hom mod bmod pmod
    operatorname limits nolimits displaystyle textstyle scriptstyle scriptscriptstyle left
    right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr langle rangle
    lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert mid nmid lbrace rbrace
    lbrack rbrack backslash cdot cdots ldots dots vdots ddots times div pm mp ast star circ
    bullet oplus ominus otimes oslash odot dagger cap cup setminus wedge vee land lor neg
    lnot leq le geq ge neq ne equiv approx sim simeq cong propto ll gg prec succ preceq
    succeq subset supset subseteq supseteq in ni notin not forall exists nexists top bot
    vdash models perp parallel to gets leftarrow rightarrow leftrightarrow Leftarrow
    Rightarrow Leftrightarrow longleftarrow longrightarrow Longrightarrow Longleftarrow
    mapsto longmapsto uparrow downarrow updownarrow nearrow searrow swarrow nwarrow iff
    implies hookrightarrow rightharpoonup hat widehat bar overline underline tilde widetilde
    vec dot ddot check breve acute grave overbrace underbrace overset underset stackrel
    substack prime boldsymbol mathbf mathrm mathit mathsf mathtt mathcal mathbb mathfrak
    mathscr bm rm bf it sf tt cal text textrm textbf textit textsf texttt mbox quad qquad
    thinspace enspace hspace phantom hphantom vphantom begin end hline cr tag notag nonumber
    label ref eqref square blacksquare triangle therefore because lt gt colon atop choose
    lesssim gtrsim triangleq coloneqq approxeq
"""
TEX = frozenset(COMMANDS.split())

UNSEEN = re.compile(
    r"<(script|style|template|title|noscript|iframe|svg|math)\b.*?(?:</\1\s*>|\Z)", re.S | re.I
)
TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-z][a-z0-9]*)((?:[\s/][^<>]*)?)>", re.S | re.I)
ATTRIBUTE = re.compile(r"""(?<![\w:-])([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
ENDLESS = re.compile(r"&#(?:x[0-9a-f]{8,}|[0-9]{8,});?", re.I)
COMMAND = re.compile(r"\\([a-zA-Z]+)")
PICTURE_DATA = re.compile(r"base64,[A-Za-z0-9+/=]+")
ADDRESS = re.compile(r"(?:https?://|mailto:)\S{1,2000}", re.I)


def clean_html(text: str) -> str:
    """HTML with no more in it than text, tables, links and pictures that came along.

    Takes time in proportion to the length of the text, and raises nothing. Returns "" for what no
    table needs: more than `LONGEST` characters or `TAGS_AT_MOST` tags.
    """
    pictures = sum(len(found[0]) for found in PICTURE_DATA.finditer(text))
    if len(text) - pictures > LONGEST or text.count("<") > TAGS_AT_MOST or pictures > 3 * LARGEST:
        return ""
    built = rebuilt(UNSEEN.sub("", NOT_TEXT.sub("", text)))
    cleaned = formulas_alone(CLEANER.clean(built))
    return cleaned if len(cleaned) <= 5 * LONGEST + 2 * pictures else ""


def rebuilt(text: str) -> str:
    """HTML put together from allowed tags, all closed, and escaped text."""
    made: list[str] = []
    between: list[str] = []
    inside: list[str] = []

    def write(markup: str) -> None:
        if between:  # joined first: two harmless halves may be one command of TeX
            made.append(escaped("".join(between), code=bool(CODE & set(inside))))
            between.clear()
        made.append(markup)

    at = 0
    for found in TAG.finditer(text):
        between.append(text[at : found.start()])
        at = found.end()
        name = (found[2] or "").lower()
        if name not in TAGS:
            continue
        if not found[1]:
            if name in EMPTY:
                write(opening(name, found[3]))
            elif len(inside) < DEPTH:
                write(opening(name, found[3]))
                inside.append(name)
        elif name in inside:
            last = ""
            while last != name:
                write(f"</{inside[-1]}>")
                last = inside.pop()
    between.append(text[at:])
    write("")
    return "".join(made + [f"</{name}>" for name in reversed(inside)])


def escaped(text: str, code: bool = False) -> str:
    """Text between tags: entities are read, what could be TeX is broken, and all of it escaped."""
    text = unescaped(text)
    return html.escape(text if code else only_mathematics(text))


def unescaped(text: str) -> str:
    """`html.unescape` for any text: Python reads no number of more than 4,300 digits."""
    text = html.unescape(ENDLESS.sub("\N{REPLACEMENT CHARACTER}", text))
    return NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def only_mathematics(text: str) -> str:
    """Text in which TeX commands do nothing but write formulas."""
    return COMMAND.sub(
        lambda found: found[0] if found[1] in TEX else f"\\\N{ZERO WIDTH SPACE}{found[1]}", text
    )


def formulas_alone(markup: str) -> str:
    """Clean HTML in which no text outside of code is more to TeX than mathematics.

    Said again of what `nh3` has read: a parser of HTML may end `pre` and `code` where `rebuilt` does
    not.
    """
    parts, code = re.split(r"(<[^<>]*>)", markup), 0
    for number, part in enumerate(parts):
        if number % 2:
            name = part.strip("</>").split(" ")[0]
            code += (-1 if part.startswith("</") else 1) if name in CODE else 0
        elif not code:
            parts[number] = only_mathematics(part)
    return "".join(parts)


def opening(name: str, written: str) -> str:
    """An opening tag, with those of its attributes that are allowed."""
    kept: dict = {}
    for found in ATTRIBUTE.finditer(written):
        key = found[1].lower()
        value = allowed(name, key, unescaped(found[2] or found[3] or found[4] or ""))
        if value is not None:
            kept.setdefault(key, value)
    if name == "img":
        if "src" not in kept:
            return ""
        kept.setdefault("alt", "a picture")
        kept[STYLED] = PICTURE_STYLE
    attributes = "".join(f' {key}="{html.escape(value)}"' for key, value in kept.items())
    return f"<{name}{attributes}>"


def allowed(name: str, key: str, value: str) -> str | None:
    """The value of an attribute as it may stay, or None."""
    if name == "a" and key == "href":
        value = value.strip()
        return quote(value, safe=":/?#@!&()*+,;=%-._~") if ADDRESS.fullmatch(value) else None
    if name == "img":
        if (
            key == "src"
        ):  # nothing is fetched: a picture on a server would tell it who looked, and when
            return embedded(value)
        if key == "alt":
            return re.sub("[<>]", " ", value)[:2000]
        if key in ("width", "height"):
            return number(value, MOST)
    if (name in ("td", "th") and key in SPANS) or (name == "col" and key == "span"):
        return number(value, 100)
    if name == "th" and key == "scope":
        return value if value in ("row", "col") else None
    if name == "details" and key == "open":
        return "open"
    if key == STYLED:
        return style(value)
    return None


def number(text: str, most: int) -> str | None:
    """A whole number of 1 … most, as text; larger ones are made smaller."""
    found = re.fullmatch(r"\s*(\d{1,9})(?:px)?\s*", text, re.ASCII)
    return str(min(int(found[1]), most)) if found and int(found[1]) else None


def style(text: str) -> str | None:
    """The declarations of a style that `STYLE` allows."""
    kept = []
    for declaration in text[:2000].lower().split(";"):
        key, _, value = declaration.partition(":")
        key, value = key.strip(), value.strip()
        if key in STYLE and re.fullmatch(STYLE[key], value, re.ASCII):
            kept.append(f"{key}:{value}")
    return ";".join(kept) or None


def still_allowed(name: str, key: str, value: str) -> str | None:
    """Once more, for what `nh3` has read."""
    try:
        if name == "img" and key == STYLED:
            return PICTURE_STYLE
        return allowed(name, key, value)
    except Exception:  # nh3 would keep the attribute
        return None


CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    attributes={
        "*": {STYLED},
        "a": {"href"},
        "img": {"src", "alt", "width", "height"},
        "td": set(SPANS),
        "th": {*SPANS, "scope"},
        "col": {"span"},
        "details": {"open"},
    },
    attribute_filter=still_allowed,
    url_schemes={"http", "https", "mailto", "data"},
    link_rel="noopener noreferrer nofollow",
)
