"""The files of the page's side, joined: for the widget, and for a page without a kernel."""

import json
import re
import secrets
from functools import cache
from pathlib import Path

import anywidget
import traitlets

VIEW = "application/vnd.jupyter.widget-view+json"
TOKEN = re.compile(
    r"""\"(?:\\.|[^"\\])*\"|'(?:\\.|[^'\\])*'|//[^\n]*|/(?=[^ /*])(?:\\.|[^/\\\n])+/[a-z]*|[`{}/]|[^"'`{}/]+"""
)
TEMPLATE = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*(?:\$\{|`)")
BLANKS = re.compile(r" *([=(){}\[\],;:?<>|&!*]+) *|(?<=\w) ([-+/%]) (?=\w)")
BREAKS = re.compile(r"(?<=[;{,(])\n|\n(?=[?:|&.)\]}])")  # where a line goes on anyway
STATIC = "(() => {{\n{script}\nshowStatic({id}, {state}, {css}, {render});\n}})();"
HERE = Path(__file__).parent


@cache
def script(*names):
    """Modules as one text, without imports, exports, comments and blanks; all share a scope."""
    text = "\n".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in names)
    text = re.sub(r"^import .*?;\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\s*/\*\*.*?\*/\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\n\s*", "\n", text)
    return squeeze(text)


def squeeze(text):
    """JavaScript without blanks that mean nothing. What is between quotes stays as it is."""
    pieces, templates, at = [""], [], 0  # code, literal, code, …; depth of braces in each template
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
    return "".join(
        p if i % 2 else BREAKS.sub("", BLANKS.sub(r"\1\2", p)) for i, p in enumerate(pieces)
    )


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

        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        data, metadata = self.still()
        display({"text/plain": repr(self), VIEW: view}, raw=True)
        self.shown = display(data, metadata=metadata, raw=True, display_id=True)
