"""What a failed check says, on a screen and in a notebook, and how it gives hints."""

import html
import os
import re
import textwrap
import tomllib

from utils.check import errors, progress

WIDTH = 92


class CheckFailed(AssertionError):
    """What a failed check raises. Its text is the message; a notebook shows only that.

    mistakes: names of what is wrong, as far as it is known; a class report counts them.
    hints: from weak to strong.
    """

    def __init__(self, text, mistakes=(), hints=()):
        super().__init__(text)
        self.mistakes, self.hints = tuple(mistakes), tuple(hints)

    def _render_traceback_(self):
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
    value = os.environ.get("MY_STEP_HINTS")
    if value is None:
        try:
            with open(progress.COURSE / "pyproject.toml", "rb") as file:
                value = tomllib.load(file).get("tool", {}).get("my_step", {}).get("hints", "on")
        except (OSError, ValueError):
            value = "on"
    value = str(value).strip().lower()
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
        why = errors.message(error, 50)
        raise CheckFailed(f"✗ {name} could not be checked: {why}") from None


def passed(name, text):
    """A check was passed: write it down and say so, in one line."""
    progress.note(name, True)
    print(f"✓ {text}")


def failed(name, title, facts=(), diagnosis=(), mistakes=(), hints=(), picture=None):
    """A check was not passed: write it down and raise `CheckFailed`.

    Args:
        name: of what was checked.
        title: the first line.
        facts: (label, text) pairs, or plain lines, which are kept as they are.
        diagnosis: sentences, or (label, sentence) pairs.
        mistakes: names for the class report.
        hints: from weak to strong.
        picture: makes a `Picture`, when there is a notebook to show it in.
    """
    tries = progress.note(name, False)
    facts = list(facts)
    rows = [*facts, *([""] if facts else []), *diagnosis]
    rows += HINTS.begin(name, tuple(mistakes), tuple(hints), tries)
    head = textwrap.fill(f"✗ {title}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    text = "\n".join([head, *(lay_out(row) for row in rows)])
    error = CheckFailed(text, mistakes, hints)
    if notebook():
        show(error, title, rows, picture)
    raise error


def lay_out(row):
    return wrap(*row) if isinstance(row, tuple) else row


def wrap(label, text):
    """A label and a text beside it, wrapped."""
    head = f"  {label:<10} "
    body = textwrap.wrap(text, WIDTH - len(head), break_on_hyphens=False) or [""]
    return head + ("\n" + " " * len(head)).join(body)


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


def marked(text):
    """As HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def show(error, title, rows, picture):
    """The message as rich output, with the picture; the traceback then is the first line."""
    try:
        from IPython.display import display

        page = [f"<p><b>✗ {marked(title)}</b></p>", "<table>"]
        code = "\n".join(row for row in rows if isinstance(row, str) and row)
        rows = [row for row in rows if isinstance(row, tuple)]
        if code:
            at = next(
                i for i, row in enumerate([*rows, ("Diagnosis", "")]) if row[0] == "Diagnosis"
            )
            rows.insert(at, code)
        for row in rows:
            if isinstance(row, tuple):
                label, text = row[0], marked(row[1])
                page.append(
                    f"<tr><th style='text-align:left'>{label}</th>"
                    f"<td style='text-align:left'>{text}</td></tr>"
                )
            else:
                code = html.escape(row)
                page.append(
                    f"<tr><td colspan=2 style='text-align:left'><pre>{code}</pre></td></tr>"
                )
        page.append("</table>")
        if picture is not None:
            page.append(picture()._repr_mimebundle_()[0]["text/html"])
        display({"text/plain": str(error), "text/html": "".join(page)}, raw=True)
        error._render_traceback_ = lambda: [f"CheckFailed: {title}"]
    except Exception:  # then there is the plain text
        pass
