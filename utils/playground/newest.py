"""Your class as it is now: a cell that is run again makes another class of the same name.

A playground keeps what it was given. After each cell it looks whether the name means something
newer, so a mended class is the mended one, and a broken one is broken, without running the
playground's own cell again.
"""

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol
from weakref import WeakSet


class Renewed(Protocol):
    """What wants to know that a cell has been run."""

    def renew(self) -> None: ...


WATCHING: "WeakSet[Any]" = WeakSet()


def newest(made: Callable[..., Any]) -> Callable[..., Any]:
    """What the name of a class or function means today, in the module where it was written.

    It is `made` itself if the name is gone, means no such thing any more, or never was one at the
    top of its module. Of a `partial` the function is looked up, and its arguments are kept.
    """
    if isinstance(made, partial):
        function = newest(made.func)
        return made if function is made.func else partial(function, *made.args, **made.keywords)
    module = sys.modules.get(getattr(made, "__module__", None) or "")
    found: Any = getattr(module, getattr(made, "__qualname__", ""), None)
    if callable(found) and isinstance(found, type) == isinstance(made, type):
        made = found
    return made


def arguments(made: Callable[..., Any]) -> list[str]:
    """The names of what it is called with."""
    return list(inspect.signature(made).parameters)


def watch(widget: Renewed) -> None:
    """Call `widget.renew()` after each cell that is run, where there are cells."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None:
        return
    if not WATCHING:
        shell.events.register("post_run_cell", after_cell)
    WATCHING.add(widget)


def after_cell(*_: Any) -> None:
    """Tell all playgrounds."""
    for widget in list(WATCHING):
        widget.renew()
