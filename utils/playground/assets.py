"""The page's side of a playground: for the widget, and for a page without a kernel.

playground.min.js is made from js/src by `make js`. It is one file for all playgrounds, committed,
so that nobody needs npm to use them.
"""

import json
import secrets
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from utils.playground.channel import answer_by_one_message

if TYPE_CHECKING:
    from utils.plots import Picture

HERE = Path(__file__).parent
ALIVE = "{bundle}\nexport default {{ render: playground.{render} }};"
STILL = """\
<div id="{id}" class="ms-static">{image}</div>
<script>(() => {{
{bundle}
playground.showStatic("{id}", {state}, {css}, playground.{render});
}})();</script>"""


@cache
def bundle() -> str:
    """The JavaScript of all playgrounds; it puts its functions into a variable `playground`."""
    return (HERE / "playground.min.js").read_text(encoding="utf-8")


@cache
def css() -> str:
    """The style sheet of all playgrounds."""
    return (HERE / "playground.css").read_text(encoding="utf-8")


def in_script(value: Any) -> str:
    """A value as JavaScript that stands in a page: no tag begins in it."""
    return json.dumps(value).replace("<", "\\u003c")


class Alive(anywidget.AnyWidget):
    """A widget that shows itself twice: as it is, and as what stands in where there is no kernel.

    A subclass has RENDER, the function of the bundle that draws it, and `picture()`.
    """

    RENDER = ""
    _css = css()

    uid = traitlets.Unicode().tag(sync=True)
    shown: Any = None  # the display of what stands in

    def __init_subclass__(cls, **given: Any) -> None:
        if "RENDER" in vars(cls):  # not for the classes that anywidget makes of it
            cls._esm = ALIVE.format(bundle=bundle(), render=cls.RENDER)
        super().__init_subclass__(**given)

    def __init__(self, **given: Any) -> None:
        super().__init__(uid=secrets.token_hex(6), **given)
        answer_by_one_message(getattr(self.comm, "kernel", None))

    def picture(self) -> "Picture":
        """What the widget shows, as a `Picture`."""
        raise NotImplementedError

    def still(self) -> tuple[dict[str, str], dict[str, Any]]:
        """A mimebundle and its metadata: alive without a kernel, a picture without JavaScript.

        In a live notebook it hides as soon as the widget itself is there (`showStatic` in
        js/src/host/without_kernel.js). The picture is in the HTML, and nowhere else: a saved
        notebook holds it once.
        """
        data, _ = self.picture()._repr_mimebundle_()
        names = [name for name in self.traits(sync=True) if name[0] != "_"]
        state = {n: getattr(self, n) for n in names if n not in ("layout", "tabbable", "tooltip")}
        page = STILL.format(
            id=f"ms-{secrets.token_hex(6)}",
            image=data["text/html"],
            bundle=bundle(),
            state=in_script(state),
            css=in_script(css()),
            render=self.RENDER,
        )
        return {"text/plain": data["text/plain"], "text/html": page}, {}

    def _ipython_display_(self, **_: Any) -> None:
        from IPython.display import display

        shown = self._repr_mimebundle_()
        assert shown is not None  # it is for widgets that cannot be shown
        data, metadata = shown  # Colab needs its metadata
        display({**data, "text/plain": repr(self)}, metadata=metadata, raw=True)
        data, metadata = self.still()
        self.shown = display(data, metadata=metadata, raw=True, display_id=True)
