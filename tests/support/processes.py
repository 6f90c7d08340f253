"""Which processes of this machine come from another one, and are they there still?"""

import contextlib
from pathlib import Path


def children(pid):
    """The processes that come from this one, of all generations."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rsplit(")", 1)[1].split()
            if int(fields[1]) == pid:
                found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def alive(pid):
    """Is there such a process, and not only what is left of it until its parent looks?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
