"""Asking the other side, and answering it.

call      f(*args, **words), or make an object of a class
forward   the same for a model; also says which of its parts ran
method    one method of an object
get, set  one attribute of an object
backward  the gradient of what came from there goes back there
look      what the student's names stand for now
defaults  the names in an optimizer's defaults
play      its paths in many situations, see `playing` (these three the judge asks)
"""

import contextlib

import torch

from autograder.bridge import exceptions, proxies
from autograder.bridge.messages import Forged, pack, unpack
from autograder.bridge.registry import Registry


class Endpoint:
    """One end of the bridge.

    Args:
        letter: "j" for the judge, "s" for the student.
        exchange: bytes → bytes: send a message, and wait for what comes back.
        twins: name → class or function that both sides have, see Table.
    """

    def __init__(self, letter, exchange, twins=None):
        self.letter, self.exchange = letter, exchange
        self.refuses = letter == "j"
        self.table = Registry(
            letter, self.describe, self.stand_in, self.renew, self.connect, twins or {}
        )
        self.count = 0
        self.anchor = torch.zeros((), requires_grad=True)

    # asking

    def ask(self, op, *args):
        """Ask the other side.

        Raises:
            whatever was raised there, as `failures.rebuild` makes it.
            Forged: what came back is no answer.
        """
        self.count += 1
        number = self.count
        message = self.exchange(self.message(ask=op, number=number, args=args))
        while True:
            head, blobs = unpack(message)
            if "ask" in head:
                message = self.exchange(self.serve(head, blobs))
                continue
            if head.get("number") == number:
                break
            message = self.exchange(None)  # the answer to a question that was given up
        self.take(head, blobs)
        self.heard(head)
        if "failure" in head:
            error = exceptions.rebuild(head["failure"])
            error.crossed = True
            raise error
        return self.table.decode(head["result"])

    def message(self, **head):
        """A message of these values, with all that has changed in what is shared."""
        self.table.tidy()
        for name in ("args", "result"):
            if name in head:
                head[name] = self.table.encode(head[name])
        told, drops, blobs = self.table.changes()
        head |= {"told": told, "drops": drops, **self.context(blobs)}
        return pack(head, blobs)

    def take(self, head, blobs):
        told, drops = head.get("told"), head.get("drops")
        if not isinstance(told, dict) or not isinstance(drops, list):
            raise Forged("a message without its parts")
        self.table.apply(told, drops, blobs)

    def context(self, blobs):
        """What else the other side should know: each side has its own."""
        return {"grad": torch.is_grad_enabled()}

    def heard(self, head):
        """An answer came: look at what else it tells."""

    # answering

    def serve(self, head, blobs):
        """The answer to a question, as bytes. What is raised here crosses as a failure."""
        number = head.get("number")
        try:
            with self.as_asked(head, blobs):
                self.take(head, blobs)
                args = self.table.decode(head["args"])
                result = self.do(head["ask"], *args)
            return self.message(number=number, result=result, **self.also())
        except Forged:
            raise
        except BaseException as error:
            return self.message(
                number=number, result=None, failure=exceptions.take_apart(error), **self.also()
            )

    def as_asked(self, head, blobs):
        return torch.set_grad_enabled(bool(head.get("grad", True)))

    def also(self):
        return {}

    def do(self, op, *args):
        self.allow(op, *args)
        return getattr(self, f"do_{op}")(*args)

    def allow(self, op, *args):
        """Raises PermissionError if the other side may not ask for that."""

    def do_call(self, f, args, words):
        return f(*args, **words)

    def do_forward(self, model, args, words, watched):
        ran = []
        with contextlib.ExitStack() as hooks:
            for part in model.modules() if watched else ():
                if part is not model:
                    hook = part.register_forward_hook(lambda m, *_: ran.append(m))
                    hooks.callback(hook.remove)
            return model(*args, **words), ran

    def do_method(self, x, name, args, words):
        return getattr(x, name)(*args, **words)

    def do_get(self, x, name):
        return getattr(x, name)

    def do_set(self, x, name, value):
        setattr(x, name, value)

    def do_backward(self, y, grad):
        torch.autograd.backward([y], [grad.to(y.dtype)], retain_graph=True)

    # what stands for the other side's objects

    def describe(self, x):
        return proxies.describe(x, self.table.encode)

    def stand_in(self, key, state):
        if "function" in state:
            return proxies.Function(self.ask, state, self.refuses)
        if "class" in state:
            return proxies.make_class(self.ask, state, self.table.decode, self.refuses)
        if "instance" in state:
            return proxies.make_instance(self.class_of(state))
        raise Forged("an object of an unknown kind")

    def class_of(self, state):
        cls = self.table.decode(state["instance"])
        if not isinstance(cls, type):
            raise Forged("an instance of no class")
        if "bridge" not in vars(cls):  # a class that both sides have: still, the object is there
            cls = proxies.make_class(
                self.ask,
                {"class": cls.__name__, **proxies.about(cls), "made": None, "attributes": {}},
                self.table.decode,
            )
        return cls

    def renew(self, x, state):
        proxies.renew(x, state, self.table.decode)

    def connect(self, numbers, key):
        """A tensor whose gradient goes to the other side."""
        return Crossing.apply(self, key, numbers, self.anchor)


class Crossing(torch.autograd.Function):
    """A tensor that the other side has computed: there the gradient goes on, as far as it leads."""

    @staticmethod
    def forward(ctx, endpoint, key, numbers, anchor):
        ctx.endpoint, ctx.key = endpoint, key
        ctx.pin = endpoint.table.pins[key] = Pin()
        return numbers

    @staticmethod
    def backward(ctx, grad):
        ctx.endpoint.ask("backward", ctx.endpoint.table.objects[ctx.key], grad)
        return None, None, None, None


class Pin:
    """Lives as long as a graph does."""
