"""How a fresh fork becomes a place of its own.

Two processes are forked for a submission. The *keeper* is the first process of a new pid
namespace: it collects what dies, and when it is killed the kernel kills all below it. The
*student* below it runs the cells. Where there are no namespaces the keeper adopts what the student
leaves behind, so all of it can be found and killed.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import tempfile
from pathlib import Path

from autograder.sandbox.inside import filters, landlock, linux, student

APART = (
    linux.CLONE_NEWUSER
    | linux.CLONE_NEWPID
    | linux.CLONE_NEWNS
    | linux.CLONE_NEWIPC
    | linux.CLONE_NEWNET
    | linux.CLONE_NEWUTS
)
CLONE = {"x86_64": 56, "aarch64": 220}
SOMEBODY = 1000
CHANNEL = 3
ADDRESSES = 64 << 30
"""Bytes of addresses beyond the memory: for stacks of threads, large mapped files, libraries that
reserve more than they use. A table for addresses takes up to 1/512 of what is touched of them."""


def fork(apart):
    """Fork, if `apart` into new namespaces; returns as os.fork does.

    Python's os.fork knows no flags, so the system call is made here, between what os.fork does
    before and after it.
    """
    if not apart:
        return os.fork()
    python, libc = ctypes.pythonapi, ctypes.PyDLL(None, use_errno=True)
    number = CLONE[platform.machine()]
    python.PyOS_BeforeFork()
    pid = libc.syscall(ctypes.c_long(number), ctypes.c_long(APART | signal.SIGCHLD), 0, 0, 0, 0)
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(ctypes.get_errno(), f"clone: {os.strerror(ctypes.get_errno())}")
    return pid


def keeper(shell, world, order, channel, out, err, status, group=()):
    """The life of a keeper. Never returns.

    world: what the warm process knows (tier, base, readable).
    order: limits and scratch folder, as asked for outside.
    status: where the student's wait status goes, 4 bytes.
    group: the file of a `MemoryGroup` to be in, if there is one.
    """
    try:
        for file in group:
            os.write(file, b"0")
            os.close(file)
        limits, tier = order["limits"], world["tier"]
        os.dup2(out, 1)
        os.dup2(err, 2)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if tier == "namespaces":
            settle_in(world, limits)
            order["scratch"] = "/tmp/work"
        os.makedirs(order["scratch"], exist_ok=True)
        if world["linux"]:
            linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        else:
            os.setpgid(0, 0)
        pid = os.fork()
        if pid == 0:
            os.dup2(channel, CHANNEL)
            os.closerange(CHANNEL + 1, 4096)
            lock_in(world, order)
            student.live(shell, CHANNEL, limits)
        os.dup2(status, CHANNEL)
        os.closerange(CHANNEL + 1, 4096)
        for number in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
        if tier == "namespaces":
            linux.drop_capabilities()
            linux.prctl(linux.PR_SET_DUMPABLE, 0)
        keep(pid)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"The sandbox could not be set up: {error}\n".encode())
    finally:
        os._exit(1)


def keep(pid):
    """Collect what dies; tell how the student ended; then wait to be killed."""
    while True:
        try:
            dead, how = os.wait()
        except ChildProcessError:
            signal.pause()
            continue
        if dead == pid:
            os.write(CHANNEL, struct.pack("i", how))


def settle_in(world, limits):
    """In new namespaces: somebody's rights, and nothing writable but a scratch folder in memory."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{SOMEBODY} {world['uid']} 1")
    Path("/proc/self/gid_map").write_text(f"{SOMEBODY} {world['gid']} 1")
    flags = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    size = f"size={limits['disk']},nr_inodes=16384,mode=0700"
    linux.mount("scratch", "/tmp", "tmpfs", flags, size)
    linux.mount("shared", "/dev/shm", "tmpfs", flags | linux.MS_NOEXEC, size)
    quiet = flags | linux.MS_NOEXEC | linux.MS_RDONLY
    try:
        linux.mount("proc", "/proc", "proc", quiet, "hidepid=ptraceable")
    except OSError:  # the kernel shows no fresh one where the old one is partly hidden
        linux.mount("none", "/proc", "tmpfs", quiet, "size=4k")


def lock_in(world, order):
    """The student's process gives up what it does not need, for good."""
    limits, scratch = order["limits"], order["scratch"]
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.setsid()
    os.nice(5)  # who watches goes first, or a fork bomb could not be ended
    os.chdir(scratch)
    temporary = Path(scratch, ".tmp")
    temporary.mkdir(exist_ok=True)
    os.environ.update(HOME=scratch, MPLCONFIGDIR=str(temporary), TMPDIR=str(temporary))
    os.environ["IPYTHONDIR"] = str(temporary)
    tempfile.tempdir = None
    restrain(world, limits)
    if world["tier"] == "none":
        return
    linux.drop_capabilities()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    if world["tier"] == "landlock":
        landlock.confine(world["readable"], [scratch], world["devices"], world["listed"])
    filters.install(world["tier"] == "namespaces")


def restrain(world, limits):
    """rlimits: per process. The warm process watches the sums."""
    bounds = {
        "CORE": 0,
        "FSIZE": limits["file"],
        "NOFILE": limits["files"],
        "CPU": int(limits["total_cpu"]) + 5,
        "MSGQUEUE": 0,
        "MEMLOCK": 0,
    }
    if world["linux"]:
        bounds["DATA"] = world["data"] + limits["memory"]
        bounds["AS"] = world["size"] + limits["memory"] + ADDRESSES
    if world["tier"] == "namespaces":
        bounds["NPROC"] = limits["processes"]
    for name, value in bounds.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(number, (value, value))


def prepare(world):
    """The warm process itself, before it imports anything large."""
    if not world["linux"]:
        return
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    if world["tier"] == "namespaces":
        for name in ("sys", "sysrq-trigger", "irq", "bus"):  # bubblewrap covers them for root;
            with contextlib.suppress(OSError):  # covered, no fork could have a /proc of its own
                linux.unmount(f"/proc/{name}")
        linux.drop_capabilities()
    elif world["tier"] == "landlock":
        linux.drop_capabilities()
        landlock.confine(
            [*world["readable"], "/proc"], world["writable"], world["devices"], world["listed"]
        )
