"""Honest but much, or unusual: right answers beside it keep their points, and the machine its memory."""

from tests.autograder.corpus.case import HONEST, case


@case(HONEST)
def loud_to_the_end(paper):
    """24 cells that each write as much as a cell may to file 1."""
    for _ in range(24):
        paper.add("import os\nfor _ in range(64):\n    os.write(1, b'x' * 65536)")


@case(HONEST)
def millions_of_emoji(paper):
    """One `print` of four million emoji."""
    paper.add("print('\\N{GRINNING FACE}' * 4_000_000)")


@case(HONEST)
def page_tables(paper):
    """Maps 600 GB and reads them once each 2 MB: memory for page tables, which no process shows."""
    paper.add(
        "import mmap\nkept = []\nfor _ in range(20):\n"
        "    kept.append(mmap.mmap(-1, 30 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ))\n"
        "    for at in range(0, 30 << 30, 2 << 20):\n        kept[-1][at]"
    )


@case(HONEST)
def socket_buffers(paper):
    """Eight processes that fill 110 pairs of sockets each, and wait."""
    paper.add(
        "import os, socket, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        for pair in [socket.socketpair() for _ in range(110)]:\n"
        "            for end in pair:\n                end.setblocking(False)\n"
        "                try:\n                    while True: end.send(bytes(100_000))\n"
        "                except BlockingIOError: pass\n"
        "        time.sleep(60)\n        os._exit(0)\ntime.sleep(3)"
    )


@case(HONEST)
def flood_of_messages(paper):
    """A cell that talks to the grader without end, in small messages that mean nothing."""
    paper.add(
        "import os\nmessage = 1000 * (b'x' + (0).to_bytes(8, 'big'))\nwhile True:\n    os.write(3, message)"
    )


@case(HONEST)
def slow_after_late_ones(paper):
    """Two cells of the student's own that never end, then one of four seconds with a helper in it."""
    for _ in range(2):
        paper.add("while True:\n    pass", before="limit-text")
    paper.add("import time\ntime.sleep(4)\nfactor = 2", before="limit-text")
    paper.body("limit", "return factor / curvatures.max().item()")


@case(HONEST)
def compiled_helper(paper):
    """A helper under `@torch.compile`, with no compiler on the grading machine."""
    paper.add(
        "@torch.compile\ndef scaled(g, lr):\n    return lr * g * torch.ones(())", before="sgd-text"
    )
    paper.body("sgd-step", "p.sub_(scaled(p.grad, group['lr']))")


@case(HONEST)
def all_memory_held(paper):
    """A cell that takes memory until there is none, swallows the error, and keeps what it has."""
    paper.add(
        "hoard = []\ntry:\n    while True:\n        hoard.append(torch.ones(2**22))\n"
        "except (RuntimeError, MemoryError):\n    pass"
    )
    paper.body("limit", "spare = torch.ones(2**27)\nreturn 2 / curvatures.max().item()")


@case(HONEST)
def drive_in_an_answer(paper):
    """`drive.mount` and `input()` in answer cells, as on Colab."""
    paper.before("axpy", "from google.colab import drive\ndrive.mount('/content/drive')")
    paper.before("limit", "who = input('Your name? ')")


@case(HONEST)
def pools_and_threads(paper):
    """Answers that compute in a `Pool` and in a `ThreadPoolExecutor`."""
    paper.add("def largest(x):\n    return x.max().item()", before="limit-text")
    paper.body(
        "limit",
        "from concurrent.futures import ThreadPoolExecutor\nfrom multiprocessing import Pool\n"
        "with ThreadPoolExecutor(2) as pool:\n    one = next(pool.map(largest, [curvatures]))\n"
        "with Pool(2) as pool:\n    two = pool.map(largest, [curvatures])[0]\n"
        "assert one == two\nreturn 2 / one",
    )


@case(HONEST)
def compares_with_torchs(paper):
    """`from torch.optim import SGD` at the head of an answer, to compare with."""
    paper.before("sgd-step", "from torch.optim import SGD")
