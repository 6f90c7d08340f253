"""The feedback page: offline, harmless, small, and silent about hidden tests."""

import base64
import html
import os
import re
import shutil
import subprocess
import sys

import pytest

from autograder.course import Trouble
from autograder.model import Ran, Score
from autograder.record import feedback, record
from tests.support.markup_attacks import HTML
from tests.support.recording import attacked, change, extra, failed, generated, result
from utils.check.finding import Finding

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 3000).decode()


def page(course, graded, *more):
    record(course, graded, *more)
    student = graded.sheet.student
    return (course.feedback / student / "01_tiny" / "tiny.html").read_text(encoding="utf-8")


def test_it_says_what_was_lost_and_why(known):
    text = page(known, result())
    assert "tiny: 1 of 3 points" in text and "ann" in text
    assert re.search(r"✗ double-test<span[^>]*>0 / 2", text)
    assert re.search(r"✓ half-test<span[^>]*>1 / 1", text)
    assert "<li>double-test: double(3) is 6</li>" in text
    assert "<h2>Tiny</h2>" in text


@pytest.mark.parametrize(
    "said",
    [
        "double(3) is 6",
        'assert double(3) == 6, "double(3) is 6"',
        'in line 3: assert double(3) == 6, "double(3) is 6" it stopped',
        '✗ double\n  assert double(3) == 6, "double(3) is 6"\n  Diagnosis  Squares.',
    ],
)
def test_no_line_of_a_hidden_test_is_on_it(known, said):
    graded = result(why=said)
    graded.ran["double-test"] = Ran("error", [failed(said), failed(said)], 2)
    text = page(known, graded)
    assert "assert double(3)" not in text and "HIDDEN" not in text
    assert "tiny: 1 of 3 points" in text


SEEN = "3.25, -1.5"
FINDING = Finding(
    "double", "double is not right yet.", situation="negative numbers", yours=f"double({SEEN})",
    expected="6.5", mistakes=("squares",), diagnosis=("Squares. It multiplies by itself 3.25 times.",),
    hints=("Look at the sign of zanzibar.",), given=(("with", SEEN),),
).to_json()  # fmt: skip


@pytest.mark.parametrize(
    ("noted", "told"),
    [
        (dict(raised="ValueError", why=SEEN), "A hidden test failed: ValueError."),
        (dict(raised="Seen325", why=SEEN), "A hidden test failed: an exception."),
        (dict(raised="AssertionError", why=f"double({SEEN}) is zanzibar"), "A hidden test failed: double(…) is …"),
        (dict(raised="AssertionError", why=""), "A hidden test failed."),
        (dict(raised="CheckFailed", why=f"all of {SEEN}", finding=FINDING, mistakes=["squares"]), "negative numbers"),
        (dict(raised="TimeoutError", why="the test took longer than 60 s"), "longer than 60 s"),
    ],
)  # fmt: skip
def test_of_a_hidden_test_the_student_reads_its_kind_not_its_numbers(known, noted, told):
    graded = result()
    graded.scores["double-test"] = Score(0.0, 2.0, hidden=True, **noted)
    graded.ran["double-test"].outputs = [failed(noted["why"], name=noted["raised"])]
    later = extra(
        graded, dict(output_type="stream", name="stdout", text=SEEN), failed(SEEN, "Seen")
    )
    text = html.unescape(page(known, later))
    assert told in text
    for part in ("3.25", "-1.5", "6.5", "zanzibar", "Seen"):
        assert part not in text, part


def test_what_a_visible_test_said_is_told_in_full(known):
    graded = result(why="double(2.5) is 6.25")
    graded.scores["double-test"].raised = "AssertionError"
    assert "double(2.5) is 6.25" in page(known, graded)


def test_no_network_and_no_script(known):
    shown = dict(output_type="display_data", data={"image/png": PNG}, metadata={})
    text = page(known, extra(result(), shown))
    assert "<script" not in text and "@import" not in text
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert "Content-Security-Policy\" content=\"default-src 'none'" in html.unescape(text)


def test_pictures_stay_and_the_page_is_small(known):
    shown = dict(
        output_type="display_data",
        data={"image/png": PNG, "text/plain": "loss"},
        metadata={"image/png": {"alt": "the loss falls"}},
    )
    graded = extra(result(), shown)
    graded.sheet.cells.insert(1, graded.sheet.cells.pop())
    text = page(known, graded)
    assert PNG in text and 'alt="the loss falls"' in text
    assert len(text) - len(PNG) < 12_000


def test_scores_comments_and_penalties_given_by_hand_are_on_it(known):
    record(known, result())
    change(known, "update comment set manual_comment = 'Look at *x + x* again.'")
    change(known, "update grade set manual_score = 1.5, needs_manual_grade = 0")
    change(known, "update submitted_notebook set late_submission_penalty = 0.5")
    (path,) = feedback(known, "ann", "01_tiny")
    text = path.read_text(encoding="utf-8")
    assert "2.5 of 3 points" in text and "0.5 points off for being late" in text
    assert "Look at <em>x + x</em> again." in text


def test_code_is_coloured_and_nothing_of_it_is_lost():
    from autograder.record.feedback_page import code

    source = (
        'if "v" not in state:  # "new"\n    x = f\'a\\\'b\' + r"""c\n"d" """ + 1e-3 < <b> & \'open'
    )
    shown = str(code(source))
    assert html.unescape(re.sub("<[^>]*>", "", shown)) == source
    parts = [
        (kind, html.unescape(text))
        for kind, text in re.findall('<i class="(.*?)">(.*?)</i>', shown, re.S)
    ]
    assert parts == [
        ("word", "if"),
        ("string", '"v"'),
        ("word", "not"),
        ("word", "in"),
        ("note", '# "new"'),
        ("string", "f'a\\'b'"),
        ("string", 'r"""c\n"d" """'),
        ("number", "1e"),
        ("number", "3"),
        ("string", "'open"),
    ]


def test_what_is_not_graded_has_no_page(known):
    with pytest.raises(Trouble, match="ann, 01_tiny: not graded yet"):
        feedback(known, "ann", "01_tiny")


def test_nothing_that_a_student_shows_or_writes_becomes_an_element_that_acts(known):
    from html.parser import HTMLParser

    found = []

    class Look(HTMLParser):
        def handle_starttag(self, tag, attributes):
            names = {name for name, _ in attributes}
            if tag in (
                "script",
                "svg",
                "iframe",
                "object",
                "embed",
                "form",
                "base",
                "link",
                "math",
            ):
                found.append(tag)
            found.extend(name for name in names if name.startswith("on") or name == "srcdoc")
            for name, value in attributes:
                if name in ("href", "src") and not re.match(
                    r"data:image/|#|https?://|mailto:", value
                ):
                    found.append(value)
                if name == "src" and not value.startswith("data:image/"):
                    found.append(value)

    text = page(known, attacked())
    Look().feed(text)
    assert found == [] and text.count("<style") == 1 and text.count("<meta") == 3


LISTEN = """
window.seen = [];
for (const name of ["alert", "confirm", "prompt", "pwn", "print", "open"])
  window[name] = () => seen.push(name);
for (const kind of ["focus", "toggle", "submit", "securitypolicyviolation"])
  document.addEventListener(kind, event => seen.push(`${kind} ${event.target.nodeName}`), true);
"""
TOUCH = """() => {
  const before = [...document.querySelectorAll("*")];
  const handlers = before.filter(one => [...one.attributes].some(a => /^on|srcdoc/i.test(a.name)));
  seen.length = 0;
  for (const one of before)
    for (const kind of ["mouseover", "mouseenter", "pointerdown", "keydown", "animationstart", "error"])
      one.dispatchEvent(new Event(kind, {bubbles: true}));
  for (const one of document.querySelectorAll("summary, b, p, img")) one.click();
  return [...seen, ...handlers.map(one => one.outerHTML.slice(0, 200))];
}"""


@pytest.mark.slow
def test_in_a_real_browser_no_document_acts_and_nothing_is_fetched(known):
    """Known attacks and generated documents: our page, and the graded notebook as nbgrader shows it."""
    from nbgrader.converters import GenerateFeedback
    from playwright.sync_api import sync_playwright

    from autograder.nbgrader_api import convert

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "this test needs Chromium: install Debian's package chromium."
    pages = []
    for graded in (attacked("ann"), *(generated(f"bob{seed}", 150, seed) for seed in range(2))):
        student = graded.sheet.student
        page(known, graded)
        made = known.feedback / student / "01_tiny" / "tiny.html"
        for name in ("ours", "stock"):
            if name == "stock":
                convert(known, GenerateFeedback, "01_tiny", student)
            pages.append(known.root / f"{name}-{student}.html")
            pages[-1].write_bytes(made.read_bytes())
    pages.append(known.root / "bait.html")
    pages[-1].write_text("<!DOCTYPE html><body>" + "\n".join(HTML))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seen = {path.stem: visit(browser, path) for path in pages}
        browser.close()
    bait = seen.pop("bait")
    assert bait["acted"] and any("evil.example" in url for url in bait["asked"])
    for name, found in seen.items():
        assert [one for one in found["acted"] if not one.startswith("toggle")] == [], name
        ours = name.startswith("ours")
        assert [url for url in found["asked"] if ours or not STOCK.match(url)] == [], name


STOCK = re.compile("https://(cdnjs.cloudflare.com|cdn.jsdelivr.net|unpkg.com)/")
"""Where nbconvert's pages fetch MathJax and jQuery."""


def visit(browser, path):
    """Open a page and touch whatever is on it: what it did, and what it asked for."""
    acted, asked = [], []
    tab = browser.new_page()
    tab.set_default_timeout(120_000)
    tab.add_init_script(LISTEN)
    tab.on("dialog", lambda dialog: (acted.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("popup", lambda popup: acted.append(f"popup {popup.url}"))
    tab.route(re.compile("^https?:"), lambda route: route.abort())
    tab.goto(path.as_uri(), wait_until="domcontentloaded")
    tab.wait_for_timeout(500)
    acted += tab.evaluate("seen")
    acted += tab.evaluate(TOUCH)
    tab.wait_for_timeout(500)
    acted += [] if tab.url == path.as_uri() else [f"went to {tab.url}"]
    tab.close()
    return {
        "acted": acted,
        "asked": [url for url in asked if not url.startswith(("file:", "data:"))],
    }


@pytest.mark.slow
def test_nbgraders_own_command_still_makes_its_page(known):
    record(known, result())
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", "01_tiny", "--force"]
    done = subprocess.run(command, cwd=known.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    text = (known.feedback / "ann" / "01_tiny" / "tiny.html").read_text(encoding="utf-8")
    assert "Score: 1.0 / 3.0" in text and "double-test: double(3) is 6" in text
