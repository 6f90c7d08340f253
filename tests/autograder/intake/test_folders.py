"""Whatever lies in a submission's folder: the right file is taken, and nothing that is none is opened."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from autograder.course import Submission
from autograder.intake import files, read

from .conftest import MASTER, ids, said


def test_links_pipes_sockets_devices_and_folders_are_not_opened(hand_in, paper, tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    path = folder / "tiny.ipynb"
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(paper.bytes())
    path.symlink_to(secret)
    assert "is a symbolic link" in hand_in().verdict
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "is a symbolic link" in hand_in().verdict
    path.unlink()
    os.mkfifo(path)
    assert "is a pipe" in hand_in().verdict
    path.unlink()
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
            assert "is a socket" in hand_in().verdict
    finally:
        os.chdir(here)
    path.unlink()
    path.mkdir()
    assert "is a folder" in hand_in().verdict


def test_a_device_is_not_opened(tmp_path):
    from pathlib import Path

    with pytest.raises(files.Unreadable, match="zero is a device"):
        files.content(Path("/dev/zero"))


def test_a_folder_that_is_not_there_or_a_file_is_a_verdict(course, tmp_path):
    (tmp_path / "file").write_text("x")
    for name in ("nowhere", "file", "x" * 300):
        (sheet,) = read(course, Submission("ada", "01_tiny", tmp_path / name))
        assert sheet.verdict == "tiny.ipynb is missing (found: nothing)."


@pytest.mark.parametrize(
    "name", ["tiny (1).ipynb", "tiny-1.ipynb", "TINY.IPYNB", "answers.ipynb", "tiny-Copy1.ipynb"]
)
def test_one_notebook_of_another_name_is_taken_with_a_note(hand_in, paper, name):
    sheet = hand_in(paper, name)
    assert ids(sheet) == MASTER and f"was handed in as {name}" in said(sheet)


@pytest.mark.parametrize(
    "name", ["\n.ipynb", "-rf.ipynb", "a\udcff.ipynb", "é\u202e.ipynb", "'\".ipynb"]
)
def test_odd_names_are_told_in_one_line(hand_in, paper, name):
    sheet = hand_in(paper, name)
    assert ids(sheet) == MASTER and all("\n" not in note for note in sheet.notes)


def test_of_several_notebooks_that_of_the_assignment_is_taken(hand_in, paper):
    hand_in(b'{"cells": []}', "notes.ipynb")
    sheet = hand_in(paper, "final.ipynb")
    assert ids(sheet) == MASTER and "final.ipynb was taken for tiny.ipynb" in said(sheet)
    sheet = hand_in(paper, "final2.ipynb")
    assert sheet.verdict == "tiny.ipynb is missing (found: final.ipynb, final2.ipynb, notes.ipynb)."
    assert hand_in(paper).verdict is None


def test_a_notebook_in_a_folder_below_is_found(hand_in, paper, tmp_path):
    below = tmp_path / "ada" / "work" / ".ipynb_checkpoints"
    below.mkdir(parents=True)
    (below / "tiny.ipynb").write_bytes(b"an old one")
    (below.parent / "tiny.ipynb").write_bytes(paper.bytes())
    sheet = hand_in()
    assert ids(sheet) == MASTER and "work/tiny.ipynb" in said(sheet)


def test_files_that_shadow_modules_are_flagged_and_others_noted(hand_in, paper, tmp_path):
    hand_in(paper)
    for name in ("torch.py", "sitecustomize.py", "random.py", "essay.pdf"):
        (tmp_path / "ada" / name).write_text("raise SystemExit")
    (tmp_path / "ada" / "utils").mkdir()
    sheet = hand_in()
    (flag,) = sheet.flags
    assert flag.kind == "module shadowed"
    assert flag.text.startswith("random.py, sitecustomize.py, torch.py, utils could stand in")
    assert "essay.pdf" in said(sheet) and "torch" not in repr(sheet.cells)


def test_the_time_is_read_if_it_is_one(hand_in, paper, tmp_path):
    assert hand_in(paper).timestamp is None
    stamp = tmp_path / "ada" / "timestamp.txt"
    for said_so, meant in {
        "2026-02-03 15:58:23.948203 UTC": "2026-02-03T15:58:23+00:00",
        "2026-02-03 15:58:23 +0200": "2026-02-03T13:58:23+00:00",
        "2026-02-03T15:58:23Z\n": "2026-02-03T15:58:23+00:00",
    }.items():
        stamp.write_text(said_so)
        assert hand_in().timestamp == meant and hand_in().notes == []
    for odd in (b"", b"soon", b"\xff\xfe", b"9" * 500, b"1" * 5000, b"0000-00-00"):
        stamp.write_bytes(odd)
        sheet = hand_in()
        assert sheet.timestamp is None and "does not say a time" in said(sheet)
        assert ids(sheet) == MASTER
    stamp.unlink()
    os.mkfifo(stamp)
    assert hand_in().timestamp is None


def test_the_digest_is_that_of_the_bytes(hand_in, paper):
    import hashlib

    assert hand_in(paper).digest == hashlib.sha256(paper.bytes()).hexdigest()


def test_a_mistake_of_ours_is_a_verdict_for_this_one_alone(hand_in, paper, monkeypatch):
    import sys

    def broken(*_):
        raise RecursionError("deep")

    monkeypatch.setattr(sys.modules["autograder.intake.reading"], "assemble", broken)
    sheet = hand_in(paper)
    assert sheet.verdict.endswith("(RecursionError: deep).") and sheet.cells == []


def test_small_files_beside_the_notebook_go_with_it_and_the_others_are_named(
    hand_in, paper, tmp_path
):
    import base64

    from autograder.intake.reading import ALONG

    hand_in(paper)
    for name, data in {
        "myhelpers.py": b"x = 1",
        "data/a.csv": b"1,2",
        "large.bin": bytes(ALONG + 1),
        "random.py": b"raise SystemExit",
        "timestamp.txt": b"2026-02-03 15:58:23 UTC",
    }.items():
        (tmp_path / "ada" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "ada" / name).write_bytes(data)
    (tmp_path / "ada" / "link.py").symlink_to("/etc/passwd")
    sheet = hand_in()
    files = {name: base64.b64decode(data) for name, data in sheet.files.items()}
    assert files == {"myhelpers.py": b"x = 1", "data/a.csv": b"1,2"}
    assert "Beside the notebook: myhelpers.py, a.csv." in said(sheet)
    assert "large.bin" in said(sheet) and "link.py" in said(sheet)
    assert [flag.kind for flag in sheet.flags] == ["module shadowed"]


def test_a_folder_that_may_not_be_opened_is_a_verdict_and_nobody_vanishes(course, paper):
    home = course.submitted / "ada"
    (home / "01_tiny").mkdir(parents=True)
    (home / "01_tiny" / "tiny.ipynb").write_bytes(paper.bytes())
    (course.submitted / "bob" / "01_tiny").mkdir(parents=True)
    for closed in (home / "01_tiny", home):
        closed.chmod(0)
        euid = os.geteuid()
        try:
            if euid == 0:
                temporary = Path(tempfile.gettempdir())
                for folder in [course.submitted, *course.submitted.parents]:
                    if temporary in folder.parents:
                        folder.chmod(folder.stat().st_mode | 0o055)
                os.seteuid(65534)
            names = [one.student for one in course.submissions(["01_tiny"])]
            assert names == ["ada", "bob"]
            (sheet,) = read(course, Submission("ada", "01_tiny", home / "01_tiny"))
        finally:
            os.seteuid(euid)
            closed.chmod(0o755)
        assert "01_tiny cannot be opened: Permission denied." in sheet.verdict


def test_a_notebook_that_a_browser_saved_under_another_name_is_read(hand_in, paper, tmp_path):
    for name in ("tiny.ipynb.txt", "tiny.json"):
        sheet = hand_in(paper, name)
        assert ids(sheet) == MASTER and f"handed in as {name}" in said(sheet)
        (tmp_path / "ada" / name).unlink()
