"""The class page: everything in one file, true, harmless, and fast for a large class."""

import base64
import hashlib
import html.parser
import os
import re
import shutil
import time

import pytest

from autograder.course import Trouble
from autograder.model import Flag
from autograder.report import write_page
from autograder.report.chart import bins, rounded
from autograder.report.class_page import page
from autograder.report.markup import Html, tag
from autograder.report.reasons import Mistake
from autograder.report.results import Result

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "<!-- <a href=//evil.example>",
    "{{7*7}}&lt;b&gt;\x00\x1b[2J\u202egpj.exe",
    "&#60;script&#62;",
]


class Tags(html.parser.HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.found, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, name, attributes):
        self.found.append((name, dict(attributes)))

    def handle_data(self, text):
        self.texts.append(text)


def attacked(text):
    """A result in which everything that can come from a student is this text."""
    return Result(
        text, "01_tiny", 1.0, 3.0, True, 0.5,
        cells={"double": (1, 2), "half": (0, 1)},
        mistakes=[Mistake("half", text, text)], why=[text], flags=[Flag(text, text)], notes=[text],
        verdict=text, tier=text, seconds=0.3,
    )  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS)
def test_what_students_wrote_stays_text(text):
    plain = Tags(page([attacked("harmless")], "t"))
    found = Tags(page([attacked(text)], "t"))
    names = [name for name, _ in found.found]
    assert names == [name for name, _ in plain.found], "no element more or less"
    assert not {"img", "iframe", "link", "object"} & set(names) and names.count("script") == 1
    for (_, mine), (_, theirs) in zip(found.found, plain.found, strict=True):
        assert set(mine) == set(theirs), "no attribute more or less"
        assert not any(key.startswith("on") for key in mine)
    assert not any(sign in page([attacked(text)], "t") for sign in "\x00\x1b\u202e")


def test_only_the_script_of_the_page_may_run_and_nothing_is_fetched():
    text = page([attacked("ann")], "t")
    (policy,) = (about["content"] for name, about in Tags(text).found if "http-equiv" in about)
    (script,) = re.findall("<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    assert not re.search(r"https?://|@import|url\(|src=", text)


def test_text_is_escaped_unless_it_was_made_here():
    assert tag("b", "<i>", Html("<u>"), class_='"') == '<b class="&quot;">&lt;i&gt;<u></b>'
    assert tag("p", ["a", None, ("b", 3)]) == "<p>ab3</p>"


CLASS = [
    Result("ann", "01_tiny", 3.0, 3.0, cells={"double": (2, 2), "half": (1, 1)}, seconds=0.2,
           tier="namespaces"),
    Result("bob", "01_tiny", 2.0, 3.0, cells={"double": (2, 2), "half": (0, 1)}, seconds=0.4,
           mistakes=[Mistake("half", "the sign", "p.add_(g)")] * 2, tier="namespaces"),
    Result("eve", "01_tiny", 0.0, 3.0, cells={"double": (0, 2), "half": (0, 1)}, seconds=9.0,
           mistakes=[Mistake("double", "the sign", "p.add_(g)"), Mistake("half", "nothing yet", "", True)],
           tier="landlock", flags=[Flag("torch.optim called", "double calls torch.optim.SGD.")]),
    Result("dan", "01_tiny", None, 3.0, verdict="tiny.ipynb is empty.", needs_manual_grade=True),
]  # fmt: skip


def rows(text, head):
    """The rows of the tables that begin with this heading, each as its texts."""
    found = []
    for table in re.findall(r"<table.*?</table>", text, re.S):
        if Tags(table).texts[0] == head:
            body = table.split("<tbody>")[1]
            found += [Tags(row).texts for row in re.findall(r"<tr\b.*?</tr>", body, re.S)]
    return found


def test_mistakes_are_counted_by_student_the_unwritten_last():
    found = rows(page(CLASS, "t"), "mistake")
    assert [row[:4] for row in found] == [
        ["the sign", "p.add_(g)", " 2 of 3 have it on this line", "2 of 3"],
        ["nothing yet", "1 of 3", "eve", " "],
    ]


def test_cells_the_hardest_first():
    found = rows(page(CLASS, "t"), "cell")
    assert found == [["half", "33 %", "1", "2"], ["double", "67 %", "2", "1"]]


def test_what_to_look_at():
    found = rows(page(CLASS, "t"), "student")
    assert ["dan", "01_tiny", "not graded", "tiny.ipynb is empty."] in found
    assert ["eve", "01_tiny", "torch.optim called", "double calls torch.optim.SGD."] in found
    assert "To be graded by hand, in formgrader: 01_tiny (1)." in page(CLASS, "t")


def test_overview_time_and_sandbox():
    text = page(CLASS, "t")
    assert rows(text, "assignment") == [["01_tiny", "4", "3", "2", "1.67", "0 to 3", "1", "1", "1"]]
    assert "Sandbox: namespaces 2, landlock 1." in text
    assert ["eve", "9.00"] in rows(text, "student")


def test_pictures_have_words_and_a_table_behind_them():
    text = page(CLASS, "t")
    pictures = re.findall(r'<svg[^>]*role="img"[^>]*>', text)
    assert len(pictures) == 2 and all("aria-label=" in one for one in pictures)
    counts = rows(text, "points")
    assert [row[1] for row in counts] == ["1"] + ["0"] * 5 + ["1"] + ["0"] * 2 + ["1"]


def test_without_what_only_the_new_engine_notes():
    one = Result("ann", "01_tiny", 3.0, 3.0)
    text = page([one], "t")
    assert "not noted 1" in text and "No check named a mistake." in text
    assert "Nothing was flagged" in text


def test_nobody_was_graded():
    text = page([Result("dan", "01_tiny", None, 0.0, verdict="empty.")], "t")
    assert "empty." in text


def large(students=600, assignments=11):
    """A class of made-up results, with a mistake for every fifth."""
    return [
        Result(
            f"student{i:03}", f"{k:02}_exercise", float((i * 13 + k) % 21), 20.0,
            cells={f"cell-{j}": (i % 2, 1) for j in range(20)},
            mistakes=[Mistake(f"cell-{i % 20}", f"mistake {i % 13}", "p.add_(g)")] * (i % 5 == 0),
            why=[f"cell-{i % 20}: mistake {i % 13}"] * 4, seconds=i / 100,
            needs_manual_grade=i % 50 == 0, page=f"feedback/student{i:03}/{k:02}_exercise/x y.html",
        )
        for k in range(assignments) for i in range(students)
    ]  # fmt: skip


def test_six_hundred_students_and_eleven_assignments_in_two_seconds(tmp_path):
    results, start = large(), time.process_time()
    write_page(results, tmp_path / "report.html")
    assert time.process_time() - start < 2
    assert (tmp_path / "report.html").stat().st_size < 5e6


def test_every_link_leads_somewhere_from_a_mistake_to_its_students_and_back():
    text = page(large(20, 2), "t", registered=[("zoe", "Zoe Ng"), ("student001", "Åsa <b>")])
    tags = Tags(text).found
    ids = [about["id"] for _, about in tags if "id" in about]
    links = [about["href"] for _, about in tags if "href" in about]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link[0] == "#"} <= set(ids)
    assert "feedback/student001/00_exercise/x%20y.html" in links
    assert any(link.startswith("#m") for link in links), "from a student to the mistake"
    assert any(re.fullmatch(r"#s\d+-a-00-exercise", link) for link in links), "and back"
    assert "Zoe Ng (zoe)" in text and "Åsa &lt;b&gt; (student001)" in text
    assert 'data-state="nothing-handed-in"' in text, "who is registered stands in the table"


@pytest.mark.slow
def test_sorting_searching_and_filtering_in_a_real_browser(tmp_path):
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "this test needs Chromium: install Debian's package chromium."
    write_page(large(), tmp_path / "report.html", registered=[("zoe", "Zoe Ng")])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1000, "height": 800})
        wrong = []
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda message: wrong.append(message.text))
        tab.goto((tmp_path / "report.html").as_uri())
        first = "#students tbody tr:not([hidden])"

        tab.get_by_role("button", name="sum").click()
        sums = [float(x) for x in tab.locator(f"{first} td:last-child").all_inner_texts()]
        assert sums == sorted(sums) and len(sums) == 601
        tab.get_by_role("button", name="sum").click()
        assert float(tab.locator(f"{first} td:last-child").first.inner_text()) == max(sums)

        tab.fill("#search", "zoe")
        assert tab.locator(first).all_inner_texts()[0].startswith("Zoe Ng (zoe)")
        assert tab.inner_text("#count") == "1 of 601 shown"
        tab.fill("#search", "mistake 7")
        made = [i for i in range(0, 600, 5) if "7" in f"student{i:03} mistake {i % 13}"]
        assert tab.inner_text("#count") == f"{len(made)} of 601 shown"
        tab.fill("#search", "")
        tab.select_option("#state", label="by hand")
        assert tab.inner_text("#count") == "12 of 601 shown"
        tab.select_option("#state", label="all")

        size = tab.evaluate(
            "(b => [b.scrollWidth - b.clientWidth, document.documentElement.scrollWidth])"
            "(document.querySelector('.tall'))"
        )
        assert size[0] <= 0 and size[1] <= 1000, "nothing is cut off"
        tab.evaluate("document.querySelector('.tall').scrollTop = 5000")
        box, head = (
            tab.locator(x).bounding_box() for x in (".tall", "#students thead th >> nth=0")
        )
        assert abs(box["y"] - head["y"]) <= 2, "the heads stay"

        tab.locator("#students tbody td a >> nth=0").click()
        shown = tab.locator("tr:target")
        assert shown.is_visible() and shown.get_by_text("feedback").is_visible()
        assert wrong == []
        browser.close()


def test_a_place_that_cannot_be_written_to(tmp_path):
    with pytest.raises(Trouble, match="cannot be written"):
        write_page(CLASS, tmp_path / "no" / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_bins_and_ends_of_axes():
    assert bins([0, 0.99, 1, 9.99, 10], 0, 10) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert bins([3, 3], 3, 3) == [0] * 9 + [2] and bins([-1, 99], 0, 10) == [1] + [0] * 8 + [1]
    assert [rounded(x) for x in (0.1, 0.35, 1, 1.3, 7, 99)] == [0.1, 0.4, 1, 2, 8, 100]
