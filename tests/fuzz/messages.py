"""Messages across the bridge, and answers that misbehave while they are judged.

Three kinds, each drawn from a seed:

bytes    a message cut off, spliced, with another length, or of random bytes, given to `unpack` and to
         the judge's end in the place of an answer
lies     a well-formed message whose parts do not fit: keys that nobody gave, shapes that are not
         those of the bytes, things in themselves, classes that derive from what they do not
answers  student's code whose objects change between two looks, raise in every method, or lie about
         their shape, type and length, used by tests in many ways

What must hold for each: the judge ends it with `Forged`, `Gone`, or what a test may raise, within a
second of computing; no test passes that asserts a number which the answer does not have; nothing of
the judge is changed; and the next honest question is answered.
"""

import json
import random
import struct
import time

import torch

from autograder.bridge.messages import Forged, pack, unpack
from autograder.judge import comparisons
from autograder.judge.judge_end import Gone, JudgeEnd
from autograder.sandbox import Limits

SECONDS = 2.0  # of computing, that one message may cost the judge
WORDS = ("m t s c n l w list dict tensor shape stride needs grad blob function class instance fields "
         "takes own torchs family bases methods special made attributes ask number args result told "
         "drops failure names text frames printed borrowed returned default graph parameter moved")  # fmt: skip
LOADED = (
    *(
        "torch.optim.sgd:SGD",
        "torch:SymFloat",
        "builtins:eval",
        "torch:load",
        "device:cpu",
        "torch:float64",
    ),
    *(
        "utils.optim:Optim",
        "torch.nn.modules.linear:Linear",
        "os:system",
        ":",
        "torch:",
        "s1",
        "j1",
        "s99",
        "",
    ),
)


class Answering:
    """In the place of a student's process: gives the bytes that it was told to give.

    Args:
        reply: bytes → bytes, from the judge's question to the answer.
    """

    def __init__(self, reply):
        self.reply, self.limits, self.alive = reply, Limits(), True
        self.message = b""

    def post(self, message):
        self.message = bytes(message)

    def wait(self, seconds):
        return self.reply(self.message)


class Draw:
    """Random parts of messages."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        """Something that JSON can hold: usual, odd, large, or deep."""
        pick = self.random.random()
        if depth > 4 or pick < 0.4:
            return self.scalar()
        if pick < 0.6:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        if pick < 0.95:
            return {self.key(): self.value(depth + 1) for _ in range(self.random.randrange(4))}
        deep = self.scalar()
        for _ in range(self.random.choice((10, 100, 300))):
            deep = [deep]
        return deep

    def scalar(self):
        usual = (
            None,
            True,
            False,
            0,
            1,
            -1,
            3,
            0.5,
            1e308,
            2**63,
            2**70,
            "x",
            "é" * 5,
            "x" * 10_000,
        )
        return self.random.choice((*usual, *LOADED))

    def key(self):
        return self.random.choice((*WORDS.split(), "x", "__class__", "s1", "j1"))

    def state(self):
        """What may be told of an object, with parts that are not as they should be."""
        word = self.random.choice
        made = word(
            (
                {"tensor": "float32", "shape": [2], "stride": [1], "needs": False, "grad": None, "blob": 0},
                {"tensor": "float64", "shape": [0, 2], "stride": [2, 1], "needs": True, "grad": {"m": "s1"}, "blob": 0},
                {"list": [{"m": "s1"}, 1, {"m": "s2"}]},
                {"dict": [[1, {"m": "s1"}], ["x", {"t": [1, 2]}]], "default": False},
                {"function": "f", "takes": [["x", "", False]], "own": None},
                {"class": "C", "family": "optimizer", "torchs": [], "bases": ["utils.optim:Optim"], "methods": ["step"], "special": [], "made": None, "attributes": {}},
                {"instance": {"m": "s1"}, "fields": {}},
                {"instance": {"l": "torch.nn.modules.linear:Linear"}, "fields": {"training": True, "parameters": {}, "buffers": {}, "modules": {}, "plain": {}}},
            )
        )  # fmt: skip
        made = dict(made)
        for _ in range(self.random.choice((0, 0, 0, 1, 2))):
            made[self.random.choice((*made, self.key()))] = self.value(2)
        if self.random.random() < 0.1:
            made.pop(self.random.choice(list(made)))
        return made

    def answer(self, number):
        """A message of the student's side, with lies in it: (head, blobs)."""
        keys = ["s1", "s2", "s3"][: self.random.randrange(1, 4)]
        if self.random.random() < 0.15:
            keys.append(self.random.choice(("j1", "j2", "x", "")))
        head = {
            "number": number,
            "told": {key: self.state() for key in keys},
            "drops": self.random.choice((*[[]] * 8, ["j1"], ["s1"], [1], "s1", None)),
            "grad": True,
            "result": self.random.choice(({"m": "s1"}, {"m": "j1"}, self.value())),
        }
        if self.random.random() < 0.2:
            head["failure"] = self.random.choice(
                (
                    self.value(),
                    {
                        "names": ["ValueError"],
                        "text": "x",
                        "args": [1],
                        "frames": [["f", 1, "g", "x"]],
                    },
                )
            )
        if self.random.random() < 0.2:
            head["ask"] = self.random.choice(("call", "get", "set", "look", "__init__", "ask", 1))
            head["args"] = self.value()
        for _ in range(self.random.randrange(2)):
            head[self.key()] = self.value()
        blobs = [
            bytes(self.random.choice((0, 8, 8, 8, 16, 17)))
            for _ in range(self.random.randrange(1, 3))
        ]
        return head, blobs

    def damaged(self, message):
        """The message, cut, spliced or changed."""
        pick, at = self.random.randrange(6), self.random.randrange(len(message) + 1)
        if pick == 0:
            return message[:at]
        if pick == 1:
            return message[:at] + self.random.randbytes(self.random.randrange(20)) + message[at:]
        if pick == 2:
            return (
                struct.pack(">Q", self.random.choice((0, 1, 2**31, 2**63, 2**64 - 1))) + message[8:]
            )
        if pick == 3:
            return self.random.randbytes(self.random.randrange(200))
        if pick == 4:
            return message[:at] + b"[" * self.random.choice((10, 2000, 100_000)) + message[at:]
        changed = bytearray(message)
        for _ in range(3):
            if changed:
                changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)


def number_of(message):
    """Which question it is."""
    return unpack(message)[0]["number"]


def judged(reply):
    """Ask one question that is answered like this; what came, and the tensor that was lent."""
    lent = torch.arange(3.0)
    end = JudgeEnd(Answering(reply), time.monotonic() + 5)
    end.table.key(lent)
    try:
        return end.ask("look", ["x", lent]), lent
    except (Forged, Gone):
        return None, lent
    except (Exception, SystemExit) as error:  # what the other side says was raised there
        assert getattr(error, "crossed", False) or end.gone, repr(error)
        return None, lent


def check_message(draw):
    """One message, as bytes and as an answer. Raises AssertionError, with the message in it."""
    start = time.process_time()
    sent = []

    def reply(question):
        if len(sent) > 20:  # it goes on asking
            return pack({"number": number_of(question), "told": {}, "drops": [], "result": None})
        message = pack(*draw.answer(1))
        if draw.random.random() < 0.5:
            message = draw.damaged(message)
        sent.append(message)
        return message

    before = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        judged(reply)
    except BaseException as error:
        raise AssertionError(f"{type(error).__name__}: {error}: {sent[-1][:2000]!r}") from error
    assert (torch.get_default_dtype(), torch.is_grad_enabled()) == before, sent
    took = time.process_time() - start
    assert took < SECONDS, f"{took:.1f} s: {sent[-1][:2000]!r}"


# ── answers that misbehave ───────────────────────────────────────────────────────────────────────

ODD = """
class Odd:
    def __init__(self, how): self.__dict__.update(how=how, looks=0)
    def look(self):
        self.__dict__["looks"] += 1
        if "raises" in self.how: raise {error}("odd")
        if "changes" in self.how: return [0, 7, "7", None, [7], True][self.looks % 6]
        return True
    shape = property(lambda self: (7,))
    dtype = property(look)
    __class__ = property(lambda self: float if "type" in self.how else Odd)
    __len__ = lambda self: self.look() and 7
    __iter__ = lambda self: iter([self.look()] * 7)
    __getitem__ = lambda self, at: self.look()
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: self.look() or True
    __hash__ = lambda self: 7
    __bool__ = lambda self: True
    __float__ = lambda self: 7.0
    __int__ = __index__ = lambda self: 7
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = __neg__ = __round__ = lambda self, *a: self
    __call__ = lambda self, *a, **k: self
    def __getattr__(self, name):
        if name[:2] == "__": raise AttributeError(name)
        return self
    __torch_function__ = classmethod(lambda cls, *a, **k: True)
    __array__ = lambda self, *a, **k: None
    __repr__ = __str__ = lambda self: 7 if "text" in self.how else "7"

def f(*args, **words):
    odd = Odd({how!r})
    return {shape}
"""
ERRORS = ("ValueError", "AttributeError", "KeyboardInterrupt", "SystemExit", "GeneratorExit", "RecursionError",
          "StopIteration", "MemoryError")  # fmt: skip
SHAPES = ("odd", "[odd]", "(odd, odd)", "{'a': odd}", "{odd: 1}", "lambda *a: odd", "type(odd)", "iter([odd])",
          "[odd] * 3", "torch.empty(0, 2)", "torch.empty(0)", "torch.ones(1, 2).expand(5, 2)", "float('nan')",
          "torch.ones(2).to_sparse()", "torch.nn.Parameter(torch.empty(0))", "torch.full((2,), float('nan'))",
          "10**400", "2**53 + 1", "'7'", "b'7'", "range(7)", "Ellipsis", "f")  # fmt: skip
TESTS = (
    "assert f(1) == 42",
    "assert f(1) is True",
    "assert type(f(1)) is int and f(1) == 42",
    "assert abs(f(1) - 42) < 1e-6",
    "import math\nassert math.isclose(f(1), 42)",
    "assert torch.allclose(f(1), torch.tensor([42.0, 43.0]))",
    "assert torch.allclose(torch.tensor([[42.0, 43.0]]), f(1))",
    "assert torch.equal(f(1), torch.tensor([42.0, 43.0]))",
    "assert torch.isclose(f(1), torch.tensor([42.0, 43.0])).all()",
    "import numpy as np\nassert np.allclose(f(1), [42.0, 43.0])",
    "import numpy as np\nassert np.isclose(f(1), [42.0, 43.0]).all()",
    "torch.testing.assert_close(f(1), torch.tensor([42.0, 43.0]))",
    "assert f(1).tolist() == [42, 43]",
    "assert f(1)['a'] == 42",
    "assert list(f(1)) == [42, 43]",
    "assert [x for x in f(1)] == [42, 43]",
    "assert f(1)[0] == 42 and f(1)[1] == 43",
    "assert round(f(1), 3) == 42",
    "assert f(1) in (42, 43)",
    "assert 41 < f(1) < 43",
    "assert str(f(1)) == '42'",
    "from utils.check import check_function\ncheck_function(f, lambda x: torch.tensor([42.0, 43.0]), (1,))",
    "from utils.check import check_function\ncheck_function(f, lambda x: 42.0, (1,))",
    "from utils.check import check_function\ncheck_function(f, lambda x: {'a': [42.0]}, (1,))",
    "from utils.check import check_optimizer\ncheck_optimizer(f, torch.optim.SGD, lr=0.1)",
)


def answer(draw):
    """(source of an answer that misbehaves, a test that it does not deserve to pass)."""
    how = draw.random.sample(("raises", "changes", "type", "text"), draw.random.randrange(3))
    source = ODD.replace("{error}", draw.random.choice(ERRORS)).replace("{how!r}", repr(how))
    source = source.replace("{shape}", draw.random.choice(SHAPES))
    return f"import torch\n{source}", draw.random.choice(TESTS)


def check_answer(draw, room):
    """One test of one answer, judged in `room` (see tests/autograder/judge/conftest.py)."""
    source, test = answer(draw)
    said = json.dumps([source, test])
    room.answer(source)
    start = time.process_time()
    with comparisons.installed():
        score = room.test(f"import torch\n{test}")
    assert score.score == 0, said
    took = time.process_time() - start
    assert took < 10 * SECONDS, f"{took:.1f} s: {said}"
    room.answer("def honest(x): return 2 * x")
    if not room.test_cells.judge_end.gone:
        assert room.test("assert honest(3) == 6").score == 1, said


def run(count: int, seed: int = 1) -> None:
    """Draw and judge so many messages, and a twentieth as many answers.

    Raises:
        AssertionError: one of them does not hold; it is in the text.
    """
    from tests.autograder.judge.conftest import Room

    draw = Draw(seed)
    room = Room()
    for number in range(count):
        check_message(draw)
        if number % 20 == 0:
            if room.test_cells.judge_end.gone:
                room = Room()
            check_answer(draw, room)
        if number % 10_000 == 9_999:
            print(f"{number + 1} messages", flush=True)
