"""formgrader, in a Jupyter server that was started in the course's folder, finds the course."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from autograder.convert import register


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def get(course, tmp_path):
    """get(path) → what the server answers."""
    port = free_port()
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    command += [
        f"--port={port}",
        "--IdentityProvider.token=t",
        f"--ServerApp.root_dir={course.root}",
    ]
    command += ["--ServerApp.port_retries=0"]
    log = open(tmp_path / "server.log", "w")  # noqa: SIM115
    server = subprocess.Popen(command, cwd=course.root, stdout=log, stderr=log)

    def get(path, patience=120):
        until = time.monotonic() + patience
        while True:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}")
            request.add_header("Authorization", "token t")
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError:
                raise
            except OSError:
                ended = server.poll() is not None
                if ended or time.monotonic() > until:
                    pytest.fail((tmp_path / "server.log").read_text()[-3000:])
                time.sleep(0.3)

    yield get
    server.send_signal(signal.SIGTERM if os.name != "nt" else signal.CTRL_BREAK_EVENT)
    server.wait(30)
    log.close()


@pytest.mark.slow
def test_it_shows_assignments_and_submissions(course, hand_in, get):
    hand_in("ann")
    register(course, "01_tiny")
    assert "Manage Assignments" in get("formgrader/manage_assignments")
    (assignment,) = json.loads(get("formgrader/api/assignments"))
    assert assignment["name"] == "01_tiny" and assignment["num_submissions"] == 1
    assert assignment["max_score"] == 3 and assignment["status"] == "draft"
    (submission,) = json.loads(get("formgrader/api/submissions/01_tiny"))
    assert submission["student"] == "ann" and submission["submitted"]
