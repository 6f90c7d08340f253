"""Open JupyterLab on the start page of the course.    python tools/lab.py [--port N] [...]

Anything else on the command line goes to JupyterLab.
"""

import argparse
import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START = "lectures/README.md"  # opens as a page: see tools/lab/overrides.json


def main():
    parser = argparse.ArgumentParser(description="Open JupyterLab on the start page.")
    parser.add_argument("--port", type=int, help="this port, and no other (default: a free one)")
    ours, theirs = parser.parse_known_args()
    port = ours.port
    if port is not None and not (0 < port < 65536):
        sys.exit(f"lab: {port} is no port: take one from 1024 to 65535.")
    if port is not None and not is_free(port):
        sys.exit(f"lab: port {port} is taken: name another with PORT=…, or none to get a free one.")
    for path in hiding(ROOT):
        print(
            f"lab: {path.relative_to(ROOT).as_posix()} hides the {path.stem} that the notebooks "
            "beside it import: give it another name.",
            file=sys.stderr,
        )
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{START}"]
    command += [f"--ServerApp.root_dir={ROOT}", f"--LabApp.app_settings_dir={ROOT}/tools/lab"]
    # Tabs of the course are kept apart from those of other projects.
    command += [f"--LabApp.workspaces_dir={ROOT}/.venv/share/jupyter/lab/workspaces"]
    command += [f"--port={port}", "--ServerApp.port_retries=0"] if port else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # containers; the server asks for its token
        command.append("--allow-root")
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(sys.executable, command + theirs)


def hiding(root):
    """Files beside notebooks that Python would take for what the notebooks import."""
    folders = [root / "lectures", *sorted((root / "exercises").glob("*/"))]
    names = ("utils.py", "torch.py", "torchvision.py", "matplotlib.py", "numpy.py", "math.py")
    return [folder / name for folder in folders for name in names if (folder / name).is_file()]


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()
