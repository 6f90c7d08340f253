"""What a hostile submission does to last or to waste: one function for each idea.

As in `hostile`, each is given the scene, and returns what it achieved. Only within limits: without
any these do harm.
"""

import contextlib
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MB = 1 << 20


def daemon(scene):
    """Leave a process behind that has left its parent, its group and its session."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            sleep = "import time; time.sleep(600)"
            subprocess.Popen([sys.executable, "-S", "-c", sleep, scene["token"]])
        os._exit(0)
    time.sleep(0.3)
    return []


def kill_the_keeper(scene):
    """Kill what watches it, then leave a process behind."""
    daemon(scene)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.kill(os.getppid(), number)
    time.sleep(0.3)
    return []


def fork_bomb(scene):
    """Fork without end, in every branch."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            os.fork()
    os._exit(0)


def thread_bomb(scene):
    """Start threads without end."""
    import threading

    started = 0
    with contextlib.suppress(RuntimeError):
        while started < 2000:
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
            started += 1
    time.sleep(1)
    return [f"{started} threads"] if started > scene["processes"] else []


def memory_bomb(scene):
    """Take memory without end."""
    taken: list[bytearray] = []
    with contextlib.suppress(MemoryError):
        while len(taken) < 4000:
            taken.append(bytearray(b"x" * MB))
    return [f"{len(taken)} MB"] if len(taken) > scene["memory"] // MB + 64 else []


def shared_bomb(scene):
    """Take memory that rlimits do not count: shared mappings, of many processes."""
    taken: list[mmap.mmap] = []
    with contextlib.suppress(OSError, MemoryError):
        while len(taken) < 400:
            taken.append(mmap.mmap(-1, 10 * MB))
            taken[-1].write(b"x" * 10 * MB)
    time.sleep(1)
    return [f"{10 * len(taken)} MB"]


def memory_by_many(scene):
    """Take memory in many processes, each of them modest."""
    for _ in range(20):
        if os.fork() == 0:
            kept = bytearray(b"x" * 100 * MB)
            time.sleep(3)
            os._exit(len(kept) % 2)
    time.sleep(3)
    return ["20 times 100 MB"]


def fill_the_disk(scene):
    """Write large files, then small ones, without end."""
    written = 0
    for folder in (".", "/dev/shm", "/tmp"):
        with contextlib.suppress(OSError):
            for number in range(2000):
                Path(folder, f"{scene['token']}.{number}").write_bytes(b"x" * MB)
                written += MB
    time.sleep(1.5)
    return [f"{written // MB} MB"] if written > 3 * scene["disk"] else []


def lies(scene):
    """Write to the line to the outside itself: a false end, an announcement of 1 TB."""
    os.write(3, b"d" + (1 << 40).to_bytes(8, "big"))
    os.write(3, b"x" * 1000)
    return []


def stubborn(scene):
    """Run on, whatever comes."""
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue


def chatter(scene):
    """Print without end."""
    while True:
        print("x" * 1000)
