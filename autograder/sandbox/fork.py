"""One submission's process, from outside."""

import contextlib
import json
import math
import socket
import subprocess
import time
from dataclasses import asdict

from autograder.model import DIED, ERROR, LATE, OK, Ran
from autograder.sandbox import framing, memory_group
from autograder.sandbox.exit_reason import told
from autograder.sandbox.limits import MB, Dead, Silent, Usage
from autograder.sandbox.outputs import Nonsense, Outputs
from autograder.sandbox.transport import Cut, Transport

START = 30  # seconds a fork may take to come to life
ASK_EVERY = 0.5  # seconds between two questions how much CPU time it has used


def remove(folder):
    """Delete a folder, however deep; Python's own `rmtree` gives up at a thousand levels."""
    command = ["rm", "-rf", "--", str(folder)]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL, env={})  # see `sandbox`


def made_group(most):
    """A group in which the kernel counts memory, or None where none can be made."""
    parent = memory_group.writable()
    with contextlib.suppress(OSError):
        return parent and memory_group.MemoryGroup(parent, most)


class Fork:
    """A process for one submission, with everything below it.

    alive: can it still run a cell? why: if not, what happened, in half a sentence.
    wrote: how many bytes the last cell has shown.
    """

    def __init__(self, control, scratch, limits, shared=0):
        """shared: bytes that it has in common with the warm process, of which it may change all."""
        self.scratch, self.limits = scratch, limits
        self.alive, self.closed = True, False
        self.why = self.ended = None
        self.serial = self.wrote = 0
        self.spent = 0.0
        self.line = line = Transport()
        self.watch, watch = socket.socketpair()
        theirs = [line.channel.fileno(), watch.fileno(), line.out, line.err]
        self.group = made_group(limits.memory + 2 * limits.disk + shared)
        if self.group:
            theirs.append(self.group.procs)
        try:
            order = {"limits": asdict(limits), "scratch": str(scratch)}
            framing.send(control, framing.FORK, order, theirs)
        except OSError as error:
            if self.group:
                self.group.close()
            raise Dead(f"the warm process is gone ({error}).") from error
        finally:
            line.close_far()
            watch.close()
        self.watch.settimeout(START)
        self.shown = self.fresh()
        with self.dying():
            self.next(time.monotonic() + START, framing.READY)

    def fresh(self):
        return Outputs(self.limits.output, self.limits.outputs)

    # cells

    def run(self, cell_id, source, count, until=math.inf, pictures=True):
        """Run a cell as a notebook's kernel does; returns a `sheet.Ran`.

        A cell that takes too long is interrupted; if that does not help, or the process dies, the
        fork is dead afterwards.

        Args:
            until: when the notebook's time is up (time.monotonic), if other forks have had of it.
            pictures: whether those that `utils` makes are drawn, or told in words.

        Raises:
            Dead: the fork was dead before.
        """
        self.living()
        self.serial += 1
        self.shown, start = self.fresh(), time.monotonic()
        order = dict(id=cell_id, source=source, count=count, pictures=pictures, serial=self.serial)
        ran = Ran(OK, [], count)
        try:
            self.line.put(framing.CELL, order)
            done = self.watched(start, until)
            if done is None:
                ran.status = LATE
            elif not done["good"]:
                ran.status = ERROR
        except Dead as error:
            ran.status = DIED
            self.shown.error("Died", str(error), [str(error)])
        ran.seconds = time.monotonic() - start
        self.spent += ran.seconds
        self.wrote = self.shown.used
        ran.outputs = self.take()
        return ran

    def watched(self, start, until):
        """Wait for the cell's end; None if its time was up."""
        limits, used = self.limits, self.asked("usage")["cpu"]
        until = min(until, start + limits.total - self.spent)
        why = f"the notebook took longer than {limits.total:g} s"
        if start + limits.cell <= until:
            until, why = start + limits.cell, f"the cell took longer than {limits.cell:g} s"
        while True:
            try:
                return self.done(min(until, time.monotonic() + ASK_EVERY))
            except Silent:
                if time.monotonic() < until:
                    if self.asked("usage")["cpu"] - used <= limits.cell_cpu:
                        continue
                    why = f"the cell used more than {limits.cell_cpu:g} s of CPU time"
            break
        self.interrupt()
        try:
            self.done(time.monotonic() + limits.grace)
        except Silent:
            why += ", and did not let itself be interrupted"
            self.bury(why)
        except Dead:
            why += ", and the process died when it was interrupted"
        self.shown.error("TimeIsUp", f"Time is up: {why}.", [f"Time is up: {why}."])
        return None

    def done(self, until):
        """The end of the cell that runs now; ends of earlier ones are thrown away."""
        while True:
            _, body = self.next(until, framing.DONE)
            try:
                found = json.loads(body)
                if found["serial"] == self.serial:
                    return {"good": found["good"] is True}
            except (ValueError, KeyError, TypeError, RecursionError):
                raise self.bury("the process said something that makes no sense") from None

    # messages for the bridge

    def post(self, message):
        """Send bytes inside. They go while `wait` waits, so this does not block."""
        self.living()
        self.line.put(framing.BRIDGE, message)

    def wait(self, seconds):
        """The next bytes that come from inside.

        Raises:
            Silent: nothing came for so long.
            Dead: the process died.
        """
        self.living()
        return self.next(time.monotonic() + seconds, framing.BRIDGE)[1]

    def take(self):
        """What has been shown since the last cell or the last `take`: outputs (nbformat 4)."""
        made, self.shown = self.shown.taken(), self.fresh()
        return made

    def memory(self):
        """Bytes that it uses now; 0 if it is dead."""
        try:
            return self.asked("usage")["memory"] if self.alive else 0
        except Dead:
            return 0

    def interrupt(self):
        """Ctrl-C for what runs inside."""
        if self.alive:
            self.asked("interrupt")

    # the line

    def living(self):
        if not self.alive:
            raise Dead(self.sentence())

    def sentence(self):
        return f"The process is gone: {self.why}."

    def next(self, until, wanted):
        """The next message of that kind. What is shown meanwhile is kept, other kinds are not."""
        while True:
            try:
                kind, body = self.line.next(until, self.hear)
            except Cut as cut:
                for kind, body in self.line.rest(self.hear):
                    if kind == framing.SHOW:
                        with contextlib.suppress(Nonsense):
                            self.shown.event(body)
                raise self.bury(str(cut) or None) from None
            if kind == wanted:
                return kind, body
            if kind == framing.SHOW:
                try:
                    self.shown.event(body)
                except Nonsense as error:
                    raise self.bury(f"it sent {error}") from None

    def hear(self, name, piece):
        self.shown.raw(name, piece)

    # the end

    def asked(self, what):
        """Ask the warm process about this fork."""
        try:
            framing.send(self.watch, framing.ASK, what)
            while True:
                kind, body = framing.receive(self.watch)
                if kind == framing.ENDED:
                    self.ended = json.loads(body)
                    raise self.bury()
                return json.loads(body)
        except (OSError, EOFError):
            raise self.bury("the warm process is gone") from None

    def bury(self, why=None):
        """It is dead; returns the exception that says so. why: if that is known better here."""
        if self.alive:
            self.alive = False
            self.report(why is not None)
            if self.group and self.group.killed and not self.ended["why"]:
                why = f"it used more than {self.limits.memory // MB:,} MB of memory"
            self.why = why or told(self.ended)
        return Dead(self.sentence())

    def report(self, kill):
        """The warm process's report on the end, which it makes if asked to `kill`."""
        if self.ended is not None:
            return
        try:
            if kill:
                framing.send(self.watch, framing.ASK, "end")
            else:  # it has died, and the report is on its way; if not, it has only hung up
                self.watch.settimeout(2)
            while self.ended is None:
                kind, body = framing.receive(self.watch)
                if kind == framing.ENDED:
                    self.ended = json.loads(body)
        except TimeoutError:
            self.watch.settimeout(START)
            if not kill:
                self.report(True)
        except (OSError, EOFError):
            pass
        self.ended = self.ended or {"how": None, "why": "the warm process is gone"}

    @contextlib.contextmanager
    def dying(self):
        """A fork that does not come to life leaves nothing behind."""
        try:
            yield
        except (Dead, Silent) as error:
            said = "".join(one.get("text", "") for one in self.take()).strip()
            self.end()
            raise Dead(said or str(error)) from None

    def end(self):
        """Kill it and all below it, remove its files; returns its `Usage`. Twice does no harm."""
        self.alive, self.closed = False, True
        self.why = self.why or "it was ended"
        self.report(True)
        self.line.close()
        self.watch.close()
        remove(self.scratch)
        if self.group:
            self.group.close()
            self.group = None
        report = self.ended
        return Usage(report.get("cpu", 0.0), report.get("peak", 0), report.get("survivors", 0))
