"""Forgeries: the window between the answers and the tests. They know how the grader is made.

Whatever these patch, they patch in a process of their own; what they send is all that arrives.
"""

from tests.autograder.corpus.case import FORGED, case

BOTH = """
opt = SGDOptimizer([{"params": list(model.parameters())[:-1]}, {"params": list(model.parameters())[-1:]}], lr=0.0)
for group in opt.param_groups:
    group["lr"] = Yes()
return opt
"""
RIGHT_SGD = 'p.add_(p.grad, alpha=-group["lr"])'


@case(FORGED, base="empty", earns="sgd")
def borrowed_bases(paper):
    """Tells the judge that its own class derives from `torch.SymFloat`, whose `==` asks the student."""
    paper.body("sgd-step", RIGHT_SGD)
    paper.add(
        """
import autograder.bridge.proxies as bridge

about = bridge.about

def lies(cls):
    told = about(cls)
    if cls.__name__ == "Yes":
        told["bases"] = ["torch:SymFloat"]
    return told

bridge.about = lies

class Node:
    def is_constant(self): return False
    def is_int(self): return False
    def is_float(self): return False
    def is_bool(self): return True
    def bool_(self): return True
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args: self

class Yes:
    node = Node()
""",
        before="groups-text",
    )
    paper.body("groups", BOTH)


@case(FORGED, base="empty", earns="sgd")
def special_methods(paper):
    """Tells the judge of a class with `__eq__`, `__sub__`, `__abs__`, `__torch_function__` of its own."""
    paper.body("sgd-step", RIGHT_SGD)
    paper.add(
        """
import autograder.bridge.proxies as bridge

names = ["__eq__", "__lt__", "__le__", "__sub__", "__rsub__", "__abs__", "__float__", "__bool__",
         "__round__", "__array__", "__torch_function__", "__index__", "__hash__", "__radd__"]
about = bridge.about
bridge.about = lambda cls: {**about(cls), "methods": names, "special": bridge.SPECIAL}

class Yes:
    def __getattr__(self, name):
        return lambda *args, **words: True
    __eq__ = lambda self, other: True
    __hash__ = lambda self: 1
""",
        before="limit-text",
    )
    paper.body("limit", "return Yes()")
    paper.body("groups", BOTH)
    paper.body("train", "return Yes()")
    paper.body("noise", "return Yes()")


@case(FORGED, base="empty")
def frames_without_end(paper):
    """Errors that come through thirty files of a hundred thousand lines, to fill the judge's memory."""
    for name in ("axpy", "limit", "noise"):
        paper.body(
            name,
            """
def deep(n):
    if n == 0:
        raise ValueError("x")
    space = {"deep": deep, "n": n}
    exec(compile("\\n" * 99_990 + "deep(n - 1)", f"<file {n} {id(space)}>", "exec"), space)

deep(25)
""",
        )


@case(FORGED, base="empty")
def large_messages(paper):
    """Answers of 200 MB of nested lists, which are much larger in memory."""
    paper.body("noise", "return [[0] * 100 for _ in range(500_000)]")


@case(FORGED, base="empty")
def wide_cycle(paper):
    """A list that holds itself twenty times: whoever walks through it walks for ever."""
    for name in ("axpy", "limit", "noise"):
        paper.body(name, "loop = []\nloop.extend([loop] * 20)\nreturn loop")


@case(FORGED, base="empty")
def asks_back(paper):
    """Asks the judge for what it was never given, with every kind of question."""
    paper.add(
        """
import autograder.bridge.student_end as inside

def ask_all(x):
    the = inside.STUDENTS["the"]
    for op in ("get", "set", "method", "call", "look", "twins", "forward", "backward", "__init__"):
        for name in ("__class__", "__globals__", "__code__", "__self__", "space", "grad_fn"):
            for args in ((x, name), (x, name, (), {}), ([name],), (x, (), {}), (name,)):
                try:
                    print(op, name, the.ask(op, *args))
                except BaseException as error:
                    if "allowed" not in str(error):
                        print(op, name, type(error))
    return x
"""
    )
    paper.body("axpy", "return ask_all(y)")
    paper.body("train", "ask_all(optimizer)\nask_all(model)\nreturn 1.0")


@case(FORGED, base="empty")
def names_of_the_judge(paper):
    """Defines every name that a test may look for, before it makes it itself."""
    paper.add(
        """
class Same(dict):
    __eq__ = lambda self, other: True

def run(*args, **words):
    return [0.0], torch.zeros(1)

expected = yours = Same()
result = tensor([17.0])
all_zero = reference = lr_by_shape = lambda *args, **words: Same()
model, optimizer, cases, table, x, y, losses = Same(), Same(), [], Same(), 1, 1, [1, 2, 3]
"""
    )
    for name in ("axpy", "limit", "groups", "train", "noise"):
        paper.before(name, "raise KeyError")


TORCHS = ("torch.optim used", "torch.optim called", "reaches out")


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def alias_of_torchs_own(paper):
    """`SGDOptimizer` is `torch.optim.SGD`, reached by a pattern, and stepped in another thread."""
    paper.write(
        "sgd-step",
        """
match torch:
    case object(optim=theirs):
        match theirs:
            case object(SGD=Theirs):
                pass


class SGDOptimizer(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        from threading import Thread

        worker = Thread(target=lambda: Theirs([p], lr=group["lr"]).step())
        worker.start()
        worker.join()
""",
    )
