"""Outputs are a notebook's, and within bounds, whatever comes in."""

import json

import nbformat
import pytest

from autograder.sandbox.outputs import Nonsense, Outputs


@pytest.fixture
def outputs():
    return Outputs(size=1000, pieces=5)


def show(outputs, **event):
    outputs.event(json.dumps(event).encode())


def display(outputs, text, name=None, update=False):
    data = {"text/plain": text}
    show(outputs, type="display", data=data, metadata={}, id=name, update=update)


def test_they_are_valid_in_a_notebook(outputs):
    show(outputs, type="stream", name="stdout", text="a")
    display(outputs, "b")
    show(outputs, type="result", data={"text/plain": "c"}, metadata={}, count=1)
    show(outputs, type="error", ename="E", evalue="v", traceback=["t"])
    cell = nbformat.v4.new_code_cell(outputs=outputs.taken(), id="x")
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_what_is_printed_in_pieces_is_one_output(outputs):
    for text in ("a", "b", "c"):
        show(outputs, type="stream", name="stdout", text=text)
    show(outputs, type="stream", name="stderr", text="d")
    assert [(one["name"], one["text"]) for one in outputs.taken()] == [
        ("stdout", "abc"),
        ("stderr", "d"),
    ]


def test_raw_bytes_are_decoded_also_where_a_character_is_cut(outputs):
    for piece in (b"\xc3", b"\xa4", b"\xff"):
        outputs.raw("stdout", piece)
    assert outputs.taken()[0]["text"] == "ä\ufffd"


def test_beyond_the_size_it_is_cut_and_told(outputs):
    for _ in range(100):
        show(outputs, type="stream", name="stdout", text="x" * 100)
    kept, note = outputs.taken()
    assert kept["text"] == "x" * 1000 and "There was more" in note["text"]


PICTURES = """\
import torch
from IPython.display import display
from utils.optim import Optim, output, w
from utils.playground import playground
import matplotlib.pyplot as plt
output(torch.optim.SGD([w], lr=0.1))
display(playground())
plt.plot([1, 2])
plt.show()"""


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [True, False])
def test_the_course_s_pictures_are_drawn_or_told_in_words_and_the_student_s_are_drawn(
    fork, pictures
):
    ran = fork.run("c", PICTURES, 1, pictures=pictures)
    kinds = [set(one["data"]) for one in ran.outputs if "data" in one]
    drawn = [kind for kind in kinds if "image/png" in kind]
    assert len(drawn) == (3 if pictures else 1) and kinds[-1] >= {"image/png"}
    told = "".join(one["data"]["text/plain"] for one in ran.outputs if "data" in one)
    assert "Contours of" in told and "playground(" in told


def test_beyond_the_number_too(outputs):
    for number in range(100):
        display(outputs, str(number))
    assert len(outputs.taken()) == 6


def test_an_error_is_kept_even_then(outputs):
    show(outputs, type="stream", name="stdout", text="x" * 2000)
    show(outputs, type="error", ename="E", evalue="v" * 5000, traceback=["t" * 5000])
    show(outputs, type="error", ename="F", evalue="", traceback=[])
    (error,) = [one for one in outputs.taken() if one["output_type"] == "error"]
    assert (error["ename"], error["traceback"], len(error["evalue"])) == ("E", [], 1000)


def test_an_update_changes_what_was_shown(outputs):
    display(outputs, "old", "h")
    display(outputs, "new", "h", update=True)
    display(outputs, "nobody's", "other", update=True)
    assert [one["data"]["text/plain"] for one in outputs.taken()] == ["new"]


def test_clearing_waits_for_the_next_output_if_asked_to(outputs):
    display(outputs, "a")
    show(outputs, type="clear", wait=True)
    assert len(outputs.taken()) == 1
    display(outputs, "b")
    assert [one["data"]["text/plain"] for one in outputs.taken()] == ["b"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"3",
        b'"text"',
        b"\xff\xfe",
        b'{"type": "magic"}',
        b'{"type": "stream", "name": "stdlog", "text": "x"}',
        b'{"type": "stream", "name": "stdout", "text": {}}',
        b'{"type": "error", "ename": 1, "evalue": "", "traceback": []}',
        b'{"type": "error", "ename": "", "evalue": "", "traceback": [[]]}',
        b'{"type": "display", "data": 3, "metadata": {}, "id": null, "update": false}',
        b'{"type": "result", "data": {}, "metadata": [1], "count": "one"}',
        b'{"type": "stream", "name": [], "text": ""}',
        b"[" * 200_000,
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b"9" * 100_000,
    ],
)
def test_nonsense_is_named_so(outputs, body):
    with pytest.raises(Nonsense):
        outputs.event(body)


def test_a_name_that_cannot_be_one_does_no_harm(outputs):
    show(outputs, type="display", data={}, metadata={}, id=[], update=False)
    with pytest.raises(Nonsense):
        show(outputs, type="display", data={}, metadata={}, id=[], update=True)


def test_of_one_piece_that_is_too_large_the_beginning_is_kept(outputs):
    outputs.raw("stdout", b"x" * 5000)
    text, note = [one["text"] for one in outputs.taken()]
    assert text == "x" * 1000 and "There was more" in note


def test_sizes_are_bytes_and_no_character_is_cut_in_two(outputs):
    show(outputs, type="stream", name="stdout", text="\N{GRINNING FACE}" * 400)
    assert outputs.taken()[0]["text"] == "\N{GRINNING FACE}" * 250
    assert outputs.used == 1000
