"""Set the course up in `.venv`, or do nothing if that is done. Needs only the standard library.

    python tools/set_up.py        (the Makefile calls this; on Windows, call it yourself)

With uv on the PATH it installs faster, and finds a small CPU build of torch where there is no GPU;
without, pip does. Both install the versions of constraints.txt.

TORCH_INDEX=URL in the environment names a package index to look for torch and torchvision in
first, such as one of CPU builds.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
DONE = VENV / "my_step-is-set-up.json"
EXTRA = "dev"
NEEDED_GB = {"default": 8, "index": 3}  # torch with its CUDA libraries is 5.4 GB; a CPU build 1

CAUSES = (  # what pip says, and what it means
    (r"No space left|Errno 28", "the disk is full: free some space and run the command again."),
    (
        r"ConnectionError|NewConnectionError|NameResolution|Max retries|ProxyError|timed out"
        r"|Network is unreachable|No matching distribution|Could not find a version",
        "the packages cannot be had: is there a network, and a package index behind it?",
    ),
    (r"Permission denied|Errno 13", f"{VENV} cannot be written to: who owns it?"),
)


class CannotGoOn(Exception):
    """Why, in one sentence."""


def main():
    try:
        with one_at_a_time():
            set_up()
    except CannotGoOn as why:
        sys.exit(f"set-up: {why}")
    except KeyboardInterrupt:
        sys.exit("\nset-up: stopped; the next run goes on from here.")
    except OSError as error:
        sys.exit(f"set-up: {error.strerror or error}: {error.filename or ''}".rstrip(": ") + ".")


def set_up():
    wanted, index = recipe(), os.environ.get("TORCH_INDEX", "")
    done = read_done()
    if done.get("recipe") == wanted and index in ("", done.get("index")) and works("pass"):
        return
    DONE.unlink(missing_ok=True)  # from here on it is half-finished, and looks it

    say(1, f"a private environment in {VENV.name}")
    if not works("import pip"):
        make_venv()
    if done.get("index", index) == index and works("import torch, torchvision.ops"):
        say(2, "torch and torchvision: there already")
    else:
        say(2, "torch and torchvision, together (the longest step: minutes)")
        install_torch(index, again=works("import torch"))
        if not works("import torch, torchvision.ops"):
            raise CannotGoOn(
                "torch and torchvision were installed but do not import together: "
                f"delete {VENV} and run the command again."
            )
    say(3, "Jupyter, nbgrader and the rest")
    install("--editable", f"{ROOT}[{EXTRA}]")
    DONE.write_text(json.dumps({"recipe": wanted, "index": index or done.get("index", "")}))
    print("set-up: done.\n", flush=True)


def install_torch(index, again):
    """A pair that belongs together, never one without the other.

    index: where to look first, or "". again: over a pair that does not work.
    """
    pair = ["torch", "torchvision"]
    if index:
        check_disk(NEEDED_GB["index"])
        again = ["--force-reinstall", "--no-deps"] if again else []
        pip("install", *again, "--extra-index-url", index, *pair)
        return
    fitting = ["--torch-backend=auto", *pair]  # CUDA's version, or none, as this machine has it
    if shutil.which("uv") and uv("--dry-run", *fitting, quiet=True):
        check_disk(NEEDED_GB["default" if shutil.which("nvidia-smi") else "index"])
        if uv(*(["--reinstall"] if again else []), *fitting):
            return
    elif shutil.which("uv"):
        print("set-up: no index of small builds answers, so it is the default build.", flush=True)
    check_disk(NEEDED_GB["default"])
    install(*pair, again=again)


def install(*what, again=False):
    """With uv where it is at hand; with pip where it is not, or cannot do it."""
    if shutil.which("uv"):
        if uv(*(["--reinstall"] if again else []), *what):
            return
        print("set-up: uv could not install this, so pip tries.", flush=True)
    pip("install", *(["--force-reinstall", "--no-deps"] if again else []), *what)


def uv(*args, quiet=False):
    """Let uv install the tested versions of this; did it?"""
    command = ["uv", "pip", "install", "--python", PYTHON]
    command += ["--constraint", ROOT / "constraints.txt", *args]
    if quiet or not sys.stdout.isatty():
        command.append("--quiet")
    with contextlib.suppress(OSError):
        return not subprocess.run(command, capture_output=quiet).returncode
    return False


def recipe():
    """Changes when the lists of packages do, or the Python."""
    text = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return hashlib.sha256(text + bytes(ROOT)).hexdigest()


def read_done():
    try:
        return json.loads(DONE.read_text())
    except (OSError, ValueError):
        return {}


def works(code):
    """Does the Python of `.venv` run, and run this?"""
    with contextlib.suppress(OSError):
        return not subprocess.run([PYTHON, "-c", code], capture_output=True).returncode
    return False


def make_venv():
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, ImportError, SystemExit) as error:
        raise CannotGoOn(
            "this Python cannot make environments: install its venv package "
            "(on Debian and Ubuntu: apt-get install python3-venv) and run the command again."
        ) from error


def check_disk(needed):
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        raise CannotGoOn(
            f"{free:.1f} GB are free here and {needed} GB are needed: free some space, or name a "
            "package index of CPU builds with TORCH_INDEX=…"
        )


def pip(*args):
    """Run pip with the tested versions, show what it says, and name the cause if it fails."""
    command = [PYTHON, "-m", "pip", args[0], "--disable-pip-version-check", "--retries", "2"]
    command += ["--constraint", ROOT / "constraints.txt", *args[1:]]
    if not sys.stdout.isatty():
        command.append("--quiet")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    said = []

    def listen():
        for line in process.stderr:
            said.append(line)
            if not line.startswith("WARNING"):
                print(line, end="", file=sys.stderr, flush=True)

    listener = threading.Thread(target=listen)
    listener.start()
    process.wait()
    listener.join()
    if process.returncode:
        said = "".join(said)
        for pattern, meaning in CAUSES:
            if re.search(pattern, said):
                raise CannotGoOn(meaning)
        raise CannotGoOn("pip failed, for the reason above.")


def say(number, what):
    print(f"set-up {number}/3: {what}", flush=True)


@contextlib.contextmanager
def one_at_a_time():
    """Two `make`s at once: the second waits for the first."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(ROOT / ".set-up.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("set-up: another one is at work here; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
