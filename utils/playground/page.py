"""The files of the page's side, joined: for the widget, and for a page without a kernel."""

import html
import json
import re
import secrets
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def script(*names):
    """Modules as one text, without imports, exports, comments and indentation; all share a scope."""
    text = "\n".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in names)
    text = re.sub(r"^import .*?;\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\s*/\*\*.*?\*/\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    return re.sub(r"\n\s*", "\n", text)


def module(render, *names):
    """What anywidget wants."""
    return f"{script(*names)}\nexport default {{ render: {render} }};"


@cache
def css():
    return (HERE / "playground.css").read_text(encoding="utf-8")


STATIC = """\
(() => {
%(script)s
showStatic(%(id)s, %(state)s, %(css)s, %(render)s);
})();"""


def fallback(state, alt, png, render, *names):
    """HTML that is alive without a kernel, and a picture without JavaScript.

    In a live notebook it hides as soon as the widget itself is there (`showStatic` in ui.js).
    """
    name = f"ms-{secrets.token_hex(6)}"
    code = STATIC % {
        "script": script(*names),
        "id": json.dumps(name),
        "state": json.dumps(state).replace("<", "\\u003c"),
        "css": json.dumps(css()),
        "render": render,
    }
    image = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{png}">'
    return f'<div id="{name}" class="ms-static">{image}</div>\n<script>{code}</script>'
