"""Pictures: paths on a landscape, losses, and any other series.

Every function returns a `Picture`. At the end of a cell it shows itself; `draw(picture)` shows it
anywhere else.
"""

import base64
import functools
import html
import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path as File
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils import style
from utils.landscape import Landscape
from utils.path import Path

Limits = tuple[float, float, float, float]  # xmin, xmax, ymin, ymax

SUFFIXES = (".pdf", ".png", ".svg")


class Picture:
    """A matplotlib figure with words for those who cannot see it.

    Args:
        figure: the figure; or a function that makes it, as soon as someone looks.
        alt: what it shows, in a sentence or two.
    """

    def __init__(self, figure: Figure | Callable[[], Figure], alt: str) -> None:
        self.make = figure
        self.alt = alt

    @functools.cached_property
    def figure(self) -> Figure:
        return self.make if isinstance(self.make, Figure) else self.make()

    def save(self, fname: str | PathLike) -> None:
        """Write the figure to `fname` (.pdf, .png or .svg), on white, and say where it went."""
        fname = check_suffix(fname)
        with mpl.rc_context(style.RC):
            self.figure.savefig(fname, facecolor="white", bbox_inches="tight", dpi=200)
        print(f"saved {fname}")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        file = io.BytesIO()
        with mpl.rc_context(style.RC):
            self.figure.savefig(file, format="png")
        png = base64.b64encode(file.getvalue()).decode()
        img = f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{png}">'
        data = {"text/plain": self.alt, "text/html": img, "image/png": png}
        return data, {"image/png": {"alt": self.alt}}


def check_suffix(fname: str | PathLike) -> File:
    """`fname` as a path, if a figure can be saved there; else a ValueError that says why."""
    fname = File(fname)
    if fname.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{fname.name!r} must end in one of {', '.join(SUFFIXES)}.")
    if not fname.parent.is_dir():
        raise ValueError(f"there is no folder {str(fname.parent)!r} to save {fname.name!r} in.")
    return fname


def draw(picture: Picture, fname: str | PathLike | None = None) -> None:
    """Show `picture` here and now, and save it if `fname` says where."""
    if fname is not None:
        picture.save(fname)
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if get_ipython():
        from IPython.display import display

        display(picture)


def contour(
    landscape: Landscape, *paths: Path, title: str | None = None, limit: Limits | None = None
) -> Picture:
    """Paths over the contours of a landscape.

    Args:
        landscape: called with points of shape (..., 2).
        paths: any number of `Path`s.
        limit: (xmin, xmax, ymin, ymax); by default what holds the paths, up to a point.
    """
    limit = limit or window(landscape, paths)
    single = title is None and len(paths) == 1
    title = title or (paths[0].label if single else "")

    def figure() -> Figure:
        fig, ax = style.figure(figsize=(5.2, 4.4))
        surface(ax, landscape, limit)
        for i, path in enumerate(paths):
            trace(ax, path, i)
        ax.set_title(textwrap.fill(title.replace(" = ", "\u00a0=\u00a0"), 44), loc="left")
        if len(paths) > 1:
            legend(fig, ax)
        return fig

    return Picture(figure, f"Contours of {landscape!r}. " + " ".join(map(in_words, paths)))


def panels(
    landscape: Landscape,
    *paths: Path,
    titles: Sequence[str] | None = None,
    limit: Limits | None = None,
) -> Picture:
    """One small contour plot a path, side by side, all to the same scale."""
    limit, n = limit or window(landscape, paths), len(paths)

    def figure() -> Figure:
        fig, axes = style.figure(1, n, figsize=(3.3 * n, 3.3), squeeze=False, sharey=True)
        for i, (ax, path) in enumerate(zip(axes[0], paths, strict=True)):
            surface(ax, landscape, limit)
            trace(ax, path, i)
            ax.set_title(titles[i] if titles else path.label, loc="left")
            if i:
                ax.set_ylabel("")
        return fig

    words = " ".join(map(in_words, paths))
    return Picture(figure, f"{len(paths)} plots of {landscape!r}. {words}")


def losses(*paths: Path, floor: float = 1e-12, title: str | None = None) -> Picture:
    """Loss against step, on a logarithmic scale, one line a path.

    Losses below `floor` are drawn at `floor`, and the axis says so.
    """
    lines = {path.label: (range(len(path.losses)), path.losses.clamp(min=floor)) for path in paths}
    picture = series(lines, "step", loss_label(paths, floor), log=True, title=title)
    picture.alt = "Loss against step. " + " ".join(map(in_words, paths))
    return picture


def loss_label(paths: Sequence[Path], floor: float) -> str:
    """The name of the axis: "loss", and where the lines are cut if some go below it."""
    cut = any((path.losses < floor).any() for path in paths)
    return f"loss (cut at {floor:g})" if cut else "loss"


def race(
    landscape: Landscape, *paths: Path, limit: Limits | None = None, floor: float = 1e-12
) -> Picture:
    """Contours with all paths on the left, loss against step on the right (cut at `floor`)."""
    limit = limit or window(landscape, paths)

    def figure() -> Figure:
        fig, (left, right) = style.figure(1, 2, figsize=(9.6, 4.2), width_ratios=(1.1, 1))
        surface(left, landscape, limit)
        for i, path in enumerate(paths):
            trace(left, path, i)
            right.plot(path.losses.clamp(min=floor), color=color(i), linestyle=dashes(i))
        right.set(xlabel="step", ylabel=loss_label(paths, floor), yscale="log")
        legend(fig, left)
        return fig

    return Picture(
        figure, f"Paths on {landscape!r}, and loss against step. " + " ".join(map(in_words, paths))
    )


def series(
    lines: Mapping[str, Any],
    xlabel: str,
    ylabel: str,
    points: tuple[Any, Any] | None = None,
    title: str | None = None,
    log: bool = False,
    alt: str | None = None,
    dots: str | None = None,
) -> Picture:
    """Lines over a shared axis, and optionally a cloud of points behind them.

    Args:
        lines: label → (x, y), or label → y.
        points: (x, y), drawn as dots.
        log: a logarithmic y axis.
        dots: what the dots are, for the legend.
    """

    def figure() -> Figure:
        fig, ax = style.figure(figsize=(7.2, 3.6))
        if points is not None:
            ax.scatter(*points, s=12, color=style.INK, alpha=0.45, linewidths=0, label=dots)
        for i, (label, line) in enumerate(lines.items()):
            x, y = line if isinstance(line, tuple) else (range(len(line)), line)
            ax.plot(x, y, label=label, color=color(i), linestyle=dashes(i))
        ax.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
        ax.set_title(title or "", loc="left")
        if any(lines):
            legend(fig, ax)
        return fig

    return Picture(figure, alt or f"{ylabel} against {xlabel}: " + ", ".join(lines) + ".")


def window(landscape: Landscape, paths: Sequence[Path]) -> Limits:
    """Limits that hold the start, the minimum and the paths, but no more than twice their span."""
    start = torch.stack([path.points[0].detach() for path in paths]).double()
    must = torch.cat([start, torch.tensor([landscape.minimum], dtype=torch.float64)])
    center = (must.amax(0) + must.amin(0)) / 2
    reach = max(float((must.amax(0) - must.amin(0)).max()), 0.5)
    points = torch.cat([must] + [path.points.detach().double() for path in paths])
    near = points[(points - center).abs().amax(1) <= 1.25 * reach]
    low, high = near.amin(0), near.amax(0)
    pad = 0.12 * float((high - low).max())
    (x0, y0), (x1, y1) = (low - pad).tolist(), (high + pad).tolist()
    return x0, x1, y0, y1


def surface(ax: Axes, landscape: Landscape, limit: Limits, resolution: int = 120) -> None:
    """Filled contours: more ink is more loss. All points go through `landscape` in one call."""
    x0, x1, y0, y1 = limit
    x, y = torch.linspace(x0, x1, resolution), torch.linspace(y0, y1, resolution)
    with torch.no_grad():
        loss = landscape(torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)).double().numpy()
    low, high = loss.min(), loss.max()
    levels = low + (high - low) * np.linspace(0, 1, 15) ** 2  # even rings on a bowl
    inks = [mpl.colors.to_rgba(style.HILL, a) for a in np.linspace(0.02, 0.5, 14)]
    ax.contourf(x, y, loss, levels=levels, colors=inks)
    ax.contour(x, y, loss, levels=levels[1:-1], colors=style.HILL, linewidths=0.5, alpha=0.7)
    ax.plot(*landscape.minimum, marker="*", ms=13, mfc="none", mec=style.INK, mew=1.3)
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
    ax.locator_params(nbins=6)  # more numbers would touch
    ax.grid(False)


def trace(ax: Axes, path: Path, i: int = 0) -> None:
    """One path: a ring at the start, a mark at every step, or at fewer after the first 20.

    A path that leaves the picture for good ends at its first point outside: what diverges would
    cross the picture to and fro, and hide the others.
    """
    points = path.points.detach().double()
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    low, high = points.new_tensor([x0, y0]), points.new_tensor([x1, y1])
    inside = ((points >= low) & (points <= high)).all(1).nonzero()
    x, y = points[: int(inside.max()) + 2 if len(inside) else 1].T
    marked = [*range(min(len(x), 20)), *range(20, len(x), max(1, len(x) // 60))]
    line = dict(color=color(i), linestyle=dashes(i), linewidth=1.5, label=path.label)
    ax.plot(x, y, marker=style.MARKERS[i % 6], markersize=4, markevery=marked, **line)
    ax.plot(x[:1], y[:1], "o", ms=9, mfc="none", mec=style.INK, mew=1.3)


def legend(fig: Figure, ax: Axes) -> None:
    """Below the axes, where it hides nothing, in as many columns as fit."""
    handles, labels = ax.get_legend_handles_labels()
    entry = 0.6 + 0.07 * max(map(len, labels))  # inches: the handle, and the letters
    fit = max(1, int(fig.get_figwidth() / entry))
    ncols = 2 if len(labels) == 4 and fit < 4 else min(len(labels), fit, 3)
    with mpl.rc_context(style.RC):
        fig.legend(handles, labels, loc="outside lower center", ncols=ncols)


def color(i: int) -> str:
    """Of the line with this number, 0, 1, …"""
    return style.PALETTE[i % len(style.PALETTE)]


def dashes(i: int) -> Any:
    """The line style of the line with this number."""
    return style.DASHES[i % len(style.DASHES)]


def in_words(path: Path) -> str:
    """A path in words, for alt texts."""
    return f"{path!r}."
