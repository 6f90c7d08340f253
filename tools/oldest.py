"""Are the lower bounds in pyproject.toml true? Install exactly them, and run every notebook.

    python tools/oldest.py [--keep] [PYTEST ARGUMENTS]

In an environment of its own, `.venv-oldest`; what others ask for in their turn may be newer. Then
every lecture and every solution runs from top to bottom, one exercise is graded, and pages are
sanitised.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-oldest"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
TESTS = [
    "tests/repository/test_notebooks.py::test_it_runs_from_top_to_bottom",
    "tests/solutions/test_full_marks.py",
    "tests/autograder/record/test_sanitize.py",
    *("-k", "lectures or solutions/ or 02_sgd or sanitize"),
]


def main():
    arguments = sys.argv[1:]
    keep = "--keep" in arguments
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if not uv:
        sys.exit("oldest: uv is missing, which finds the lowest versions: run `make set-up`.")
    if not (keep and PYTHON.exists()):
        steps = [
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV],
            [uv, "pip", "install", "--quiet", "--python", PYTHON, "--resolution", "lowest-direct"]
            + ["-r", ROOT / "pyproject.toml", "--extra", "lab", "--extra", "autograder"]
            + ["pytest>=8.2", "pytest-xdist>=3.6", "html5lib>=1.1"],
        ]
        for step in steps:
            if subprocess.run(step, cwd=ROOT).returncode:
                sys.exit("oldest: the lowest versions cannot be installed, for the reason above.")
    shown = subprocess.run(
        [uv, "pip", "freeze", "--python", PYTHON], capture_output=True, text=True, cwd=ROOT
    ).stdout.splitlines()
    wanted = ("torch", "numpy", "matplotlib", "ipython=", "ipywidgets", "anywidget", "pandas")
    print("oldest:", *(line for line in shown if line.startswith(wanted)), flush=True)
    arguments = [one for one in arguments if one != "--keep"]
    command = [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-n", "auto"]
    command += arguments or TESTS
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": path}
    sys.exit(subprocess.run(command, cwd=ROOT, env=env).returncode)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\noldest: stopped.")
