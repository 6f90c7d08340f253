"""A playground on a page of its own, and waiting for it; and the page's engine by itself."""

import json
import shutil
import subprocess
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "utils" / "playground" / "golden.js"


def standalone(widget, dark=False):
    """The page that an exported notebook with this one playground would be."""
    color = "#111111" if dark else "#ffffff"
    text = "#eeeeee" if dark else "#222222"
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Playground</title>'
    shown = widget.still()[0]["text/html"]
    return f'{head}</head><body style="background:{color};color:{text}"><main><h1>Playground</h1>{shown}</main></body></html>'


def settle(tab):
    """Wait for two pictures, and for what waits for quiet."""
    tab.wait_for_timeout(500)
    tab.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")


def page(asked):
    """Ask the page's engine, run by node."""
    node = shutil.which("node")
    assert node, "these tests need Node.js 20 or newer: install it (Debian's package nodejs)."
    done = subprocess.run(
        [node, GOLDEN],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
