"""MNIST: read through torchvision from the shipped files, unpacked once and all or nothing."""

import gzip
import hashlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
import torchvision

from utils.data import DATA, FILES, DataError, mnist, numbers


@pytest.fixture
def root(tmp_path):
    """A folder with packed files of its own."""
    shutil.copytree(DATA / "mnist", tmp_path / "mnist")
    return tmp_path


def raw(root):
    return root / "MNIST" / "raw"


def whole(root):
    return all((raw(root) / name).stat().st_size == size for name, (size, _) in FILES.items())


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_files_are_the_original_ones(name):
    content = gzip.decompress((DATA / "mnist" / f"{name}.gz").read_bytes())
    assert (len(content), hashlib.sha256(content).hexdigest()) == FILES[name]


def test_the_readme_of_the_data_tells_their_checksums():
    readme = (DATA / "README.md").read_text()
    assert all(sha256 in readme for _, sha256 in FILES.values())


def test_it_is_torchvisions_own_data_set():
    train, test = mnist(), mnist(train=False)
    assert type(train) is torchvision.datasets.MNIST
    assert train.data.shape == (60_000, 28, 28) and test.data.shape == (10_000, 28, 28)
    assert train.targets[:5].tolist() == [5, 0, 4, 1, 9]


def test_it_is_unpacked_once(root):
    mnist(train=False, root=root)
    before = {file: file.stat().st_mtime_ns for file in raw(root).iterdir()}
    mnist(train=False, root=root)
    assert {file: file.stat().st_mtime_ns for file in raw(root).iterdir()} == before


def test_a_truncated_unpacked_file_is_repaired(root):
    mnist(train=False, root=root)
    os.truncate(raw(root) / "t10k-images-idx3-ubyte", 1000)
    assert len(mnist(train=False, root=root)) == 10_000
    assert whole(root)


def test_the_packed_files_are_not_needed_once_unpacked(root):
    mnist(train=False, root=root)
    shutil.rmtree(root / "mnist")
    assert len(mnist(train=False, root=root)) == 10_000


@pytest.mark.parametrize("harm", ["truncated", "no gzip", "other content"])
def test_a_damaged_packed_file_is_reported_and_leaves_nothing(root, harm):
    packed = root / "mnist" / "t10k-labels-idx1-ubyte.gz"
    content = packed.read_bytes()
    packed.write_bytes(
        {
            "truncated": content[: len(content) // 2],
            "no gzip": b"<html>not found</html>",
            "other content": gzip.compress(b"0" * 10_008),
        }[harm]
    )
    with pytest.raises(DataError, match=r"t10k-labels.*is damaged.*git checkout data/mnist"):
        mnist(train=False, root=root)
    assert sorted(file.name for file in raw(root).iterdir()) == sorted(
        set(FILES) - {"t10k-labels-idx1-ubyte"} - set(absent(root))
    )


def absent(root):
    return [name for name in FILES if not (raw(root) / name).exists()]


def load(root):
    assert len(mnist(train=False, root=root)) == 10_000


def test_two_processes_at_once(root):
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=load, args=(root,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert sorted(file.name for file in raw(root).iterdir()) == sorted(FILES)


def test_a_killed_unpacking_leaves_no_half_file_under_the_name(root):
    """Killed while the first file is written; the next run does it all."""
    slow = (
        "import sys, time, shutil, utils.data\n"
        "def creep(source, out, size):\n"
        "    out.write(source.read(1000)); out.flush(); print('half', flush=True); time.sleep(60)\n"
        "shutil.copyfileobj = creep\n"
        "utils.data.mnist(root=sys.argv[1])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", slow, root], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not any((raw(root) / name).exists() for name in FILES)
    assert any(raw(root).iterdir())
    load(root)
    assert whole(root)


def test_leftovers_of_a_killed_unpacking_are_swept_away(root):
    raw(root).mkdir(parents=True)
    old = raw(root) / f".{next(iter(FILES))}.left-over.part"
    old.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    load(root)
    assert sorted(file.name for file in raw(root).iterdir()) == sorted(FILES)


def test_absent_files_are_downloaded(root, monkeypatch):
    shutil.rmtree(root / "mnist")
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [])

    asked = []
    monkeypatch.setattr(
        torchvision.datasets.MNIST, "download", lambda self: asked.append(self.raw_folder)
    )
    with pytest.raises(DataError):  # what was "downloaded" here is nothing
        mnist(root=root)
    assert asked == [str(raw(root))]


def test_absent_files_and_no_network_is_one_clear_sentence(root, monkeypatch):
    shutil.rmtree(root / "mnist")
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(
        DataError, match=r"neither in .* nor .* downloaded.*git checkout data/mnist"
    ):
        mnist(root=root)


def test_a_full_disk_is_said(root, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(DataError, match="cannot unpack .*No space left on device"):
        mnist(root=root)
    assert list(raw(root).iterdir()) == []


def test_the_numbers_are_those_that_torchvision_reads():
    for train, names in ((True, "train"), (False, "t10k")):
        read = mnist(train=train)
        images = numbers(f"{names}-images-idx3-ubyte")
        labels = numbers(f"{names}-labels-idx1-ubyte")
        assert torch.equal(images, read.data.flatten(1)) and torch.equal(labels, read.targets)


def test_installed_away_from_the_course_is_said(tmp_path, monkeypatch):
    def no_network(*args, **words):
        raise OSError("no network")

    monkeypatch.setattr("torchvision.datasets.MNIST.__init__", no_network)
    monkeypatch.setattr("utils.data.DATA", tmp_path / "site-packages" / "data")
    with pytest.raises(DataError, match="away from its folder.*pip install --editable"):
        mnist(root=tmp_path / "site-packages" / "data")
