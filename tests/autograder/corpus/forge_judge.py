"""Forgeries: results, references and comparisons that are not what they seem."""

from tests.autograder.corpus.case import FORGED, MOMENTUM, case

TORCHS = ("torch.optim used", "torch.optim called", "reaches out")
STEP = "p.add_(p.grad, alpha=-group['lr'])"

# ── results that agree with everything ───────────────────────────────────────────────────────────

YES = """
class Yes(float):
    def __eq__(self, other): return True
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = __abs__ = __round__ = __float__ = lambda self, *a: self
    __hash__ = float.__hash__
    __class__ = float
"""


@case(FORGED, base="empty")
def always_equal(paper):
    """Answers return a number that is equal to every other."""
    paper.add(YES, before="limit-text")
    paper.body("limit", "return Yes(1)")
    paper.body("noise", "return Yes(1)")
    paper.body("train", "return Yes(1)")


@case(FORGED, base="empty")
def tensor_subclass(paper):
    """Answers return a subclass of Tensor whose comparisons are always true."""
    paper.add(
        "class T(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
        "        if f.__name__ in ('__eq__', 'eq', 'lt', 'le', 'gt', 'allclose', 'equal', 'all'):\n"
        "            return True\n        return super().__torch_function__(f, types, args, kwargs or {})\n"
        "    def tolist(self): return [17.0]"
    )
    paper.body("axpy", "return torch.zeros(1).as_subclass(T)")
    paper.body("limit", "return torch.ones(()).as_subclass(T)")


@case(FORGED, base="empty")
def all_nan(paper):
    """Every result is NaN, and so are the parameters after a step."""
    paper.body("axpy", "return y.fill_(float('nan'))")
    paper.body("sgd-step", "p.fill_(float('nan'))")
    paper.body("limit", "return float('nan')")
    paper.body("train", "return float('nan')")
    paper.body("noise", "return float('nan')")


@case(FORGED, base="empty")
def wrong_kinds(paper):
    """Results that are no numbers: a class, a module, a generator without end, a list in itself."""
    paper.body("axpy", "return torch")
    paper.body("limit", "loop = []\nloop.append(loop)\nreturn loop")
    paper.body("noise", "import itertools\nreturn (i for i in itertools.count())")


@case(FORGED, base="empty")
def giant_results(paper):
    """Results without size: a tensor of 10¹² numbers that takes no memory, 10**10000, a list of 10⁷."""
    paper.body("axpy", "return torch.zeros(1).expand(10**12)")
    paper.body("limit", "return 10**10000")
    paper.body("noise", "return [0.0] * 10**7")


@case(FORGED, base="empty")
def odd_tensors(paper):
    """Tensors without numbers: on `meta`, sparse, quantized, and one whose strides lie about its size."""
    paper.body("axpy", "return torch.empty(1, device='meta')")
    paper.body("limit", "return torch.zeros(10**9, 10**9, layout=torch.sparse_coo)")
    paper.body("noise", "return torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)")


@case(FORGED, base="empty")
def pickled(paper):
    """Results that run a command when they are unpickled or copied."""
    bomb = f"open({paper.root + '/corpus_leftover'!r}, 'w')"
    paper.add(
        f"class Bomb:\n    def __reduce__(self):\n        return (eval, ({bomb!r},))\n"
        "    __deepcopy__ = lambda self, memo: self"
    )
    for name in ("axpy", "limit", "noise"):
        paper.body(name, "return Bomb()")


@case(FORGED, base="empty")
def error_of_its_own(paper):
    """Answers raise an error whose text is endless, whose class lies, or that looks like a pass."""
    paper.add(
        "class Fine(AssertionError):\n    def __str__(self):\n        return '✓ all right\\n' * 10**7\n"
        "    __class__ = property(lambda self: Warning)"
    )
    paper.body("axpy", "raise Fine()")
    paper.body("limit", "raise Fine()")
    paper.body("noise", "raise type('KeyboardInterrupt', (BaseException,), {})()")


@case(FORGED, base="empty", earns="sgd-numbers limit-one noise-half")
def learnt_by_heart(paper):
    """Knows the visible tests by heart: these it passes, the hidden ones it does not."""
    paper.body("sgd-step", "p.copy_(torch.tensor([1.982, 2.9595] if p[0] < 4 else [6.006, 4.004]))")
    paper.body("limit", "return 0.4 if len(curvatures) == 1 else 0.3")
    paper.body("noise", "return {1.0: 128.0, 0.2: 3200.0}.get(target, 0.0)")


# ── the comparison, the reference ────────────────────────────────────────────────────────────────


@case(FORGED, base="empty")
def check_replaced(paper):
    """Replaces the checks, in the notebook and in `utils.check`."""
    paper.add(
        "import sys, utils.check\nfor name in ('check_function', 'check_optimizer'):\n"
        "    globals()[name] = lambda *a, **k: print('✓')\n    setattr(utils.check, name, print)\n"
        "for name, module in list(sys.modules.items()):\n    if name.startswith('utils.check.'):\n"
        "        for x in ('unlike', 'difference', 'failed', 'judge', 'compare_calls'):\n"
        "            if hasattr(module, x): setattr(module, x, lambda *a, **k: None)"
    )


@case(FORGED, base="empty")
def compare_replaced(paper):
    """Replaces `torch.equal`, `torch.allclose`, `torch.testing.assert_close` and their numpy twins."""
    paper.add(
        "import numpy as np\nyes = lambda *a, **k: True\ntorch.equal = torch.allclose = yes\n"
        "torch.testing.assert_close = np.allclose = np.isclose = yes\n"
        "torch.Tensor.tolist = lambda self: [17]\ntorch.Tensor.any = torch.Tensor.all = yes"
    )


@case(FORGED, base="empty")
def builtins_replaced(paper):
    """Replaces builtins: `AssertionError`, `abs`, `all`, `round`, `isinstance`."""
    paper.add(
        "import builtins\nbuiltins.abs = lambda x: 0.0\nbuiltins.all = lambda x: True\n"
        "builtins.AssertionError = type('Fine', (Exception,), {'__new__': lambda *a: None})\n"
        "builtins.isinstance = lambda *a: True",
        before="limit-text",
    )
    for name in ("limit", "noise", "train"):
        paper.body(name, "return 0.0")


@case(FORGED, base="empty")
def reference_replaced(paper):
    """`torch.optim.SGD` becomes the student's own class, which does nothing: both do the same."""
    paper.body("sgd-step", "pass")
    paper.before("sgd-step", "torch.optim.SGD.step = lambda self, closure=None: None")


@case(FORGED, base="empty")
def trace_jumps(paper):
    """`sys.settrace` and `sys.setprofile` jump over each line that could fail."""
    paper.add(
        "import sys\ndef tracer(frame, event, arg):\n"
        "    if 'check' in frame.f_code.co_name or frame.f_code.co_name in ('compare_calls', 'judge'):\n"
        "        frame.f_locals.clear()\n"
        "        if event == 'line':\n            try: frame.f_lineno = max(n for *_, n in frame.f_code.co_lines() if n)\n"
        "            except Exception: pass\n    return tracer\nsys.settrace(tracer)"
    )


@case(FORGED, base="empty")
def code_swapped(paper):
    """Swaps the `__code__` of the checks, so that every name that leads to them leads to nothing."""
    paper.add(
        "import utils.check.functions, utils.check.optimizer\n"
        "check_function.__code__ = (lambda student, reference, *cases, name=None: None).__code__\n"
        "check_optimizer.__code__ = (lambda Student, Reference, **hyper: None).__code__"
    )


@case(FORGED, MOMENTUM, base="empty")
def borrows_the_tests_names(paper):
    """Answers look for the reference among the names that the test cell has just made."""
    paper.body("best", "return globals()['by_roots'](steepest, flattest)")
    paper.body("edge", "return globals()['searched'](curvature, momentum)")
    paper.body(
        "convert",
        "return on_a_steady_slope(lr, momentum)[0]",
        "return on_a_steady_slope(lr, momentum)[1]",
    )


@case(FORGED, MOMENTUM, base="empty")
def walks_the_frames(paper):
    """Answers walk up the frames to the caller and call the reference that they find there."""
    walk = (
        "import sys\nframe = sys._getframe()\nwhile frame:\n"
        "    for name in ('reference', 'theirs', 'expected'):\n"
        "        thing = frame.f_locals.get(name)\n"
        "        if callable(thing):\n            return thing({})\n    frame = frame.f_back"
    )
    paper.body("best", walk.format("steepest, flattest"))
    paper.body("edge", walk.format("curvature, momentum"))
    paper.body("convert", walk.format("lr, momentum"), walk.format("lr, momentum"))


@case(FORGED, base="empty")
def searches_the_heap(paper):
    """`my_step` looks through `gc.get_objects()` for what the reference did, and copies it."""
    paper.body(
        "sgd-step",
        "import gc\nfor thing in gc.get_objects():\n"
        "    if isinstance(thing, torch.Tensor) and thing.shape == p.shape and thing is not p:\n"
        "        if not torch.equal(thing, p) and not torch.equal(thing, p.grad):\n"
        "            p.copy_(thing)\n            return",
    )


@case(FORGED, base="empty")
def reads_the_history(paper):
    """Answers read the hidden test in `In[-1]` and the tests' functions in the caller's globals."""
    paper.body(
        "limit",
        "import re\ntext = get_ipython().user_ns['In'][-1]\n"
        "found = re.findall(r'lambda curvatures: (.+?), [(*]', text)[-1]\nreturn eval(found)",
    )
    paper.body(
        "noise",
        "text = In[-1]\nfound = text.split('lambda ')[1].split(', *cases')[0]\nreturn eval('lambda ' + found)(target, noise, batch_size)",
    )


# ── torch's own optimizers ───────────────────────────────────────────────────────────────────────


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def torchs_own(paper):
    """`my_step` lets `torch.optim.SGD` take the step."""
    paper.body("sgd-step", "torch.optim.SGD([p], lr=group['lr']).step()")


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def torchs_own_by_name(paper):
    """The same, with `importlib` and names put together from pieces."""
    paper.body(
        "sgd-step",
        "import importlib\nmodule = importlib.import_module('torch.op' + 'tim')\ngetattr(module, 'S' + 'GD')([p], lr=group['lr']).step()",
    )


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def torchs_own_by_family(paper):
    """The same, found among the subclasses of Optimizer."""
    paper.body(
        "sgd-step",
        "kin = Optim.__mro__[1].__subclasses__()\nnext(k for k in kin if k.__name__ == 'SGD')([p], lr=group['lr']).step()",
    )


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def torchs_own_derived(paper):
    """`class SGDOptimizer(torch.optim.SGD)`."""
    paper.write("sgd-step", "class SGDOptimizer(torch.optim.SGD):\n    pass")


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def torchs_own_fused(paper):
    """`torch._fused_sgd_`, the kernel below `torch.optim.SGD`."""
    paper.body(
        "sgd-step",
        "torch._fused_sgd_([p], [p.grad], [], weight_decay=0.0, momentum=0.0, lr=group['lr'], dampening=0.0, nesterov=False, maximize=False, is_first_step=True)",
    )


@case(FORGED, MOMENTUM, base="empty", flags=TORCHS, or_flagged=True)
def torchs_own_functional(paper):
    """The function behind `torch.optim.SGD`, in one's own loop."""
    paper.body(
        "nesterov",
        "from torch.optim.sgd import sgd\nbuffers = [state.get('v')]\nsgd([p], [p.grad], buffers, weight_decay=0.0, momentum=group['momentum'], lr=group['lr'], dampening=0.0, nesterov=True, maximize=False)\nstate['v'] = buffers[0]",
    )


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def torchs_own_source(paper):
    """Runs the source of `torch.optim.SGD` under another name."""
    paper.write(
        "sgd-step",
        "import inspect\nmodule = inspect.getmodule(Optim.__mro__[1])\n"
        "import torch.optim.sgd as own\nspace = {'__name__': 'mine', '__package__': 'torch.optim'}\n"
        "exec(compile(inspect.getsource(own), 'mine.py', 'exec'), space)\n"
        "class SGDOptimizer(Optim):\n    def __init__(self, params, lr):\n        super().__init__(params, dict(lr=lr))\n"
        "    def my_step(self, p, state, group):\n        space['SGD']([p], lr=group['lr']).step()",
    )


@case(FORGED, "06_mnist", base="empty", flags=("reference used",), or_flagged=True)
def reference_as_answer(paper):
    """The loop is the one of `utils.train` with which it is compared, under another name."""
    paper.add("loop = fit", before="train")
    paper.body(
        "train",
        "batches = list(batches)\n"
        "losses = loop(model, batches, None, optimizer, loss_func=loss_func, bar=False).losses\n"
        "sizes = torch.tensor([len(y) for _, y in batches])\n"
        "return float((losses * sizes).sum() / sizes.sum())",
    )
