"""The look of the course: ink and colours that can be read on white and on a dark page.

Figures have no background of their own. So every ink must stand out from both, and colours must
differ for colour-blind eyes too: tests/utils/test_style.py measures that. Lines differ in
dashes and markers as well.
"""

import matplotlib as mpl
from matplotlib import cycler

INK = "#767676"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#a24dff", "#9a7b0a", "#767676")
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 3)), "-")
MARKERS = ("o", "s", "^", "D", "v", "P")
HILL = "#5b7ca8"  # contours: more of this ink is more loss

RC = {
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


def figure(*args, **kwargs):
    """`plt.subplots` in the look of the course; the figure is ours to show, not pyplot's."""
    import matplotlib.pyplot as plt

    with mpl.rc_context(RC):
        fig, axes = plt.subplots(*args, **kwargs)
    plt.close(fig)
    return fig, axes
