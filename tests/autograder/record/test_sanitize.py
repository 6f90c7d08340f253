"""What a student's code showed and what a student wrote can do nothing where it is looked at."""

import base64
import re
import time

import pytest

from autograder.record.safe_html import clean_html
from autograder.record.safe_markdown import quoted, stored, typeset
from autograder.record.sanitize import clean_output
from tests.fuzz import documents
from tests.support.markup_attacks import HTML, MARKDOWN, PNG

DIGITS = "1" * 5000
CRASHED = {  # what has stopped a class, or run in the instructor's browser
    "entity": f"hello &#{DIGITS};",
    "entity in an address": f'<a href="https://x/&#{DIGITS};">x</a>',
    "width": f'<p style="width:{DIGITS}px">x</p>',
    "calc": '<p style="width:' + "calc(" * 9000 + '">x</p>',
    "brackets": "[" * 20_000,
    "autolink": "<p>\n<https://x/contenteditable/autofocus/onfocus=alert(1)>",
    "details": "<details>\n<https://x/onmouseover=alert(1)>",
    "margin": '<img src="data:image/png;base64,AAAA" style="margin-top:-900px" height="2500">',
    "TeX in two halves": r"$\hr<x>ef{javascript:alert(1)}{x}$ $\h&#114;ef{javascript:alert(1)}{x}$",
    "a carriage return alone": "[see]: 100% '\\\r'",
    "carriage returns": "<a href='https://x/&#" + "\r" * 30_000,
    "MathML by TeX": r"$\mmlToken{mi}[onclick=alert(1)]{x}$",
}


@pytest.mark.parametrize("text", [*CRASHED.values(), *HTML, *MARKDOWN])
def test_known_attacks_are_text_or_gone_everywhere(text):
    documents.check(text)
    documents.check(f"<table><tr><td>{text}</td></tr></table>")


@pytest.mark.parametrize("seed", range(4))
def test_generated_documents_are_harmless_everywhere(seed):
    """`python -m tests.fuzz documents --count 100000` draws more."""
    documents.run(150, seed)


@pytest.mark.parametrize("hole", ["stored", "clean_output", "typeset"])
def test_the_generator_finds_a_hole(monkeypatch, hole):
    """With one of the walls taken away, it says so."""
    holes = {
        "stored": lambda text: text,
        "typeset": lambda text: text,
        "clean_output": lambda output: (
            output | {"data": {"text/html": [*output["data"].values()][0]}}
        ),
    }
    monkeypatch.setattr(documents, hole, holes[hole])
    with pytest.raises(AssertionError):
        documents.run(200, seed=1)


def test_tables_links_and_pictures_stay():
    table = '<table><thead><tr><th>lr</th></tr></thead><tbody><tr><td colspan="2">0.1</td></tr>'
    assert clean_html(table + "</tbody></table>") == table + "</tbody></table>"
    assert 'href="https://pytorch.org/"' in clean_html('<a href="https://pytorch.org/">torch</a>')
    assert PNG in clean_html(f'<img alt="a loss" src="data:image/png;base64,{PNG}">')
    assert "color:red" in clean_html('<b style="color: red">high</b>')


def test_a_table_of_pandas_stays():
    import pandas

    made = clean_html(pandas.DataFrame({"lr": [0.1, 0.2], "a<b": ["x & y", "é"]})._repr_html_())
    assert re.findall("<t[hd]>([^<]*)</t[hd]>", made) == [
        "", "lr", "a&lt;b", "0", "0.1", "x &amp; y", "1", "0.2", "é",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "<b>" * 30_000,
        "<b><div>" * 8000,
        "<a " + "x=1 " * 30_000 + ">",
        "&" * 200_000,
        "<" * 200_000,
        "<p>" + "<b style=color:red>" * 4000 + "<p>x" * 4000,
    ],
)
def test_html_is_cleaned_in_a_moment_or_left_out(text):
    start = time.process_time()
    assert len(clean_html(text)) < 600_000 and time.process_time() - start < 2


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


def png(wide, high):
    head = (
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + wide.to_bytes(4, "big") + high.to_bytes(4, "big")
    )
    return base64.b64encode(head + b"\0" * 20).decode()


@pytest.mark.parametrize(
    ("wide", "high", "asked", "shown"),
    [
        (400, 300, {}, {}),
        (400, 300, {"width": 800}, {"width": 800}),
        (3000, 1500, {}, {"width": 1000, "height": 500}),
        (400, 300, {"height": 2500}, {"width": 1000, "height": 750}),
        (400, 300, {"width": 1e9, "height": -5}, {}),
    ],
)
def test_no_picture_is_larger_than_its_place(wide, high, asked, shown):
    kept = display(image_png=png(wide, high), metadata={"image/png": asked})
    assert kept["metadata"].get("image/png", {}) == shown
    assert display(image_png=png(30_000, 30_000)) is None, "a browser would need gigabytes for it"


def test_the_picture_stands_for_the_html_that_says_the_same():
    shown = display(
        image_png=PNG, text_html=f'<img src="data:image/png;base64,{PNG}">', text_plain="p"
    )
    assert set(shown["data"]) == {"image/png", "text/plain"}


def test_a_drawing_becomes_an_inert_picture():
    shown = display(**{"image/svg+xml": "<svg onload='alert(1)'><script>alert(1)</script></svg>"})
    assert set(shown["data"]) == {"text/html"}
    assert re.search(
        r'<img [^>]*src="data:image/svg\+xml;base64,[\w+/=]+"', shown["data"]["text/html"]
    )
    assert "onload" not in shown["data"]["text/html"]


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
    ("text", "shown"),
    [
        ("Momentum *averages* gradients.", "<p>Momentum <em>averages</em> gradients.</p>"),
        ("see [PyTorch](https://pytorch.org/?a=1&b=2)", 'href="https://pytorch.org/?a=1&amp;b=2"'),
        ("$v \\leftarrow \\mu v_t + g$, so 1 < 2", "$v \\leftarrow \\mu v_t + g$, so 1 &lt; 2"),
        ("$$\\begin{align} a &= b \\\\ c &= d \\end{align}$$", "a &amp;= b \\\\ c &amp;= d"),
        ("| lr | loss |\n|---|---|\n| 0.1 | 2 |", "<td>0.1</td>"),
        ("* one\n* two", "<li>one</li>"),
        ("`p.grad` is `a < b`", "<code>a &lt; b</code>"),
        ("```python\nx = a & b\n```", "<pre><code>x = a &amp; b\n</code></pre>"),
        ("I wrote <b>this</b> and &lambda;", "I wrote &lt;b&gt;this&lt;/b&gt; and λ"),
    ],
)
def test_what_people_write_is_typeset(text, shown):
    assert shown in typeset(text)


def test_formgrader_shows_what_was_typeset():
    from nbconvert.filters import markdown2html

    text = "**Why** $v_t \\leftarrow \\mu v$:\n\n* `a < b`, see [x](https://x.org)\n\n> so * it * is_so_"
    shown = markdown2html(stored(text))
    assert "\n" not in stored(text)
    for part in (
        "<strong>Why</strong>",
        "<li><code>a &lt; b</code>",
        "<blockquote>",
        'href="https://x.org',
    ):
        assert part in shown


@pytest.mark.parametrize("attack", [*HTML, *MARKDOWN, *CRASHED.values()])
def test_a_quoted_text_is_shown_as_it_is(attack):
    """Comments: formgrader shows them as text, nbgrader's feedback as Markdown."""
    documents.quiet(*documents.places(documents.render()(quoted(attack))))
    assert quoted("double(3) is 6, not 9") == "double(3) is 6, not 9"
    assert quoted("a < b & c") == "a < b & c"
