"""The smoothing playground and the training dashboard."""

import math
import os
import re
import signal
import time

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

from tests.support.browsing import page, settle
from utils import smoothing
from utils.playground import dashboard, smooth
from utils.playground.training import means
from utils.train import Batches, fit

pytestmark = pytest.mark.slow  # a browser


def ewma(x, beta):
    a, averages = torch.zeros(()), []
    for g in x:
        a = beta * a + (1 - beta) * g
        averages.append(a)
    return torch.stack(averages)


def debiased_ewma(x, beta):
    return ewma(x, beta) / (1 - beta ** torch.arange(1.0, len(x) + 1, dtype=x.dtype))


def note(tab):
    return tab.locator(".note").inner_text()


# ---- smoothing ----


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_the_pages_averages_are_those_of_python(beta):
    x = smoothing.noisy_cosine().y
    answer = page([{"what": "averages", "x": x.tolist(), "beta": beta, "k": 10}])[0]
    for key, theirs in (("ewma", ewma(x, beta)), ("debiased", debiased_ewma(x, beta))):
        mine = torch.tensor(answer[key], dtype=torch.float64)
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-14)
    window = torch.stack([x[max(0, t - 10) : t].mean() for t in range(1, len(x) + 1)])
    mine = torch.tensor(answer["sma"], dtype=torch.float64)
    torch.testing.assert_close(mine, window, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("t", [1, 7, 100])
def test_the_weights_that_are_drawn_give_the_averages(t):
    x = smoothing.noisy_cosine().y
    asked = {"what": "averages", "x": x.tolist(), "beta": 0.9, "k": 20, "t": t}
    answer = page([asked])[0]
    for key, w in answer["weights"].items():
        total = torch.tensor(w, dtype=torch.float64) @ x[:t]
        assert float(total) == pytest.approx(answer[key][t - 1], rel=1e-9)


def test_your_own_ewma_is_recognised(static):
    assert "ewma is the EWMA" in note(static(smooth(ewma)))
    assert "debiased_ewma is the debiased EWMA" in note(static(smooth(debiased_ewma)))
    assert "<lambda> is none of the three" in note(static(smooth(lambda x, beta: x)))


def test_beta_and_data_can_be_set_with_the_keyboard(static):
    tab = static(smooth())
    before = note(tab)
    tab.get_by_label("β", exact=True).focus()
    for _ in range(40):
        tab.keyboard.press("ArrowLeft")
    settle(tab)
    assert "β = 0.5, effective window 2" in note(tab)
    assert note(tab) != before
    tab.get_by_label("Data").select_option("1")
    settle(tab)
    assert note(tab).startswith("The truth stands still")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x, beta: x[1:], r"shape of \(99,\), not \(100,\)"),
        (lambda x, beta: x / 0, "no finite value for mini-batch 1"),
        (lambda x, beta: x.foo, "AttributeError"),
    ],
)
def test_a_broken_average_is_told(static, wrong, said):
    assert re.search(said, static(smooth(wrong)).locator(".trouble").inner_text())


def test_every_message_of_the_smoothing_playground_is_answered():
    widget = smooth(ewma)
    heard = []
    widget.send = heard.append
    for message in ({"kind": "ping", "id": 1}, {"kind": "smooth", "id": 2}, {}):
        widget.answer(widget, message, [])
    widget.answer(widget, {"kind": "smooth", "id": 3, "which": 1, "beta": 0.5}, [])
    assert [reply["id"] for reply in heard] == [1, 2, None, 3]
    torch.testing.assert_close(
        torch.tensor(heard[3]["trail"]["y"], dtype=torch.float64),
        ewma(smoothing.offset_noise().y, 0.5),
    )


def test_bad_data_is_refused_with_a_sentence():
    for ask, said in [
        (lambda: smooth(beta=2), "between 0 and 0.99"),
        (lambda: smooth(data=[1.0, math.nan]), "finite numbers"),
        (lambda: smooth(3), "function of"),
    ]:
        with pytest.raises((ValueError, TypeError), match=said):
            ask()


# ---- training ----


def trained(live=True, steps=1000):
    dash = dashboard(live=live)
    for label, fall in (("SGD", 0.99), ("Adam", 0.98)):
        run = dash.run(label, total=steps)
        for step in run.watch(range(steps)):
            run.log(torch.tensor(2.0 * fall**step))
            if step % 250 == 249:
                run.validated(0.5, 0.9 + 0.02 * step / steps)
        run.done()
    return dash


def test_losses_are_kept_as_means_and_none_is_lost():
    dash = dashboard(live=True)
    run = dash.run("a", total=5000)
    losses = torch.rand(5000, generator=torch.Generator().manual_seed(0))
    for i, loss in enumerate(losses):
        run.log(loss)
        if i % 777 == 0:
            run.collect()
    run.done()
    assert 100 < len(run.losses) <= 400
    kept = len(run.losses) * run.width
    assert kept > 5000 - run.width
    whole = losses[:kept].reshape(-1, run.width).mean(1)
    torch.testing.assert_close(torch.tensor(run.losses), whole, rtol=1e-4, atol=1e-5)


def test_losses_that_are_still_tensors_are_fetched_with_the_others():
    """As on a GPU, where those that wait are tensors, and those put back are numbers."""
    losses = [1.0, torch.tensor(2.0), torch.tensor([4.0]), 6.0, torch.tensor(7.0), 8.0]
    assert means(losses, 2) == [1.5, 5.0, 7.5]
    assert means(losses, 1) == [1.0, 2.0, 4.0, 6.0, 7.0, 8.0]
    assert means([1.0, math.nan], 1)[0] == 1.0


def test_a_long_run_is_drawn_less_often():
    """The page's drawing takes time from the loop where the cores are few."""
    dash = dashboard(live=True)
    run = dash.run("a", total=100)
    waits = []
    for elapsed in (0.5, 5, 60):
        run.start, run.next = time.perf_counter() - elapsed, 0.0
        run.log(1.0)
        waits.append(run.next - time.perf_counter())
    assert waits == pytest.approx([0.4, 0.5, 1.0], abs=0.05)


def test_stop_ends_the_run_after_the_batch():
    dash = dashboard(live=True)
    run, seen = dash.run("a", total=100), 0
    for _ in run.watch(range(100)):
        seen += 1
        if seen == 7:
            dash.stopping = True
    assert seen == 7
    assert run.stopped
    assert list(run.watch(range(3))) == []
    assert len(list(dash.run("b").watch(range(3)))) == 3


@pytest.fixture(autouse=True)
def handler():
    """Each test begins with Python's own, and leaves what it found."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_between_two_runs_is_meant_for_the_next():
    before = signal.getsignal(signal.SIGINT)
    dash = dashboard(live=True)
    assert len(list(dash.run("a").watch(range(3)))) == 3
    signal.raise_signal(signal.SIGINT)
    second = dash.run("b")
    assert list(second.watch(range(3))) == [] and second.stopped
    assert len(list(dash.run("c").watch(range(3)))) == 3
    dash.until = time.monotonic() - 1
    with pytest.raises(KeyboardInterrupt):  # long after: the interrupt is one as always
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_ends_the_run_after_its_batch():
    dash = dashboard(live=True)
    run, seen = dash.run("a", total=100), 0
    for _ in run.watch(range(100)):
        seen += 1
        if seen == 7:
            os.kill(os.getpid(), signal.SIGINT)
    assert (seen, run.state) == (7, "stopped")


def test_a_second_interrupt_is_one_as_always_also_when_the_run_has_ended_by_then():
    run = dashboard(live=True).run("a", total=100)
    for _ in run.watch(range(100)):
        signal.raise_signal(signal.SIGINT)
    assert run.stopped
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_second_interrupt_is_one_as_always():
    before = signal.getsignal(signal.SIGINT)
    run = dashboard(live=True).run("a", total=100)
    with pytest.raises(KeyboardInterrupt):
        for _ in run.watch(range(100)):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def fitted(run, **given):
    rng = torch.Generator().manual_seed(0)
    x, y = torch.randn(640, 4, generator=rng), torch.arange(640) % 2
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return fit(model, Batches(x, y, 64), Batches(x, y), optimizer, run=run, **given)


def test_fit_shows_its_losses_on_a_dashboard():
    run = dashboard(live=True).run("SGD")
    history = fitted(run, epochs=3)
    assert (run.step, run.total, run.state, len(run.valid)) == (30, 30, "done", 3)
    torch.testing.assert_close(torch.tensor(run.losses), history.losses)
    assert [accuracy for *_, accuracy in run.valid] == history.accuracies


def test_fit_that_is_interrupted_keeps_its_history():
    run = dashboard(live=True).run("SGD")

    def loss_func(scores, y):
        if run.step == 13:
            os.kill(os.getpid(), signal.SIGINT)
        return torch.nn.functional.cross_entropy(scores, y)

    history = fitted(run, epochs=3, loss_func=loss_func)
    assert history.trouble == "Stopped after step 14."
    assert len(history.losses) == 14
    assert len(history.accuracies) == 1
    assert run.state == "stopped"


def test_without_a_notebook_a_bar_is_shown(capsys):
    trained(live=False, steps=250)
    said = capsys.readouterr()
    assert "SGD: 100%" in said.out
    assert "Adam: 100%" in said.out
    assert "accuracy" in said.out
    assert not said.err


def test_the_runs_are_drawn_over_each_other_and_told_in_words(static):
    tab = static(trained())
    tab.wait_for_timeout(1500)
    words = tab.locator("[role=status]").inner_text()
    assert "SGD: step 1000 of 1000, loss 8.9e−5, accuracy" in words
    assert "Adam: step 1000 of 1000, loss 3.5e−9" in words


def test_losses_that_are_no_numbers_do_no_harm(static):
    dash = dashboard(live=True)
    run = dash.run("a", total=3)
    for loss in (1.0, math.nan, math.inf):
        run.log(loss)
    run.done()
    assert static(dash).locator(".chip").inner_text().startswith("a: step 3 of 3")


def test_logging_costs_microseconds():
    """A step of the MNIST network takes milliseconds; 2 % of one is 20 µs."""
    run = dashboard(live=True).run("a", total=50_000)
    loss = torch.tensor(1.0)
    start = time.process_time()
    for _ in range(50_000):
        run.log(loss)
    run.done()
    assert (time.process_time() - start) / 50_000 < 20e-6


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_here_either(static, dark):
    for widget in (smooth(ewma), trained(), dashboard(live=True)):
        for width in (320, 1000):
            tab = static(widget, dark=dark, width=width)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(tab).response["violations"]
            assert not found, [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
