"""Forgeries: time, words for those who read, and behaving well while somebody looks."""

from tests.autograder.corpus.case import FORGED, MOMENTUM, case

# ── time ─────────────────────────────────────────────────────────────────────────────────────────


@case(FORGED, base="empty", earns="limit-one limit-many")
def sleeps_through_hidden_tests(paper):
    """A right answer for the visible tests; from the third call on it never comes back."""
    paper.body(
        "limit",
        "global calls\ncalls = globals().get('calls', 0) + 1\nimport time\nif calls > 2:\n    time.sleep(10**6)\nreturn 2 / curvatures.max().item()",
    )


@case(FORGED, base="empty")
def every_cell_is_slow(paper):
    """Ten cells that each sleep for ever, so that the class has to wait."""
    for _ in range(10):
        paper.add("import time\ntime.sleep(10**6)", before="end")


@case(FORGED, base="empty")
def deaf(paper):
    """Takes all signals and never ends."""
    paper.add(
        "import signal, time\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: time.sleep(1)"
    )


@case(FORGED, base="empty")
def clock_changed(paper):
    """Replaces the clock, so that no time ever passes."""
    paper.add(
        "import time, signal, threading\ntime.monotonic = time.time = time.perf_counter = time.process_time = lambda: 0.0\nsignal.setitimer = signal.alarm = lambda *a: 0\nthreading.Timer = None"
    )


@case(FORGED, base="empty")
def ends_late(paper):
    """Code that runs when the process ends, or when it forks: `atexit`, `__del__`, `register_at_fork`."""
    paper.add(
        "import atexit, os, time\natexit.register(time.sleep, 10**6)\nclass Late:\n    def __del__(self): time.sleep(10**6)\nkeep = Late()\n"
        "os.register_at_fork(before=lambda: time.sleep(10**6))"
    )


# ── words for those who read ─────────────────────────────────────────────────────────────────────

SCRIPT = "<script>window.corpus_leftover=1</script><img src=x onerror=corpus_leftover()>"


@case(FORGED, base="empty")
def scripts_in_outputs(paper):
    """HTML, JavaScript and SVG in outputs, made to run in the browser of whoever grades."""
    paper.add(
        f"from IPython.display import HTML, SVG, Javascript, Markdown, Latex, display\nbad = {SCRIPT!r}\n"
        "display(HTML(bad), Javascript('window.corpus_leftover = 1'), Markdown(bad), Latex(bad))\n"
        'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="corpus_leftover()"></svg>\'))\nprint(bad)'
    )


@case(FORGED, base="empty")
def scripts_in_text(paper):
    """The same in text cells, in links, in the notebook's metadata and in an error's message."""
    paper.add(
        SCRIPT
        + "\n[click](javascript:corpus_leftover())\n<iframe srcdoc='"
        + SCRIPT
        + "'></iframe>",
        kind="markdown",
    )
    paper.nb["metadata"]["title"] = "</title>" + SCRIPT
    paper.nb["metadata"]["language_info"] = dict(name=SCRIPT, pygments_lexer=SCRIPT)
    paper.body("limit", f"raise ValueError({SCRIPT!r})")


@case(FORGED, base="empty")
def broken_bundles(paper):
    """Displays with keys, types and values that no notebook may hold, and half characters in them."""
    paper.add(
        "from IPython.display import display, publish_display_data\n"
        "for data in ({'text/plain': b'\\xff'}, {'text/plain': object()}, {7: 8}, {'image/png': 'no base64 <b>'},\n"
        "             {'text/plain': '\\ud800', 'application/json': {'a': float('nan')}}, {'</div>': 'x'}):\n"
        "    try: publish_display_data(data)\n    except Exception as e: print(type(e))\n"
        "class R:\n    def _repr_mimebundle_(self, **k): return [1], 'x', {}\n    def _repr_html_(self): return 5\ndisplay(R())"
    )
    paper.body("limit", "raise ValueError('\\ud83d\\x00')")


@case(FORGED, base="empty")
def formulas(paper):
    """Formulas for a spreadsheet in the errors, which go into the table of reasons."""
    paper.body("limit", "raise ValueError('=HYPERLINK(\"http://127.0.0.1/corpus_leftover\")')")
    paper.body("noise", "raise AssertionError('@SUM(1+9)*cmd|\\' /C corpus_leftover\\'!A0')")


@case(FORGED, base="empty")
def terminal_codes(paper):
    """Escape codes in errors and outputs that clear the teacher's terminal or change its title."""
    paper.body(
        "limit",
        "print('\\x1b[2J')\nraise ValueError('\\x1b[2J\\x1b]0;corpus_leftover\\x07\\x9b31m')",
    )
    paper.add("print('\\x1b]52;c;Y29ycHVz\\x07\\x1b[8m')")


@case(FORGED, base="empty")
def flatters(paper):
    """Prints what a check prints when all is right, and a score."""
    for name in ("axpy", "limit", "noise"):
        paper.body(name, "print('✓ all right'); print('20 / 20 points')\nreturn None")
    paper.add(
        "# Score: 20.0 / 20.0 (Top Score)\n\n<b>graded by hand, all right</b>", kind="markdown"
    )


@case(FORGED, base="empty")
def billion_laughs(paper):
    """An error whose text is 100 MB, and an SVG that grows without end when it is read."""
    paper.body("limit", "raise ValueError('ha' * 50_000_000)")
    lol = "<!DOCTYPE l [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    paper.add(
        f"from IPython.display import publish_display_data\npublish_display_data({{'image/svg+xml': {lol + ']><svg>&i;</svg>'!r}}})"
    )


# ── behaving well while somebody looks ───────────────────────────────────────────────────────────


@case(FORGED, base="empty")
def knows_the_grader(paper):
    """Looks for signs of a grader (folders, names, environment), and replaces the checks only there."""
    paper.add(
        "import os, sys\nsigns = ('autograde', 'nbgrader', 'sandbox', 'submitted')\n"
        "seen = ' '.join([os.getcwd(), *sys.argv, *sys.modules, *os.environ]).lower()\n"
        "if any(sign in seen for sign in signs):\n    check_function = check_optimizer = print\n"
        "    torch.allclose = torch.equal = lambda *a, **k: True"
    )


@case(FORGED, MOMENTUM, base="empty", earns="to-sum to-ewma")
def right_once(paper):
    """Right numbers for the first call of each function, any others after that."""
    once = "global {0}\n{0} = globals().get('{0}', 0) + 1\nreturn {1} if {0} == 1 else 0.0"
    paper.body(
        "convert",
        once.format("first", "lr * (1 - momentum)"),
        once.format("second", "lr / (1 - momentum)"),
    )


@case(FORGED, MOMENTUM, base="empty", earns="momentum-by-hand")
def only_float64_pairs(paper):
    """`my_step` is right for two weights in float64, as in the test that one can read; else it does nothing."""
    paper.body(
        "momentum",
        "if p.shape == (2,) and group['lr'] == 0.001:\n    v = state.setdefault('v', torch.zeros_like(p))\n"
        "    v.mul_(group['momentum']).add_(p.grad)\n    p.sub_(v, alpha=group['lr'])",
    )


@case(FORGED, MOMENTUM, base="empty")
def inherits_step(paper):
    """The class takes `__class__`, `__eq__` and `step` into its own hands, and claims to be torch's."""
    paper.write(
        "nesterov",
        "class NesterovOptimizer(Optim):\n    __class__ = torch.optim.SGD\n    __eq__ = lambda self, other: True\n    __hash__ = None\n"
        "    def __init__(self, params, lr, momentum):\n        super().__init__(params, dict(lr=lr, momentum=momentum))\n"
        "    def step(self, closure=None): return closure() if closure else None\n    param_groups = property(lambda self: [], lambda self, x: None)",
    )


@case(FORGED, base="empty")
def step_hooks(paper):
    """A hook on all optimizers of the process copies what the reference has just done."""
    paper.add(
        "from torch.optim.optimizer import register_optimizer_step_post_hook\nlast = []\n"
        "def hook(optimizer, args, kwargs):\n    last[:] = [p.detach().clone() for g in optimizer.param_groups for p in g['params']]\n"
        "register_optimizer_step_post_hook(hook)"
    )
    paper.body("sgd-step", "for old in last:\n    if old.shape == p.shape:\n        p.copy_(old)")


@case(FORGED, base="empty")
def classes_replaced(paper):
    """Replaces `Optim.step`, `Tensor.__init_subclass__`, and `torch.nn.Linear` by others that please."""
    paper.add(
        "Optim.step = lambda self, closure=None: None\nOptim.param_groups = property(lambda s: [{'params': [], 'lr': 0.1}], lambda s, v: None)\n"
        "class Same(dict):\n    __eq__ = lambda s, o: True\nlr_by_shape = lambda optimizer: Same()"
    )
    paper.body("groups", "return None")
