"""The playground on a page without a kernel: drag, type, tab, touch, step; seen and heard."""

import re
from functools import partial

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

from tests.support.browsing import settle, standalone
from utils.optim import Optim
from utils.playground import below, playground, reached

pytestmark = pytest.mark.slow  # a browser


class MyMomentum(Optim):
    def __init__(self, params, lr, momentum):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    def my_step(self, p, state, group):
        v = state.setdefault("v", torch.zeros_like(p))
        v.mul_(group["momentum"]).add_(p.grad)
        p.sub_(v, alpha=group["lr"])


def link(tab):
    return tab.locator(".link").input_value()


def part(tab, name):
    """One part of the scene's link: `part(tab, "start")` → "1.25,1.25"."""
    return dict(piece.split("=") for piece in link(tab).split("&")).get(name)


def start_hand(tab):
    return tab.get_by_role("slider", name="Start point")


def pad_hand(tab):
    return tab.get_by_role("slider", name="Learning rate (left")


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def ink(tab, index):
    """A fingerprint of the canvas with that index: hill, loss, pad."""
    return tab.evaluate(
        "i => document.querySelectorAll('.ms-play .stage canvas')[i].toDataURL()", index
    )


def test_the_start_point_is_dragged(static):
    tab = static(playground(show=["sgd"]))
    before = ink(tab, 0), ink(tab, 1)
    x, y = middle(start_hand(tab))
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x - 60, y + 30, steps=5)
    tab.mouse.up()
    settle(tab)
    new = [float(v) for v in part(tab, "start").split(",")]
    assert new[0] < 1.1
    assert new[1] < 1.2
    assert ink(tab, 0) != before[0]
    assert ink(tab, 1) != before[1]


def test_a_click_on_the_contours_puts_the_start_there(static):
    tab = static(playground(show=["sgd"]))
    box = tab.locator(".ms-play .view").first.bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2 + 100, box["y"] + box["height"] / 2)
    settle(tab)
    x, y = (float(v) for v in part(tab, "start").split(","))
    assert x == pytest.approx(400 / box["height"], abs=0.05)
    assert y == pytest.approx(0, abs=0.05)


def test_touch_drags_the_start_and_taps_put_it(static):
    tab = static(playground(show=["sgd"]), has_touch=True)
    box = tab.locator(".ms-play .view").first.bounding_box()
    tab.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 80)
    settle(tab)
    assert float(part(tab, "start").split(",")[1]) > 0.5
    x, y = middle(start_hand(tab))
    session = tab.context.new_cdp_session(tab)
    touch = partial(session.send, "Input.dispatchTouchEvent")
    touch({"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 6):
        touch({"type": "touchMove", "touchPoints": [{"x": x - 20 * k, "y": y}]})
    touch({"type": "touchEnd", "touchPoints": []})
    settle(tab)
    assert float(part(tab, "start").split(",")[0]) < -0.5


def test_arrow_keys_move_start_pad_and_sliders(static):
    tab = static(playground(show=["momentum"]))
    start_hand(tab).focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp"):
        tab.keyboard.press(key)
    settle(tab)
    x, y = (float(v) for v in part(tab, "start").split(","))
    assert x < 1.25 < y
    assert re.match(r"w1 1\.2", start_hand(tab).get_attribute("aria-valuetext"))
    pad_hand(tab).focus()
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Shift+ArrowUp")
    settle(tab)
    lr, beta = (float(v) for v in part(tab, "momentum").split(","))
    assert lr > 0.15
    assert beta > 0.92
    tab.get_by_label("learning rate", exact=True).focus()
    for _ in range(5):
        tab.keyboard.press("ArrowLeft")
    settle(tab)
    assert float(part(tab, "momentum").split(",")[0]) < lr
    assert pad_hand(tab).get_attribute("aria-valuetext").startswith("learning rate")


FOCUSED = """() => document.activeElement.getAttribute('aria-label')
  ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"""


@pytest.mark.parametrize("Optimizer", [None, MyMomentum])
def test_everything_can_be_reached_with_the_keyboard_in_at_most_15_tab_stops(static, Optimizer):
    given = {"lr": 0.1, "momentum": 0.9} if Optimizer else {"show": ["momentum"]}
    tab = static(playground(Optimizer, landscape="noisy", **given))
    stops = []
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement === document.body"):
            break
        stops.append(tab.evaluate(FOCUSED))
    assert len(stops) <= 15, stops
    reached = set(stops)
    groups = tab.locator("[role=group], fieldset.chips")
    for group, key in zip(groups.all(), ("Right", "Down", "Right", "Down"), strict=True):
        count = group.locator("button, input:not(:disabled)").count()
        group.locator("[tabindex='0']").focus()
        for _ in range(count):
            reached.add(tab.evaluate(FOCUSED))
            tab.keyboard.press(f"Arrow{key}")
    wanted = ["▶ Play", "One step on", "step", "draw SGD", "draw Lion", "Landscape", "steps"]
    wanted += ["noise σ", "spread", "seed", "Step debugger", "Link to this scene"]
    wanted += ["lr", "momentum"] if Optimizer else ["learning rate", "β, β₁"]
    assert not [name for name in wanted if name not in reached]
    assert any(name.startswith("Start point") for name in reached)
    assert any(name.startswith("Learning rate (left") for name in reached)


def test_escape_leaves_the_playground(static):
    tab = static(playground(show=["sgd"]))
    tab.evaluate("document.querySelector('.ms-static').parentElement.tabIndex = -1")
    start_hand(tab).focus()
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.tagName") == "MAIN"


def test_on_a_phone_the_picture_and_the_learning_rate_are_on_one_screen(static):
    goal = below(1e-6, steps=100)
    for widget in (
        playground(goal=goal, show=["momentum"]),
        playground(MyMomentum, lr=0.1, momentum=0.9),
    ):
        tab = static(widget, width=360, height=640)
        picture = tab.locator(".stage canvas").first.bounding_box()
        knob = tab.locator(".knobs .knob").first.bounding_box()
        assert picture["height"] > 250
        assert knob["y"] + knob["height"] - picture["y"] < 640


def test_space_plays_and_pauses_and_steps_are_counted(static):
    tab = static(playground(show=["sgd"]))
    start_hand(tab).focus()
    step = tab.get_by_label("step", exact=True)
    assert step.input_value() == "60"
    tab.keyboard.press(" ")
    tab.wait_for_timeout(600)
    tab.keyboard.press(" ")
    paused = int(step.input_value())
    assert 0 < paused < 60
    tab.wait_for_timeout(300)
    assert int(step.input_value()) == paused
    tab.get_by_role("button", name="One step on").click()
    assert int(step.input_value()) == paused + 1
    tab.get_by_role("button", name="One step back").click()
    tab.keyboard.press(",")
    assert int(step.input_value()) == paused - 1


def test_with_reduced_motion_play_shows_a_few_still_pictures(static):
    tab = static(playground(show=["sgd"]), reduced_motion="reduce")
    tab.get_by_role("button", name="Play").click()
    seen = set()
    for _ in range(1000):  # each is shown for 0.7 s at least, on a busy machine for longer
        tab.wait_for_timeout(50)
        seen.add(int(tab.get_by_label("step", exact=True).input_value()))
        if len(seen) == 3:
            break
    steps = sorted(seen)
    assert len(steps) == 3
    assert min(b - a for a, b in zip(steps, steps[1:], strict=False)) >= 3


def test_optimizers_are_switched_on_and_off_and_told_in_words(static):
    tab = static(playground(show=["sgd"]))
    tab.get_by_label("draw Adam", exact=True).check()
    settle(tab)
    assert part(tab, "adam")
    words = tab.locator(".ms-play [aria-live=polite][role=status]").inner_text()
    assert "SGD: loss 2.04 →" in words
    assert "Adam: loss 2.04 →" in words
    assert words in tab.locator(".stage canvas").first.get_attribute("aria-label")
    tab.get_by_label("draw SGD", exact=True).uncheck()
    settle(tab)
    assert part(tab, "sgd") is None


def test_divergence_is_shown_as_such(static):
    tab = static(playground(link="land=quadratic&sgd=0.6"))
    words = tab.locator(".ms-play [role=status]").inner_text()
    assert re.search(r"SGD diverges at step \d+", words)
    assert re.search(r"SGD diverges at step \d+", tab.locator(".chips").inner_text())


def test_hovering_the_loss_marks_the_path_and_the_other_way(static):
    tab = static(playground(show=["sgd", "momentum"]))
    hill, loss = ink(tab, 0), ink(tab, 1)
    x, y = middle(tab.locator(".stage canvas").nth(1))
    tab.mouse.move(x, y)
    settle(tab)
    assert ink(tab, 0) != hill
    tab.mouse.move(5, 5)
    settle(tab)
    assert ink(tab, 0) == hill
    x, y = middle(tab.locator(".stage canvas").nth(0))  # the paths end in the middle
    tab.mouse.move(x + 3, y)
    settle(tab)
    assert ink(tab, 1) != loss


def test_a_link_leads_back_to_the_scene(static):
    text = "land=ravine&steep=40&start=-1,0.5&steps=90&noise=0.2&seed=5&nesterov=0.02,0.8"
    tab = static(playground(text))
    assert link(tab) == text
    box = tab.locator(".link")
    tab.get_by_text("Link to this scene").click()
    box.fill("land=beale&start=1,1&steps=50&adam=0.05,0.9,eps:0.001")
    box.press("Enter")
    settle(tab)
    assert tab.get_by_label("Landscape").input_value() == "beale"
    assert link(tab) == "land=beale&start=1,1&steps=50&adam=0.05,0.9,eps:0.001"


def test_landscape_steps_noise_and_seed_can_be_set(static):
    tab = static(playground(show=["sgd"]))
    tab.get_by_label("Landscape").select_option("wells")
    settle(tab)
    assert part(tab, "land") == "wells"
    tab.get_by_label("noise σ").fill("0.5")
    tab.get_by_label("seed").fill("17")
    tab.get_by_label("steps", exact=True).fill("2")  # the slider moves the exponent
    settle(tab)
    assert (part(tab, "noise"), part(tab, "seed"), part(tab, "steps")) == ("0.5", "17", "100")


def test_predict_then_reveal(static):
    tab = static(playground(show=["sgd"], predict=("Does it swing?", ["yes", "no"])))
    assert "hidden" in tab.locator(".ms-play [role=status]").inner_text()
    hidden = ink(tab, 1)
    tab.get_by_role("button", name="Reveal").click()
    assert "hidden" not in tab.locator(".note").inner_text()  # it asks for an answer
    assert ink(tab, 1) == hidden
    tab.get_by_label("no", exact=True).check()
    tab.get_by_role("button", name="Reveal").click()
    tab.wait_for_timeout(1000)
    assert ink(tab, 1) != hidden
    assert tab.get_by_label("yes", exact=True).is_disabled()


def test_the_judge_in_the_page_agrees_with_the_one_in_python(static):
    goal = below(1e-6, steps=100, link="land=quadratic&condition=30")
    widget = playground(goal=goal, show=["momentum"])
    tab = static(widget)
    for x in ("-1.5", "-1", "-0.6"):
        tab.get_by_label("learning rate", exact=True).fill(x)
        settle(tab)
        said = tab.locator(".goal span").inner_text()
        right = reached(goal, link(tab))
        assert said == f"{'✓' if right else '✗'} {right.text}"


def test_a_recorded_path_of_your_own_class_is_there_without_a_kernel(static):
    tab = static(playground(MyMomentum, lr=0.1, momentum=0.9))
    words = tab.locator(".ms-play [role=status]").inner_text()
    assert "Your path is the textbook's." in words
    tab.get_by_text("Step debugger").click()
    tab.get_by_text("✓ The two paths are the same").wait_for()  # filled once it has unfolded
    tab.get_by_label("lr", exact=True).fill("-1.3")
    settle(tab)
    assert "needs a running notebook" in tab.locator(".trouble").inner_text()


def test_the_page_may_be_as_narrow_as_320_pixels(static):
    tab = static(playground(show=["sgd", "adam"]), width=320)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    assert tab.locator(".stage canvas").first.bounding_box()["width"] > 270


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1000])
def test_axe_finds_nothing(static, dark, width):
    goal = below(1e-6, steps=100)
    widget = playground(goal=goal, show=["sgd", "adam"], predict=("Which?", ["sgd", "adam"]))
    for each in (widget, playground(MyMomentum, lr=0.1, momentum=0.9)):
        tab = static(each, dark=dark, width=width)
        assert tab.evaluate("document.querySelector('.ms-play').classList.contains('dark')") == dark
        for fold in tab.locator("summary").all():
            fold.click()
        settle(tab)
        found = Axe().run(tab).response["violations"]
        assert not found, [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]


def test_it_follows_a_change_of_theme(static):
    tab = static(playground(show=["sgd"]))
    tab.evaluate("document.body.style.background = '#111'")
    settle(tab)
    assert tab.evaluate("document.querySelector('.ms-play').classList.contains('dark')")


def test_without_javascript_there_is_a_picture(view):
    tab = view(java_script_enabled=False)
    tab.set_content(standalone(playground(show=["sgd"])))
    assert tab.get_by_alt_text("Paths on a quadratic").bounding_box()["width"] > 400


def test_every_press_of_an_arrow_moves_a_slider(static):
    tab = static(playground(show=["adam"]))
    slider = tab.get_by_label("β₂, α", exact=True)
    seen = [link(tab)]
    for _ in range(5):
        slider.press("ArrowLeft")
        settle(tab)
        seen.append(link(tab))
    assert len(set(seen)) == 6
