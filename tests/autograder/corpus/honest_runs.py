"""Honest but broken: code that hangs, dies, fills, or shouts. Right answers beside it still count."""

from tests.autograder.corpus.case import HONEST, MOMENTUM, case


@case(HONEST, drawn=True)
def right(paper):
    """All answers are right: for comparison."""


@case(HONEST, base="empty", drawn=True)
def as_released(paper):
    """Nothing was written at all."""


@case(HONEST, "06_mnist", drawn=True)
def right_on_mnist(paper):
    """All answers right where a network is trained on MNIST."""


@case(HONEST, "07_composing", drawn=True)
def right_in_parts(paper):
    """All answers right where optimizers are made of parts."""


@case(HONEST, "08_beyond", drawn=True)
def right_beyond(paper):
    """All answers right, with an optimizer of the student's own."""


# ── it does not end ──────────────────────────────────────────────────────────────────────────────


@case(HONEST, loses="sgd", drawn=True)
def loop_in_step(paper):
    """An infinite loop in `my_step`."""
    paper.body("sgd-step", "while True:\n    pass")


@case(HONEST)
def loop_in_own_cell(paper):
    """An infinite loop in a cell of the student's own."""
    paper.add("n = 0\nwhile True:\n    n += 1")


@case(HONEST)
def loop_that_catches(paper):
    """An infinite loop that catches every exception, Ctrl-C included."""
    paper.add(
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    )


@case(HONEST, loses="noise")
def loop_in_c(paper):
    """An answer that computes in C for hours, where no interrupt comes through."""
    paper.body("noise", "return sum(range(10**14))")


@case(HONEST)
def waits_for_ever(paper):
    """`time.sleep(10**6)` in a cell of the student's own."""
    paper.add("import time\ntime.sleep(10**6)")


@case(HONEST, loses="noise")
def deadlock(paper):
    """An answer that waits for a lock which it holds itself."""
    paper.body("noise", "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()")


@case(HONEST)
def asks_a_question(paper):
    """`input()` in a cell of the student's own."""
    paper.add("name = input('Your name? ')")


@case(HONEST)
def slow_but_fine(paper):
    """A cell that takes three seconds: that is allowed."""
    paper.add("import time\ntime.sleep(3)\nprint('done')")


# ── it dies ──────────────────────────────────────────────────────────────────────────────────────


@case(HONEST, loses="sgd", drawn=True)
def exits_in_step(paper):
    """`os._exit(0)` in `my_step`."""
    paper.body("sgd-step", "import os\nos._exit(0)")


@case(HONEST)
def exits_in_own_cell(paper):
    """`os._exit(1)` in a cell of the student's own."""
    paper.add("import os\nos._exit(1)")


@case(HONEST)
def sys_exit(paper):
    """`sys.exit()` in a cell of the student's own."""
    paper.add("import sys\nsys.exit()")


@case(HONEST)
def quits(paper):
    """`quit()` at the end of a question, left over from a script."""
    paper.add("quit()", before="limit-text")


@case(HONEST, loses="sgd")
def system_exit_in_step(paper):
    """`raise SystemExit` in `my_step`."""
    paper.body("sgd-step", "raise SystemExit")


@case(HONEST, loses="limit")
def segfault_in_answer(paper):
    """An answer that reads address 0."""
    paper.body("limit", "import ctypes\nreturn ctypes.string_at(0)")


@case(HONEST)
def segfault_in_own_cell(paper):
    """A cell of the student's own that reads address 0."""
    paper.add("import ctypes\nctypes.string_at(0)", before="groups-text")


@case(HONEST, MOMENTUM, loses="nesterov", drawn=True)
def calls_itself(paper):
    """`my_step` calls itself without end."""
    paper.body("nesterov", "self.my_step(p, state, group)")


@case(HONEST, loses="noise")
def stack_overflow(paper):
    """Endless recursion with the recursion limit lifted, so that the C stack overflows."""
    paper.body(
        "noise",
        "import sys\nsys.setrecursionlimit(10**9)\nclass Deep:\n    def __repr__(self):\n"
        "        return repr([self])\nreturn repr(Deep())",
    )


@case(HONEST, loses="axpy", harms="takes the memory of the whole machine")
def out_of_memory(paper):
    """An answer that takes more and more memory (up to 16 GB)."""
    paper.body(
        "axpy", "hoard = []\nfor _ in range(64):\n    hoard.append(torch.ones(2**26))\nreturn y"
    )


@case(HONEST, loses="limit")
def one_huge_tensor(paper):
    """An answer that asks for a tensor of 4 TB."""
    paper.body("limit", "return 2 / torch.ones(10**12).max().item()")


@case(HONEST)
def abort_signal(paper):
    """`signal.alarm(1)` and nobody to catch it."""
    paper.add("import signal, time\nsignal.alarm(1)\ntime.sleep(2)")


@case(HONEST)
def own_interrupt(paper):
    """`raise KeyboardInterrupt` in a cell of the student's own."""
    paper.add("raise KeyboardInterrupt")


# ── it is loud ───────────────────────────────────────────────────────────────────────────────────


@case(HONEST, drawn=True)
def warns(paper):
    """A right answer that warns: `warnings.warn` in `axpy_`, the old signature in `my_step`."""
    paper.body("axpy", "import warnings\nwarnings.warn('careful')\nreturn y.add_(x, alpha=a)")
    paper.body("sgd-step", "warnings.warn('a step')\np.add_(p.grad, alpha=-group['lr'])")


@case(HONEST)
def prints_to_stderr(paper):
    """A right answer that prints to stderr."""
    paper.body(
        "limit",
        "import sys\nprint(curvatures, file=sys.stderr)\nreturn 2 / curvatures.max().item()",
    )


@case(HONEST)
def progress_bar(paper):
    """A right `train_step` with a progress bar of tqdm around it."""
    body = """
from tqdm import tqdm
for _ in tqdm(range(1)):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
return loss.item()"""
    paper.body("train", body)


@case(HONEST)
def prints_a_million_lines(paper):
    """A cell that prints a million lines, and an answer that prints at each step."""
    paper.add("for i in range(1_000_000):\n    print('step', i)")
    paper.body("sgd-step", "print(p, p.grad)\np.add_(p.grad, alpha=-group['lr'])")


@case(HONEST)
def huge_picture(paper):
    """A picture of 4000 × 4000 points of noise: some 50 MB."""
    paper.add(
        "import matplotlib.pyplot as plt\nfig = plt.figure(figsize=(40, 40), dpi=100)\n"
        "plt.imshow(torch.rand(4000, 4000), cmap='gray')\nplt.show()"
    )


@case(HONEST)
def thousand_displays(paper):
    """A thousand displays, each updated and cleared."""
    paper.add(
        "from IPython.display import clear_output, display\nfor i in range(1000):\n"
        "    h = display(i, display_id=True)\n    h.update(i + 1)\n    clear_output(wait=i % 2)"
    )


@case(HONEST)
def half_a_character(paper):
    """Prints half a character (a lone surrogate), and a NUL."""
    paper.add("print('\\ud83d')\nprint('a\\x00b')\n'\\udfff'")


@case(HONEST)
def endless_repr(paper):
    """The last value of a cell is an object whose `repr` does not end, and one whose `repr` fails."""
    paper.add("class A:\n    def __repr__(self):\n        return 1 / 0\nA()")
    paper.add("class B:\n    def __repr__(self):\n        return repr(self)\nB()")


@case(HONEST)
def closes_stdout(paper):
    """`sys.stdout.close()`, and `sys.stderr = None`."""
    paper.add("import sys\nsys.stdout.close()\nsys.stderr = None")
