"""The training dashboard of lecture 06: loss and accuracy while a network learns.

    dash = dashboard()
    dash                                      # shows it
    run = dash.run("Adam", total=epochs * len(train))
    for epoch in range(epochs):
        for x, y in run.watch(train):
            ...
            run.log(loss)
        run.validated(*evaluate(model, valid))
    run.done()

`utils.train.fit(…, run=run)` does all of this. Where there is no notebook a tqdm bar says the same.

An interrupt of the kernel ends a run after its batch; a second one ends everything, as always. The
stop button is an interrupt: a busy kernel hears nothing else.
"""

import math
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import traitlets

from utils.playground.assets import Alive
from utils.plots import Picture

POINTS = 400  # of a run's loss that are kept; each is a mean over equally many steps
PERIOD = 0.4  # seconds between two pictures, at least; a long run has time: 1 s after 10 s
SHARE = 0.005  # of the time that pictures may take
LATE = 1.5  # seconds after a run in which an interrupt is still meant for the runs


def dashboard(live: bool | None = None) -> "Dashboard":
    """A `Dashboard`; `live` says whether there is a notebook to draw in (found out if None)."""
    return Dashboard(in_notebook() if live is None else live)


def in_notebook() -> bool:
    """Is there a kernel, and so a page to draw in?"""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")


class Dashboard(Alive):
    """Several runs, one over the other. See `dashboard`."""

    RENDER = "renderDashboard"

    runs: Any = traitlets.List().tag(sync=True)
    stopping = False  # set it to end the run after this batch

    def __init__(self, live: bool) -> None:
        self.live = live
        self.made: list[Run] = []
        self.until = self.interrupted = 0.0
        super().__init__()

    def run(self, label: str, total: int = 0) -> "Run":
        """Begin a `Run` of that name; `total` is how many steps it will be, if known."""
        if time.monotonic() - self.interrupted > LATE:
            self.stopping = False
        for run in self.made:
            run.done()
        self.made.append(Run(self, str(label), int(total)))
        return self.made[-1]

    def draw(self, run: "Run | None" = None) -> None:
        """Send all runs, to be kept; or the newest alone, which costs less."""
        if run is None:
            self.runs = [run.as_message() for run in self.made]
        else:
            self.send({"kind": "run", "at": self.made.index(run), "run": run.as_message()})

    def finish(self) -> None:
        """Also mend the picture that stands in for the widget in a saved notebook."""
        self.draw()
        if self.shown is not None:
            data, metadata = self.still()
            self.shown.update(data, metadata=metadata, raw=True)

    def picture(self) -> Picture:
        """The losses as a `Picture`, for print and for pages without JavaScript."""
        from utils import plots

        lines = {}
        for run in self.made:
            steps = [min(run.step, (i + 0.5) * run.width) for i in range(len(run.losses))]
            lines[run.label] = steps, run.losses
        told = "; ".join(
            f"{run.label}, loss {run.losses[-1]:.3g}" for run in self.made if run.losses
        )
        alt = f"Training loss against step: {told}." if told else "No run yet."
        return plots.series(lines, "step", "loss", log=bool(told), alt=alt)

    def __repr__(self) -> str:
        return f"dashboard of {len(self.made)} run{'' if len(self.made) == 1 else 's'}"


class Run:
    """One training, as the dashboard sees it.

    losses: means over `width` steps each.  valid: (step, loss, accuracy) after each validation.
    """

    def __init__(self, dash: Dashboard, label: str, total: int) -> None:
        self.dash, self.label, self.total = dash, label, total
        self.losses: list[float] = []
        self.width = 1
        self.valid: list[tuple[int, float, float]] = []
        self.waiting: list[Any] = []  # losses that are not yet in a mean
        self.step, self.state = 0, "running"
        self.bar: Any = None
        self.start = time.perf_counter()
        self.next, self.seconds = self.start + PERIOD, 0.0
        dash.draw()

    def watch(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The same batches, until they end or `dash.stopping` is set."""
        if not self.dash.live:
            from tqdm import tqdm

            self.bar = tqdm(batches, self.label, file=sys.stdout, ncols=100, mininterval=0.3)
            batches = self.bar
        with self.ended_by_interrupt():
            for batch in batches:
                if self.dash.stopping or self.stopped:
                    self.dash.stopping = False
                    self.end("stopped")
                    return
                yield batch

    @contextmanager
    def ended_by_interrupt(self) -> Iterator[None]:
        """An interrupt stops the run after its batch; a second one is an interrupt as always."""
        dash, before = self.dash, signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or dash.until == math.inf:
            yield
            return
        if not (isinstance(before, EndRun) and before.dash is dash):
            signal.signal(signal.SIGINT, EndRun(dash, before))
        dash.until = math.inf
        try:
            yield
        finally:
            late = LATE if dash.live and not self.stopped else 0.0  # one stop, one interrupt
            dash.until = time.monotonic() + late

    @property
    def stopped(self) -> bool:
        return self.state == "stopped"

    def log(self, loss: torch.Tensor | float) -> None:
        """Note the loss of one step: a tensor or a number. It is drawn only now and then."""
        if isinstance(loss, torch.Tensor):  # a GPU would have to be waited for; on the CPU small
            # tensors that are kept slow the loop down
            loss = loss.item() if loss.is_cpu else loss.detach()
        self.waiting.append(loss)
        self.step += 1
        now = time.perf_counter()
        if now > self.next:
            self.collect()
            self.dash.draw(self)
            end = time.perf_counter()
            rest = min(1.0, 0.1 * self.seconds)
            self.next = end + max(PERIOD, rest, (end - now) / SHARE)

    def validated(self, loss: float, accuracy: float) -> None:
        """Note loss and accuracy (0 … 1) on the validation set."""
        self.valid.append((self.step, float(loss), float(accuracy)))
        self.collect()
        self.dash.draw(self)
        if self.bar is not None:
            self.bar.write(
                f"{self.label}: valid loss {loss:.3f}, accuracy {accuracy:.2%}", sys.stdout
            )

    def done(self) -> None:
        """End the run, if it has not ended."""
        if self.state == "running":
            self.end("done")

    def end(self, state: str) -> None:
        """End it as "done" or "stopped"."""
        self.collect()
        self.state = state
        self.dash.finish()

    def collect(self) -> None:
        """Put the losses that wait into means, and the means together when there are too many."""
        self.seconds = time.perf_counter() - self.start
        full = len(self.waiting) // self.width * self.width
        if full:
            self.losses += means(self.waiting[:full], self.width)
            del self.waiting[:full]
        while len(self.losses) > POINTS:
            if len(self.losses) % 2:
                self.waiting[:0] = [self.losses.pop()] * self.width
            pairs = zip(self.losses[::2], self.losses[1::2], strict=True)
            self.losses = [(a + b) / 2 for a, b in pairs]
            self.width *= 2

    def as_message(self) -> dict[str, Any]:
        """The run as the page wants it: plain numbers, and no NaN."""
        losses = [float(f"{x:.4g}") if -1e30 < x < 1e30 else 1e30 for x in self.losses]
        about = {"label": self.label, "width": self.width, "losses": losses, "valid": self.valid}
        about |= {"step": self.step, "total": max(self.total, self.step), "state": self.state}
        return about | {"seconds": self.seconds}


def means(losses: list[Any], width: int) -> list[float]:
    """Means over `width` each. Those that are still tensors are fetched all at once."""
    far = [loss for loss in losses if isinstance(loss, torch.Tensor)]
    if far:
        near = iter(torch.stack([loss.reshape(()) for loss in far]).tolist())
        losses = [next(near) if isinstance(loss, torch.Tensor) else loss for loss in losses]
    return [sum(losses[i : i + width]) / width for i in range(0, len(losses), width)]


class EndRun:
    """A handler of interrupts: the first ends the run, a second is an interrupt as always.

    One that comes a moment after a run's end is meant for the next run: the stop button was
    pressed a moment earlier.
    """

    def __init__(self, dash: Dashboard, before: Any) -> None:
        self.dash, self.before = dash, before

    def __call__(self, *_: Any) -> None:
        dash = self.dash
        if dash.stopping or time.monotonic() > dash.until:
            signal.signal(signal.SIGINT, self.before)
            signal.raise_signal(signal.SIGINT)
        else:
            dash.stopping, dash.interrupted = True, time.monotonic()
