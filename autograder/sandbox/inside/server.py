"""The warm process: forks when asked, and watches what it forked. It runs no student's code.

It is in the sandbox too, but above the forks: it can see, measure and kill them, they cannot see
it. If the outside goes away, everything here ends.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time

from autograder.sandbox import framing
from autograder.sandbox.inside import confine, linux, tree
from autograder.sandbox.limits import MB

LOOK = 0.05  # seconds between two looks at what the forks use
MANY = 12  # forks after which it pays to make them cheaper, which takes a second


class Ward:
    """A fork, as the warm process sees it."""

    def __init__(self, keeper, watch, status, order):
        self.keeper, self.watch, self.status = keeper, watch, status
        self.limits, self.scratch = order["limits"], order["scratch"]
        self.student = None
        self.now = tree.Measure()
        self.peak = self.looks = 0

    def files(self):
        return [self.watch.fileno(), self.status]


class Server:
    """Args:
    control: the socket to the outside.
    shell: what the forks will run their cells in.
    world: tier, base memory, folders, and so on: what a keeper has to know.
    """

    def __init__(self, control, shell, world):
        self.control, self.shell, self.world = control, shell, world
        self.wards, self.forks = [], 0
        self.apart = world["tier"] == "namespaces"

    def serve(self):
        """Until the outside goes away."""
        seen = 0.0
        while True:
            ready = self.ready()
            if self.control.fileno() in ready and not self.order():
                break
            for ward in list(self.wards):
                if ward.status in ready:
                    how = os.read(ward.status, 4)
                    self.finish(ward, struct.unpack("i", how)[0] if len(how) == 4 else None)
                elif ward.watch.fileno() in ready:
                    self.answer(ward)
            if time.monotonic() - seen > LOOK:
                for ward in list(self.wards):
                    self.look(ward)
                seen = time.monotonic()
        for ward in list(self.wards):
            self.finish(ward, None)

    def ready(self):
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        for ward in self.wards:
            for file in ward.files():
                poll.register(file, select.POLLIN)
        return {file for file, _ in poll.poll(LOOK * 1000 if self.wards else None)}

    def order(self):
        """Fork for the outside; False if it has gone away."""
        try:
            _, body, files = framing.receive_files(self.control)
        except (EOFError, OSError):
            return False
        order = json.loads(body)
        channel, watch, out, err, *group = files
        read, write = os.pipe()
        self.forks += 1
        if self.forks == MANY and self.world["linux"]:
            linux.collapse()
            weigh(self.world)
        keeper = confine.fork(self.apart)
        if keeper == 0:
            confine.keeper(self.shell, self.world, order, channel, out, err, write, group)
        for file in (channel, out, err, write, *group):
            os.close(file)
        self.wards.append(Ward(keeper, socket.socket(fileno=watch), read, order))
        return True

    def answer(self, ward):
        """What the outside asks about a fork."""
        try:
            _, body = framing.receive(ward.watch)
        except (EOFError, OSError):
            return self.finish(ward, None)
        asked = json.loads(body)
        if asked == "end":
            return self.finish(ward, None)
        self.measure(ward)
        if asked == "interrupt" and ward.student:
            tree.kill([ward.student], signal.SIGINT)
        self.tell(ward, framing.TOLD, ward.now._asdict())

    def measure(self, ward):
        world, limits = self.world, ward.limits
        now = tree.measure(ward.keeper, world["base"], world["image"])
        if now.memory > limits["memory"] and now.threads <= limits["processes"]:
            now = now._replace(memory=tree.exactly(ward.keeper, world["base"]))
        ward.now, ward.peak = now, max(ward.peak, now.memory)
        if ward.student is None:
            ward.student = next(iter(tree.children(ward.keeper)), None)

    def look(self, ward):
        """End a fork that uses too much."""
        self.measure(ward)
        now, limits = ward.now, ward.limits
        why = None
        if now.threads > limits["processes"]:
            why = f"it started more than {limits['processes']} processes and threads"
        elif now.memory > limits["memory"]:
            why = f"it used more than {limits['memory'] // MB:,} MB of memory"
        elif now.cpu > limits["total_cpu"]:
            why = f"it used more than {limits['total_cpu']:g} s of CPU time"
        elif not self.apart and ward.looks % 8 == 0:  # the kernel holds the scratch in memory small
            size, files = tree.disk(ward.scratch, limits["disk"])
            if size > limits["disk"] or files > tree.FILES:
                why = f"it wrote more than {limits['disk'] // MB:,} MB"
        ward.looks += 1
        if why:
            self.finish(ward, None, why)

    def finish(self, ward, how, why=None):
        """End a fork and tell the outside. how: the student's wait status, if it ended itself."""
        if why is None:
            self.measure(ward)
        survivors = max(0, ward.now.processes - (how is None))
        _, _, used = tree.end(ward.keeper, ward.student, self.apart)
        self.wards.remove(ward)
        cpu = max(ward.now.cpu, used.ru_utime + used.ru_stime)
        report = dict(how=how, why=why, cpu=cpu, peak=ward.peak, survivors=survivors)
        self.tell(ward, framing.ENDED, report)
        ward.watch.close()
        os.close(ward.status)

    def tell(self, ward, kind, body):
        with contextlib.suppress(OSError):
            framing.send(ward.watch, kind, body)


def weigh(world):
    """What each fork has from the start."""
    text = tree.lines("/proc/self/status")
    world["base"] = tree.kilobytes(text, "RssAnon", "RssShmem")
    world["image"] = tree.image()
    world["data"] = tree.kilobytes(text, "VmData")
    world["size"] = tree.kilobytes(text, "VmSize")


def main(argv):
    """argv: the control socket's number, and the world as JSON."""
    start = time.monotonic()
    control = socket.socket(fileno=int(argv[0]))
    world = json.loads(argv[1])
    world.update(linux=sys.platform == "linux", uid=os.getuid(), gid=os.getgid())
    try:
        confine.prepare(world)
        from autograder.sandbox.inside import colab, no_bank, warm_up

        colab.install()
        no_bank.install()
        shell, versions = warm_up.warm_up()
        from autograder.bridge import no_profiler, torch_calls  # they import torch

        torch_calls.lay()
        no_profiler.spare()
        weigh(world)
    except Exception as error:
        framing.send(control, framing.HELLO, {"wrong": f"{type(error).__name__}: {error}"})
        return 1
    seconds = time.monotonic() - start
    framing.send(control, framing.HELLO, {"seconds": seconds, "base": world["base"], **versions})
    Server(control, shell, world).serve()
    os._exit(0)  # Python's own way out takes a second, and someone waits
