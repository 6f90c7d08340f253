"""Progress and hints: what was passed is kept, and hints come one by one, or when allowed."""

import json

import pytest
import torch

from utils.check import CheckFailed, check_function, check_optimizer, finding, hint, progress
from utils.check import progress as shown
from utils.check.mistakes import momentum
from utils.check.progress import Progress, course, read


def fail():
    wrong = next(m for m in momentum.FAMILY.mistakes if m.name == "the first gradient counts twice")
    student = momentum.FAMILY.build(wrong)
    with pytest.raises(CheckFailed) as caught:
        check_optimizer(student, torch.optim.SGD, lr=0.1, momentum=0.9)
    return str(caught.value)


@pytest.fixture(autouse=True)
def no_hints_given(monkeypatch):
    from utils.check.report import HINTS

    monkeypatch.setattr(HINTS, "given", {})
    monkeypatch.setattr(HINTS, "last", None)


def test_hints_come_one_by_one_and_stay(capsys):
    text = fail()
    assert "Hint 1 " in text and "Hint 2" not in text and "The next of 3 hints" in text
    hint()
    assert capsys.readouterr().out.startswith("  Hint 2 of 3")
    hint()
    assert 'this line stands there: `state["v"]' in capsys.readouterr().out
    hint()
    assert "the last hint" in capsys.readouterr().out
    text = fail()
    assert "Hint 2 " in text and "Hint 3 " in text, "what was given once is not asked for again"


def test_hint_before_any_failure(capsys):
    hint()
    assert "No check has failed yet" in capsys.readouterr().out


def test_an_instructor_can_switch_hints_off(monkeypatch, capsys):
    monkeypatch.setenv("MY_STEP_HINTS", "off")
    text = fail()
    assert "Hint" not in text and "Diagnosis" in text
    hint()
    assert "switched off" in capsys.readouterr().out


def test_an_instructor_can_delay_hints(monkeypatch, capsys):
    monkeypatch.setenv("MY_STEP_HINTS", "3")
    for attempt in ("1st", "2nd"):
        text = fail()
        assert f"from the 3rd try on; this was the {attempt}." in text and "Hint 1" not in text
    hint()
    assert "from the 3rd try on" in capsys.readouterr().out
    assert "Hint 1" in fail()


def test_code_in_a_message_is_code_in_a_notebook_too():
    assert finding.marked("a < b: use `x[0] & y`.") == "a &lt; b: use <code>x[0] &amp; y</code>."


def test_the_table_in_a_notebook_shows_no_backtick(monkeypatch):
    from IPython import display

    from utils.check import report

    shown = []
    monkeypatch.setattr(display, "display", lambda data, raw, **_: shown.append(data["text/html"]))
    found = finding.Finding(
        "x",
        "give `SGD`",
        diagnosis=("`my_step` returns.",),
        line=finding.Line(3, "`code`"),
    )
    report.show(report.CheckFailed("x", found), finding.rows(found, [("Hint", "`p.add_`")]), None)
    (page,) = shown
    for name in ("my_step", "p.add_", "SGD"):
        assert f"<code>{name}</code>" in page
    assert "<pre>   →    3 │ `code`</pre>" in page


def test_the_setting_can_stand_in_the_course_itself(monkeypatch, tmp_path):
    monkeypatch.delenv("MY_STEP_HINTS")
    from utils.check import report

    monkeypatch.setattr(report.progress, "COURSE", tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.my_step]\nhints = "off"\n')
    assert report.allowed() is None
    (tmp_path / "pyproject.toml").write_text("[tool.my_step]\nhints = 4\n")
    assert report.allowed() == 4
    (tmp_path / "pyproject.toml").write_text("not toml")
    assert report.allowed() == 1


def one(x):
    return x


def test_passes_and_tries_are_kept(record, capsys):
    for _ in range(2):
        with pytest.raises(CheckFailed):
            check_function(one, lambda x: 2 * x, (1.0,))
    assert read()["one"] == {"passed": None, "tries": 2}
    check_function(one, one, (1.0,))
    entry = json.loads(record.read_text())["one"]
    assert entry["passed"] and entry["tries"] == 0
    with pytest.raises(CheckFailed):
        check_function(one, lambda x: 2 * x, (1.0,))
    assert read()["one"]["passed"] == entry["passed"], "what was passed stays passed"


@pytest.mark.parametrize(
    "text", ["", "[1, 2", "[]", '{"one": 3}', '{"one": {"tries": "x"}}', "\x00"]
)
def test_a_broken_record_does_no_harm(record, text):
    record.write_text(text)
    check_function(one, one, (1.0,))
    assert read()["one"]["passed"]


@pytest.mark.parametrize("place", ["/proc/nowhere/progress.json", "off", "/dev/null/x"])
def test_no_record_does_no_harm(monkeypatch, capsys, place):
    monkeypatch.setenv("MY_STEP_PROGRESS", place)
    check_function(one, one, (1.0,))
    assert "✓ one is right" in capsys.readouterr().out
    assert read() == {}


def test_the_course_is_read_from_the_notebooks(tmp_path):
    source = "%matplotlib inline\nr = 1\ncheck_optimizer(SGDOptimizer, torch.optim.SGD, lr=0.1)\n"
    cells = [
        dict(cell_type="code", source=source.splitlines(keepends=True)),
        dict(cell_type="code", source="check_function(ewma, lambda x: x, (1,))"),
        dict(cell_type="code", source="check_optimizer(partial(SGDOptimizer, a=1), R)\nf(x"),
        dict(cell_type="markdown", source="check_function(no, no)"),
    ]
    (tmp_path / "02_sgd").mkdir()
    (tmp_path / "02_sgd" / "sgd.ipynb").write_text(json.dumps(dict(cells=cells)))
    (tmp_path / "03_broken").mkdir()
    (tmp_path / "03_broken" / "broken.ipynb").write_text("{")
    assert course(tmp_path) == {"02_sgd": ["SGDOptimizer", "ewma"]}


def test_progress_shows_a_bar_and_each_check():
    record = {"SGDOptimizer": dict(passed="2026-01-01T10:00"), "ewma": dict(passed=None)}
    table = Progress({"01_ewma": ["ewma"], "02_sgd": ["SGDOptimizer"]}, record)
    assert repr(table).splitlines() == [
        "██████████░░░░░░░░░░  1 of 2 checks passed",
        "01_ewma        · ewma",
        "02_sgd         ✓ SGDOptimizer",
    ]
    page = table._repr_html_()
    assert "value='1' max='2'" in page and "✓ SGDOptimizer" in page


def test_progress_works_at_any_time(record):
    assert "checks passed" in repr(progress()) or repr(progress()) == "No check passed yet."
    assert shown is progress


def test_a_partial_counts_until_the_class_itself_is_tried(tmp_path):
    source = (
        "alone = partial(D, weight_decay=0.0)\ncheck_optimizer(alone, SGD)\ncheck_optimizer(D, SGD)"
    )
    (tmp_path / "03").mkdir()
    cells = [dict(cell_type="code", source=source)]
    (tmp_path / "03" / "m.ipynb").write_text(json.dumps(dict(cells=cells)))
    assert course(tmp_path) == {"03": ["D"]}
    record = {"D(weight_decay=0.0)": dict(passed="2026-01-01T10:00")}
    assert Progress({"03": ["D"]}, record).done == 1
    assert Progress({"03": ["D"]}, {**record, "D": dict(passed=None)}).done == 0
