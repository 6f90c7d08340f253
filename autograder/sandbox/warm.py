"""The warm process, from outside: started once, forked for each submission."""

import contextlib
import fcntl
import json
import os
import select
import socket
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from autograder.sandbox import framing, memory_group
from autograder.sandbox.attacks import leak
from autograder.sandbox.fork import Fork, remove
from autograder.sandbox.limits import Dead, Limits, NoSandbox
from autograder.sandbox.tier import NAMES, command, examined, root_of, sight, tiers

PATIENCE = 300  # seconds for a start, on a machine that is busy
PREFIX, FRESH = "grading-", 60  # a scratch folder's name; seconds in which it may be nobody's yet


class Warm:
    """A sandbox with a process in it that has everything imported.

    Use it in the thread that makes it, and as long as that thread lives: the sandbox dies with it.

    Args:
        course: the course (or its root folder), whose files are not seen inside.
        tier: the sandbox's name; None is the best that holds. "none" must be asked for.
        memory: for a submission that is given no limits of its own, in bytes.
        meanwhile: a function to be called while it starts.

    Raises:
        NoSandbox: none holds here, or not this one; or Python does not start in it.
    """

    def __init__(self, course, tier=None, memory=None, meanwhile=None):
        self.root = root_of(course)
        self.limits = Limits() if memory is None else replace(Limits(), memory=memory)
        self.process = self.control = self.scratch = None
        self.forks = []
        self.hello = {}
        ready_data()
        failed = []
        for self.tier in chosen(tier):
            try:
                return self.start(meanwhile)
            except NoSandbox as error:
                failed.append(str(error))
                meanwhile = None
        raise NoSandbox(" ".join(failed))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def alive(self):
        """Is there somebody at the other end? (It may be a fork of ours that asks.)"""
        if self.control is None:
            return False
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        return not poll.poll(0)  # it says nothing unasked, so what comes is its end

    @property
    def seconds(self):
        """How long the start took, inside."""
        return self.hello.get("seconds")

    @property
    def shared(self):
        """Bytes that a fork has from the start."""
        return int(self.hello.get("base", 0))

    @property
    def holds(self):
        """What holds a submission here, for its grade to record: the tier, and who counts memory."""
        group = memory_group.writable()
        return f"{self.tier}, {group[1].name}" if group else self.tier

    def start(self, meanwhile=None):
        """Start it, and try whether the sandbox holds. Raises NoSandbox."""
        sweep()
        self.scratch = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.mine = held(self.scratch)
        self.ready = False
        self.control, inner = socket.socketpair()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  (closed in `close`)
        self.launch(inner)
        if meanwhile:
            meanwhile()
        self.hello = self.greeting()
        why = self.hello.get("wrong")
        if why is None and self.tier != "none":
            try:
                why = leak(self.root, self)
            except Dead as error:
                why = str(error)
        if why:
            self.close()
            raise NoSandbox(f"the sandbox “{self.tier}” does not hold here ({why.rstrip('.')}).")
        self.ready = True

    def launch(self, inner):
        with inner:  # closed here, so that the process's end is heard
            line, environment = command(
                self.tier, sight(self.root), self.scratch, inner.fileno(), self.root
            )
            try:
                self.process = subprocess.Popen(
                    line,
                    env=environment,
                    cwd=self.scratch,
                    stdin=subprocess.DEVNULL,
                    stdout=self.log,
                    stderr=self.log,
                    pass_fds=[inner.fileno()],
                    start_new_session=True,
                )
            except OSError as error:
                self.log.write(str(error).encode())  # its last words

    def greeting(self):
        """What it says when it is ready, or what is wrong."""
        try:
            self.control.settimeout(PATIENCE)
            _, body = framing.receive(self.control)
            return json.loads(body)
        except (OSError, EOFError, framing.Broken) as error:
            return {"wrong": str(error) or self.last_words() or "it said nothing"}

    def last_words(self):
        self.log.seek(0)
        return (self.log.read().decode("utf-8", "replace").strip().splitlines() or [""])[-1]

    def fork(self, limits=None):
        """A process for one submission.

        Raises:
            Dead: the fork did not come to life.
            NoSandbox: the warm process was lost, and cannot be started again.
        """
        limits = limits or self.limits
        if not self.alive and not self.ready:
            raise Dead("The warm process is gone.")
        if not self.alive:
            self.close()
            self.start()
        self.forks = [fork for fork in self.forks if not fork.closed]
        fork = Fork(self.control, Path(tempfile.mkdtemp(dir=self.scratch)), limits, self.shared)
        self.forks.append(fork)
        return fork

    def close(self):
        """End it and all its forks."""
        for fork in self.forks:
            with contextlib.suppress(Dead):
                fork.end()
        self.forks = []
        if self.control:
            self.control.close()
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            self.process.kill()
            self.process.wait()
        if self.scratch:
            remove(self.scratch)
            os.close(self.mine)
        self.log.close()
        self.process = self.control = self.scratch = None


def held(folder):
    """Open a folder such that others see it in use as long as we live; None if others use it."""
    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file


def sweep():
    """Remove the scratch folders of those that were killed and could not do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or just gone
            if time.time() - folder.stat().st_mtime > FRESH and (file := held(folder)) is not None:
                remove(folder)
                os.close(file)


def chosen(name):
    """The tier of that name; without a name all that are a sandbox, best first."""
    held = [tier.name for tier in tiers()]
    lacks = {tier.name: tier.why for tier in examined()}
    if name is None and held == ["none"]:
        why = " ".join(f"{one}: {why}" for one, why in lacks.items() if why)
        raise NoSandbox(f"there is no sandbox on this machine. {why} To grade without one, say so.")
    if name is None:
        return held[:-1]
    if name not in NAMES:
        raise NoSandbox(f"there is no sandbox “{name}”; there are {', '.join(NAMES)}.")
    if name not in held:
        raise NoSandbox(f"the sandbox “{name}” does not hold here: {lacks[name]}")
    return [name]


def ready_data():
    """MNIST is unpacked before: inside nothing can be written."""
    try:
        from utils.data import DATA, FILES, raw, unpack, unpacked
    except ImportError:
        return  # a course without it
    for name, (_, digest) in FILES.items():
        packed = DATA / "mnist" / f"{name}.gz"
        if packed.exists() and not unpacked(DATA, name):
            unpack(packed, raw(DATA) / name, digest)
