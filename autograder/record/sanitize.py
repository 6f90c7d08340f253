"""What a student's code showed, and what a student wrote, made harmless to look at.

formgrader and the feedback page show it in a browser, and formgrader's browser holds the keys of the
instructor's Jupyter server. So only kinds of output that cannot act are kept, and those are taken
apart and put together again: an allowlist, never a list of known tricks.
"""

import base64
import binascii
import html
import re
from urllib.parse import unquote

import bleach
from bleach.css_sanitizer import CSSSanitizer

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
LARGEST = 4_000_000  # bytes of one picture
LONGEST = 100_000  # characters of one text

BARE = (
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 "
    "h3 h4 h5 h6 hr i img ins kbd li mark ol p pre s samp small span strong sub summary sup table "
    "tbody td tfoot th thead tr u ul var"
)
TAGS = frozenset(BARE.split())
ATTRIBUTES = {
    "*": ["title", "style"],
    "a": ["href"],
    "img": ["src", "alt", "width", "height"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
    "col": ["span"],
    "details": ["open"],
}
PROPERTIES = (
    "background-color border border-collapse color font-family font-size font-style font-weight "
    "height margin max-width padding text-align vertical-align white-space width"
)
STYLES = CSSSanitizer(allowed_css_properties=PROPERTIES.split(), allowed_svg_properties=[])
VOID = re.compile(
    r"<(script|style|template|title|noscript|iframe|svg|math)\b.*?(</\1\s*>|\Z)", re.S | re.I
)


def clean_html(text):
    """HTML with no more in it than text, tables, links and pictures that came along.

    Returns "" for what no one writes by hand and no table needs: it would take long to read.
    """
    if labyrinth(text):
        return ""
    text = VOID.sub("", CONTROL.sub("", text))
    text = bleach.clean(
        text,
        tags=TAGS,
        attributes=permitted,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=STYLES,
        strip=True,
        strip_comments=True,
    )
    return TEX.sub(lambda found: "\\\N{ZERO WIDTH SPACE}" + found[1], text)


def labyrinth(text):
    """Is this HTML too long, too deep, or a tag in it too wide to be read in a moment?"""
    if len(text) > LONGEST or text.count("<") > 10_000 or text.count("&") > 10_000:
        return True
    depth = 0
    for tag in re.finditer(r"<(/?)([a-z]\w*)([^<>]*)", text, re.I):
        if len(tag[3].split(None, 200)) > 200:
            return True
        if tag[2].lower() not in ("br", "col", "hr", "img"):
            depth = max(0, depth + (-1 if tag[1] else 1))
        if depth > 100:
            return True
    return False


def permitted(tag, name, value):
    if name not in ATTRIBUTES.get(tag, ()) and name not in ATTRIBUTES["*"]:
        return False
    if name == "src":  # nothing is fetched: who looked at the page, and when, is nobody's business
        return embedded(value)
    return name != "href" or re.match(r"(https?://|mailto:|#)", value.strip(), re.I) is not None


def embedded(address):
    """Is this a picture that is written out in the address itself, and no more than that?"""
    found = re.fullmatch(r"data:(image/\w+);base64,([A-Za-z0-9+/=\s]+)", address.strip())
    return found is not None and picture(found[1], found[2]) is not None


def picture(kind, data):
    """A picture's data, base64 again without a stray character; None if it is none of this kind."""
    try:
        raw = base64.b64decode("".join(joined(data).split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if kind not in MAGIC or not raw.startswith(MAGIC[kind]) or len(raw) > LARGEST:
        return None
    return base64.b64encode(raw).decode()


def clean_text(text):
    """Text without control characters (terminal colours may stay), of bounded length."""
    text = CONTROL.sub("", joined(text).replace("\x1b", "\ue000")).replace("\ue000", "\x1b")
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n… cut off here"


def plain(text):
    """Text without the codes that colour a terminal."""
    return CONTROL.sub("", ANSI.sub("", joined(text)))


def joined(text):
    return "".join(map(str, text)) if isinstance(text, list | tuple) else str(text)


HARMLESS_TAG = re.compile(
    r"</?(b|i|em|strong|br|hr|sub|sup|p|code|pre|kbd|details|summary|u|s|ul|ol|li|blockquote)\s*/?>"
    r"|<https?://[^\s<>\"'`]*>",
    re.I,
)
TAG = re.compile(r"<[a-z/!?]", re.I)
SCHEME = re.compile(r"(javascript|vbscript|data|file|blob)\s*:", re.I)
TEX = re.compile(r"\\(href|style|class|cssId|require|def|let|newcommand|renewcommand|unicode)\b")
REMOTE = re.compile(r"!\[")  # a picture from elsewhere tells its server who looks


def clean_markdown(source):
    """Markdown that does nothing when it is rendered; if it could, then shown as it was typed."""
    source = clean_text(source)
    seen = re.sub(r"[\s\x00-\x20\\]+", "", unquote(html.unescape(source)))
    doubtful = (
        TAG.search(HARMLESS_TAG.sub("", source))
        or SCHEME.search(seen)
        or TEX.search(source)
        or REMOTE.search(source)
    )
    if not doubtful:
        return source
    fence = "`" * (max(map(len, re.findall(r"`+", source)), default=0) + 3)
    return f"{fence}text\n{source}\n{fence}"


def clean_output(output):
    """One output of a cell (nbformat 4) with only what is harmless; None if nothing is left."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return dict(output_type="stream", name=name, text=clean_text(output.get("text", "")))
    if kind == "error":
        lines = output.get("traceback") or []
        lines = [lines] if isinstance(lines, str) else lines
        return dict(
            output_type="error",
            ename=plain(output.get("ename", ""))[:200],
            evalue=clean_text(output.get("evalue", "")),
            traceback=[clean_text(line) for line in lines[:100]],
        )
    if kind not in ("display_data", "execute_result"):
        return None
    data, metadata = clean_bundle(output.get("data") or {}, output.get("metadata") or {})
    if not data:
        return None
    cleaned = dict(output_type=kind, data=data, metadata=metadata)
    if kind == "execute_result":
        count = output.get("execution_count")
        cleaned["execution_count"] = count if isinstance(count, int) else None
    return cleaned


def clean_bundle(data, metadata):
    """A mime bundle: text, pictures, cleaned HTML. A drawing (SVG) goes in as a picture: inert."""
    kept, about = {}, {}
    for kind in MAGIC:
        made = picture(kind, data[kind]) if kind in data else None
        if made:
            kept[kind] = made
            known = metadata.get(kind)
            about[kind] = describe(known) if isinstance(known, dict) else {}
    if "text/plain" in data:
        kept["text/plain"] = clean_text(data["text/plain"])
    if about:  # a picture says it all
        return kept, {kind: one for kind, one in about.items() if one}
    if "text/html" in data:
        kept["text/html"] = clean_html(joined(data["text/html"]))
    elif "image/svg+xml" in data:
        kept["text/html"] = svg(joined(data["image/svg+xml"]))
    if "text/markdown" in data:
        kept["text/markdown"] = clean_markdown(data["text/markdown"])
    if "text/latex" in data:
        text = clean_text(data["text/latex"])
        if not (TEX.search(text) or SCHEME.search(text) or TAG.search(text)):
            kept["text/latex"] = text
    return {kind: one for kind, one in kept.items() if one}, {}


def describe(known):
    """What is known of a picture: its alt text and its size."""
    sizes = {k: known[k] for k in ("width", "height") if isinstance(known.get(k), int | float)}
    alt = known.get("alt")
    return {**sizes, "alt": alt[:2000]} if isinstance(alt, str) else sizes


def svg(text):
    """A drawing as a picture. Inside <img> a browser runs no script and fetches nothing."""
    raw = text.encode("utf-8", "replace")
    if len(raw) > LARGEST or "<svg" not in text:
        return ""
    return f'<img alt="a drawing" src="data:image/svg+xml;base64,{base64.b64encode(raw).decode()}">'
