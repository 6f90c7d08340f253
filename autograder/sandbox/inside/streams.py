"""A fork's end of the channel, and what it prints."""

import io
import json
import os
import select
import signal
import socket
import threading
import time

from autograder.sandbox import framing
from autograder.sandbox.outputs import beginning


class Channel:
    """The line to the outside. A message goes or comes whole: Ctrl-C waits until it has.

    busy: is the student's code at work? Only then can it be interrupted.
    """

    def __init__(self, fd):
        self.sock = socket.socket(fileno=fd)
        self.lock = threading.RLock()
        self.owner = os.getpid()
        self.busy = self.pending = False
        self.shut = 0
        signal.signal(signal.SIGINT, self.interrupted)
        os.register_at_fork(after_in_child=self.leave)

    def interrupted(self, *_):
        if self.busy and self.shut:
            self.pending = True
        elif self.busy:
            raise KeyboardInterrupt

    def leave(self):
        """A process that the student forks has no line, only its files 1 and 2."""
        self.sock.close()
        self.lock = threading.RLock()
        self.busy, self.shut = True, 0
        signal.signal(signal.SIGINT, signal.default_int_handler)

    @property
    def mine(self):
        return os.getpid() == self.owner

    def whole(self, do, *args):
        """Do it without being interrupted in the middle."""
        alone = threading.current_thread() is threading.main_thread()
        self.shut += alone
        try:
            return do(*args)
        finally:
            self.shut -= alone
            if alone and not self.shut and self.pending:
                self.pending = False
                if self.busy:
                    raise KeyboardInterrupt

    def send(self, kind, body=b""):
        self.whole(self._send, framing.pack(kind, body))

    def _send(self, message):
        with self.lock:
            self.sock.sendall(message)

    def receive(self):
        """The next message. Waiting for it can be interrupted, reading it cannot."""
        select.select([self.sock], [], [])
        return self.whole(framing.receive, self.sock)

    def ask(self, message):
        """For the bridge: put a question to the outside, and wait for the answer."""
        self.send(framing.BRIDGE, message)
        while True:
            kind, body = self.receive()
            if kind == framing.BRIDGE:
                return body


class Shown:
    """Counts what a cell shows, and stops when it is enough; the outside counts too."""

    def __init__(self, channel):
        self.channel = channel
        self.begin(0, 0)

    def begin(self, size, pieces):
        self.left, self.pieces, self.full, self.failed = size, pieces, False, False

    def show(self, **event):
        """Send an output outside. Past the limit: what fits of it, a word that it is full, no more.

        An error still goes then, once and short: that it failed is worth more than what it printed.
        """
        if not self.channel.mine:
            return
        body = packed(event)
        stream, error = event["type"] == "stream", event["type"] == "error"
        if not self.full and len(body) <= self.left and (stream or self.pieces):
            self.left -= len(body)
            self.pieces -= not stream
            self.channel.send(framing.SHOW, body)
            return
        if not self.full:
            self.full = True
            if stream:
                text = beginning(event["text"], self.left)
                self.channel.send(framing.SHOW, packed({**event, "text": text}))
            self.channel.send(framing.SHOW, {"type": "full"})
        if error and not self.failed:
            self.failed = True
            self.channel.send(
                framing.SHOW, {**event, "evalue": event["evalue"][:1000], "traceback": []}
            )


def packed(event):
    """An event as JSON in UTF-8: an emoji takes 4 bytes there, escaped it would take 12."""
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr: goes outside in order with pictures and results."""

    SIZE, PAUSE = 8192, 0.1
    encoding, errors = "utf-8", "replace"

    def __init__(self, name, fd, shown):
        self.name, self.fd, self.shown = name, fd, shown
        self.pieces, self.size, self.since = [], 0, 0.0
        self.lock = threading.RLock()
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self):
        self.lock = threading.RLock()
        self.pieces, self.size = [], 0

    def fileno(self):
        return self.fd

    def writable(self):
        return True

    def close(self):
        """Nothing: a cell that closes it must not silence the cells after it."""
        self.flush()

    def isatty(self):
        return False

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not self.shown.channel.mine:
            os.write(self.fd, text.encode("utf-8", "replace"))
            return len(text)
        with self.lock:
            if not self.pieces:
                self.since = time.monotonic()
            self.pieces.append(text)
            self.size += len(text)
            late = time.monotonic() - self.since > self.PAUSE
        if self.size > self.SIZE or late:
            self.flush()
        return len(text)

    def flush(self):
        with self.lock:
            text, self.pieces, self.size = "".join(self.pieces), [], 0
        if text:
            self.shown.show(type="stream", name=self.name, text=text)
