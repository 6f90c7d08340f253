"""Who belongs to a fork, what they use, and how to end them all. Reads /proc."""

import contextlib
import os
import signal
import time
from typing import NamedTuple

FILES = 16384  # how many a submission may write
SOCKET = 208 << 10
"""Bytes that one socket may hold in the kernel. No file in /proc tells what it does hold, so each
counts as full (net.core.wmem_default)."""
FEW = 64  # open files up to which nobody asks which of them are sockets
TICK = 1 / os.sysconf("SC_CLK_TCK")


class Measure(NamedTuple):
    """What a tree of processes uses now: seconds, processes, threads of all, and bytes at most."""

    cpu: float = 0.0
    processes: int = 0
    threads: int = 0
    memory: int = 0


def lines(path):
    """A small file's text, or nothing if its process is gone."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(1 << 16).decode("ascii", "replace")
    except (OSError, ValueError):
        return ""


def children(pid):
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += lines(f"/proc/{pid}/task/{task}/children").split()
    return [int(one) for one in found]


def below(pid):
    """All descendants. A process whose parent ends is adopted by the keeper, so none is missed."""
    found, new = [], [pid]
    while new:
        new = [child for parent in new for child in children(parent)]
        found += new
    return found


def kilobytes(text, *names):
    total = 0
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        if name in names:
            total += int(rest.split()[0])
    return total << 10


def stat(pid):
    """The numbers of /proc/PID/stat from the third on (see proc(5)); empty if it is gone."""
    return lines(f"/proc/{pid}/stat").rpartition(")")[2].split()


def image(pid="self"):
    """Where a process's program lies: the same after a fork, another after an exec."""
    return (stat(pid)[23:24] or [None])[0]


def measure(keeper, shared, program):
    """Of all below the keeper; quick, however many they are.

    Memory is estimated: what several of them share is counted for each.

    shared: bytes that a process has in common with the warm process if it only was forked.
    program: the warm process's `image`.
    """
    cpu, threads, memory, pids, sockets = 0.0, 0, 0, below(keeper), set()
    for pid in [keeper, *pids]:
        numbers = stat(pid)
        if len(numbers) > 23:
            cpu += sum(int(number) for number in numbers[11:15]) * TICK
        if len(numbers) > 23 and pid != keeper:
            threads += int(numbers[17])
            text = lines(f"/proc/{pid}/status")
            held = kilobytes(text, "RssAnon", "RssShmem")
            memory += max(0, held - (shared if numbers[23] == program else 0))
            memory += kilobytes(text, "VmPTE")
            open_files = kilobytes(text, "FDSize") >> 10
            if open_files > FEW:
                sockets |= sockets_of(pid)
    return Measure(cpu, len(pids), threads, memory + SOCKET * len(sockets))


def exactly(keeper, shared):
    """The memory of all below the keeper, beyond what the warm process has too. Slow."""
    pids = below(keeper)
    sockets = set().union(*map(sockets_of, pids))
    processes = max(0, sum(map(own, pids)) - shared * len(pids) // (len(pids) + 2))
    return processes + SOCKET * len(sockets)


def sockets_of(pid):
    """The sockets that a process has open, by their names in /proc."""
    found = set()
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("socket:"):
                    found.add(target)
    return found


def disk(folder, most):
    """(bytes, files) in a folder; stops counting beyond `most` bytes."""
    size = files = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(where, name)).st_blocks * 512
            files += 1
        if size > most or files > FILES:
            break
    return size, files


def own(pid):
    """A process's memory: its share of what it shares, and its page tables."""
    shares = kilobytes(lines(f"/proc/{pid}/smaps_rollup"), "Pss_Anon", "Pss_Shmem")
    return shares + kilobytes(lines(f"/proc/{pid}/status"), "VmPTE")


def end(keeper, student, apart):
    """Kill the keeper and all below it; returns how the keeper ended (os.wait4).

    student: the leader of the group that most of them are in, and so are killed in at once.
    apart: in a pid namespace, where the kernel kills them all with the keeper.
    """
    if not apart:
        deadline = time.monotonic() + 20
        with contextlib.suppress(OSError):
            if student and os.getpgid(student) == student:
                os.killpg(student, signal.SIGKILL)
        stop(keeper)
        while (left := below(keeper)) and time.monotonic() < deadline:
            kill(left, signal.SIGKILL)
            time.sleep(0.002)
    kill([keeper], signal.SIGKILL)
    return os.wait4(keeper, 0)


def stop(keeper):
    """Stop them all first, so that none starts another while they are killed one by one."""
    seen: set[int] = set()
    while new := set(below(keeper)) - seen:
        kill(new, signal.SIGSTOP)
        seen |= new


def kill(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
