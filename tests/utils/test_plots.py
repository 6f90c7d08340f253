"""Pictures: they show themselves, have words, and are drawn from one call to the landscape."""

import base64

import pytest
import torch

from utils import plots
from utils.landscape import Quadratic
from utils.path import walk

BOWL = Quadratic()
PATHS = [walk(torch.optim.SGD, BOWL, nsteps=8, lr=lr, label=f"lr = {lr}") for lr in (0.1, 0.3)]

PICTURES = {
    "contour": lambda: plots.contour(BOWL, *PATHS),
    "panels": lambda: plots.panels(BOWL, *PATHS),
    "losses": lambda: plots.losses(*PATHS),
    "race": lambda: plots.race(BOWL, *PATHS),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_itself_as_png_with_an_alternative_text(name):
    picture = PICTURES[name]()
    data, metadata = picture._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == picture.alt
    assert 'alt="' in data["text/html"]
    for path in PATHS:
        assert path.label in picture.alt


@pytest.mark.parametrize("name", PICTURES)
def test_axes_are_labelled(name):
    for ax in PICTURES[name]().figure.axes:
        assert ax.get_xlabel()
    assert PICTURES[name]().figure.axes[0].get_ylabel()


def test_quotes_in_an_alternative_text_do_no_harm():
    data, _ = plots.Picture(PICTURES["losses"]().figure, 'a "<b>" c')._repr_mimebundle_()
    assert 'alt="a &quot;&lt;b&gt;&quot; c"' in data["text/html"]


def test_the_surface_is_computed_in_one_call():
    calls = []

    class Counted(Quadratic):
        def __call__(self, w):
            calls.append(w.shape)
            return super().__call__(w)

    assert plots.contour(Counted(), PATHS[0]).figure
    assert len(calls) == 1 and len(calls[0]) == 3


def test_nothing_is_drawn_before_someone_looks():
    drawn = []
    picture = plots.Picture(lambda: drawn.append(1) or PICTURES["losses"]().figure, "words")
    assert not drawn
    assert picture.figure is picture.figure and drawn == [1]


def test_a_path_that_flies_off_does_not_take_the_window_along():
    wild = walk(torch.optim.SGD, BOWL, nsteps=60, lr=0.6)
    assert wild.points.abs().max() > 1e3
    assert max(map(abs, plots.window(BOWL, [wild]))) < 5


def test_figures_do_not_pile_up_in_pyplot():
    import matplotlib.pyplot as plt

    for draw in PICTURES.values():
        draw()
    assert plt.get_fignums() == []
