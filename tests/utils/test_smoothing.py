"""The data models of lecture 01, and how they are drawn."""

import pytest
import torch
from matplotlib.collections import PathCollection

from utils import smoothing, style
from utils.smoothing import noisy_cosine, offset_noise


def test_model_1_is_normal_noise_around_an_offset():
    t, y, truth = offset_noise()
    assert t.tolist() == list(range(1, 201))
    assert truth.eq(0.3).all()
    many = offset_noise(n=100_000).y - 0.3
    assert abs(many.mean()) < 0.02 and abs(many.std() - 1) < 0.02
    assert abs((many.abs() > 1.96).double().mean() - 0.05) < 0.005  # as a normal distribution has


def test_model_2_is_a_cosine_with_uniform_noise():
    t, y, truth = noisy_cosine()
    assert len(t) == 100
    torch.testing.assert_close(truth, torch.linspace(-3, 3, 100, dtype=torch.float64).cos())
    noise = noisy_cosine(n=100_000).y - noisy_cosine(n=100_000).truth
    assert noise.abs().max() <= 0.25
    assert abs(noise.mean()) < 0.005 and abs(noise.var() - 0.5**2 / 12) < 0.001


@pytest.mark.parametrize("model", [offset_noise, noisy_cosine])
def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(model):
    torch.manual_seed(1)
    first = model().y
    torch.manual_seed(2)
    assert torch.equal(model().y, first)
    assert not torch.equal(model(seed=1).y, first)
    assert model().y.dtype == torch.float64


@pytest.mark.parametrize("model", [offset_noise, noisy_cosine])
@pytest.mark.parametrize("n", [0, -3, 2.5])
def test_a_number_of_values_that_cannot_be_is_said(model, n):
    with pytest.raises(ValueError, match=f"whole number from 1 on, not {n}"):
        model(n=n)


def test_a_panel_shows_the_dots_the_truth_and_each_line():
    fig, ax = style.figure()
    data = noisy_cosine()
    smoothing.panel(ax, data, {"half": data.y / 2, "zero": 0 * data.y})
    assert [line.get_label() for line in ax.lines] == ["truth", "half", "zero"]
    assert torch.equal(torch.tensor(ax.lines[1].get_ydata()), data.y / 2)
    (dots,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert dots.get_offsets().tolist() == torch.stack([data.t, data.y], 1).tolist()


def test_a_picture_has_a_legend_axis_labels_and_words():
    picture = smoothing.picture(offset_noise(), {"a line": offset_noise().y}, alt="What it shows.")
    (ax,) = picture.figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mini-batch $t$", "gradient")
    labels = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert labels == ["truth", "a line"]
    assert picture.alt == "What it shows."


def test_pictures_stand_in_rows_with_the_same_axis_where_it_is_shared():
    still, moving = offset_noise(), noisy_cosine()
    panels = [(f"{i}", data, {}) for data in (still, moving) for i in range(2)]
    axes = smoothing.pictures(panels, alt="Four.", ncols=2).figure.axes
    limits = [ax.get_ylim() for ax in axes]
    assert limits[0] == limits[1] != limits[2] == limits[3]
    assert [ax.get_ylabel() for ax in axes] == ["gradient", "", "gradient", ""]

    both = smoothing.pictures([("1", still, {}), ("2", moving, {})], alt="Two.", sharey=False)
    left, right = both.figure.axes
    assert left.get_ylim() != right.get_ylim() and right.get_ylabel() == "gradient"
