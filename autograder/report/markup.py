"""HTML in which every text is escaped, unless it was made here.

    tag("td", student, class_="name")   →   <td class="name">…</td>

A `str` is text: what is in it becomes signs on the page, never a tag. `Html` is what `tag` makes.
"""

import html

from autograder.plain_text import printable

VOID = ("meta", "br", "img", "input", "rect", "line", "path", "circle")


class Html(str):
    """Markup that was made by this module."""


def tag(name, /, *children, **attributes):
    """An element.

    Args:
        children: Html, or anything else, which is text; None is left out; lists are opened.
        attributes: `class_` is class, `view_box` is viewBox, `_` is -; True has no value.
    """
    told = "".join(attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(
            f"<{name}{told}>" if name in ("meta", "br", "img", "input") else f"<{name}{told}/>"
        )
    return Html(f"<{name}{told}>{join(children)}</{name}>")


def attribute(key, value):
    if value is None or value is False:
        return ""
    name = "viewBox" if key == "view_box" else key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(printable(value))}"'


def join(children):
    parts = []
    for child in children:
        if isinstance(child, Html):
            parts.append(child)
        elif isinstance(child, (list, tuple)):
            parts.append(join(child))
        elif child is not None:
            parts.append(Html(html.escape(printable(child))))
    return Html("".join(parts))
