"""Data to smooth: the two models on which lecture 01 tries its averages, and how to draw them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from torch import Tensor

from utils import plots, style


class Noisy(NamedTuple):
    """What we see, and what we would like to know. All of shape (n,), float64.

    t: the number of the mini-batch, 1 … n.
    y: the noisy values.
    truth: the values without the noise.
    """

    t: Tensor
    y: Tensor
    truth: Tensor


def offset_noise(n: int = 200, offset: float = 0.3, seed: int = 0) -> Noisy:
    """Model 1, a truth that stands still: normal noise of standard deviation 1 around `offset`."""
    truth = torch.full((count(n),), offset, dtype=torch.float64)
    rng = torch.Generator().manual_seed(seed)
    return noisy(truth, torch.randn(n, generator=rng, dtype=torch.float64))


def noisy_cosine(n: int = 100, width: float = 0.25, seed: int = 0) -> Noisy:
    """Model 2, a truth that moves: cos x over [-3, 3], with uniform noise between ± `width`."""
    truth = torch.linspace(-3, 3, count(n), dtype=torch.float64).cos()
    rng = torch.Generator().manual_seed(seed)
    return noisy(truth, width * (2 * torch.rand(n, generator=rng, dtype=torch.float64) - 1))


def noisy(truth: Tensor, noise: Tensor) -> Noisy:
    """Both of shape (n,)."""
    return Noisy(torch.arange(1, len(truth) + 1, dtype=torch.float64), truth + noise, truth)


def count(n: float) -> int:
    """`n`, if that many values can be made."""
    if n != int(n) or n < 1:
        raise ValueError(f"n is a number of values: a whole number from 1 on, not {n}.")
    return int(n)


def panel(ax: Axes, data: Noisy, lines: Mapping[str, Any]) -> None:
    """Draw `data` into `ax`: dots for the noisy values, a thin line for the truth, then `lines`.

    Args:
        lines: label → values of shape (n,), as `plots.series` takes them.
    """
    ax.scatter(data.t, data.y, s=9, color=style.INK, alpha=0.4, linewidths=0)
    ax.plot(data.t, data.truth, color=style.INK, linestyle="-", linewidth=1.0, label="truth")
    for i, (label, y) in enumerate(lines.items()):
        ax.plot(data.t, y, label=label, color=plots.color(i), linestyle=plots.dashes(i))


def picture(data: Noisy, lines: Mapping[str, Any], alt: str, title: str = "") -> plots.Picture:
    """One panel, with a legend and words for those who cannot see it."""
    return pictures([(title, data, lines)], alt, figsize=(7.2, 3.8))


def pictures(
    panels: Sequence[tuple[str, Noisy, Mapping[str, Any]]],
    alt: str,
    ncols: int | None = None,
    sharey: str | bool = "row",
    figsize: tuple[float, float] | None = None,
) -> plots.Picture:
    """Several panels with one legend, in rows of `ncols`.

    Args:
        panels: a list of (title, data, lines).
        alt: what they show, in a sentence or two.
        sharey: which panels have the same vertical axis: those of one "row", or none (False).
    """
    ncols = ncols or len(panels)
    nrows = -(-len(panels) // ncols)
    size = figsize or (9.6, 2.4 * nrows + 0.8)
    fig, axes = style.figure(nrows, ncols, figsize=size, sharey=sharey, squeeze=False)
    for i, (ax, (title, data, lines)) in enumerate(zip(axes.flat, panels, strict=False)):
        panel(ax, data, lines)
        ax.set_title(title, loc="left")
        ax.set_xlabel("mini-batch $t$")
        if i % ncols == 0 or not sharey:
            ax.set_ylabel("gradient")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    with mpl.rc_context(style.RC):
        fig.legend(handles, labels, loc="outside lower center", ncols=4 if len(labels) < 5 else 3)
    return plots.Picture(fig, alt)
