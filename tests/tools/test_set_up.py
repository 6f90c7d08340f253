"""Set-up: all of it on a fresh machine, none of it twice, and one sentence when it cannot go on."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def set_up(tmp_path, monkeypatch):
    """tools/set_up.py in a course folder of its own; `asked` is what it asked of pip."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tools").mkdir()
    script = shutil.copy(ROOT / "tools" / "set_up.py", tmp_path / "tools")
    spec = importlib.util.spec_from_file_location("set_up", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # neither uv nor a GPU
    module.asked, module.installed, module.real_pip = [], set(), module.pip

    def pip(*args):
        module.asked.append(args)
        module.installed |= {"torch"} if "torch" in args else {"rest"}

    def works(code):
        return module.PYTHON.exists() and ("torch" not in code or "torch" in module.installed)

    create = module.venv.create
    monkeypatch.setattr(module.venv, "create", lambda at, with_pip, clear: create(at, clear=clear))
    monkeypatch.setattr(module, "pip", pip)
    monkeypatch.setattr(module, "works", works)
    return module


def test_a_fresh_machine_gets_an_environment_then_torch_and_torchvision_in_one_go(set_up):
    set_up.main()
    assert set_up.PYTHON.exists()
    torch, rest = set_up.asked
    assert torch[-2:] == ("torch", "torchvision")
    assert rest[:2] == ("install", "--editable")


def test_what_is_set_up_is_left_alone(set_up):
    set_up.main()
    set_up.asked.clear()
    set_up.main()
    assert set_up.asked == []


def test_a_change_in_the_lists_of_packages_is_followed_but_a_good_torch_stays(set_up):
    set_up.main()
    set_up.asked.clear()
    with open(set_up.ROOT / "constraints.txt", "a") as file:
        file.write("# changed\n")
    set_up.main()
    assert ["torch" in args for args in set_up.asked] == [False]


def test_a_half_finished_set_up_goes_on_where_it_stopped(set_up, monkeypatch):
    good = set_up.pip

    def stopped(*args):
        if "--editable" in args:
            raise KeyboardInterrupt
        good(*args)

    monkeypatch.setattr(set_up, "pip", stopped)
    with pytest.raises(SystemExit, match="stopped; the next run goes on"):
        set_up.main()
    monkeypatch.setattr(set_up, "pip", good)
    set_up.asked.clear()
    set_up.main()
    assert ["torch" in args for args in set_up.asked] == [False]
    assert set_up.read_done()


def test_an_environment_that_does_not_run_is_made_anew(set_up):
    set_up.main()
    set_up.PYTHON.unlink()
    set_up.main()
    assert set_up.PYTHON.exists()


def test_a_note_that_was_half_written_counts_as_not_done(set_up):
    set_up.main()
    set_up.asked.clear()
    set_up.DONE.write_text('{"recipe": "12')
    set_up.main()
    assert set_up.asked and json.loads(set_up.DONE.read_text())["recipe"] == set_up.recipe()


def test_torch_index_is_where_torch_and_torchvision_come_from(set_up, monkeypatch):
    monkeypatch.setenv("TORCH_INDEX", "file:///cpu")
    set_up.main()
    torch, rest = set_up.asked
    assert torch[1:3] == ("--extra-index-url", "file:///cpu")
    assert "file:///cpu" not in rest


def test_torch_index_is_remembered_and_a_new_one_is_followed(set_up, monkeypatch):
    monkeypatch.setenv("TORCH_INDEX", "file:///cpu")
    set_up.main()
    set_up.asked.clear()
    monkeypatch.delenv("TORCH_INDEX")
    set_up.main()
    assert set_up.asked == []
    monkeypatch.setenv("TORCH_INDEX", "file:///other")
    set_up.main()
    assert "--force-reinstall" in set_up.asked[0]


def test_a_pair_that_does_not_import_together_is_said(set_up, monkeypatch):
    good = set_up.works
    monkeypatch.setattr(set_up, "works", lambda code: "torchvision" not in code and good(code))
    with pytest.raises(SystemExit, match="do not import together: delete .*venv"):
        set_up.main()


def test_a_full_disk_is_said_before_the_download(set_up, monkeypatch):
    usage = shutil.disk_usage(".")._replace(free=int(2e9))
    monkeypatch.setattr(set_up.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(SystemExit, match="2.0 GB are free here and 8 GB are needed.*TORCH_INDEX"):
        set_up.main()
    assert set_up.asked == []


def test_no_network_is_said(set_up, monkeypatch):
    monkeypatch.setattr(set_up, "PYTHON", Path(sys.executable))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(set_up.CannotGoOn, match="is there a network"):
        set_up.real_pip("download", "my-step-is-not-there")


@pytest.fixture
def uv(set_up, tmp_path, monkeypatch):
    """uv(fails_on=…): a uv on the PATH that notes what it is asked; the file of its notes."""

    def uv(fails_on="nothing"):
        tool, notes = tmp_path / "bin" / "uv", tmp_path / "notes"
        tool.parent.mkdir()
        tool.write_text(
            f'#!/bin/sh\nPATH={os.environ["PATH"]}:/usr/bin:/bin\necho "$@" >> {notes}\n'
            f'case "$*" in *{fails_on}*) echo "error: a page of reasons" >&2; exit 2;; esac\n'
        )
        tool.chmod(0o755)
        return notes

    def works(code):
        notes = tmp_path / "notes"
        torch = "torch" in set_up.installed or "torchvision" in (
            notes.read_text() if notes.exists() else ""
        )
        return set_up.PYTHON.exists() and ("torch" not in code or torch)

    monkeypatch.setattr(set_up, "works", works)
    return uv


def test_uv_installs_where_it_is_at_hand_and_the_build_that_fits_the_machine(set_up, uv):
    notes = uv()
    set_up.main()
    tried, torch, rest = notes.read_text().splitlines()
    assert "--dry-run" in tried
    assert torch.endswith("--torch-backend=auto torch torchvision --quiet")
    assert "--editable" in rest
    assert all(f"--constraint {set_up.ROOT}/constraints.txt" in one for one in (torch, rest))
    assert set_up.asked == []


def test_without_an_index_of_small_builds_uv_takes_the_default_pair(set_up, uv, capfd):
    notes = uv(fails_on="torch-backend")
    set_up.main()
    _, torch, rest = notes.read_text().splitlines()
    assert torch.endswith("torch torchvision --quiet") and "backend" not in torch
    assert set_up.asked == []
    out, err = capfd.readouterr()
    assert out.count("no index of small builds answers, so it is the default build.") == 1
    assert err == ""


def test_pip_tries_what_uv_cannot(set_up, uv, capfd):
    uv(fails_on="pip")
    set_up.main()
    torch, rest = set_up.asked
    assert torch[-2:] == ("torch", "torchvision") and rest[:2] == ("install", "--editable")
    assert "uv could not install this, so pip tries." in capfd.readouterr().out


@pytest.mark.parametrize(
    "said, meaning",
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: [Errno 13] Permission denied: '/x'", "cannot be written to"),
        ("ERROR: something that nobody thought of", "for the reason above"),
    ],
)
def test_what_pip_says_is_put_into_one_sentence(set_up, monkeypatch, tmp_path, said, meaning):
    pip = tmp_path / "python"
    pip.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
    pip.chmod(0o755)
    monkeypatch.setattr(set_up, "PYTHON", pip)
    with pytest.raises(set_up.CannotGoOn, match=meaning):
        set_up.real_pip("install", "anything")


def test_no_suitable_python_is_said(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what `sys.version_info < (3, 11)` exits with
    old.chmod(0o755)
    for tool in ("sh", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = subprocess.run(
        ["sh", ROOT / "tools" / "set_up.sh"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert len(done.stderr.splitlines()) == 1
