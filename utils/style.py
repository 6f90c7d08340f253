"""The look of the course: ink and colours that can be read on white and on a dark page.

Figures have no background of their own. So every ink must stand out from both, and colours must
differ for colour-blind eyes too: tests/utils/test_style.py measures that. Lines differ in
dashes and markers as well.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

# The playground's page draws with the same colours and dashes; they stand in one file for both.
COLOURS = json.loads(
    (Path(__file__).parent / "playground" / "playground.json").read_text(encoding="utf-8")
)["colours"]

INK = "#767676"
PALETTE: tuple[str, ...] = tuple(COLOURS["palette"])
DASHES = tuple((0, tuple(dash)) if dash else "-" for dash in COLOURS["dashes"])
MARKERS = ("o", "s", "^", "D", "v", "P")
HILL = COLOURS["hill"]  # contours: more of this ink is more loss

RC: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=DASHES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "grid.alpha": 0.25,
    "grid.color": INK,
    "axes.grid": True,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


def figure(*args: Any, **kwargs: Any) -> tuple[Figure, Any]:
    """`plt.subplots` in the look of the course; the figure is ours to show, not pyplot's."""
    import matplotlib.pyplot as plt

    with mpl.rc_context(RC):
        fig, axes = plt.subplots(*args, **kwargs)
    plt.close(fig)
    return fig, axes
