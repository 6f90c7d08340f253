"""Messages come whole, or not at all."""

import socket
import struct
import threading

import pytest

from autograder.sandbox import framing


@pytest.fixture
def pair():
    both = socket.socketpair()
    yield both
    for one in both:
        one.close()


@pytest.mark.parametrize("body", [b"", b"x", b"\0" * 3_000_000])
def test_what_is_sent_is_received(pair, body):
    sender = threading.Thread(target=framing.send, args=(pair[0], framing.BRIDGE, body))
    sender.start()
    assert framing.receive(pair[1]) == (framing.BRIDGE, body)
    sender.join()


def test_what_is_not_bytes_goes_as_json(pair):
    framing.send(pair[0], framing.CELL, {"a": 1})
    assert framing.receive(pair[1]) == (framing.CELL, b'{"a": 1}')


def test_open_files_come_along(pair, tmp_path):
    with open(tmp_path / "x", "w+") as file:
        framing.send(pair[0], framing.FORK, b"take", [file.fileno()])
    kind, body, (number,) = framing.receive_files(pair[1])
    with open(number, "w") as file:
        file.write("here")
    assert (kind, body, (tmp_path / "x").read_text()) == (framing.FORK, b"take", "here")


def test_too_long_a_message_is_refused_before_a_byte_of_it_is_kept(pair):
    pair[0].sendall(struct.pack(">cQ", b"g", framing.LARGEST + 1))
    with pytest.raises(framing.Broken, match="268,435,457 bytes: at most 268,435,456"):
        framing.receive(pair[1])


def test_too_long_a_message_is_not_sent(monkeypatch):
    monkeypatch.setattr(framing, "LARGEST", 10)
    with pytest.raises(ValueError, match="11 bytes: at most 10"):
        framing.pack(framing.BRIDGE, b"x" * 11)


def test_half_a_message_is_an_end(pair):
    pair[0].sendall(struct.pack(">cQ", b"g", 100) + b"x" * 50)
    pair[0].close()
    with pytest.raises(EOFError):
        framing.receive(pair[1])
