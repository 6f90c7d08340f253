"""A check is over: it is written down, said on the screen or in a notebook, and hints are given."""

import os
from collections.abc import Callable
from typing import NoReturn

from utils.check import errors, progress
from utils.check.finding import Finding, as_html, as_text, rows, sentence, wrap


class CheckFailed(AssertionError):
    """What a failed check raises. Its text is the message; a notebook shows only that.

    finding: the same as data, a `Finding`. `mistakes` and `hints` are short for those of it.
    """

    def __init__(self, text: str = "", finding: Finding | None = None):
        super().__init__(text)
        self.finding = finding or Finding("", text)

    @property
    def mistakes(self) -> tuple[str, ...]:
        return self.finding.mistakes

    @property
    def hints(self) -> tuple[str, ...]:
        return self.finding.hints

    def to_json(self) -> dict:
        """As plain data: the fields of the finding, and the `text`, with the hints given so far."""
        return {**self.finding.to_json(), "text": str(self)}

    @classmethod
    def from_json(cls, data: dict) -> "CheckFailed":
        """The exception again, from what `to_json` made."""
        found = Finding.from_json(data)
        text = data.get("text")
        return cls(text if isinstance(text, str) else as_text(found.title, rows(found)), found)

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Hints:
    """The hints of the last failure, given out one by one."""

    def __init__(self):
        self.last, self.given = None, {}

    def begin(self, name, mistakes, hints, tries):
        """A check failed; returns the lines about hints that go into its message."""
        key = (name, mistakes)
        self.last = (key, hints, tries)
        wait = allowed()
        if not hints or wait is None:
            return []
        if tries < wait:
            return [("Hints", f"from the {ordinal(wait)} try on; this was the {ordinal(tries)}.")]
        given = max(1, min(self.given.get(key, 1), len(hints)))
        self.given[key] = given
        lines = [(f"Hint {i}", hints[i - 1]) for i in range(1, given + 1)]
        if given < len(hints):
            lines.append(("", f"The next of {len(hints)} hints: hint(), from utils.check."))
        return lines

    def next(self):
        """Print the next hint of the last failure."""
        if self.last is None:
            print("No check has failed yet in this session.")
            return
        key, hints, tries = self.last
        wait = allowed()
        if not hints:
            print("There are no hints for this one; the message says what is known.")
        elif wait is None:
            print("Hints are switched off in this course.")
        elif tries < wait:
            print(f"Hints come from the {ordinal(wait)} try on; this was the {ordinal(tries)}.")
        else:
            given = self.given.get(key, 1)
            if given >= len(hints):
                print(f"That was the last hint: {hints[-1]}")
            else:
                self.given[key] = given + 1
                print(wrap(f"Hint {given + 1} of {len(hints)}", hints[given]))


HINTS = Hints()


def hint():
    """Print the next hint on the check that failed last."""
    HINTS.next()


def allowed():
    """After how many tries hints are given; None if never.

    MY_STEP_HINTS, or `hints` under [tool.my_step] in the course's pyproject.toml: "on", "off", or
    the number of the try from which on there are hints.
    """
    value = progress.setting("hints", "on")
    if value in ("off", "false", "no"):
        return None
    return max(1, int(value)) if value.isdigit() else 1


def guarded(check, name, *args):
    """Call it: all that it raises becomes a `CheckFailed`; but Ctrl-C is Ctrl-C."""
    try:
        check(name, *args)
    except CheckFailed as error:
        raise error.with_traceback(None) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        why = errors.message(error)
        title = f"{name} could not be checked: {why}"
        raise CheckFailed(f"✗ {title}", Finding(name, title)) from None


class check_that:
    """Around the asserts of a cell, which then speak like every other check.

        with check_that("axpy_", "axpy_ returns y + a x"):
            assert axpy_(...) == 17, "2 + 5 · 3 is 17"

    A failed assert ends in its own sentence; another exception is explained, with the line of the
    student's code that it came from.

    Args:
        name: of what is checked.
        passes: what is said on success.

    Raises:
        CheckFailed: an AssertionError, and nothing else; except that Ctrl-C is Ctrl-C.
    """

    def __init__(self, name: str, passes: str):
        self.name, self.passes = name, passes

    def __enter__(self) -> "check_that":
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if error is None:
            passed(self.name, self.passes)
        elif isinstance(error, KeyboardInterrupt | GeneratorExit | CheckFailed):
            return
        else:
            try:
                failed(self.finding(error))
            except CheckFailed as failure:
                raise failure.with_traceback(None) from None

    def finding(self, error: BaseException) -> Finding:
        """What an exception in the cell means."""
        if isinstance(error, AssertionError):
            text = " ".join(str(error).split())
            title = text or f"{self.name} is not right yet."
            return Finding(self.name, title[:1].upper() + title[1:], line=None)
        mistake, says, hints = errors.explain(error, None, None, None)
        return Finding(
            self.name,
            f"{self.name} stopped: {type(error).__name__}.",
            mistakes=(mistake,),
            diagnosis=(sentence(mistake, says),),
            line=errors.quote(error),
            hints=tuple(hints),
            notes=(("says", errors.message(error)),),
        )


def passed(name: str, text: str) -> None:
    """A check was passed: write it down and say so, in one line."""
    progress.note(name, True)
    print(f"✓ {text}")


def failed(
    found: Finding,
    picture: Callable | None = None,
    look: Callable[[Finding], Finding] | None = None,
) -> NoReturn:
    """A check was not passed: write it down and raise `CheckFailed`.

    Args:
        picture: makes a `Picture`, when there is a notebook to show it in.
        look: finds out more, which takes a while: a notebook shows the message before, and it is
            filled in afterwards.
    """
    tries = progress.note(found.check, False)

    def message(found):
        lines = rows(found, HINTS.begin(found.check, found.mistakes, found.hints, tries))
        return CheckFailed(as_text(found.title, lines), found), lines

    error, lines = message(found)
    shown = show(error, lines, picture) if notebook() else None
    more = look(found) if look is not None else found
    if more != found:
        error, lines = message(more)
        if notebook():
            show(error, lines, picture, shown)
    raise error


def ordinal(n):
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def shorten(text, room=70):
    text = " ".join(str(text)[:2000].split())
    return text if len(text) <= room else text[: room - 1] + "…"


def notebook():
    """Is this a notebook, with someone to look at pictures?"""
    try:
        from IPython import get_ipython

        return hasattr(get_ipython(), "kernel") and not os.environ.get("NBGRADER_EXECUTION")
    except ImportError:
        return False


def show(error: CheckFailed, lines: list, picture: Callable | None, shown=None):
    """The message as rich output, with the picture; the traceback then is the first line.

    Args:
        shown: what this returned for an earlier message, which is replaced.
    """
    try:
        from IPython.display import display

        title = error.finding.title
        page = as_html(title, lines)
        if picture is not None:
            page += picture()._repr_mimebundle_()[0]["text/html"]
        data = {"text/plain": str(error), "text/html": page}
        if shown is None:
            shown = display(data, raw=True, display_id=True)
        else:
            shown.update(data, raw=True)
        vars(error)["_render_traceback_"] = lambda: [f"CheckFailed: {title}"]
        return shown
    except Exception:  # then there is the plain text
        pass
