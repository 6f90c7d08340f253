"""What both sides share, by key: lists, dicts, tensors; and objects for which there are stand-ins.

A shared object has a state: plain JSON, and raw bytes if it is a tensor. Each side remembers the
state that both know (`seen`). `changes` gives what is different by now, `apply` takes it in, in
place. An object that only the table still holds is dropped on both sides.
"""

import sys
from collections import defaultdict
from weakref import WeakValueDictionary

import numpy as np
import torch

from autograder.bridge import importable, tensors
from autograder.bridge.messages import Forged, weight

MOST = 100_000  # objects that may be shared at a time
HELD_BY_US = 3  # references to an object that nobody else has: table, variable, argument


class Reshaped(AssertionError):
    """The other side gave a parameter of ours another shape or number type."""

    mistakes = ("a parameter has another shape",)


def reshaped(x, state):
    was, now = tuple(x.shape), tuple(state["shape"])
    if was != now:
        return f"A parameter of shape {was} was given the shape {now}: only its numbers may change."
    return f"A parameter of {x.dtype} was given the type {state['tensor']}: only its numbers may change."


class Registry:
    """The shared objects of one side.

    Args:
        letter: of this side; the other's keys begin with another one.
        describe: object → its state, for what is no list, dict or tensor.
        stand_in: (key, state) → what stands here for an object of the other side.
        renew: (stand-in, state): its state has changed.
        connect: (tensor, key) → the same numbers as a tensor whose gradient goes to the other side.
        twins: name → class or function that both sides have made from the same given cell.
    """

    def __init__(self, letter, describe, stand_in, renew, connect, twins):
        self.letter, self.twins = letter, twins
        self.describe, self.stand_in, self.renew = describe, stand_in, renew
        self.connect = connect
        self.objects, self.keys, self.seen, self.places = {}, {}, {}, {}
        self.live = {}  # those of the objects whose state can change
        self.fixed = {}  # those that stay as they are
        self.graphs = set()  # keys of tensors that autograd has computed: they may be many
        self.messages = 0
        self.count, self.new, self.dropped = 0, [], []
        self.coming, self.blobs = {}, []  # what the message that is being taken in tells
        self.pins = WeakValueDictionary()
        """Key → something that lives as long as the graph behind that tensor."""

    # values: what stands in a message for a thing

    def encode(self, x):
        """A value as JSON; lists, dicts, tensors and objects as their keys."""
        if x is None or type(x) in (bool, int, float, str):
            return x
        if isinstance(x, tuple):
            return {"t": [self.encode(part) for part in x]}
        if isinstance(x, (list, dict, torch.Tensor)):
            return {"m": self.key(x)}
        if isinstance(x, (set, frozenset)):
            return {"s": [self.encode(part) for part in x]}
        if isinstance(x, (bool, int, float, str)):  # a class derived from one of these
            plain = next(t for t in (bool, int, float, str) if isinstance(x, t))
            return plain(x)
        if isinstance(x, complex):
            return {"c": [x.real, x.imag]}
        if isinstance(x, np.generic):
            return self.encode(x.item())
        if isinstance(x, np.ndarray):
            return {"n": self.key(torch.from_numpy(np.ascontiguousarray(x).copy()))}
        name = importable.name_of(x, trusting=self.letter == "j")
        if name is not None:
            return {"l": name}
        for name, twin in self.twins.items():
            if twin is x:
                return {"w": name}
        return {"m": self.key(x)}

    def decode(self, value):
        """The thing that a value stands for.

        Raises:
            Forged: there is no such thing.
        """
        if value is None or type(value) in (bool, int, float, str):
            return value
        try:
            ((kind, what),) = value.items()
            if kind == "m":
                return self.object(what)
            if kind == "t":
                return tuple(self.decode(part) for part in what)
            if kind == "s":
                return {self.decode(part) for part in what}
            if kind == "c":
                return complex(*map(float, what))
            if kind == "n":
                return self.objects[what].detach().numpy().copy()
            if kind == "l":
                return importable.thing(what, trusting=self.letter == "s")
            if kind == "w":
                return self.twins[what]
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise Forged(f"no value: {type(error).__name__}") from error
        raise Forged("a value of an unknown kind")

    def object(self, key):
        """The object with this key, which may just be coming in."""
        if key not in self.objects and key in self.coming:
            if self.ours(key):
                raise Forged("a key of ours that we never gave")
            self.enter(key, self.make(key, self.coming[key], self.blobs))
        return self.objects[key]

    def key(self, x):
        """The key of an object; a new one if it has not crossed yet."""
        known = self.keys.get(id(x))
        if known is not None and self.objects[known] is x:
            return known
        self.count += 1
        key = f"{self.letter}{self.count}"
        self.enter(key, x)
        self.new.append(key)
        return key

    def enter(self, key, x):
        self.objects[key], self.keys[id(x)] = x, key
        if isinstance(x, torch.Tensor) and x.grad_fn is not None:
            self.graphs.add(key)
        else:
            (self.live if self.can_change(key, x) else self.fixed)[key] = x

    def forget(self, key):
        x = self.objects.pop(key, None)
        self.keys.pop(id(x), None)
        self.graphs.discard(key)
        for known in (self.seen, self.places, self.live, self.fixed):
            known.pop(key, None)

    def ours(self, key):
        return key[0] == self.letter

    # states

    def changes(self):
        """(objects, drops, blobs): all that the other side does not know yet."""
        blobs, told = [], {}
        todo, self.new = [*self.live, *self.new], []
        done = set()
        while todo:
            key = todo.pop()
            if key in done or key not in self.objects:
                continue
            done.add(key)
            x = self.objects[key]
            state, data = self.state(x)
            if self.seen.get(key) != (state, data):
                first = key not in self.seen
                self.seen[key] = state, data
                told[key] = state
                if data is not None:
                    told[key] = {**state, "blob": len(blobs), **self.layout(key, x, first)}
                    blobs.append(data)
            if self.new:
                todo += self.new
                self.new = []
        drops, self.dropped = self.dropped, []
        return told, drops, blobs

    def can_change(self, key, x):
        """Is this to be looked at before each message? For a stand-in its owner does that."""
        if isinstance(x, torch.nn.Module):
            return self.ours(key)
        return isinstance(x, (list, dict, torch.Tensor))

    def state(self, x):
        """(JSON, raw bytes or None)."""
        if isinstance(x, torch.Tensor):
            return tensors.state(x, self.encode)
        if isinstance(x, list):
            return {"list": [self.encode(part) for part in list.__iter__(x)]}, None
        if isinstance(x, dict):
            pairs = [[self.encode(k), self.encode(v)] for k, v in dict.items(x)]
            return {"dict": pairs, "default": isinstance(x, defaultdict)}, None
        return self.describe(x), None

    def layout(self, key, x, first):
        """What is told of a tensor's memory: at first how it lies, later whether it is new."""
        place = x.data_ptr()
        moved = not first and place != self.places.get(key, place)
        self.places[key] = place
        if not first:
            return {"moved": True} if moved else {}
        told = {"stride": list(x.stride())}
        if isinstance(x, torch.nn.Parameter):
            told["parameter"] = True
        if x.grad_fn is not None and self.ours(key):
            told["graph"] = True
        return told

    def apply(self, told, drops, blobs):
        """Take in what the other side told.

        Raises:
            Forged: it does not fit what is there.
        """
        try:
            for key in drops:
                self.forget(key)
            fresh = {key for key in told if key not in self.objects}
            if len(self.objects) + len(fresh) > MOST:
                raise Forged("too many objects")
            self.coming, self.blobs = told, blobs
            for key in told:
                self.object(key)
            for key, state in told.items():
                self.fill(key, state, blobs, key in fresh)
            known = {}
            for key in told:
                weight(self.objects[key], known)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise Forged(f"no state: {type(error).__name__}: {error}") from error
        finally:
            self.coming, self.blobs = {}, []

    def make(self, key, state, blobs):
        if "list" in state:
            return []
        if "dict" in state:
            return defaultdict(dict) if state["default"] else {}
        if "tensor" not in state:
            return self.stand_in(key, state)
        x = tensors.made(state, blobs)
        if state.get("parameter"):
            return torch.nn.Parameter(x, requires_grad=bool(state["needs"]))
        if state.get("graph") and torch.is_grad_enabled():
            return self.connect(x, key)
        return x.requires_grad_(bool(state["needs"]))

    def fill(self, key, state, blobs, first):
        x = self.objects[key]
        if "list" in state and isinstance(x, list):
            x[:] = [self.decode(part) for part in state["list"]]
        elif "dict" in state and isinstance(x, dict):
            pairs = [(self.decode(k), self.decode(v)) for k, v in state["dict"]]
            dict.clear(x)
            dict.update(x, pairs)
        elif "tensor" in state and isinstance(x, torch.Tensor):
            self.fill_tensor(key, x, state, blobs, first)
            self.places[key] = x.data_ptr()
            keep = {name: state[name] for name in ("tensor", "shape", "needs", "grad")}
            keep["needs"] = x.requires_grad
            self.seen[key] = keep, bytes(blobs[state["blob"]])
            return
        elif not self.ours(key) and not {"list", "dict", "tensor"} & state.keys():
            self.renew(x, state)
            return
        else:
            raise Forged("something became something else")
        self.seen[key] = self.state(x)

    def fill_tensor(self, key, x, state, blobs, first):
        with torch.no_grad():
            if not first:
                if self.ours(key) and x.is_leaf and x.requires_grad and tensors.unlike(x, state):
                    raise Reshaped(reshaped(x, state))
                if state.get("moved") or tensors.unlike(x, state):
                    x.data = tensors.numbers(state, blobs)
                elif blobs[state["blob"]] != self.seen[key][1]:
                    x.copy_(tensors.numbers(state, blobs))
            needs = bool(state["needs"])
            if x.is_leaf and x.requires_grad != needs:
                x.requires_grad_(needs)
            if x.is_leaf:
                grad = self.decode(state["grad"])
                if x.grad is not grad:
                    x.grad = grad

    def tidy(self):
        """Drop what only the table holds. Those with a graph are looked at more seldom."""
        self.messages += 1
        grads = set()
        for x in self.live.values():
            if isinstance(x, torch.Tensor) and x.grad is not None:
                grads.add(id(x.grad))
        x = None
        still = () if self.messages % 100 else list(self.graphs)
        for key in [*self.live, *self.fixed, *still]:
            x = self.objects[key]
            held = HELD_BY_US + (key not in self.graphs)
            if sys.getrefcount(x) > held or id(x) in grads or key in self.pins:
                continue
            plain = isinstance(x, (list, dict, torch.Tensor))
            if self.ours(key) and not (plain and getattr(x, "grad_fn", None) is None):
                continue  # the other side may have a stand-in for it
            self.forget(key)
            self.dropped.append(key)
