"""What a student's code showed, made harmless to look at.

formgrader and the feedback page show it in a browser, and formgrader's browser holds the keys of the
instructor's Jupyter server. So only kinds of output that cannot act are kept: plain text, which every
page escapes, pictures, and HTML that was put together anew (`safe_html`), in a box.
"""

import base64
import html

from autograder.plain_text import NOT_TEXT, joined, without_colours
from autograder.record.pictures import MAGIC, picture, shown_size
from autograder.record.safe_html import LONGEST, clean_html, only_mathematics
from autograder.record.safe_markdown import BOX, typeset

OUTPUT_BOX = f"{BOX};max-height:40rem"


def clean_text(text: object) -> str:
    """Text without control characters (terminal colours may stay), of bounded length."""
    text = NOT_TEXT.sub("", joined(text).replace("\x1b", "\ue000")).replace("\ue000", "\x1b")
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n… cut off here"


def clean_output(output: dict) -> dict | None:
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
            ename=without_colours(output.get("ename", ""))[:200],
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


def clean_bundle(data: dict, metadata: dict) -> tuple[dict, dict]:
    """A mime bundle: text, pictures, and whatever is not that as clean HTML in a box."""
    kept: dict = {}
    about = {}
    for kind in MAGIC:
        made = picture(kind, data[kind]) if kind in data else None
        if made:
            kept[kind] = made
            known = metadata.get(kind)
            about[kind] = describe(kind, made, known if isinstance(known, dict) else {})
    if "text/plain" in data:
        kept["text/plain"] = clean_text(data["text/plain"])
    if about:  # a picture says it all
        return kept, {kind: one for kind, one in about.items() if one}
    markup = as_html(data)
    if markup:
        kept["text/html"] = f'<div style="{OUTPUT_BOX}">{markup}</div>'
    return {kind: one for kind, one in kept.items() if one}, {}


def as_html(data: dict) -> str:
    """What is neither plain text nor a picture, as clean HTML; "" if there is none."""
    if "text/html" in data:
        return clean_html(joined(data["text/html"]))
    if "image/svg+xml" in data:
        drawing = base64.b64encode(
            joined(data["image/svg+xml"]).encode("utf-8", "replace")
        ).decode()
        return clean_html(f'<img alt="a drawing" src="data:image/svg+xml;base64,{drawing}">')
    if "text/markdown" in data:
        return typeset(joined(data["text/markdown"]))
    if "text/latex" in data:
        text = clean_text(data["text/latex"])
        return f"<p>{html.escape(only_mathematics(text))}</p>" if text.strip() else ""
    return ""


def describe(kind: str, data: str, known: dict) -> dict:
    """What the notebook says of a picture: its alt text, and its size if that is not its own."""
    about = shown_size(kind, data, known)
    alt = known.get("alt")
    return {**about, "alt": NOT_TEXT.sub("", alt)[:2000]} if isinstance(alt, str) else about
