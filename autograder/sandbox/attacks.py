"""What the sandbox must withstand: tried by `autograder doctor` and by the tests.

For each attack a *scene* is set: a listener on the loopback, one on an abstract Unix socket, one on
a file; a secret beside the course; another submission with a file in its scratch folder. Then the
attack runs as a student's cell, and it is seen, from inside and from outside, what came of it.
"""

import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from autograder.model import DIED, LATE, OK
from autograder.sandbox.inside import tree
from autograder.sandbox.limits import MB, Dead, Limits
from autograder.sandbox.tier import root_of, sight

CANARY = "AUTOGRADER_CANARY"
TIGHT = Limits(memory=400 * MB, processes=24, disk=16 * MB, file=8 * MB, output=100_000, grace=1)


class Attack(NamedTuple):
    """One idea of an attacker.

    what: what it tries. does: the function of `inside.hostile` or `inside.bombs`. on: the tiers that withstand it.
    end: what the cell may come to, besides an end without success. cell: seconds it is given.
    """

    what: str
    does: str
    on: tuple = ("namespaces", "landlock")
    end: tuple = ()
    cell: float = 20.0


QUICK = ("files", "names", "network", "unix_sockets", "signals", "memory_of_others", "namespaces")


EVERYWHERE = ("namespaces", "landlock", "none")
ATTACKS = [
    Attack("read solutions, gradebook, submissions, /etc/shadow", "files"),
    Attack("list the course's folders", "names"),
    Attack("reach them by links and by /proc", "detours"),
    Attack("read the grader's environment", "environment"),
    Attack("use the network, loopback included", "network"),
    Attack("reach a service by a Unix socket", "unix_sockets"),
    Attack("signal the grader and other submissions", "signals"),
    Attack("trace them, read their memory and files", "memory_of_others"),
    Attack("write outside the scratch folder", "write"),
    Attack("find another submission's scratch folder", "neighbours"),
    Attack("make namespaces, mount, chroot", "namespaces"),
    Attack("gain rights: setuid, capabilities, devices, clock", "rights"),
    Attack("raise limits", "raised_limits"),
    Attack("use dangerous system calls", "kernel"),
    Attack("use another processor's system calls", "other_calls"),
    Attack("leave a daemon behind", "daemon", EVERYWHERE),
    Attack("kill its keeper, leave a daemon behind", "kill_the_keeper", end=(DIED,)),
    Attack("fork without end", "fork_bomb", EVERYWHERE, (DIED, LATE), 4),
    Attack("start threads without end", "thread_bomb", EVERYWHERE, (DIED,)),
    Attack("take memory without end", "memory_bomb", EVERYWHERE, (DIED,)),
    Attack("take shared memory without end", "shared_bomb", EVERYWHERE, (DIED,)),
    Attack("take memory in many processes", "memory_by_many", EVERYWHERE, (DIED,)),
    Attack("fill the disk", "fill_the_disk", end=(DIED,)),
    Attack("lie to the grader", "lies", EVERYWHERE, (DIED,)),
    Attack("run on when interrupted", "stubborn", EVERYWHERE, (LATE,), 1),
    Attack("print without end", "chatter", EVERYWHERE, (LATE,), 1),
]


class Result(NamedTuple):
    """what: the attack. ok: was it withstood? text: how, or what it achieved."""

    what: str
    ok: bool
    text: str


class Scene:
    """What the attacks aim at. A context manager: everything is gone afterwards."""

    def __init__(self, course, warm):
        self.warm, self.root = warm, root_of(course)
        self.token = f"attack-{secrets.token_hex(8)}"
        self.mark = f"mark-{secrets.token_hex(8)}"
        self.close = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as made:
            folder = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="scene-")))
            (folder / "secret").write_text("secret")
            abstract, file = f"\0{self.token}", str(folder / "socket")
            port = made.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for address in (abstract, file):
                server = made.enter_context(socket.socket(socket.AF_UNIX))
                server.bind(address)
                server.listen()
            self.victim = self.warm.fork(TIGHT)
            made.callback(self.victim.end)
            self.victim.run("mark", f"open('{self.mark}', 'w').write('x'); mine = 42", 1)
            warm = self.warm.process.pid
            self.places = [str(self.root), str(folder), *self.folders(), "/", "/usr", "/etc"]
            self.places += ["/tmp", "/var/tmp", "/dev/shm", "/dev", os.path.expanduser("~")]
            self.places += [sys.prefix, sys.base_prefix, str(self.warm.scratch)]
            home = {os.path.expanduser("~")} - {"/"}
            self.facts = dict(
                root=str(self.root),
                secrets=[str(folder / "secret"), *self.secrets()],
                folders=[str(self.root), str(folder), *self.folders(), *home],
                shown=sight(self.root).readable,
                places=self.places,
                port=port,
                abstract=abstract,
                socket=file,
                canary=CANARY,
                token=self.token,
                mark=self.mark,
                scratch=str(self.warm.scratch),
                pids=[os.getpid(), os.getppid(), warm, *tree.below(warm)],
                pidfd=hasattr(os, "pidfd_open"),
                memory=TIGHT.memory,
                disk=TIGHT.disk,
                processes=TIGHT.processes,
            )
            self.close = made.pop_all()
        return self

    def __exit__(self, *_):
        self.close.close()

    def folders(self):
        names = ("solutions", "autograder", "autograder/submitted", "autograder/judge", "tests")
        return [str(self.root / name) for name in names if (self.root / name).is_dir()]

    def secrets(self):
        """Files that are there, and that nobody inside may read."""
        found = [self.root / "nbgrader_config.py", *sorted(self.root.glob("solutions/*/*.ipynb"))]
        found += sorted(self.root.glob("autograder/*.db"))
        found += sorted(self.root.glob("autograder/submitted/*/*/*"))[:3]
        found += sorted(self.root.glob("autograder/*.py"))[1:]
        found += [Path(path) for path in ("/etc/shadow", "/etc/passwd-", "/etc/hostname")]
        return [str(path) for path in found if path.is_file()]

    def left(self):
        """What the attack left behind: processes, and files outside its scratch folder."""
        found = [f"process {pid}" for pid in running(self.token)]
        for folder in self.places:
            with contextlib.suppress(OSError):
                found += [f"{folder}/{name}" for name in os.listdir(folder) if self.token in name]
        return found


def running(token):
    """The processes of this machine with that in their command line."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if token.encode() in Path("/proc", name, "cmdline").read_bytes():
                found.append(int(name))
    return found


def cell(scene, *names):
    """A cell that attacks, and says WON or HELD."""
    facts = json.dumps(scene.facts)
    return (
        "import json; from autograder.sandbox.inside import bombs, hostile\n"
        f"scene = json.loads({facts!r})\n"
        "does = {**vars(bombs), **vars(hostile)}\n"
        f"won = [one for name in {names!r} for one in does[name](scene)]\n"
        "print('WON', won) if won else print('HELD')"
    )


def attempt(scene, attack):
    """Run one attack; returns its `Result`."""
    limits, start = replace(TIGHT, cell=attack.cell), time.monotonic()
    fork = scene.warm.fork(limits)
    ran = fork.run("attack", cell(scene, attack.does), 1)
    usage = fork.end()
    seconds = time.monotonic() - start
    said, errors = words(ran)
    text, wrong = "came to nothing", []
    if ran.status in attack.end:
        text = errors or ran.status
    elif not said.endswith("HELD"):
        wrong.append(f"{said} {errors}".strip()[:300] or ran.status)
    wrong += scene.left()
    if seconds > limits.cell + limits.grace + 15:
        wrong.append(f"it took {seconds:.0f} s")
    if usage.peak_memory > 2 * limits.memory:
        wrong.append(f"it had {usage.peak_memory // MB} MB")
    if sum(len(str(one)) for one in ran.outputs) > 2 * limits.output:
        wrong.append("its output was not cut")
    wrong += unharmed(scene)
    return Result(attack.what, not wrong, "; ".join(wrong) or text)


def words(ran):
    """What a cell printed, and what its errors say."""
    said = "".join(one["text"] for one in ran.outputs if one["output_type"] == "stream")
    errors = [one["evalue"] for one in ran.outputs if one["output_type"] == "error"]
    return said.strip(), " ".join(errors)


def unharmed(scene):
    """The other submission must still be there and have its things."""
    try:
        ran = scene.victim.run("still", f"assert mine == 42; open('{scene.mark}').close()", 2)
        return [] if ran.status == OK else [f"another submission was harmed ({ran.status})"]
    except Dead as error:
        return [f"another submission was killed ({error})"]


def attack(course, warm):
    """Try everything that the warm process's tier must withstand; yields each `Result`."""
    with patched_environment():
        for one in ATTACKS:
            if warm.tier in one.on:
                with Scene(course, warm) as scene:
                    yield attempt(scene, one)


def leak(course, warm):
    """The quick attacks at once: None, or what they achieved. A fifth of a second."""
    with Scene(course, warm) as scene:
        fork = warm.fork(TIGHT)
        said, errors = words(fork.run("attack", cell(scene, *QUICK), 1))
        fork.end()
    return None if said.endswith("HELD") else f"{said} {errors}".strip()[:300] or "it fell silent"


@contextlib.contextmanager
def patched_environment():
    """With something in the environment that nobody inside may see."""
    os.environ[CANARY] = "seen"
    try:
        yield
    finally:
        del os.environ[CANARY]
