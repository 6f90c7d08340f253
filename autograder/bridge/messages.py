"""A message: a length, a header in JSON, and blobs of raw bytes."""

import json
import struct

LENGTH = struct.Struct(">Q")
DEEPEST, MOST_THINGS = 200, 10**7  # of lists and dicts in each other


class Forged(Exception):
    """A message that no honest other side would send."""


def pack(head, blobs=()):
    """(JSON-able dict, blobs) → bytes."""
    text = json.dumps({**head, "blobs": [len(b) for b in blobs]}).encode()
    return b"".join([LENGTH.pack(len(text)), text, *blobs])


def unpack(message):
    """bytes → (dict, list of memoryviews).

    Raises:
        Forged: the parts do not fit together.
    """
    message = memoryview(message)
    try:
        (length,) = LENGTH.unpack(message[: LENGTH.size])
        at = LENGTH.size + length
        head = json.loads(bytes(message[LENGTH.size : at]))
        sizes = head.pop("blobs")
        blobs = []
        for size in sizes:
            if type(size) is not int or size < 0 or at + size > len(message):
                raise Forged("a blob that is longer than its message")
            blobs.append(message[at : at + size])
            at += size
    except (struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Forged(f"no message: {type(error).__name__}") from error
    if at != len(message) or not isinstance(head, dict):
        raise Forged("a message with something behind its end")
    return head, blobs


def weight(x, known, depth=0):
    """How many things there are in a list or dict, counted as often as they are met.

    Raises:
        Forged: it contains itself, or is so much that nobody should walk through it.
    """
    if not isinstance(x, (list, dict, tuple)):
        return 1
    if id(x) in known:
        if known[id(x)] is None:
            raise Forged("a thing that contains itself")
        return known[id(x)]
    if depth > DEEPEST:
        raise Forged("things in things in things, without end")
    known[id(x)] = None
    parts = list(x.values()) if isinstance(x, dict) else x
    total = 1 + sum(weight(part, known, depth + 1) for part in parts)
    if total > MOST_THINGS:
        raise Forged("more things than anybody can walk through")
    known[id(x)] = total
    return total
