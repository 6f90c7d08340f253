"""A real browser, a page without a kernel, and a JupyterLab that really runs."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import sync_playwright

from tests.support.browsing import settle, standalone

ROOT = Path(__file__).resolve().parents[3]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


NPM = shutil.which("npm") or (ROOT / "js/node_modules/esbuild").is_dir()


def pytest_collection_modifyitems(config, items):
    """Who has no npm cannot change the JavaScript: its checks are left out, but not in CI."""
    if not NPM and os.environ.get("CI") != "true":
        left_out = [item for item in items if "npm" in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def browser():
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert chromium, "these tests need Chromium: install Debian's package chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def view(browser):
    """Opens pages, and fails the test if one of them reported an error of the playground."""
    errors, contexts = [], []

    def note(error):
        stack = error.stack or ""
        own = "/static/lab/" in stack or "/static/notebook/" in stack  # Jupyter's, not ours
        if not own or "blob:" in stack:
            errors.append(f"{error}\n{stack}")

    def open_page(width=1000, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(60_000)  # machines are shared
        tab = context.new_page()
        tab.on("pageerror", note)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert not errors, errors


@pytest.fixture
def static(view):
    """Shows a playground on a page of its own, as an exported notebook does."""

    def show(widget, dark=False, **options):
        tab = view(**options)
        tab.set_content(standalone(widget, dark))
        tab.wait_for_selector(".ms-play")
        settle(tab)
        return tab

    return show


class Lab:
    """A running JupyterLab, and notebooks in it."""

    def __init__(self, folder, port, token, env):
        self.env = env
        self.folder, self.address, self.token = folder, f"http://127.0.0.1:{port}", token

    def write(self, *cells):
        name = f"n{secrets.token_hex(4)}.ipynb"
        nb = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        )
        nbformat.write(nb, self.folder / name)
        return name

    def open(self, tab, name):
        tab.goto(f"{self.address}/doc/tree/{name}?token={self.token}&reset")
        tab.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.isReady")
        tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)

    def run(self, tab, *cells):
        """Write a notebook of these cells, open it and run it until the last cell is done."""
        name = self.write(*cells)
        self.open(tab, name)
        kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel"
        tab.wait_for_function(f"{kernel}?.connectionStatus === 'connected'", timeout=60_000)
        tab.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        tab.wait_for_function(
            "n => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
            ".filter(p => /\\[\\d+\\]/.test(p.textContent)).length >= n",
            arg=len(cells),
            timeout=120_000,
        )
        return name

    def again(self, tab, source):
        """Run `source` in the notebook's kernel, and return what it printed."""
        return tab.evaluate(
            """async code => {
              const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              let said = "";
              const asked = kernel.requestExecute({ code });
              asked.onIOPub = ({ header, content }) => {
                if (header.msg_type === "stream") said += content.text;
                if (header.msg_type === "error") said += content.ename + ": " + content.evalue;
              };
              await asked.done;
              return said;
            }""",
            source,
        )


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    home = tmp_path_factory.mktemp("lab")
    folder = home / "course"
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home)}
    with open(home / "log", "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=folder)
    try:
        for _ in range(240):
            assert server.poll() is None, (home / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=2)
                break
            except OSError:
                time.sleep(0.25)
        else:
            raise AssertionError((home / "log").read_text())
        yield Lab(folder, port, token, env)
    finally:
        server.terminate()
        server.wait(20)
