"""What a check found is data: it survives JSON, and the message is made of it alone."""

import json

from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD

from utils.check import CheckFailed, check_optimizer
from utils.check.finding import Finding, Line, as_html, as_text, rows
from utils.optim import Optim

words = st.text(max_size=20)
numbers = st.none() | st.integers(0, 99)
texts = st.lists(words, max_size=3).map(tuple)
indices = st.lists(st.integers(0, 9), max_size=3).map(tuple)
findings = st.builds(
    Finding,
    words,
    words,
    words,
    words,
    numbers,
    numbers,
    numbers,
    st.none() | indices,
    indices,
    words,
    words,
    texts,
    texts,
    texts,
    st.none() | st.builds(Line, st.integers(1, 999), words, words, words, words),
    texts,
    st.lists(st.tuples(words, words), max_size=2).map(tuple),
    st.lists(st.tuples(words, words), max_size=2).map(tuple),
    st.lists(st.tuples(words, words, words), max_size=2).map(tuple),
)
plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(words, x, max_size=3),
    max_leaves=6,
)


@given(findings)
def test_a_finding_survives_json_and_can_be_shown(found):
    assert Finding.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert as_text(found.title, rows(found)).startswith("✗")
    assert "<table>" in as_html(found.title, rows(found))


@given(st.dictionaries(st.sampled_from(list(Finding("", "").to_json())), plain_data))
def test_whatever_comes_instead_is_a_finding_too(data):
    found = Finding.from_json(data)
    assert Finding.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert as_text(found.title, rows(found)).startswith("✗")


class Uphill(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        p.add_(p.grad, alpha=group["lr"])


def test_the_exception_carries_the_fields_and_crosses_as_data(refused):
    error = refused(check_optimizer, Uphill, SGD, lr=0.1)
    found = error.finding
    assert (found.check, found.against, found.situation) == ("Uphill", "SGD", "a few steps")
    assert (found.step, found.parameter, found.entry) == (1, 1, (0,))
    assert found.mistakes == error.mistakes == ("steps uphill",)
    assert "→" in found.yours and found.yours != found.expected and len(found.hints) == 3
    again = CheckFailed.from_json(json.loads(json.dumps(error.to_json())))
    assert again.finding == found and str(again) == str(error)


def test_the_line_that_raised_is_a_field(refused):
    class Divides(Uphill):
        def my_step(self, p, state, group):
            p.sub_(1 / 0)

    line = refused(check_optimizer, Divides, SGD, lr=0.1).finding.line
    assert line.text.strip() == "p.sub_(1 / 0)" and line.file == __file__
