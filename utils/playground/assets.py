"""The files of the page's side, joined: for the widget, and for a page without a kernel."""

import json
import re
import secrets
from collections import Counter
from functools import cache
from pathlib import Path

import anywidget
import traitlets

from utils.playground.channel import shorten

TOKEN = re.compile(
    r"""\"(?:\\.|[^"\\])*\"|'(?:\\.|[^'\\])*'|//[^\n]*|/(?=[^ /*])(?:\\.|[^/\\\n])+/[a-z]*|[`{}/]|[^"'`{}/]+"""
)
TEMPLATE = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*(?:\$\{|`)")
BLANKS = re.compile(r" *([=(){}\[\],;:?<>|&!*/%^]+) *|(?<=[\w)\]]) ([-+]=?) (?=[\w(\[.])")
SIGNS = re.compile(r"(?<=[)\]][-+]) (?=[\w(\[.$])")  # ") + x"
LONE = re.compile(r"(?<![\w$])\(([\w$]+)\)(?==>)")  # (x) => …
ENDS = re.compile(r"[;,]+(?=[}\]])")  # nothing comes after them
BREAKS = re.compile(r"(?<=[;{,(])\n|\n(?=[?:|&.)\]}])")  # where a line goes on anyway
STATIC = "(() => {{\n{script}\nshowStatic({id}, {state}, {css}, {render});\n}})();"
NAME = re.compile(r"(?<![\w$.])[A-Za-z_$][\w$]*|(?<=\.\.\.)[A-Za-z_$][\w$]*")
NAME_OR_BRACKET = re.compile(r"[A-Za-z_$][\w$]*|[(){}\[\]]")
DECLARED = re.compile(r"\b(?:const|let|function|class) ([A-Za-z_$][\w$]*)")
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
KEPT = {"renderLandscape", "renderSmoothing", "renderDashboard", "showStatic"}
HERE = Path(__file__).parent


@cache
def script(*names):
    """Modules as one text, without imports, exports, comments and blanks; all share a scope."""
    text = "\n".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in names)
    text = re.sub(r"^import .*?;\n", "", text, flags=re.DOTALL | re.MULTILINE)
    if "engine" in names:
        text = f"const SLICE = {numbers('mnist')};\n{text}"
    text = re.sub(r"^\s*/\*\*.*?\*/\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\n\s*", "\n", text)
    return squeeze(text)


def numbers(name):
    """A JSON file, without what it says about itself."""
    found = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return json.dumps({key: value for key, value in found.items() if key != "about"})


def squeeze(text):
    """JavaScript without blanks that mean nothing, and with short names where that is safe."""
    pieces = split(text)
    pieces[::2] = code = [tighten(piece) for piece in pieces[::2]]
    short = rename(pieces)
    pieces[::2] = [NAME.sub(lambda found: short.get(found[0], found[0]), piece) for piece in code]
    return "".join(pieces)


def tighten(code):
    code = SIGNS.sub("", BLANKS.sub(r"\1\2", code))
    return LONE.sub(r"\1", ENDS.sub("", BREAKS.sub("", code)))


def split(text):
    """Code, literal, code, literal, …, code: what is between quotes is not touched."""
    pieces, templates, at = [""], [], 0  # templates: depth of braces in each that is open
    while at < len(text):
        inside = templates and templates[-1] == 0
        token = (TEMPLATE if inside else TOKEN).match(text, at)[0]
        at += len(token)
        if inside:
            templates[-1] += token.endswith("${")
            if token.endswith("`"):
                templates.pop()
        elif token == "`":
            templates.append(0)
        elif token in "{}" and templates:
            templates[-1] += 1 if token == "{" else -1
        if token.startswith("//") and not inside:
            continue
        if inside or token[0] in "\"'`" or (token[0] == "/" and len(token) > 1):
            pieces += [token, ""]
        else:
            pieces[-1] += token
    return pieces


def rename(pieces):
    """Long names that the modules declare → short ones.

    A name that is ever a property, or could be one, stays: after a dot, before a colon, or between
    the commas of braces.
    """
    text = "".join(p if i % 2 == 0 else '""' for i, p in enumerate(pieces))
    brackets, unsafe, count = [], set(), Counter()
    for found in NAME_OR_BRACKET.finditer(text):
        word, before, after = found[0], text[: found.start()][-3:], text[found.end() :][:1]
        if word in "([{":
            brackets.append(word)
        elif word in ")]}":
            brackets = brackets[:-1]
        else:
            count[word] += 1
            listed = before[-1:] in ("{", ",") and (brackets or [""])[-1] == "{"
            property_ = before[-1:] == "." and before != "..."
            if property_ or (after == ":" and before[-1:] != "?") or (listed and after in ",}=("):
                unsafe.add(word)
    declared = set(DECLARED.findall(text)) - unsafe - KEPT
    free = (a + b for a in "$_" for b in ALPHABET if a + b not in count)
    words = sorted((w for w in declared if len(w) > 2), key=lambda w: -len(w) * count[w])
    return dict(zip(words, free, strict=False))


@cache
def css():
    return (HERE / "playground.css").read_text(encoding="utf-8")


class Alive(anywidget.AnyWidget):
    """A widget that shows itself twice: as it is, and as what stands in where there is no kernel.

    A subclass has FILES and RENDER: its modules, and the function in them that draws it; and
    `picture()`, a `utils.plots.Picture`.
    """

    FILES, RENDER = (), ""
    _css = css()

    uid = traitlets.Unicode().tag(sync=True)

    def __init_subclass__(cls, **given):
        if "FILES" in vars(cls):  # not for the classes that traitlets makes of it
            cls._esm = f"{script(*cls.FILES)}\nexport default {{ render: {cls.RENDER} }};"
        super().__init_subclass__(**given)

    def __init__(self, **given):
        super().__init__(uid=secrets.token_hex(6), **given)
        shorten(getattr(self.comm, "kernel", None))

    def still(self):
        """A mimebundle and its metadata: alive without a kernel, a picture without JavaScript.

        In a live notebook it hides as soon as the widget itself is there (`showStatic` in ui.js).
        """
        picture = self.picture()
        data, metadata = picture._repr_mimebundle_()
        names = [name for name, trait in self.traits(sync=True).items() if name[0] != "_"]
        state = {n: getattr(self, n) for n in names if n not in ("layout", "tabbable", "tooltip")}
        name = f"ms-{secrets.token_hex(6)}"
        code = STATIC.format(
            script=script(*self.FILES),
            id=json.dumps(name),
            state=json.dumps(state).replace("<", "\\u003c"),
            css=json.dumps(css()),
            render=self.RENDER,
        )
        image = data["text/html"]
        data["text/html"] = (
            f'<div id="{name}" class="ms-static">{image}</div>\n<script>{code}</script>'
        )
        return data, metadata

    def _ipython_display_(self, **_):
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()  # Colab needs its metadata
        display({**data, "text/plain": repr(self)}, metadata=metadata, raw=True)
        data, metadata = self.still()
        self.shown = display(data, metadata=metadata, raw=True, display_id=True)
