"""formgrader, in a Jupyter server that was started in the course's folder, works on what we record."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

from autograder.record import feedback, record
from tests.support.recording import attacked, hand_in, result


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def get(known, tmp_path):
    """get(path) → what the server answers; get.port is where it is."""
    course, port = known, free_port()
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

    get.port = port
    yield get
    server.send_signal(signal.SIGTERM if os.name != "nt" else signal.CTRL_BREAK_EVENT)
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.kill()
    log.close()


@pytest.mark.slow
def test_a_real_browser_shows_what_was_recorded_and_takes_scores_by_hand(known, get):
    record(known, attacked("ann"))
    broken = result("bob", verdict="tiny.ipynb is cut off.")
    record(known, broken)
    hand_in(known, "ann")
    hand_in(known, "bob")
    (assignment,) = json.loads(get("formgrader/api/assignments"))
    assert assignment["name"] == "01_tiny" and assignment["num_submissions"] == 2
    assert assignment["max_score"] == 3
    found = {one["student"]: one for one in json.loads(get("formgrader/api/submissions/01_tiny"))}
    assert all(one["autograded"] and one["submitted"] for one in found.values())
    assert found["ann"]["score"] == 1 and not found["ann"]["needs_manual_grade"]
    assert found["bob"]["score"] == 0 and found["bob"]["needs_manual_grade"]
    notebooks = json.loads(get("formgrader/api/submitted_notebooks/01_tiny/tiny"))
    ids = {one["student"]: one["id"] for one in notebooks}

    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        assert chromium, "this test needs Chromium: install Debian's package chromium."
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(extra_http_headers={"Authorization": "token t"})
        tab.set_default_timeout(120_000)
        alerts, asked = [], []
        tab.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: asked.append(request.url))
        tab.route(re.compile("https://"), lambda route: route.abort())
        here = f"http://127.0.0.1:{get.port}/formgrader"

        tab.goto(f"{here}/gradebook/01_tiny/tiny")
        tab.wait_for_selector("text=Submission #")
        tab.goto(f"{here}/submissions/{ids['bob']}/")
        tab.wait_for_selector("text=Not graded. tiny.ipynb is cut off.")

        tab.goto(f"{here}/submissions/{ids['ann']}/")
        tab.wait_for_selector("input.score[placeholder='0']")
        tab.wait_for_selector("textarea.comment[placeholder*='double-test']")
        score, comment = tab.locator("input.score").first, tab.locator("textarea.comment").first
        score.fill("1.5")
        score.press("Tab")
        tab.wait_for_selector(".score-saved", state="attached")
        comment.fill("Nearly.")
        comment.press("Tab")
        tab.wait_for_timeout(1500)
        browser.close()
    assert alerts == [] and not any("evil.example" in url for url in asked)

    record(known, result("ann", first=2.0))
    (page,) = feedback(known, "ann", "01_tiny")
    assert "2.5 of 3 points" in page.read_text() and "Nearly." in page.read_text()
    (ann,) = (
        o for o in json.loads(get("formgrader/api/submissions/01_tiny")) if o["student"] == "ann"
    )
    assert ann["score"] == 2.5 and ann["needs_manual_grade"], "by hand, and graded again since"
