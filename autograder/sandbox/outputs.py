"""What a cell shows, as a notebook holds it, within bounds. Nothing that comes in is believed."""

import codecs
import io
import json
import math

LARGEST_PIECE = 32 << 20
DEEPEST = 40


class Nonsense(Exception):
    """What came is no output."""


class Outputs:
    """Collects the outputs of one cell.

    Args:
        size: bytes of text and pictures that are kept.
        pieces: how many outputs are kept.
    """

    def __init__(self, size, pieces):
        self.size, self.pieces = size, pieces
        self.left = size
        self.made, self.names = [], {}
        self.full = self.clearing = False
        self.decoders = {
            name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")
        }

    @property
    def used(self):
        """How many bytes have been kept so far."""
        return self.size - self.left

    def raw(self, name, piece, final=False):
        """Bytes that were written to file 1 or 2 directly."""
        self.stream(name, self.decoders[name].decode(piece, final))

    def event(self, body):
        """A piece as the student's process sends it. Raises Nonsense."""
        if len(body) > LARGEST_PIECE:
            raise Nonsense(f"an output of {len(body):,} bytes")
        try:
            found = clean(json.loads(body, parse_constant=lambda _: None))
            kind = found["type"]
            if kind == "stream" and found["name"] in ("stdout", "stderr"):
                self.stream(found["name"], text(found["text"]))
            elif kind == "full":
                self.full = True
            elif kind == "clear":
                self.clear(found["wait"])
            elif kind == "error":
                lines = [text(line) for line in found["traceback"]]
                self.error(text(found["ename"]), text(found["evalue"]), lines, len(body))
            elif kind in ("display", "result"):
                self.rich(found, len(body))
            else:
                raise Nonsense("an output of no kind")
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise Nonsense(f"an output that is none ({type(error).__name__})") from error

    def stream(self, name, words):
        if not words or self.full:
            return
        whole = size_of(words) <= self.left
        if not whole:
            words = beginning(words, self.left)
        self.left -= size_of(words)
        self.pause()
        last = self.made[-1] if self.made else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"].write(words)
        elif self.room(0):
            text = io.StringIO()  # a list of pieces of one character takes 60 times their size
            text.write(words)
            self.made.append({"output_type": "stream", "name": name, "text": text})
        self.full = self.full or not whole

    def rich(self, found, size):
        data = {str(kind): value for kind, value in dict(found["data"]).items()}
        if found["type"] == "result":
            made = dict(output_type="execute_result", data=data, metadata=dict(found["metadata"]))
            made["execution_count"] = None if found["count"] is None else int(found["count"])
            self.add(made, size)
            return
        name = found["id"]
        if found["update"]:
            if name in self.names and self.room(size):
                self.names[name].update(data=data, metadata=dict(found["metadata"]))
            return
        made = dict(output_type="display_data", data=data, metadata=dict(found["metadata"]))
        if self.add(made, size) and isinstance(name, str):
            self.names[name] = made

    def error(self, name, value, lines, size=0):
        made = dict(output_type="error", ename=name, evalue=value, traceback=lines)
        if not self.add(made, size) and not any(one["output_type"] == "error" for one in self.made):
            short = {**made, "evalue": value[:1000], "traceback": []}
            self.made.append(short)  # that it failed is worth more than what it printed

    def add(self, made, size):
        self.pause()
        if not self.room(size):
            return False
        self.made.append(made)
        return True

    def room(self, size):
        """Is there room for one more? If so, it is taken."""
        if len(self.made) >= self.pieces or size > self.left:
            self.full = True
        if self.full:
            return False
        self.left -= size
        return True

    def clear(self, wait):
        if wait:
            self.clearing = True
        else:
            self.made.clear()
            self.names.clear()

    def pause(self):
        """clear_output(wait=True) clears when the next output comes."""
        if self.clearing:
            self.clearing = False
            self.clear(False)

    def taken(self):
        """The outputs, as nbformat 4 has them; what did not fit is told."""
        for name in self.decoders:
            self.raw(name, b"", final=True)
        made = [
            {**one, "text": one["text"].getvalue()} if one["output_type"] == "stream" else one
            for one in self.made
        ]
        if self.full:
            note = (
                f"[There was more: of what this cell shows {self.size:,} bytes "
                f"and {self.pieces:,} pieces are kept.]\n"
            )
            made.append({"output_type": "stream", "name": "stderr", "text": note})
        return made


def size_of(words):
    """Bytes of a text in UTF-8."""
    return len(words) if words.isascii() else len(words.encode("utf-8", "replace"))


def beginning(words, size):
    """As many whole characters of a text as fit into `size` bytes of UTF-8."""
    return words[:size].encode("utf-8", "replace")[:size].decode("utf-8", "ignore")


def text(value):
    if not isinstance(value, str):
        raise TypeError
    return value


def clean(value, depth=0):
    """The same with no half characters, no infinite numbers, and not too deep."""
    if depth > DEEPEST:
        raise Nonsense("an output too deep")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [clean(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {clean(key): clean(one, depth + 1) for key, one in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
