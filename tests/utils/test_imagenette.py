"""Imagenette: the real one where it is, else a generated folder of the same layout."""

import pytest
import torch
from torchvision.datasets import Imagenette

from utils import imagenette
from utils.data import DataError
from utils.imagenette import COUNTS, NAME, Views, find, generate, tensors, texture


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return find(tmp_path_factory.mktemp("data"), generated=(2, 1))


def test_without_the_real_images_a_folder_is_generated_and_a_sentence_says_so(source):
    assert not source.real
    assert str(source).startswith("GENERATED images, not Imagenette (a download was not asked for)")


def test_torchvisions_own_class_reads_the_generated_folder(source):
    images = source.dataset("train")
    assert type(images) is Imagenette and len(images) == 20
    image, label = images[0]
    assert image.size == (160, 160) and label == 0
    assert images.classes[0] == ("tench", "Tinca tinca") and len(images.wnids) == 10
    assert len(source.dataset("val")) == 10


def test_it_is_generated_once_and_always_the_same(tmp_path):
    home = generate(tmp_path, 1, 1, pixels=24)
    files = sorted(home.rglob("*.JPEG"))
    before = [(file.stat().st_mtime_ns, file.read_bytes()) for file in files]
    assert len(files) == 20 and generate(tmp_path, 1, 1, pixels=24) == home
    assert [(file.stat().st_mtime_ns, file.read_bytes()) for file in files] == before
    other = sorted(generate(tmp_path / "other", 1, 1, pixels=24).rglob("*.JPEG"))
    assert [file.read_bytes() for file in other] == [content for _, content in before]


def test_a_killed_generation_leaves_no_half_folder(tmp_path, monkeypatch):
    def killed(kind, seed, pixels):
        if kind == 7:
            raise KeyboardInterrupt
        return texture(kind, seed, pixels)

    with monkeypatch.context() as patched:
        patched.setattr(imagenette, "texture", killed)
        with pytest.raises(KeyboardInterrupt):
            generate(tmp_path, 1, 1, pixels=24)
    assert list(tmp_path.iterdir()) == []
    assert len(list(generate(tmp_path, 1, 1, pixels=24).rglob("*.JPEG"))) == 20


def test_the_other_one_of_two_that_generate_at_once_keeps_the_first(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    imagenette.settle(tmp_path / "one", tmp_path / "target")
    imagenette.settle(tmp_path / "two", tmp_path / "target")
    assert (tmp_path / "target" / "file").read_text() == "one"


def test_the_real_folder_is_used_if_it_is_whole_and_refused_if_not(tmp_path, monkeypatch):
    home = generate(tmp_path, 2, 1, pixels=24)
    (home / NAME).rename(tmp_path / NAME)
    with pytest.raises(DataError, match="20 and 10 images instead of 9469 and 3925: delete"):
        find(tmp_path)
    monkeypatch.setattr(imagenette, "COUNTS", {"train": 20, "val": 10})
    source = find(tmp_path)
    assert source.real and len(source.dataset("val")) == 10


def test_no_network_is_a_reason_and_not_an_error(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(imagenette.urllib.request, "urlopen", no_network)
    source = find(tmp_path, download=True, generated=(1, 1))
    assert "it could not be downloaded: no route to host" in str(source)


def test_a_download_arrives_whole_or_not_at_all(tmp_path, monkeypatch):
    class Answer:
        def close(self):
            pass

    def download(self):
        generate(self.root.parent / "made", 1, 1, pixels=24)
        half = self.root / NAME / "train"
        half.mkdir(parents=True)
        raise OSError("connection lost")

    monkeypatch.setattr(imagenette.urllib.request, "urlopen", lambda *_, **__: Answer())
    monkeypatch.setattr(Imagenette, "_download", download)
    source = find(tmp_path, download=True, generated=(1, 1))
    assert "connection lost" in str(source) and not (tmp_path / NAME).exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="nothing can be written to"):
        find(tmp_path / "file")


@pytest.mark.parametrize("counts", [(0, 1), (1, 0), (-1, 3)])
def test_no_images_are_refused(tmp_path, counts):
    with pytest.raises(ValueError, match="at least one image a class"):
        generate(tmp_path, *counts)


def test_all_images_of_a_split_as_tensors(source):
    x, y = tensors(source, "train", 20)
    assert x.shape == (20, 3, 20, 20) and x.dtype == torch.uint8
    assert y.tolist() == [k for k in range(10) for _ in range(2)]


def test_no_colour_tells_the_class():
    """The mean colour of the classes differs no more than by chance."""
    means = torch.stack(
        [
            torch.stack([texture(k, 100 * k + i, 16).float().mean((1, 2)) for i in range(60)])
            for k in range(10)
        ]
    )
    assert means.mean(1).std(0).max() < 2 * means.std(1).mean() / 60**0.5


def test_views_are_cut_and_normalised_and_repeat_with_the_seed():
    x = torch.randint(256, (7, 3, 12, 12), dtype=torch.uint8)
    y = torch.arange(7)
    views = [list(Views(x, y, 8, batch_size=3, train=True, seed=5)) for _ in range(2)]
    assert [len(labels) for _, labels in views[0]] == [3, 3, 1] and len(Views(x, y, 8, 3)) == 3
    for (a, b), (c, d) in zip(*views, strict=True):
        assert torch.equal(a, c) and torch.equal(b, d) and a.shape[1:] == (3, 8, 8)
    assert sorted(torch.cat([labels for _, labels in views[0]]).tolist()) == list(range(7))
    ((images, labels),) = Views(x, y, 8, batch_size=7)
    assert torch.equal(labels, y)
    mean, std = (torch.tensor(c)[:, None, None] for c in (imagenette.MEAN, imagenette.STD))
    middle = (x[:, :, 2:10, 2:10].float() / 255 - mean) / std
    torch.testing.assert_close(images, middle)


def test_some_training_views_are_flipped():
    x = torch.randint(256, (40, 3, 8, 8), dtype=torch.uint8)
    ((plain, rows),) = Views(x, torch.arange(40), 8, batch_size=40)
    ((views, rows),) = Views(x, torch.arange(40), 8, batch_size=40, train=True)
    same = [torch.equal(view, plain[row]) for view, row in zip(views, rows, strict=True)]
    flip = [torch.equal(view, plain[row].flip(2)) for view, row in zip(views, rows, strict=True)]
    assert all(a or b for a, b in zip(same, flip, strict=True)) and 8 < sum(flip) < 32


@pytest.mark.parametrize("size", [0, 13])
def test_a_size_that_does_not_fit_is_refused(size):
    x = torch.zeros(2, 3, 12, 12, dtype=torch.uint8)
    with pytest.raises(ValueError, match="size must be from 1 to 12"):
        Views(x, torch.arange(2), size)


def test_the_real_data_set_has_as_many_images_as_its_authors_say():
    assert sum(COUNTS.values()) == 13_394
