"""The playground in a real browser: input to picture, pictures a second, against `interact`.

All in one JupyterLab and one run: `interact` with matplotlib, the kernel's engine with a class of
30 steps, the page's engine with 4 optimizers of 300 steps, and how long a notebook takes to open.
"""

import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
FLAGS += " --disable-component-update --disable-sync"

INTERACT = """\
from ipywidgets import interact, FloatSlider
from torch.optim import SGD
from utils import plots
from utils.landscape import Quadratic
from utils.path import walk

@interact(lr=FloatSlider(value=0.1, min=0.01, max=0.3, step=0.001))
def slide(lr):
    return plots.contour(Quadratic(), walk(SGD, Quadratic(), lr=lr, momentum=0.5, nsteps=30))
"""
KERNEL = """\
import torch
from utils.playground import playground
play = playground(torch.optim.SGD, lr=0.1, momentum=0.5, steps=30)
play
"""
PAGE = """\
from utils.playground import playground
playground(show=["sgd", "momentum", "rmsprop", "adam"], steps=300)
"""

TRAIN = """\
import statistics, time, torch
from utils.playground import dashboard
PAIRS = 100
torch.set_num_threads(1)
model = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(128, 784), torch.randint(10, (128,))
dash = dashboard()
display(dash)

def steps(n, run=None):
    start = time.process_time()
    for _ in run.watch(range(n)) if run else range(n):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if run:
            run.log(loss)
    return time.process_time() - start

steps(200)
run = dash.run("SGD", total=PAIRS * 200)
pairs = []
for i in range(PAIRS):  # one goes first, then the other: the machine is not the same all the time
    one, other = steps(200, run if i % 2 else None), steps(200, None if i % 2 else run)
    pairs.append((one, other) if i % 2 else (other, one))
pairs = torch.tensor(pairs)
cost = lambda pairs: float(pairs[:, 0].sum() / pairs[:, 1].sum()) - 1  # draws are few: no median
again = [cost(pairs[torch.randint(PAIRS, (PAIRS,))]) for _ in range(1000)]
print("dashboard: cost", cost(pairs), statistics.stdev(again))
"""

# Moves the slider; waits for the picture; notes the time. `seen` tells when there is a new one.
LATENCY = """async ([move, seen, count]) => {
  const root = document.querySelector(".jp-Notebook");
  const next = eval(move)(root), picture = eval(seen)(root);
  const times = [];
  for (let i = 0; i < count; i++) {
    await new Promise(r => setTimeout(r, 60));
    const before = picture();
    const start = performance.now();
    next(i);
    const end = await new Promise(done => {
      const look = () => picture() !== before ? requestAnimationFrame(() => done(performance.now()))
        : performance.now() - start > 3000 ? done(NaN) : setTimeout(look, 0);
      look();
    });
    times.push(end - start);
  }
  return times;
}"""
# Moves the slider at every frame; counts the pictures that come.
RATE = """async ([move, seen, seconds]) => {
  const root = document.querySelector(".jp-Notebook");
  const next = eval(move)(root), picture = eval(seen)(root);
  let count = 0, last = picture(), i = 0, on = true;
  const start = performance.now();
  const look = () => { const now = picture(); if (now !== last) { count++; last = now; } if (on) setTimeout(look, 0); };
  look();
  while (performance.now() - start < 1000 * seconds) {
    next(i++);
    await new Promise(requestAnimationFrame);
  }
  on = false;
  return count / ((performance.now() - start) / 1000);
}"""
SLIDE = """root => {
  const slider = root.querySelector(".ms-play .knobs input[type=range]");
  return i => { slider.value = -1.3 + 0.01 * (i % 60); slider.dispatchEvent(new Event("input", { bubbles: true })); };
}"""
# A counter of finished pictures, hung on the canvas itself: no pixels are read.
COUNT = """root => {
  const canvas = root.querySelector(".ms-play .stage canvas");
  if (!canvas.count) {
    canvas.count = 1;
    const ctx = canvas.getContext("2d"), clear = ctx.clearRect;
    ctx.clearRect = (...box) => { clear.apply(ctx, box); canvas.count++; };
  }
  return () => canvas.count;
}"""
# The kernel's path has come when the reply has been heard and then drawn.
HEARD = """root => {
  const chip = root.querySelector(".ms-play .chips button");
  return () => chip.textContent;
}"""
MOVE_INTERACT = """root => {
  const slider = root.querySelector(".noUi-target");
  return i => slider.noUiSlider.set(0.05 + 0.003 * (i % 60), true);
}"""
KEY_INTERACT = """root => {
  const handle = root.querySelector(".noUi-handle");
  return i => handle.dispatchEvent(new KeyboardEvent("keydown", { key: i % 60 < 30 ? "ArrowRight" : "ArrowLeft", bubbles: true }));
}"""
IMAGE = """root => () => root.querySelector(".jp-OutputArea-output img")?.src"""


class Lab:
    """A JupyterLab of its own, and a page in a browser."""

    def __enter__(self):
        from playwright.sync_api import sync_playwright

        self.home = Path(tempfile.mkdtemp())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.token = secrets.token_hex(8)
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [f"--port={self.port}", f"--IdentityProvider.token={self.token}"]
        command += [f"--ServerApp.root_dir={self.home}", "--LabApp.expose_app_in_browser=True"]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self.home)}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen(command, env=env, cwd=self.home, **quiet)
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{self.url('api')}", timeout=2)
                break
            except OSError:
                time.sleep(0.25)
        self.playwright = sync_playwright().start()
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        launch = self.playwright.chromium.launch
        self.browser = launch(executable_path=chromium, args=FLAGS.split())
        self.tab = self.browser.new_page(viewport={"width": 1300, "height": 1100})
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.playwright.stop()
        self.server.terminate()
        self.server.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)

    def url(self, path, more=""):
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}{more}"

    def open(self, name, wanted=".jp-Cell"):
        """Open a notebook; return the seconds until what is wanted is there."""
        start = time.perf_counter()
        self.tab.goto(self.url(f"doc/tree/{name}", "&reset"))
        self.tab.wait_for_selector(wanted, timeout=180_000)
        return time.perf_counter() - start

    def run(self, *cells, wanted):
        name = f"{secrets.token_hex(4)}.ipynb"
        nb = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        )
        nbformat.write(nb, self.home / name)
        self.open(name)
        kernel = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        self.tab.wait_for_function(f"{kernel}?.connectionStatus === 'connected'", timeout=60_000)
        self.tab.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        self.tab.wait_for_selector(wanted, timeout=180_000)
        self.tab.wait_for_timeout(2500)
        return name

    def save(self):
        self.tab.evaluate("jupyterapp.commands.execute('docmanager:save')")
        self.tab.wait_for_timeout(1500)

    def measure(self, move, seen, count=40, seconds=4):
        times = [t for t in self.tab.evaluate(LATENCY, [move, seen, count]) if t == t]
        rate = self.tab.evaluate(RATE, [move, seen, seconds])
        if not times:
            raise RuntimeError("no picture ever changed: the benchmark is broken.")
        return statistics.median(times), sorted(times)[int(0.95 * len(times))], rate


def opening(lab, rounds=3):
    """Seconds to open a saved notebook: without widgets, with a slider, with three playgrounds."""
    full = lab.run(*[PAGE.replace("300", str(n)) for n in (60, 80, 100)], wanted=".ms-play")
    lab.save()
    slider = lab.run("import ipywidgets\nipywidgets.IntSlider()", wanted=".widget-slider")
    lab.save()
    nb = nbformat.read(lab.home / full, as_version=4)
    for cell in nb.cells:
        cell.outputs = []
    nbformat.write(nb, lab.home / "empty.ipynb")
    wanted = {"empty.ipynb": ".jp-CodeCell", slider: ".widget-slider", full: ".ms-play canvas"}
    return [[lab.open(*one) for one in wanted.items()] for _ in range(rounds)]


def main():
    with Lab() as lab:
        rows = []
        lab.run(INTERACT, wanted=".jp-OutputArea-output img")
        move = MOVE_INTERACT
        if not lab.tab.evaluate("document.querySelector('.noUi-target')?.noUiSlider !== undefined"):
            move = KEY_INTERACT
        rows.append(("interact + matplotlib, 30 steps", lab.measure(move, IMAGE)))
        lab.run(KERNEL, wanted=".ms-play")
        rows.append(("playground, class in the kernel, 30 steps", lab.measure(SLIDE, HEARD)))
        lab.run(PAGE, wanted=".ms-play")
        rows.append(("playground, page, 4 × 300 steps", lab.measure(SLIDE, COUNT)))
        print(f"{'':44}{'median':>9}{'p95':>9}{'a second':>10}{'  of interact':>13}")
        for name, (median, p95, rate) in rows:
            part = median / rows[0][1][0]
            print(f"{name:44}{median:6.0f} ms{p95:6.0f} ms{rate:10.1f}{part:12.2f} ×")
        lab.run(TRAIN, wanted="text=dashboard: cost")
        said = lab.tab.locator("pre", has_text="dashboard: cost").inner_text().split()
        cost, error = map(float, said[-2:])
        print(f"the dashboard costs a training loop {cost:+.1%} ± {error:.1%} of its CPU time")
        for bare, slider, full in opening(lab):
            more = f"with one plain slider {slider:.2f} s, with three playgrounds {full:.2f} s"
            print(f"open a notebook: {bare:.2f} s, {more}")
    from utils.playground.assets import bundle

    print(f"JavaScript, all together: {len(bundle().encode()) / 1000:.1f} kB")


if __name__ == "__main__":
    main()
