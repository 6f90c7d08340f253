"""A message: a length, a header in JSON, and blobs of raw bytes."""

import json
import struct

LENGTH = struct.Struct(">Q")


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
