"""Links, goals and the widget's Python side."""

import json
import math
import sys
from functools import partial
from types import SimpleNamespace

import pytest
import torch

from tests.support.browsing import page
from utils.optim import Optim
from utils.playground import beat, below, edge, playground, reached
from utils.playground.assets import bundle, css
from utils.playground.facts import LABELS, LANDSCAPES, usual
from utils.playground.scene import link, parse
from utils.playground.widget import Playground

LINKS = [
    "land=quadratic&start=1.25,1.25&steps=60&momentum=0.1,0.9",
    "land=quadratic&condition=30&rotation=-45&start=-1,0.5&steps=100&sgd=0.00001&adam=0.1,0.9,eps:1e-7",
    "land=noisy&spread=1&start=1,1&steps=10&noise=0.5&seed=42&lion=0.01,0.95,beta2:0.98,wd:0.1",
    "land=ravine&steep=40&flat=0.1&start=-1,1&steps=300&noise=2&seed=4294967295&rmsprop=0.01,beta2:0.9",
    "land=wells&start=3,3&steps=50&momentum_ewma=1,0.99&adam_raw=0.1,0.5&adamw=0.1,0.9,wd:0.2",
    "land=mnist&start=0,0&steps=50&adam=0.1,0.9,wd:0.1&mine=lr:0.1,betas[0]:0.9,eps:1e-8",
]


class Mine(Optim):
    def __init__(self, params, lr, betas=(0.9, 0.99), eps=1e-8):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    def my_step(self, p, state, group):
        p.sub_(group["lr"] * p.grad)


@pytest.mark.parametrize("text", LINKS)
def test_a_link_is_read_and_written_the_same_in_python_and_in_the_page(text):
    assert link(parse(text)) == text
    answer = page([{"what": "link", "link": text}])[0]
    assert answer["link"] == text
    mine, theirs = parse(text), answer["scene"]
    for key in ("land", "start", "steps", "noise", "seed", "mine"):
        assert mine[key] == theirs[key]
    for run in theirs["runs"]:
        assert run["on"] == (run["name"] in mine["runs"])
        if run["on"]:
            assert {k: run[k] for k in mine["runs"][run["name"]]} == mine["runs"][run["name"]]


@pytest.mark.parametrize("text", ["", "land=beale", "https://x.org/a.html#play=land=wells&sgd=0.2"])
def test_what_a_link_leaves_out_has_the_same_value_on_both_sides(text):
    answer = page([{"what": "link", "link": text}])[0]
    assert link(parse(text)) == answer["link"]


def test_a_bad_link_is_refused_with_a_sentence():
    for text, said in [
        ("land=moon", "no landscape 'moon'"),
        ("sgd", "not of the form name=value"),
        ("land=beale&sdg=0.1", "'sdg'"),
    ]:
        with pytest.raises(ValueError, match=said):
            parse(text)


def test_optimizers_and_landscapes_are_the_same_on_both_sides():
    shown = {run["name"] for run in page([{"what": "link", "link": ""}])[0]["scene"]["runs"]}
    assert shown == set(LABELS)
    runs = {
        run["name"]: run
        for run in page([{"what": "link", "link": "land=quadratic"}])[0]["scene"]["runs"]
    }
    for name in LABELS:
        assert {k: runs[name][k] for k in usual(name)} == usual(name)
    for name in LANDSCAPES:
        land = page([{"what": "link", "link": f"land={name}"}])[0]["scene"]["land"]
        assert land == parse(f"land={name}")["land"]


GOALS = [
    (
        below(1e-6, 100, "land=quadratic&condition=30"),
        ["momentum=0.1,0.9", "sgd=0.1", "adam=0.3,0.6"],
    ),
    (edge("sgd"), ["sgd=0.39", "sgd=0.4", "sgd=0.41", "sgd=0.397", "momentum=0.1,0.9"]),
    (edge("momentum"), ["momentum=0.72,0.9", "momentum=0.59,0.5", "momentum=0.61,0.5"]),
    (beat("momentum"), ["momentum=0.1,0.9", "momentum=0.2,0.6", "sgd=0.1", "nesterov=0.15,0.6"]),
]
PASS = [[True, False, True], [False, True, False, True, False], [False, True, False]]
PASS += [[False, True, False, True]]


@pytest.mark.parametrize(
    ("goal", "answers", "passed"), [(*g, p) for g, p in zip(GOALS, PASS, strict=True)]
)
def test_the_judge_says_the_same_in_python_and_in_the_page(goal, answers, passed):
    asked = [{"what": "verdict", "goal": goal.spec(), "link": answer} for answer in answers]
    for answer, theirs, right in zip(answers, page(asked), passed, strict=True):
        mine = reached(goal, answer)
        assert bool(mine) == theirs["passed"] == right, (answer, mine, theirs)
        assert mine.score == (math.inf if theirs["score"] is None else theirs["score"])
        assert mine.text == theirs["text"]


def test_the_judge_does_not_let_the_answer_change_the_ground():
    goal = below(1e-6, steps=100, link="land=quadratic&condition=1000")
    easy = "land=quadratic&condition=1&start=0.001,0&sgd=0.1"
    assert not reached(goal, easy)


def test_the_edge_is_found_where_theory_says():
    exact = 2 / 5
    assert reached(edge("sgd"), f"sgd={0.99 * exact}")
    assert not reached(edge("sgd"), f"sgd={0.97 * exact}")
    assert not reached(edge("sgd"), f"sgd={1.001 * exact}")


def test_a_class_becomes_sliders():
    widget = playground(Mine, lr=0.2, betas=(0.8, 0.9))
    assert [s["key"] for s in widget.mine["sliders"]] == ["lr", "betas[0]", "betas[1]", "eps"]
    assert widget.hyper == {"lr": 0.2, "betas": (0.8, 0.9), "eps": 1e-8}
    assert widget.mine["against"] == "adam"


def test_a_link_carries_the_numbers_of_your_class():
    widget = playground(Mine, lr=0.2, betas=(0.8, 0.9), landscape="beale")
    assert widget.link.endswith("&mine=lr:0.2,betas[0]:0.8,betas[1]:0.9,eps:1e-8")
    again = playground(Mine, widget.link)
    assert again.link == widget.link
    assert again.hyper == {"lr": 0.2, "betas": (0.8, 0.9), "eps": 1e-8}
    assert again.recorded == widget.recorded
    assert playground(Mine, widget.link, lr=0.3).hyper["lr"] == 0.3
    assert "mine" not in playground(link=widget.link).link


def test_a_class_with_a_name_of_the_textbook_is_called_yours():
    assert playground(torch.optim.SGD, lr=0.1).mine["label"] == "your SGD"


def test_the_goal_of_the_edge_shows_its_optimizer():
    assert set(parse(playground(goal=edge("nesterov"), lr=0.2).link)["runs"]) == {"nesterov"}


def test_a_class_that_is_not_written_yet_is_told_in_a_sentence():
    class Empty(Mine):
        def my_step(self, p, state, group):
            raise NotImplementedError()

    trail = playground(Empty, lr=0.1).recorded
    assert trail["trouble"].startswith("nothing is written here yet")
    assert trail["broke"] == 1


@pytest.mark.parametrize(
    ("Optimizer", "hyper", "twin"),
    [
        (torch.optim.SGD, {"lr": 0.1}, "momentum"),
        (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}, "momentum"),
        (partial(torch.optim.SGD, nesterov=True), {"lr": 0.1, "momentum": 0.9}, "nesterov"),
        (torch.optim.RMSprop, {"lr": 0.05, "alpha": 0.99}, "rmsprop"),
        (torch.optim.Adam, {"lr": 0.1}, "adam"),
        (torch.optim.AdamW, {"lr": 0.1}, "adamw"),
    ],
)
def test_torchs_own_optimizers_walk_as_their_twins(Optimizer, hyper, twin):
    """The kernel's path and the page's are the same, with the numbers that the sliders show."""
    widget = playground(Optimizer, **hyper)
    assert widget.mine["against"] == twin
    given = {s["to"]: s["value"] for s in widget.mine["sliders"] if s["to"]}
    world = parse(widget.link)
    scene = {k: world[k] for k in ("start", "steps", "noise", "seed")}
    ask = {"what": "walk", "name": twin, "hyper": given, "land": world["land"], "scene": scene}
    theirs = page([ask])[0]
    mine = torch.tensor(widget.recorded["points"], dtype=torch.float64)
    assert not widget.recorded["trouble"]
    assert (
        float((mine - torch.tensor([theirs["x"], theirs["y"]], dtype=torch.float64).T).abs().max())
        < 1e-12
    )


def replayed(Optimizer, name, **hyper):
    """The first step at which a class leaves the textbook, as the step debugger sees it."""
    path = playground(Optimizer, against=name, **hyper).recorded
    columns = {"x": 0, "y": 1}
    met = {key: [p[i] for p in path["points"]] for key, i in columns.items()}
    met |= {f"g{key}": [g[i] for g in path["grads"]] for key, i in columns.items()}
    names = {"lr": "lr", "momentum": "beta", "alpha": "beta2", "eps": "eps"}
    asked = {"what": "replay", "name": name, "path": met}
    asked["hyper"] = {names[k]: v for k, v in hyper.items()}
    return page([asked])[0]["differs"]


def test_rounding_that_grows_is_no_difference():
    """RMSprop with lr far too large for its last steps: two right ones end 0.009 apart."""
    assert replayed(torch.optim.RMSprop, "rmsprop", lr=0.1, alpha=0.9) == 0


def test_state_in_single_precision_is_no_difference():
    class Single(Optim):
        def __init__(self, params, lr, momentum):
            super().__init__(params, {"lr": lr, "momentum": momentum})

        def my_step(self, p, state, group):
            v = state.setdefault("v", torch.zeros(2))
            v.mul_(group["momentum"]).add_(p.grad)
            p.sub_(v, alpha=group["lr"])

    assert replayed(Single, "momentum", lr=0.1, momentum=0.9) == 0


def test_the_first_step_that_differs_is_found():
    assert replayed(torch.optim.RMSprop, "rmsprop_inside", lr=0.1, alpha=0.9, eps=1e-3) == 1
    assert replayed(torch.optim.SGD, "momentum_ewma", lr=0.1, momentum=0.9) == 1
    dampened = partial(torch.optim.SGD, dampening=0.5)  # the first step is spared
    assert replayed(dampened, "momentum", lr=0.1, momentum=0.9) == 2


def answer(widget, message):
    """What the page would hear."""
    heard = []
    widget.send = heard.append
    widget.answer(widget, message, [])
    return heard


def question(widget, **change):
    world = parse(widget.link)
    asked = {k: world[k] for k in ("land", "start", "steps", "noise", "seed")}
    return {"kind": "walk", "me": "a", "id": 3, **asked, "values": dict(widget.values), **change}


def test_every_message_is_answered_once_whatever_happens():
    widget = playground(Mine, lr=0.1)
    for message in (
        {"kind": "ping", "me": "a", "id": 1},
        question(widget),
        question(widget, values={"no such": 1}),
        question(widget, land={"name": "moon"}),
        question(widget, steps="many"),
        {"kind": "walk", "me": "a", "id": 9},
        {},
    ):
        heard = answer(widget, message)
        assert len(heard) == 1
        assert heard[0]["id"] == message.get("id")
        json.dumps(heard[0], allow_nan=False)


def test_numbers_that_json_does_not_know_are_sent_as_text():
    class Inf(Mine):
        def my_step(self, p, state, group):
            state["big"] = torch.tensor([math.inf, math.nan])
            state["word"] = "hello"
            p.sub_(p.grad, alpha=group["lr"])

    widget = playground(Inf, lr=0.1)
    (heard,) = answer(widget, question(widget, states=True))
    assert heard["trail"]["states"][0]["big"] == ["inf", "nan"]
    assert heard["trail"]["states"][0]["word"] == "hello"


def test_an_exception_is_told_with_its_step_and_its_line():
    class Late(Mine):
        def my_step(self, p, state, group):
            state["n"] = state.get("n", 0) + 1
            if state["n"] == 5:
                raise KeyError("velocity")

    widget = playground(Late, lr=0.1)
    assert widget.recorded["broke"] == 5
    assert "KeyError: 'velocity'" in widget.recorded["trouble"]
    assert 'raise KeyError("velocity")' in widget.recorded["trouble"]


def test_bad_arguments_are_refused_with_a_sentence():
    w = torch.zeros(2, requires_grad=True)
    for ask, said in [
        (lambda: playground(torch.optim.SGD([w], 0.1), lr=0.1), "wants the class"),
        (lambda: playground(landscape="moon"), "no landscape 'moon'"),
        (lambda: playground(show=["sdg"]), "no optimizer 'sdg'"),
        (lambda: playground(condition=0.5), "condition must be between"),
        (lambda: playground(goal="win"), "goal is made by"),
        (lambda: playground(speed=3), "no 'speed'"),
    ]:
        with pytest.raises((ValueError, TypeError), match=said):
            ask()


def test_nothing_is_downloaded_from_elsewhere():
    for word in ("http://", "https://", "import(", "fetch(", "XMLHttpRequest", "@import"):
        assert word not in bundle()
        assert word not in css()


def test_on_colab_the_display_says_who_manages_the_widget(monkeypatch):
    """As anywidget itself does it; without this, Colab shows nothing."""
    shown, asked = [], []
    there = SimpleNamespace(
        enable_custom_widget_manager=lambda: asked.append(1),
        _widgets=SimpleNamespace(_installed_url="https://colab/manager.js"),
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", there)
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: shown.append((*a, k)))
    playground(show=["sgd"])._ipython_display_()
    data, said = shown[0]
    view = "application/vnd.jupyter.widget-view+json"
    assert view in data
    assert said["metadata"][view]["colab"]["custom_widget_manager"]["url"].endswith("manager.js")
    assert "<img alt=" in shown[1][0]["text/html"]


def test_a_saved_output_holds_its_picture_once():
    widget = playground(show=["sgd", "adam"])
    data, metadata = widget.still()
    assert set(data) == {"text/html", "text/plain"}
    assert "SGD" in data["text/plain"]
    assert json.dumps([data, metadata]).count("iVBORw0KGgo") == 1  # how a PNG begins, in base64
    assert isinstance(widget, Playground)
