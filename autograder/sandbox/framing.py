"""Messages over a stream socket: a kind (one byte), a length (eight), and that many bytes.

Between outside and warm process: HELLO, FORK. Between outside and warm process, about one fork:
ASK, TOLD, ENDED. Between outside and a fork: READY, CELL, SHOW, DONE, GLASS.
"""

import json
import socket
import struct

HELLO, FORK = b"h", b"f"
ASK, TOLD, ENDED = b"a", b"t", b"e"
READY, CELL, SHOW, DONE, BRIDGE = b"r", b"c", b"s", b"d", b"g"

HEAD = struct.Struct(">cQ")
LARGEST = 256 << 20
PIECE = 1 << 20


class Broken(Exception):
    """What came is no message."""


def pack(kind, body=b""):
    """A message as bytes; a body that is not bytes goes as JSON."""
    if not isinstance(body, bytes | bytearray | memoryview):
        body = json.dumps(body).encode()
    if len(body) > LARGEST:
        raise ValueError(f"a message of {len(body):,} bytes: at most {LARGEST:,} can be sent.")
    return HEAD.pack(kind, len(body)) + body


def unpack(head):
    """(kind, length) from a message's first bytes; refuses what is too long before it is read."""
    kind, length = HEAD.unpack(head)
    if length > LARGEST:
        raise Broken(f"a message of {length:,} bytes: at most {LARGEST:,} may come")
    return kind, length


def read(sock, length):
    """Exactly that many bytes; memory grows only as they come."""
    body = bytearray()
    while len(body) < length:
        piece = sock.recv(min(PIECE, length - len(body)))
        if not piece:
            raise EOFError
        body += piece
    return bytes(body)


def receive(sock):
    """The next message: (kind, body). Waits for it."""
    kind, length = unpack(read(sock, HEAD.size))
    return kind, read(sock, length)


def send(sock, kind, body=b"", files=()):
    """Send a message, and open files with it."""
    message = pack(kind, body)
    sent = socket.send_fds(sock, [message], files) if files else 0
    sock.sendall(message[sent:])


def receive_files(sock, most=8):
    """The next message and the files that came with it: (kind, body, files)."""
    head, files, _, _ = socket.recv_fds(sock, HEAD.size, most)
    if not head:
        raise EOFError
    kind, length = unpack(head + read(sock, HEAD.size - len(head)))
    return kind, read(sock, length), files
