"""The playground in a JupyterLab that really runs: your own class, a broken one, a dead kernel."""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

from tests.support.browsing import settle

pytestmark = pytest.mark.slow

CLASS = """\
import torch
from utils.optim import Optim
from utils.playground import playground

class SGDMomentumOptimizer(Optim):
    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def my_step(self, p, state, group):
        {step}
"""
RIGHT = """\
v = state.setdefault("v", torch.zeros_like(p))
        v.mul_(group["momentum"]).add_(p.grad)
        p.sub_(v, alpha=group["lr"])"""
LATE = """\
v = state.setdefault("v", torch.zeros_like(p))
        state["n"] = state.get("n", 0) + 1
        v.mul_(group["momentum"]).add_(p.grad)
        p.sub_(v, alpha=group["lr"] * (0.5 if state["n"] > 7 else 1))"""
SHOW = "play = playground(SGDMomentumOptimizer, lr=0.1, momentum=0.9)\nplay"


@pytest.fixture
def tab(view):
    return view(1300, 1400)


def words(tab):
    return tab.locator(".ms-play [role=status]").first.inner_text()


def drag_start(tab, dx, dy):
    box = tab.get_by_role("slider", name="Start point").bounding_box()
    x, y = box["x"] + 22, box["y"] + 22
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + dx, y + dy, steps=8)
    tab.mouse.up()
    tab.wait_for_timeout(1200)  # the link is saved, and the kernel's answer drawn


def heard(tab, text):
    """Wait until the playground says it."""
    told = tab.locator(".ms-play [role=status]").first
    told.filter(has_text=text).wait_for(state="attached", timeout=30_000)


def until(true, seconds=30):
    """Wait until `true()` is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def test_your_own_class_follows_the_start_and_the_sliders(lab, tab):
    lab.run(tab, CLASS.format(step=RIGHT), SHOW)
    tab.wait_for_selector(".ms-play")
    heard(tab, "Your path is the textbook's.")
    assert tab.locator(".ms-play").count() == 1  # what stands in without a kernel keeps away
    drag_start(tab, -80, 40)
    heard(tab, "Your path is the textbook's.")
    slider = tab.get_by_label("momentum", exact=True)
    slider.focus()
    for _ in range(20):
        tab.keyboard.press("ArrowLeft")
    until(lambda: "'momentum': 0.9}" not in lab.again(tab, "print(play.hyper)"))
    tab.wait_for_timeout(1200)  # the last of the twenty
    said = lab.again(tab, "print(play.link, play.hyper)")
    x, beta, momentum = re.match(
        r"land=quadratic&start=(.+),.+&steps=60&momentum=[^,]+,(.+)&mine=.* .*'momentum': (.+)}",
        said,
    ).groups()
    assert float(x) < 1.25
    assert 0.8 < float(momentum) == float(beta) < 0.9
    heard(tab, "Your path is the textbook's.")


def test_arrow_keys_stay_in_the_playground(lab, tab):
    lab.run(tab, "from utils.playground import playground\np = playground()\np", "1 + 1")
    tab.wait_for_selector(".ms-play")
    tab.get_by_role("slider", name="Start point").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft"):
        tab.keyboard.press(key)
    tab.get_by_label("learning rate", exact=True).focus()
    tab.keyboard.press("ArrowLeft")
    until(lambda: "start=1.237,1.224" in lab.again(tab, "print(p.link)"))
    assert tab.evaluate("document.activeElement.type") == "range"
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.labels[0].textContent") == "β, β₁"
    until(lambda: lab.again(tab, "print(p.link)").strip().split("momentum=")[1] != "0.1,0.9")


def test_the_step_debugger_marks_the_first_step_that_differs(lab, tab):
    lab.run(tab, CLASS.format(step=LATE), SHOW)
    tab.wait_for_selector(".ms-play")
    tab.get_by_text("Step debugger").click()
    box = tab.locator(".ms-play details").first
    box.get_by_text("The paths differ first at step 8").wait_for()
    assert 'state["n"]' in box.inner_text()
    assert 'state["v"]' in box.inner_text()
    box.get_by_role("button", name="Go to step 8").click()
    tab.wait_for_timeout(300)
    rows = {
        row.locator("th").inner_text(): row.get_attribute("class")
        for row in box.locator("tbody tr").all()
    }
    assert rows["w after the step"] == "differs"
    assert rows["w before the step"] != "differs"
    assert rows["gradient g"] != "differs"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("p.sub_(self.velocity)", r"Step 1 of .*AttributeError.*velocity"),
        ("p.mul_(float('nan'))", r"Step 1 of .*no finite loss"),
        ("p.data = p - p.grad", r"Step 1 of .*RuntimeError.*new memory"),
        ("raise SystemError('now')", r"Step 1 of .*SystemError: now"),
    ],
)
def test_a_broken_my_step_is_shown_where_it_happened_and_the_widget_lives_on(lab, tab, step, said):
    lab.run(tab, CLASS.format(step=step), SHOW)
    tab.wait_for_selector(".ms-play .trouble:not([hidden])")
    assert re.search(said, tab.locator(".ms-play .trouble").inner_text())
    drag_start(tab, -60, 30)
    until(lambda: "start=1.25" not in lab.again(tab, "print(play.link)"))
    lab.again(
        tab,
        "SGDMomentumOptimizer.my_step = lambda self, p, state, group: p.sub_(group['lr'] * p.grad)",
    )
    drag_start(tab, 30, 30)
    tab.wait_for_selector(".ms-play .trouble", state="hidden", timeout=30_000)
    heard(tab, "Your path leaves the textbook's at step 2")


BAD = "1 / 0"


def test_a_mended_class_is_the_mended_class_and_a_broken_one_is_broken(lab, tab):
    """As soon as its cell has run: nothing has to be moved, and the playground's cell not run."""
    lab.run(tab, CLASS.format(step=BAD), SHOW)
    trouble = tab.locator(".ms-play .trouble")
    trouble.filter(has_text="ZeroDivisionError").wait_for()
    lab.again(tab, CLASS.format(step=RIGHT))
    heard(tab, "Your path is the textbook's.")
    assert trouble.is_hidden()
    lab.again(tab, CLASS.format(step=BAD))
    trouble.filter(has_text="ZeroDivisionError").wait_for()
    heard(tab, "SGDMomentumOptimizer stops at step 1")
    assert "textbook's" not in words(tab)
    drag_start(tab, -60, 30)
    assert "ZeroDivisionError" in trouble.inner_text()
    lab.again(tab, CLASS.format(step=RIGHT).replace("momentum):", "momentum, damp=0):"))
    trouble.filter(has_text="takes other arguments now: run this cell again").wait_for()
    lab.again(tab, CLASS.format(step=RIGHT))
    heard(tab, "Your path is the textbook's.")


def test_escape_and_shift_enter_lead_back_to_the_cell(lab, tab):
    lab.run(tab, CLASS.format(step=RIGHT), SHOW)
    tab.wait_for_selector(".ms-play")
    prompt = tab.locator(".jp-CodeCell").nth(1).locator(".jp-InputPrompt")
    for keys, number in ((["Escape", "Shift+Enter"], 3), (["Shift+Enter"], 4)):
        drag_start(tab, -80, 40)
        for key in keys:
            tab.keyboard.press(key)
        prompt.filter(has_text=f"[{number}]").wait_for(timeout=30_000)
        tab.wait_for_selector(".ms-play")


def test_opening_a_notebook_with_a_playground_does_not_mark_it_changed(lab, tab):
    name = lab.run(tab, "from utils.playground import playground\np = playground()\np")
    tab.wait_for_selector(".ms-play")
    tab.evaluate("jupyterapp.commands.execute('docmanager:save')")
    dirty = "jupyterapp.shell.currentWidget.context.model.dirty"
    tab.wait_for_function(f"!{dirty}")
    lab.open(tab, name)
    tab.wait_for_selector(".ms-play", timeout=30_000)
    tab.wait_for_timeout(3000)
    assert not tab.evaluate(dirty)


def test_a_dead_kernel_is_said_and_the_textbook_goes_on(lab, tab):
    lab.run(tab, CLASS.format(step=RIGHT), SHOW)
    tab.wait_for_selector(".ms-play")
    heard(tab, "Your path is the textbook's.")
    tab.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    tab.wait_for_timeout(500)
    drag_start(tab, -80, 40)
    tab.wait_for_selector(".ms-play .trouble:not([hidden])", timeout=15_000)
    assert "The kernel does not answer" in tab.locator(".ms-play .trouble").inner_text()
    tab.wait_for_timeout(600)  # the words come when there is quiet
    for place in (".note", "[role=status]"):  # they were about the old start
        assert "textbook's" not in tab.locator(f".ms-play {place}").first.inner_text()
    assert tab.locator(".chips .chip button").first.inner_text() == "SGDMomentumOptimizer"
    before = tab.locator(".ms-play .link").input_value()
    drag_start(tab, 40, 0)
    assert tab.locator(".ms-play .link").input_value() != before


def test_a_restarted_kernel_is_said_and_the_cell_brings_your_class_back(lab, tab):
    lab.run(tab, CLASS.format(step=RIGHT), SHOW)
    tab.wait_for_selector(".ms-play")
    tab.evaluate("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    tab.wait_for_selector(".ms-play .trouble:not([hidden])", timeout=30_000)
    assert "run the cell again" in tab.locator(".ms-play .trouble").inner_text()
    tab.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    tab.wait_for_selector(".ms-play .trouble", state="hidden", timeout=60_000)
    drag_start(tab, -60, 30)
    assert tab.locator(".ms-play").count() == 1
    heard(tab, "Your path is the textbook's.")
    until(lambda: "start=1.25" not in lab.again(tab, "print(play.link)"))


def test_a_busy_kernel_still_answers_or_says_so(lab, tab):
    lab.run(tab, CLASS.format(step=RIGHT), SHOW)
    tab.wait_for_selector(".ms-play")
    slow = "import time\nSGDMomentumOptimizer.my_step = lambda *_: time.sleep(0.15)"
    lab.again(tab, slow)
    drag_start(tab, -80, 40)  # 60 steps of 0.15 s: longer than the page's patience
    tab.wait_for_selector(".ms-play .trouble:not([hidden])", timeout=15_000)
    assert "The kernel does not answer" in tab.locator(".ms-play .trouble").inner_text()
    tab.wait_for_selector(".ms-play .trouble", state="hidden", timeout=60_000)


def test_the_newest_value_wins_when_the_kernel_is_slower(lab, tab):
    count = """\
import time
asked = []
class Slow(SGDMomentumOptimizer):
    def __init__(self, params, lr, momentum):
        time.sleep(0.25)
        asked.append(lr)
        super().__init__(params, lr, momentum)
play = playground(Slow, lr=0.1, momentum=0.9)
asked.clear()
play"""
    lab.run(tab, CLASS.format(step=RIGHT), count)
    tab.wait_for_selector(".ms-play")
    slider = tab.get_by_label("lr", exact=True)
    slider.focus()
    for _ in range(40):
        tab.keyboard.press("ArrowRight")
        tab.wait_for_timeout(15)
    said = "print(len(asked), asked[-1], play.hyper['lr'])"
    shown = tab.locator(".ms-play .knobs output").first
    until(lambda: shown.inner_text() == f"{float(lab.again(tab, said).split()[2]):.3g}")
    until(lambda: len(set(lab.again(tab, said).split()[1:])) == 1)  # or the last value was lost
    assert int(lab.again(tab, said).split()[0]) < 40 / 2, "there was a backlog"


def test_a_question_is_answered_by_one_message(lab, tab):
    """A "busy" before it would cost up to 40 ms; "idle" comes when the slider rests."""
    lab.run(tab, CLASS.format(step=RIGHT), SHOW)
    tab.wait_for_selector(".ms-play")
    tab.wait_for_timeout(1000)
    heard = tab.evaluate(
        """async () => {
          const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const heard = new Map(); // question -> what came for it, in order
          kernel.anyMessage.connect((_, { msg: { header, parent_header, content }, direction }) => {
            if (direction === "send" && content.data?.content?.kind === "walk") heard.set(header.msg_id, []);
            else heard.get(parent_header.msg_id)?.push(content.execution_state ?? header.msg_type);
          });
          const slider = document.querySelector(".ms-play .knobs input");
          for (let i = 0; i < 3; i++) {
            slider.value = -1.2 + 0.1 * i;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(r => setTimeout(r, 100));
          }
          const done = () => heard.size && [...heard.values()].every(each => each.includes("idle"));
          for (let i = 0; i < 200 && !done(); i++) await new Promise(r => setTimeout(r, 50));
          return [...heard.values()];
        }"""
    )
    assert heard
    assert all(each == ["comm_msg", "idle"] for each in heard), heard


def test_after_a_reload_without_kernel_the_saved_notebook_is_alive(lab, tab):
    name = lab.run(tab, "from utils.playground import playground\np = playground()\np")
    tab.wait_for_selector(".ms-play")
    tab.evaluate("jupyterapp.commands.execute('docmanager:save')")
    tab.wait_for_timeout(1000)
    tab.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    tab.wait_for_timeout(500)
    lab.open(tab, name)
    tab.wait_for_selector(".ms-play", timeout=20_000)
    settle(tab)
    before = tab.locator(".ms-play .link").input_value()
    drag_start(tab, -80, 40)
    assert tab.locator(".ms-play .link").input_value() != before


def test_it_lives_in_notebook_7_too(lab, tab):
    errors = []
    tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    name = lab.write(CLASS.format(step=RIGHT), SHOW)
    tab.goto(f"{lab.address}/notebooks/{name}?token={lab.token}")
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    tab.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=60_000)
    for _ in range(3):  # a kernel that is just connecting runs nothing, and says nothing
        tab.get_by_role("menuitem", name="Run", exact=True).click()
        tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with contextlib.suppress(TimeoutError):
            tab.wait_for_selector(".ms-play", timeout=40_000)
            break
    drag_start(tab, -80, 40)
    tab.wait_for_selector(".ms-play .trouble", state="hidden", timeout=60_000)
    heard(tab, "Your path is the textbook's.")
    assert tab.get_by_role("slider", name="Start point").get_attribute("aria-valuenow") != "1.25"
    assert tab.locator(".ms-play").count() == 1
    assert not errors


def test_it_follows_jupyterlabs_theme(lab, tab):
    lab.run(tab, "from utils.playground import playground\np = playground()\np")
    tab.wait_for_selector(".ms-play:not(.dark)")
    change = "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab %s' })"
    tab.evaluate(change % "Dark")
    tab.wait_for_selector(".ms-play.dark", timeout=15_000)
    tab.evaluate(change % "Light")
    tab.wait_for_selector(".ms-play:not(.dark)", timeout=15_000)


def test_an_exported_notebook_is_alive_without_a_network(lab, tab, tmp_path):
    name = lab.write(CLASS.format(step=RIGHT), SHOW, "playground(show=['sgd', 'adam'])")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "--output-dir"]
    done = subprocess.run(
        [*command, str(tmp_path), str(lab.folder / name)],
        capture_output=True,
        text=True,
        check=False,
        env=lab.env,
    )
    assert done.returncode == 0, done.stderr
    tab.context.set_offline(True)
    tab.goto((tmp_path / Path(name).with_suffix(".html").name).as_uri())
    assert tab.locator(".ms-play").count() == 2
    settle(tab)
    heard(tab, "Your path is the textbook's.")
    second = tab.locator(".ms-play").nth(1)
    second.scroll_into_view_if_needed()
    second.get_by_role("slider", name="Start point").focus()
    before = second.locator(".link").input_value()
    tab.keyboard.press("ArrowLeft")
    settle(tab)
    assert second.locator(".link").input_value() != before


DASH = """\
import time, torch
from utils.playground import dashboard
dash = dashboard()
dash"""
TRAIN = """\
run = dash.run("SGD", total=6000)
for step in run.watch(range(6000)):
    time.sleep(0.05)
    run.log(torch.tensor(0.99**step))
    if step % 20 == 19:
        run.validated(0.5, 0.9)
run.done()
print("ended", run.state, run.step == len(run.losses) * run.width + len(run.waiting))"""
TOGETHER = DASH.removesuffix("dash") + "display(dash)\n" + TRAIN


def begin(lab, tab, *cells):
    """Run the cells, and do not wait for the last: it trains. Return when a loss is drawn."""
    lab.run(tab, *cells[:-1], "1")
    tab.evaluate(
        """([at, code]) => {
          const notebook = jupyterapp.shell.currentWidget.content;
          notebook.widgets[at].model.sharedModel.setSource(code);
          notebook.activeCellIndex = at;
          void jupyterapp.commands.execute('notebook:run-cell');
        }""",
        [len(cells) - 1, cells[-1]],
    )
    progress = "/step [1-9]/.test(document.querySelector('.ms-play .bar')?.textContent)"
    tab.wait_for_function(progress, timeout=60_000)


def steps(tab):
    return int(re.search(r"step (\d+) of 6000", tab.locator(".ms-play .bar").inner_text())[1])


def test_the_dashboard_is_live_while_training_runs(lab, tab):
    begin(lab, tab, DASH, TRAIN)
    first = steps(tab)
    tab.wait_for_function(
        "n => Number(/step (\\d+) of/.exec(document.querySelector('.ms-play .bar').textContent)[1]) > n",
        arg=first,
    )


@pytest.mark.parametrize(
    "cells",
    [
        (DASH, TRAIN),
        (TOGETHER,),
    ],
    ids=["two cells", "one cell"],
)
def test_the_stop_button_ends_a_run_and_keeps_it(lab, tab, cells):
    begin(lab, tab, *cells)
    tab.get_by_role("button", name="Stop").click()
    said = tab.locator(".jp-OutputArea-output", has_text="ended")
    said.wait_for(timeout=20_000)
    assert said.inner_text().strip() == "ended stopped True"
    legend = tab.locator(".ms-play .chips").filter(has_text="stopped")
    legend.wait_for()
    assert re.search(r"SGD: step \d+ of 6000, loss .*, stopped", legend.inner_text())
    assert not tab.get_by_role("button", name="Stop").is_visible()
    assert tab.locator(".jp-OutputArea-output", has_text="KeyboardInterrupt").count() == 0


SHORT = """\
import time, torch
from utils.playground import dashboard
dash, states = dashboard(), []
display(dash)
for name in "abcdefgh":
    time.sleep(0.2)
    run = dash.run(name, total=6000)
    for step in run.watch(range(25)):
        time.sleep(0.05)
        run.log(0.5)
    run.done()
    states.append(run.state)
print("ended", states.count("stopped"), len(states))"""


@pytest.mark.parametrize("moment", [0.0, 0.9])
def test_stop_is_not_lost_when_the_run_ends_meanwhile(lab, tab, moment):
    begin(lab, tab, SHORT)
    tab.wait_for_timeout(1000 * moment)
    tab.locator(".ms-play .bar button").evaluate(
        "button => button.click()"
    )  # also while it is hidden
    said = tab.locator(".jp-OutputArea-output", has_text="ended")
    said.wait_for(timeout=30_000)
    assert said.inner_text().strip() == "ended 1 8"
    assert tab.locator(".jp-OutputArea-output", has_text="KeyboardInterrupt").count() == 0


def test_a_class_in_the_smoothing_playground_follows_beta(lab, tab):
    ewma = """\
import torch
from utils.playground import smooth
def ewma(x, beta):
    a, out = 0, []
    for g in x:
        a = beta * a + (1 - beta) * g
        out.append(a)
    return torch.stack(out)
s = smooth(ewma)
s"""
    lab.run(tab, ewma)
    tab.wait_for_selector(".ms-play")
    tab.get_by_label("β", exact=True).focus()
    for _ in range(20):
        tab.keyboard.press("ArrowLeft")
    note = tab.locator(".ms-play .note").filter(has_text="β = 0.7, effective window 3.33")
    note.filter(has_text="ewma is the EWMA").wait_for(timeout=30_000)
    until(lambda: lab.again(tab, "print(s.beta)").strip() == "0.7")
