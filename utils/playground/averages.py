"""The smoothing playground of lecture 01 as a widget."""

from collections.abc import Callable
from typing import Any

import torch
import traitlets

from utils import smoothing
from utils.playground.assets import Alive
from utils.playground.facts import FACTS
from utils.playground.newest import newest, watch
from utils.playground.walk import explain
from utils.plots import Picture


def smooth(
    mine: Callable[..., Any] | None = None, data: Any = None, beta: float = 0.9
) -> "Smoothing":
    """Noisy values and three averages of them: SMA, EWMA and debiased EWMA.

        smooth()               # the textbook's, on the two models of lecture 01
        smooth(ewma)           # and yours: a function of (x, beta), or of x alone

    Args:
        mine: your function; gets x of shape (n,), float64, and returns averages of that shape.
        data: a `Noisy`, or a tensor of shape (n,); by default both models.
        beta: where the slider starts, between 0 and 0.99.

    Returns:
        Smoothing: a widget; `.beta` is where the slider is.
    """
    if mine is not None and not callable(mine):
        raise TypeError(f"mine is a function of (x, beta), not a {type(mine).__name__}.")
    if not 0 <= beta <= 0.99:
        raise ValueError(f"beta must be between 0 and 0.99, but it is {beta}.")
    return Smoothing(mine, as_sets(data), beta)


def as_sets(data: Any) -> list[dict[str, Any]]:
    """The data as the page wants it: a list of {label, y, truth}."""
    if data is None:
        models = [("the truth stands still", smoothing.offset_noise())]
        models = [("the truth moves", smoothing.noisy_cosine()), *models]
        return [{"label": k, "y": d.y.tolist(), "truth": d.truth.tolist()} for k, d in models]
    if isinstance(data, smoothing.Noisy):
        return [{"label": "data", "y": data.y.tolist(), "truth": data.truth.tolist()}]
    y = torch.as_tensor(data, dtype=torch.float64)
    if y.ndim != 1 or len(y) < 2 or not y.isfinite().all():
        raise ValueError("data must be at least two finite numbers, of shape (n,).")
    return [{"label": "data", "y": y.tolist(), "truth": None}]


class Smoothing(Alive):
    """See `smooth`."""

    RENDER = "renderSmoothing"

    data: Any = traitlets.List().tag(sync=True)
    mine = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    recorded = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    beta = traitlets.Float(0.9).tag(sync=True)
    which = traitlets.Int(0).tag(sync=True)
    window = traitlets.Int(0).tag(sync=True)  # of the SMA; 0 is all so far

    def __init__(
        self, mine: Callable[..., Any] | None, sets: list[dict[str, Any]], beta: float
    ) -> None:
        self.function: Any = mine
        self.sets = sets
        super().__init__(
            data=sets,
            beta=beta,
            mine={"label": getattr(mine, "__name__", "yours")} if mine else None,
            recorded=self.average(0, beta) if mine else None,
        )
        self.on_msg(self.answer)
        if mine is not None:
            watch(self)

    def answer(self, _: Any, message: dict[str, Any], buffers: Any) -> None:
        """Answer every message, whatever happens: the page counts them."""
        reply = {"me": message.get("me"), "id": message.get("id"), "kind": "pong"}
        try:
            if message.get("kind") == "smooth":
                trail = self.average(message["which"], message["beta"])
                reply |= {"kind": "smooth", "trail": trail}
        except Exception as error:  # noqa: BLE001
            reply |= {"kind": "smooth", "trail": {"y": None, "trouble": explain(error)}}
        finally:
            self.send(reply)

    def renew(self) -> None:
        """After a cell: if your function is another one now, average with it; the page hears."""
        if newest(self.function) is not self.function:
            self.recorded = self.average(self.which, self.beta)

    def average(self, which: int, beta: float) -> dict[str, Any]:
        """What your function makes of the data, or why not: {y, trouble}."""
        self.function = newest(self.function)
        x = torch.tensor(self.sets[which]["y"], dtype=torch.float64)
        try:
            try:
                y = self.function(x.clone(), beta)
            except TypeError as error:
                if "positional argument" not in str(error):
                    raise
                y = self.function(x.clone())
            y = torch.as_tensor(y, dtype=torch.float64)
        except Exception as error:  # noqa: BLE001 (yours: the widget lives on)
            return {"y": None, "trouble": explain(error)}
        if y.shape != x.shape:
            said = f"returned a shape of {tuple(y.shape)}, not {tuple(x.shape)}."
            return {"y": None, "trouble": said}
        if not y.isfinite().all():
            first = int((~y.isfinite()).nonzero()[0, 0]) + 1
            return {"y": None, "trouble": f"gives no finite value for mini-batch {first}."}
        return {"y": y.tolist(), "trouble": ""}

    def picture(self) -> Picture:
        """The three averages as a `Picture`, for print and for pages without JavaScript."""
        shown = self.sets[self.which]
        y = torch.tensor(shown["y"], dtype=torch.float64)
        t = torch.arange(1, len(y) + 1, dtype=torch.float64)
        values, a = [], torch.tensor(0.0)
        for x in y:
            a = self.beta * a + (1 - self.beta) * x
            values.append(a)
        raw = torch.stack(values)
        lines = [y.cumsum(0) / t, raw, raw / (1 - self.beta**t)]  # SMA, EWMA, debiased EWMA
        truth = torch.tensor(shown["truth"]) if shown["truth"] else torch.full_like(y, torch.nan)
        labels = list(FACTS["averages"].values())
        alt = f"Noisy values with {', '.join(labels)}, β = {self.beta:g}."
        return smoothing.picture(
            smoothing.Noisy(t, y, truth), dict(zip(labels, lines, strict=True)), alt
        )

    def __repr__(self) -> str:
        return f"smooth(beta={self.beta:g})"
