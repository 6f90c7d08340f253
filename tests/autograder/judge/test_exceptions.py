"""An exception crosses the bridge: what it says and where it was, within bounds."""

import linecache

import pytest

from autograder.bridge import exceptions
from autograder.bridge.exceptions import rebuild, take_apart
from utils.check.errors import quote
from utils.check.finding import code as shown_code


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """What is known of files is this test's."""
    monkeypatch.setattr(exceptions, "KEPT", set())
    monkeypatch.setattr(linecache, "cache", dict(linecache.cache))


def failure(*frames, **more):
    return {
        "names": ["ValueError", "Exception"],
        "text": "no",
        "args": [],
        "frames": [*frames],
        **more,
    }


def raised(source, file="<answer 1>"):
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    try:
        exec(compile(source, file, "exec"), {})
    except BaseException as error:
        return error


@pytest.mark.parametrize(
    "source",
    ["1 / 0", "open('/nowhere')", "{}['a']", "import json; json.loads('{')", "b'\\xff'.decode()"],
)
def test_it_says_the_same_and_has_the_same_name(source):
    error = raised(source)
    again = rebuild(take_apart(error))
    assert (type(again).__name__, str(again)) == (type(error).__name__, str(error))
    assert isinstance(
        again, tuple(cls for cls in type(error).__mro__ if cls in exceptions.KNOWN.values())
    )


def test_the_answers_lines_are_quoted():
    error = raised("def f():\n    x = 1\n    return x / 0\nf()")
    assert "x / 0" in quote(rebuild(take_apart(error))).text


def test_a_file_may_have_the_name_of_a_hidden_test_and_shows_nothing_of_it(tmp_path):
    hidden = ["a = 1\n", "assert f(3) == 42\n", "b = 2\n"]
    linecache.cache["<f-hidden>"] = (30, None, list(hidden), "<f-hidden>")
    solution = tmp_path / "solution.py"
    solution.write_text("".join(hidden))
    for file in ("<f-hidden>", str(solution)):
        shown = shown_code(quote(rebuild(failure([file, 2, "f", "mine"]))))
        assert "mine" in shown and "42" not in shown and "= 1" not in shown
    assert linecache.cache["<f-hidden>"][2] == hidden


def test_names_and_lines_are_kept_up_to_a_length():
    long = "x" * 10**6
    error = rebuild(failure([long, 3, long, long], names=[long], text=long, args=[long, [long], 1]))
    assert len(type(error).__name__) <= 100 and len(str(error)) < 20_000
    code = error.__traceback__.tb_frame.f_code
    assert len(code.co_filename) < 200 and len(code.co_name) <= 100
    assert sum(len(key) for key in linecache.cache if "xxx" in key) < 200
    assert sum(map(len, linecache.cache[code.co_filename][2])) < 1000


def test_however_many_files_and_lines_there_are_few_are_kept():
    for n in range(500):
        rebuild(failure([f"file {n}", 10**9, "f", "a"], [f"file {n}", 9_999 - n, "f", "a"]))
    kept = [entry for name, entry in linecache.cache.items() if "file " in name]
    assert 0 < len(kept) <= exceptions.FILES
    assert sum(len(entry[2]) for entry in kept) <= exceptions.FILES * exceptions.LINES


@pytest.mark.parametrize(
    "frames", [None, "x", [1], [["a", "b", "c", "d"]], [["a", 1, "b"]], [[[], 1, {}, 2]]]
)
def test_what_is_no_traceback_is_left_out(frames):
    assert str(rebuild(failure(frames=frames) if frames else failure(**{"frames": frames}))) == "no"
