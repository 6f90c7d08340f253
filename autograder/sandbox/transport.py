"""The line to a fork: messages both ways, and what is written to its files 1 and 2."""

import os
import select
import socket
import time
from collections import deque

from autograder.sandbox import framing
from autograder.sandbox.limits import Silent


class Cut(Exception):
    """The line is cut. Its text says why, if that is known here."""


class Transport:
    """Never waits longer than it is told to, in neither direction.

    channel, out, err: the far ends of its socket and its two pipes, for the fork. `close_far`
    once the fork has them.
    """

    def __init__(self):
        self.sock, self.channel = socket.socketpair()
        (out, self.out), (err, self.err) = os.pipe(), os.pipe()
        self.pipes = {out: "stdout", err: "stderr"}
        self.queue = deque()
        self.inbox = bytearray()
        self.letters = deque()
        self.sock.setblocking(False)
        for pipe in self.pipes:
            os.set_blocking(pipe, False)

    def close_far(self):
        self.channel.close()
        os.close(self.out)
        os.close(self.err)

    def close(self):
        for pipe in self.pipes:
            os.close(pipe)
        self.pipes = {}
        self.sock.close()

    def put(self, kind, body):
        """Send a message, as soon as it can be sent."""
        self.queue.append(memoryview(framing.pack(kind, body)))

    def next(self, until, show):
        """The next message: (kind, body). Raw output on the way is given to `show` (name, bytes).

        Raises:
            Silent: there was none until then (time.monotonic).
            Cut: there will be no more.
        """
        while not self.letters:
            if time.monotonic() > until:  # asked here too: messages without end must not move it
                raise Silent("The process says nothing.")
            self.pump(until, show)
        return self.letters.popleft()

    def pump(self, until, show):
        """Move bytes, both ways, until something has come."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN | (select.POLLOUT if self.queue else 0))
        for pipe in self.pipes:
            poll.register(pipe, select.POLLIN)
        ready = dict(poll.poll(max(0.0, until - time.monotonic()) * 1000))
        event = ready.pop(self.sock.fileno(), 0)
        for pipe in ready:
            self.hear(pipe, show)
        try:
            if event & select.POLLOUT:
                self.push()
            if event & ~select.POLLOUT:
                self.pull()
        except (OSError, EOFError):
            raise Cut from None
        except framing.Broken as error:
            raise Cut(f"it sent {error}") from None

    def push(self):
        first = self.queue.popleft()
        sent = self.sock.send(first)
        if sent < len(first):
            self.queue.appendleft(first[sent:])

    def pull(self):
        piece = self.sock.recv(framing.PIECE)
        if not piece:
            raise EOFError
        self.inbox += piece
        while len(self.inbox) >= framing.HEAD.size:
            kind, length = framing.unpack(bytes(self.inbox[: framing.HEAD.size]))
            whole = framing.HEAD.size + length
            if len(self.inbox) < whole:
                break
            self.letters.append((kind, bytes(self.inbox[framing.HEAD.size : whole])))
            del self.inbox[:whole]

    def hear(self, pipe, show):
        """Read what was written to file 1 or 2; True if there was something."""
        try:
            piece = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return False
        if not piece:
            os.close(pipe)
            del self.pipes[pipe]
            return False
        show(self.pipes[pipe], piece)
        return True

    def rest(self, show):
        """What the dead have said last, but not more than a pipe holds; returns their messages."""
        for pipe in list(self.pipes):
            for _ in range(16):
                if not self.hear(pipe, show):
                    break
        return list(self.letters)
