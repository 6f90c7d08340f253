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
from autograder.model import Ran
from autograder.record import feedback, record
from tests.support.markup_attacks import HTML
from tests.support.recording import attacked, change, extra, failed, result

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
    text = page(known, extra(result(), shown))
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


@pytest.mark.slow
def test_in_a_real_browser_no_attack_runs_and_nothing_is_fetched(known):
    """The page, and the graded notebook as nbgrader's own feedback shows it."""
    from nbgrader.converters import GenerateFeedback
    from playwright.sync_api import sync_playwright

    from autograder.nbgrader_api import convert

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "this test needs Chromium: install Debian's package chromium."
    page(known, attacked())
    ours = known.feedback / "ann" / "01_tiny" / "tiny.html"
    kept = known.root / "ours.html"
    kept.write_bytes(ours.read_bytes())
    convert(known, GenerateFeedback, "01_tiny", "ann")
    stock = known.root / "stock.html"
    stock.write_bytes(ours.read_bytes())
    bait = known.root / "bait.html"
    bait.write_text("<!DOCTYPE html><body>" + "\n".join(HTML))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seen = {path.stem: visit(browser, path) for path in (kept, stock, bait)}
        browser.close()
    assert seen["ours"] == {"alerts": [], "asked": []}
    assert seen["stock"]["alerts"] == []
    assert not any("evil.example" in url for url in seen["stock"]["asked"])
    assert seen["bait"]["alerts"] and any("evil.example" in url for url in seen["bait"]["asked"])


def visit(browser, path):
    """Open a page, click whatever can be clicked; what it did."""
    alerts, asked = [], []
    tab = browser.new_page()
    tab.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: asked.append(request.url))
    tab.route(re.compile("^https?:"), lambda route: route.abort())
    tab.goto(path.as_uri(), wait_until="domcontentloaded")
    tab.wait_for_timeout(1000)
    tab.evaluate(
        "document.querySelectorAll('a, summary').forEach(one => one.href?.startsWith('http') || one.click())"
    )
    tab.wait_for_timeout(500)
    tab.close()
    return {
        "alerts": alerts,
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
