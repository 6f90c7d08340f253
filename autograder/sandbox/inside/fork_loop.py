"""The loop of a fork: cells and messages come in, outputs and answers go out.

What runs here is the student's from the first cell on. Nothing it says is believed outside.
"""

import contextlib
import json
import os
import sys
import time
import traceback

from autograder.sandbox import framing
from autograder.sandbox.inside.streams import Channel, Shown, Stream
from autograder.sandbox.inside.warm_up import reseed


def live(shell, fd, limits):
    """Serve what comes until the line closes. Never returns."""
    status = 1
    try:
        channel = Channel(fd)
        shown = Shown(channel)
        shell.connect(shown, Stream("stdout", 1, shown), Stream("stderr", 2, shown))
        reseed()
        channel.send(framing.READY)
        serve(shell, channel, shown, limits)
        status = 0
    except (EOFError, ConnectionError):
        status = 0  # nobody asks any more
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(status)


def serve(shell, channel, shown, limits):
    while True:
        kind, body = channel.receive()
        shown.begin(limits["output"], limits["outputs"])
        channel.busy = True
        answer = None
        try:
            if kind == framing.CELL:
                answer = framing.DONE, cell(shell, body)
            elif kind == framing.BRIDGE:
                from autograder.bridge import student_end as bridge  # it imports torch

                reply = bridge.answer(body, shell.user_ns, channel)
                answer = None if reply is None else (framing.BRIDGE, reply)
        except KeyboardInterrupt:  # between two lines; nobody waits for an answer any more
            answer = (framing.DONE, stopped(body)) if kind == framing.CELL else None
        finally:
            channel.busy = False
        if not channel.mine:
            os._exit(0)  # a process that the student forked came this far
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # whatever the student put there
                stream.flush()
        if answer:
            channel.send(*answer)


def cell(shell, body):
    asked = json.loads(body)
    start = time.monotonic()
    good = shell.run(asked["source"], asked["count"], asked["pictures"])
    return {"serial": asked["serial"], "good": good, "seconds": time.monotonic() - start}


def stopped(body):
    return {"serial": json.loads(body)["serial"], "good": False, "seconds": 0.0}
