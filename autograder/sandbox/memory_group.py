"""Memory as the kernel counts it: a control group for each submission, where one may be made.

A group counts what no process shows in /proc: page tables, socket buffers, files in memory. Above
its limit the kernel kills in that group only. Version 2 is looked for first, then version 1; both
are folders, and who may write there can make another one: root, or a user to whom systemd has
given a part of the tree (`systemd-run --user --scope -p Delegate=yes autograder grade …`).

Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of the Linux kernel.
"""

import contextlib
import functools
import os
import secrets
import time
from pathlib import Path
from typing import NamedTuple

OLD = 60  # seconds; a younger group may be somebody's who has not yet filled it
MOUNTS, OWN = Path("/proc/self/mounts"), Path("/proc/self/cgroup")


class Version(NamedTuple):
    """What the files of a version are called.

    limit: bytes at most. peak: bytes at most so far. events: a line `oom_kill N` is in it.
    """

    name: str
    limit: str
    peak: str
    events: str


VERSIONS = {
    "cgroup2": Version("cgroup v2", "memory.max", "memory.peak", "memory.events"),
    "cgroup": Version(
        "cgroup v1", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control"
    ),
}


class MemoryGroup:
    """One submission's group. `close` it when its processes are gone.

    Args:
        parent: (folder, Version), as `writable` gives it.
        most: bytes.

    procs: a file; a process that writes "0" into it is in the group from then on, and so is what
        it starts.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, parent, most):
        folder, self.version = parent
        self.folder = folder / f"grading-{secrets.token_hex(8)}"
        self.folder.mkdir()
        try:
            (self.folder / self.version.limit).write_text(str(most))
            self.procs = os.open(self.folder / "cgroup.procs", os.O_WRONLY)
        except OSError:
            self.folder.rmdir()
            raise

    @property
    def killed(self):
        """Has the kernel killed in it, for want of memory?"""
        for line in self.read(self.version.events).splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value) > 0
        return False

    @property
    def peak(self):
        """Bytes at most; 0 where the kernel does not tell."""
        return int(self.read(self.version.peak) or 0)

    def read(self, name):
        try:
            return (self.folder / name).read_text().strip()
        except OSError:
            return ""

    def close(self):
        os.close(self.procs)
        for _ in range(50):  # busy until the last of the dead has been collected
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.01)


@functools.cache
def writable():
    """(folder, Version) in which groups with a limit can be made, or None: tried out, once."""
    for kind, version in VERSIONS.items():
        for folder in candidates(kind):
            sweep(folder)
            with contextlib.suppress(OSError):
                MemoryGroup((folder, version), 1 << 30).close()
                return folder, version
    return None


def sweep(folder):
    """Remove the groups of graders that were killed; one with a process in it cannot be removed."""
    for left in folder.glob("grading-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > OLD:
                left.rmdir()


def candidates(kind):
    """Where a group may be made without leaving the limits that we are under ourselves.

    That is within our own group. Version 2 allows no groups in one that has processes in it, so
    there it is beside our own, if that place was given to us.
    """
    lines = [line.split(" ") for line in text(MOUNTS).splitlines()]
    mounts = [
        Path(at)
        for _, at, type, options, *_ in lines
        if type == kind and (kind == "cgroup2" or "memory" in options.split(","))
    ]
    for number, controllers, path in (line.split(":", 2) for line in text(OWN).splitlines()):
        if number == "0" if kind == "cgroup2" else "memory" in controllers.split(","):
            for mount in mounts:
                own = mount / path.lstrip("/")
                yield own
                if kind == "cgroup2" and own != mount:
                    yield own.parent


def text(path):
    try:
        return path.read_text()
    except OSError:
        return ""
