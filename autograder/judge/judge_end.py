"""The judge's end of the bridge: what it tells with a question, and what a student may ask back."""

import contextlib
import math
import sys
import time
import types

import torch

from autograder.bridge.endpoint import Endpoint
from autograder.bridge.messages import Forged
from autograder.bridge.proxies import SPECIAL
from autograder.bridge.student_end import ASLEEP
from autograder.bridge.tensors import NAMES
from autograder.sandbox import Dead, Silent
from utils.check.guard import Guard

SECONDS = 30.0
"""How long an answer may compute, when no check is stricter."""

GRACE = 10.0
"""Seconds beyond that, until a process that does not answer is ended."""

MAY = {
    torch.optim.Optimizer: (
        "step",
        "zero_grad",
        "state_dict",
        "load_state_dict",
        "add_param_group",
    ),
    torch.nn.Module: ("train", "eval", "zero_grad", "requires_grad_"),
}


READS = ("param_groups", "state", "defaults")


class Gone(RuntimeError):
    """The student's process is no more."""


class JudgeEnd(Endpoint):
    """Asks a student's process.

    Args:
        fork: a `run.Fork`.
        until: when nothing is asked any more (time.monotonic), however much is said over there.

    gone: why there is nobody there any more, a sentence; or "".
    forged: did it send what no honest process sends?
    borrowed: names of torch's own optimizer functions that were called there.
    """

    def __init__(self, fork, until=math.inf):
        super().__init__("j", self.over_there)
        self.fork, self.until = fork, until
        self.gone, self.borrowed = "", set()
        self.random, self.forged = None, False

    def over_there(self, message):
        """Send, unless there is nothing to send, and wait."""
        if self.gone:
            raise Gone(self.gone)
        try:
            if message is not None:
                self.fork.post(message)
            left = self.until - time.monotonic()
            if left < 0:
                raise Silent
            return self.fork.wait(min(left, ASLEEP * self.seconds() + GRACE))
        except Silent:
            self.lost("The answer did not come to an end.")
        except Dead as error:
            self.lost(str(error))

    def lost(self, why):
        self.gone = why
        raise Gone(why)

    def ask(self, op, *args):
        profile, guard = sys.getprofile(), Guard.now
        sys.setprofile(None)  # a guard's: it would look at every line of the bridge
        pause: contextlib.AbstractContextManager = contextlib.nullcontext()
        if guard is not None and guard.waits is None:
            pause = guard.elsewhere()
        try:
            with pause:
                return super().ask(op, *args)
        except Forged as error:
            self.forged = True
            self.lost(f"The process of the answers sent what it cannot have meant: {error}.")
        except Gone:
            raise
        except BaseException as error:
            if not getattr(error, "crossed", False):  # given up half-way: out of step from here on
                self.gone = f"A question was given up: {type(error).__name__}."
            raise
        finally:
            sys.setprofile(profile)

    def seconds(self):
        return Guard.now.seconds if Guard.now else SECONDS

    def context(self, blobs):
        told = {
            **super().context(blobs),
            "dtype": NAMES[torch.get_default_dtype()],
            "seconds": self.seconds(),
            "watch": Guard.now is not None and Guard.now.watch,
        }
        random = torch.get_rng_state().numpy().tobytes()
        if random != self.random:
            self.random = random
            told["random"] = len(blobs)
            blobs.append(random)
        return told

    def heard(self, head):
        printed, borrowed = head.get("printed"), head.get("borrowed")
        if isinstance(printed, str) and printed:
            sys.stdout.write(printed[:20_000])
        if isinstance(borrowed, list) and borrowed:
            names = {str(name)[:100] for name in borrowed[:20]}
            self.borrowed |= names
            if Guard.now:
                Guard.now.borrowed |= names
        if head.get("returned") is True and Guard.now:
            Guard.now.returned = True

    def allow(self, op, *args):
        """A student's code may use what a test gave it, and nothing behind that."""
        x = args[0] if args else None
        name = args[1] if op in ("method", "get", "set") else None
        key = self.table.keys.get(id(x))
        given = key is not None and self.table.ours(key) and self.table.objects[key] is x
        if not (given and self.may(op, x, name)):
            raise PermissionError(f"{op} {name or ''} is not allowed here")

    def may(self, op, x, name):
        if op == "call":
            return callable(x) and not isinstance(x, torch.nn.Module)
        if op == "forward":
            return isinstance(x, torch.nn.Module)
        if op == "backward":
            return isinstance(x, torch.Tensor)
        for kind, names in MAY.items():
            if isinstance(x, kind):
                return (op == "method" and name in names) or (op == "get" and name in READS)
        if op == "method" and name in SPECIAL:
            return not isinstance(x, (type, types.FunctionType, types.ModuleType))
        ours = type(x).__module__ == "__main__" or type(x).__module__.startswith("utils.")
        public = isinstance(name, str) and name.isidentifier() and name[:1] != "_"
        return ours and public and op in ("method", "get")
