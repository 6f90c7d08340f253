"""What a student's code showed and what a student wrote can do nothing where it is looked at."""

import base64
import re
import time

import pytest

from autograder.record.sanitize import clean_html, clean_markdown, clean_output
from tests.support.markup_attacks import HTML, MARKDOWN, PNG

DANGER = re.compile(
    r"<(script|svg|math|iframe|object|embed|form|button|style|link|base|meta|template|textarea)"
    r"|<[^>]*\s(on\w+|id|name|class|background|srcdoc)\s*="
    r"|(src|href)=\"(?!data:image/(png|jpeg|gif);base64,|https?://|mailto:|#)"
    r"|src=\"http|url\(|position|\\href",
    re.I,
)


@pytest.mark.parametrize("attack", HTML)
@pytest.mark.parametrize("around", ["{}", "<div><p>{}", "<table><tr><td>{}</td></tr></table>"])
def test_html_cannot_act_or_fetch(attack, around):
    cleaned = clean_html(around.format(attack))
    assert not DANGER.search(cleaned), cleaned


def test_the_search_for_danger_finds_it():
    assert sum(bool(DANGER.search(attack)) for attack in HTML) >= len(HTML) - 6


def test_tables_links_and_pictures_stay():
    table = '<table><thead><tr><th>lr</th></tr></thead><tbody><tr><td colspan="2">0.1</td></tr>'
    assert clean_html(table + "</tbody></table>") == table + "</tbody></table>"
    assert 'href="https://pytorch.org/"' in clean_html('<a href="https://pytorch.org/">torch</a>')
    assert PNG in clean_html(f'<img alt="a loss" src="data:image/png;base64,{PNG}">')
    assert "color: red" in clean_html('<b style="color: red">high</b>')


@pytest.mark.parametrize(
    "text",
    [
        "<b>" * 30_000,
        "<b><div>" * 8000,
        "<a " + "x=1 " * 30_000 + ">",
        "&" * 200_000,
        "<" * 200_000,
    ],
)
def test_html_that_takes_long_to_read_is_left_out(text):
    start = time.monotonic()
    assert clean_html(text) == "" and time.monotonic() - start < 2


def display(**data):
    metadata = data.pop("metadata", {})
    data = {kind.replace("_", "/", 1).replace("_", "+"): one for kind, one in data.items()}
    return clean_output(dict(output_type="display_data", data=data, metadata=metadata))


def test_kinds_of_output_that_could_act_are_left_out():
    assert display(application_javascript="alert(1)") is None
    kept = display(
        text_plain="Widget()",
        **{"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/x-unknown": "x"},
    )
    assert kept["data"] == {"text/plain": "Widget()"}
    assert clean_output(dict(output_type="update_display_data", data={})) is None
    assert clean_output(dict(output_type="pwn")) is None


def test_a_picture_is_a_picture_or_nothing():
    assert display(image_png=PNG)["data"] == {"image/png": PNG}
    assert display(image_png=PNG[:8] + "\n" + PNG[8:])["data"] == {"image/png": PNG}
    assert display(image_png='"><script>alert(1)</script>') is None
    assert display(image_png=base64.b64encode(b"<svg onload=alert(1)>").decode()) is None
    about = {"image/png": {"alt": "a loss", "width": 3, "height": "1 onload=alert(1)", "x": 1}}
    assert display(image_png=PNG, metadata=about)["metadata"] == {
        "image/png": {"alt": "a loss", "width": 3}
    }


def test_the_picture_stands_for_the_html_that_says_the_same():
    shown = display(
        image_png=PNG, text_html=f'<img src="data:image/png;base64,{PNG}">', text_plain="p"
    )
    assert set(shown["data"]) == {"image/png", "text/plain"}


def test_a_drawing_becomes_an_inert_picture():
    shown = display(**{"image/svg+xml": "<svg onload='alert(1)'><script>alert(1)</script></svg>"})
    assert set(shown["data"]) == {"text/html"}
    assert re.fullmatch(
        r'<img alt="a drawing" src="data:image/svg\+xml;base64,[\w+/=]+">',
        shown["data"]["text/html"],
    )


def test_text_is_bounded_and_without_control_characters():
    said = clean_output(
        dict(output_type="stream", name="stdout", text="\x1b[31mred\x1b[0m\x00\x07")
    )
    assert said["text"] == "\x1b[31mred\x1b[0m"
    long = clean_output(dict(output_type="stream", name="stderr", text="x" * 10**6))
    assert len(long["text"]) < 110_000 and long["name"] == "stderr"
    wrong = clean_output(
        dict(output_type="error", ename="E", evalue="\ud800", traceback="one line")
    )
    assert wrong["evalue"] == "" and wrong["traceback"] == ["one line"]


@pytest.mark.parametrize(
    "text",
    [
        "Momentum *averages* gradients; see https://arxiv.org and <https://arxiv.org>.",
        "$v \\leftarrow \\mu v + g$, so 1 < 2 and a <= b",
        "| lr | loss |\n|---|---|\n| 0.1 | 2 |\n\n<details><summary>more</summary>x</details>",
        "`p.grad` is a list: [1, 2](not a link)",
    ],
)
def test_what_people_write_stays_as_it_is(text):
    assert clean_markdown(text) == text


@pytest.mark.parametrize(
    "attack",
    [
        *(one for one in HTML if "\0" not in one),
        *MARKDOWN,
    ],
)
def test_markdown_that_could_act_is_shown_as_it_was_typed(attack):
    from nbconvert.filters import markdown2html

    safe = clean_markdown(attack)
    assert attack in safe
    rendered = markdown2html(safe)  # as formgrader does it
    assert not re.search(
        r"<(?!/?(pre|code|span|div)\b)[a-z]|<[^>]*\s(on\w+|src)=", rendered, re.I
    ), rendered
    assert "href" not in re.sub(r"<pre.*?</pre>|<div class=\"highlight.*", "", rendered, flags=re.S)
