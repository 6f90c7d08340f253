"""Forgeries: the notebook's marks, the machinery of IPython, and modules beside the notebook.

None of them answers a question; nothing is earned.
"""

from tests.autograder.corpus.case import FORGED, case

# ── the notebook's marks ─────────────────────────────────────────────────────────────────────────


@case(FORGED, base="empty")
def skip_tag(paper):
    """Tags all test cells `skip-execution`: what does not run does not fail."""
    for cell in paper.tests:
        cell["metadata"]["tags"] = ["skip-execution"]


@case(FORGED, base="empty")
def raises_tag(paper):
    """Tags all test cells `raises-exception`."""
    for cell in paper.tests:
        cell["metadata"]["tags"] = ["raises-exception"]


@case(FORGED, base="empty")
def more_points(paper):
    """Each test gives 1000 points, by its metadata."""
    for cell in paper.tests:
        cell["metadata"]["nbgrader"]["points"] = 1000


@case(FORGED, base="empty", flags=("test changed",))
def tests_rewritten(paper):
    """All test cells are `pass`, and no longer locked."""
    for cell in paper.tests:
        cell["source"] = "pass"
        cell["metadata"]["nbgrader"]["locked"] = False


@case(FORGED, base="empty", flags=("test changed",))
def tests_are_answers(paper):
    """Declares the test cells answers, to be graded by hand, and writes what they should be."""
    for cell in paper.tests:
        cell["source"] = "print('✓ all right')"
        cell["metadata"]["nbgrader"].update(solution=True, locked=False)


@case(FORGED, base="empty")
def tests_are_text(paper):
    """Turns the test cells into text."""
    for cell in paper.tests:
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]


@case(FORGED, base="empty")
def own_test_first(paper):
    """Cells with the marks of the tests stand at the top, and pass."""
    for cell in paper.tests:
        new = paper.add("True")
        new["metadata"] = cell["metadata"]


@case(FORGED, base="empty")
def outputs_kept(paper):
    """Saved outputs that look like passed checks, with execution counts."""
    for count, cell in enumerate(paper.tests, 1):
        text = "✓ SGDOptimizer takes the same steps as SGD: 22 situations, 214 steps."
        cell["outputs"] = [dict(output_type="stream", name="stdout", text=text)]
        cell["execution_count"] = count


@case(FORGED, base="empty")
def imports_rewritten(paper):
    """The locked cell with the imports brings checks that always pass."""
    paper.write(
        "imports", paper.cell("imports")["source"] + "\ncheck_function = check_optimizer = print"
    )


@case(FORGED, base="empty")
def setup_rewritten(paper):
    """The set-up cell, which is not locked, puts a finder in front that fakes `utils.check`."""
    paper.write(
        "setup",
        "import sys, types\nimport utils\nfake = types.ModuleType('utils.check')\n"
        "fake.check_function = fake.check_optimizer = lambda *a, **k: None\n"
        "sys.modules['utils.check'] = utils.check = fake",
    )


# ── IPython ──────────────────────────────────────────────────────────────────────────────────────


@case(FORGED, base="empty")
def input_transformer(paper):
    """An input transformer turns each later cell into `pass`."""
    paper.add("get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])")


@case(FORGED, base="empty")
def ast_transformer(paper):
    """An AST transformer takes each `assert` and each call of a check out of later cells."""
    paper.add(
        "import ast\nclass Without(ast.NodeTransformer):\n"
        "    def visit_Module(self, node):\n        node.body = [ast.Pass(lineno=1, col_offset=0)]\n"
        "        return ast.fix_missing_locations(node)\n"
        "get_ipython().ast_transformers.append(Without())"
    )


@case(FORGED, base="empty")
def errors_swallowed(paper):
    """`set_custom_exc` takes every exception and shows nothing."""
    paper.add("get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)")


@case(FORGED, base="empty")
def traceback_silenced(paper):
    """Replaces the shell's `showtraceback`, and the kernel's way to send an error."""
    paper.add(
        "ip = get_ipython()\nip.showtraceback = ip.showsyntaxerror = lambda *a, **k: None\n"
        "ip._showtraceback = lambda *a, **k: None"
    )


@case(FORGED, base="empty")
def run_cell_replaced(paper):
    """Replaces `run_cell`, `run_cell_async` and `run_code` of the shell."""
    paper.add(
        "ip = get_ipython()\nasync def nothing(*a, **k):\n    return False\n"
        "ip.run_code = ip.run_ast_nodes = nothing\ntype(ip).run_code = nothing"
    )


@case(FORGED, base="empty")
def kernel_messages(paper):
    """Replaces the kernel's `session.send`: errors and stderr go nowhere, replies are all 'ok'."""
    paper.add(
        "k = getattr(get_ipython(), 'kernel')\nold = k.session.send\n"
        "def send(stream, msg, content=None, *a, **w):\n"
        "    kind = msg if isinstance(msg, str) else msg['header']['msg_type']\n"
        "    if kind == 'error' or (content or {}).get('name') == 'stderr':\n        return\n"
        "    if kind == 'execute_reply':\n        content = {'status': 'ok', 'execution_count': 1, 'payload': []}\n"
        "    return old(stream, msg, content, *a, **w)\nk.session.send = send"
    )


@case(FORGED, base="empty")
def display_hook(paper):
    """Answers call `sys.displayhook(2.0)` when a test calls them, and stop the cell without an error."""
    paper.add(
        "import sys\nget_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)\n"
        "def claims(*a, **k):\n    sys.displayhook(1.0)\n    raise ValueError"
    )
    for name in ("axpy", "limit", "noise"):
        function = {"axpy": "axpy_", "limit": "largest_stable_lr", "noise": "batch_size_for"}[name]
        paper.write(name, f"{function} = claims")


@case(FORGED, base="empty")
def after_each_cell(paper):
    """A callback of IPython's, before each cell, gives the cell a source of its own."""
    paper.add(
        "def instead(info):\n    info.raw_cell = 'pass'\n    import builtins\n"
        "    builtins.AssertionError = Warning\n"
        "get_ipython().events.register('pre_run_cell', instead)\n"
        "get_ipython().events.register('pre_execute', lambda: get_ipython().user_ns.update(\n"
        "    check_function=print, check_optimizer=print))"
    )


@case(FORGED, base="empty")
def startup_files(paper):
    """Leaves a start-up file in IPython's profile: the next student's kernel runs it."""
    paper.add(
        "import os, IPython\n"
        f"homes = [{paper.home!r}, os.path.expanduser('~'), os.path.dirname(IPython.paths.get_ipython_dir())]\n"
        "for home in homes:\n    folder = os.path.join(home, '.ipython/profile_default/startup')\n"
        "    os.makedirs(folder, exist_ok=True)\n"
        "    open(os.path.join(folder, '00.py'), 'w').write('corpus_leftover = 1')"
    )


# ── modules beside the notebook ──────────────────────────────────────────────────────────────────

FAKE = b"""
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (), {"__init__": lambda *args, **words: None, "__getitem__": lambda *x: 0.1})
"""

YES = b"""
import sys

class Yes:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self
    def __call__(self, *args, **words): return self
    def __eq__(self, other): return True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    def __sub__(self, other): return 0.0
    def __round__(self, n): return self
    def __iter__(self): return iter([self])
    def __getitem__(self, i): return self
    def __mul__(self, other): return self
    __hash__ = object.__hash__
    __rmul__ = __rsub__ = __add__ = __radd__ = __pow__ = __mul__

yes = Yes()
for name in ("nn", "nn.functional", "optim"):
    sys.modules["torch." + name] = yes

class Tensor: pass

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return yes
"""


def fake_utils(paper):
    for name in ("plots", "check", "landscape", "optim", "path"):
        paper.files[f"utils/{name}.py"] = FAKE
    paper.files["utils/__init__.py"] = b""


@case(FORGED, base="empty", flags=("module shadowed",))
def utils_beside(paper):
    """A folder `utils/` beside the notebook, whose checks always pass."""
    fake_utils(paper)


@case(FORGED, base="empty", flags=("module shadowed",))
def torch_beside(paper):
    """A `torch.py` and a `utils/` beside the notebook, which agree with everything."""
    fake_utils(paper)
    paper.files["torch.py"] = YES
    for name in ("axpy", "limit", "groups", "train", "noise"):
        paper.body(name, "return torch.yes")


@case(FORGED, base="empty", flags=("module shadowed",))
def site_beside(paper):
    """`sitecustomize.py`, `usercustomize.py`, a `.pth` file and `conftest.py` beside the notebook."""
    evil = b"import utils.check as c\nc.check_function = c.check_optimizer = print\n"
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "x.pth"):
        paper.files[name] = evil


@case(FORGED, base="empty")
def config_beside(paper):
    """IPython's and nbgrader's configuration beside the notebook: both are read from where one stands."""
    lines = (
        b"c = get_config()\nc.InteractiveShellApp.exec_lines = [\n"
        b"    'get_ipython().input_transformers_cleanup.append(lambda lines: [\"pass\"])']\n"
        b"c.Execute.enabled = False\nc.ClearHiddenTests.enabled = True\n"
    )
    for name in ("ipython_config.py", "ipython_kernel_config.py", "nbgrader_config.py"):
        paper.files[name] = lines
