"""`make lab`: JupyterLab on the start page, or one sentence why not."""

import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAB = [sys.executable, ROOT / "tools" / "lab.py"]


def test_a_port_that_is_taken_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([*LAB, "--port", str(port)], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().startswith(f"lab: port {port} is taken")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_that_is_none_is_said():
    done = subprocess.run([*LAB, "--port", "99999"], capture_output=True, text=True)
    assert done.returncode == 1 and "99999 is no port" in done.stderr


def test_a_file_that_hides_the_courses_own_is_found(tmp_path):
    spec = importlib.util.spec_from_file_location("lab", ROOT / "tools" / "lab.py")
    lab = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lab)
    for name in ("02_sgd/utils.py", "02_sgd/mine.py", "03_momentum/torch.py"):
        path = tmp_path / "exercises" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [path.relative_to(tmp_path).as_posix() for path in lab.hiding(tmp_path)]
    assert found == ["exercises/02_sgd/utils.py", "exercises/03_momentum/torch.py"]
    assert lab.hiding(ROOT) == []


@pytest.fixture
def server():
    """A running JupyterLab, as its address and token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*LAB, "--port", str(port), "--no-browser", "--IdentityProvider.token=secret"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def get(url, patience=60):
    request = urllib.request.Request(url, headers={"Authorization": "token secret"})
    until = time.monotonic() + patience
    while True:
        try:
            return urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError:
            raise
        except OSError:  # not up yet
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


@pytest.mark.slow
def test_it_serves_the_start_page_that_leads_to_the_lectures(server):
    page = get(f"{server}/")
    assert page.status == 200 and page.url.endswith("/lab/tree/lectures/README.md")

    start = json.load(get(f"{server}/api/contents/lectures/README.md"))
    assert "02_sgd.ipynb" in start["content"]
    assert json.load(get(f"{server}/api/contents/lectures/02_sgd.ipynb"))["type"] == "notebook"

    def default(plugin, name):
        settings = json.load(get(f"{server}/lab/api/settings/@jupyterlab/{plugin}"))
        return settings["schema"]["properties"][name]["default"]

    viewers = default("docmanager-extension:plugin", "defaultViewers")
    assert viewers == {"markdown": "Markdown Preview"}  # a page, not its source
    assert default("apputils-extension:notification", "fetchNews") == "false"
