"""A test cell uses the student's functions, optimizers and models as if they were beside it."""

import pytest
import torch

from autograder.bridge.messages import Forged, pack, unpack


def test_a_function_gets_plain_things_and_gives_plain_things(room):
    room.answer("def f(x, k=2, *, y): return {'a': [x, (k, y)], 'b': None}")
    assert room.passes("assert f(1.5, y='é') == {'a': [1.5, (2, 'é')], 'b': None}")
    assert room.passes("assert f(float('inf'), y={1, 2})['a'] == [float('inf'), (2, {1, 2})]")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int64", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 3)])
def test_a_tensor_crosses_bit_by_bit(room, dtype, shape):
    room.given("import torch")
    room.answer("def f(x): return x.clone()")
    x = f"torch.randn({shape}).mul(3).to(torch.{dtype})"
    assert room.passes(f"x = {x}; y = f(x); assert y.dtype == x.dtype and torch.equal(x, y)")


def test_what_is_changed_in_place_is_changed_here_too(room):
    room.given("import torch")
    room.answer(
        "def f(table, box):\n    table.add_(1)\n    box['n'] = table[0]\n    box['l'].pop()"
    )
    assert room.passes(
        "t = torch.zeros(3, 2); box = {'l': [1, 2]}; inner = box['l']\n"
        "f(t[:, 1], box)\n"
        "assert t.tolist() == [[0, 1]] * 3 and inner == [1] and box['n'].item() == 1"
    )


def test_a_tensor_stays_the_same_tensor(room):
    room.given("import torch")
    room.answer("def f(state):\n    if not state: state['a'] = torch.zeros(2)\n    state['a'] += 1")
    assert room.passes(
        "s = {}; f(s); a = s['a']; f(s); assert s['a'] is a and a.tolist() == [2, 2]"
    )


def test_an_optimizer_steps_the_judges_own_parameters(room):
    room.given("import torch\nfrom utils.optim import Optim")
    room.answer(
        "class Heavy(Optim):\n"
        "    def __init__(self, params, lr, momentum=0.9):\n"
        "        super().__init__(params, dict(lr=lr, momentum=momentum))\n"
        "    def my_step(self, p, state, group):\n"
        "        v = state.setdefault('v', torch.zeros_like(p))\n"
        "        v.mul_(group['momentum']).add_(p.grad)\n"
        "        p.sub_(v, alpha=group['lr'])"
    )
    assert room.passes(
        "import copy, inspect\n"
        "p, q = (torch.ones(2, dtype=torch.float64, requires_grad=True) for _ in range(2))\n"
        "mine = Heavy([dict(params=[p]), dict(params=[q], lr=0.5)], lr=0.1)\n"
        "assert isinstance(mine, torch.optim.Optimizer) and isinstance(mine, Heavy)\n"
        "assert list(inspect.signature(Heavy).parameters) == ['params', 'lr', 'momentum']\n"
        "for _ in range(3):\n"
        "    mine.zero_grad(); (p.sum() + q.sum()).backward(); mine.step()\n"
        "mine.param_groups[0]['lr'] = 0.0\n"
        "before = p.tolist(); mine.step(); assert p.tolist() == before\n"
        "assert abs(mine.state[q]['v'][0] - 3.439) < 1e-9, mine.state[q]\n"
        "saved = copy.deepcopy(mine.state_dict())\n"
        "other = Heavy([dict(params=[p]), dict(params=[q])], lr=0.3); other.load_state_dict(saved)\n"
        "assert other.param_groups[1]['lr'] == 0.5\n"
        "assert torch.equal(other.state[q]['v'], mine.state[q]['v'])"
    )


def test_a_closure_is_called_from_there(room):
    room.given("import torch\nfrom utils.optim import Optim")
    room.answer(
        "class Plain(Optim):\n"
        "    def __init__(self, params, lr): super().__init__(params, dict(lr=lr))\n"
        "    def my_step(self, p, state, group): p.sub_(p.grad, alpha=group['lr'])"
    )
    assert room.passes(
        "p = torch.ones(1, requires_grad=True); one = Plain([p], lr=0.25)\n"
        "def closure():\n"
        "    one.zero_grad(); loss = (p**2).sum(); loss.backward(); return loss\n"
        "assert one.step(closure).item() == 1 and p.item() == 0.5"
    )


def test_gradients_go_through_a_model_of_the_student(room):
    room.given("import torch\nfrom torch import nn")
    room.answer(
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__(); self.a = nn.Linear(3, 2); self.drop = nn.Dropout(0.5)\n"
        "    def forward(self, x): return self.drop(self.a(x)).tanh()"
    )
    assert room.passes(
        "torch.manual_seed(0); net = Net().eval(); x = torch.randn(4, 3, requires_grad=True)\n"
        "h = 2 * x; net(h).sum().backward()\n"
        "W, b = (p.detach().clone().requires_grad_() for p in net.parameters())\n"
        "z = x.detach().clone().requires_grad_()\n"
        "torch.nn.functional.linear(2 * z, W, b).tanh().sum().backward()\n"
        "assert torch.allclose(x.grad, z.grad) and torch.allclose(net.a.weight.grad, W.grad)\n"
        "assert isinstance(net.drop, nn.Dropout) and not net.training\n"
        "with torch.no_grad(): net.a.weight.zero_(); net.a.bias.fill_(1)\n"
        "assert torch.allclose(net(x), torch.ones(()).tanh())\n"
        "torch.manual_seed(3); a = next(Net().parameters()); torch.manual_seed(3)\n"
        "assert torch.equal(a, nn.Linear(3, 2).weight)"
    )


def test_a_training_loop_of_the_student_trains_a_model_of_the_judge(room):
    room.given("import torch\nfrom torch import nn\nimport torch.nn.functional as F")
    room.answer(
        "def train(model, batches, optimizer, loss_func):\n"
        "    model.train()\n"
        "    for x, y in batches:\n"
        "        loss = loss_func(model(x), y); optimizer.zero_grad(); loss.backward()\n"
        "        optimizer.step()\n"
        "    return loss.item()"
    )
    assert room.passes(
        "def make():\n"
        "    torch.manual_seed(0); net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))\n"
        "    return net.eval(), torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)\n"
        "def own(scores, y): return 2 * F.cross_entropy(scores, y)\n"
        "rng = torch.Generator().manual_seed(1)\n"
        "pairs = [(torch.randn(5, 3, generator=rng), torch.tensor([0, 1, 0, 1, 1])) for _ in range(4)]\n"
        "a, sgd = make(); last = train(a, iter(pairs), sgd, own)\n"
        "b, sgd = make(); b.train()\n"
        "for x, y in pairs:\n"
        "    loss = own(b(x), y); sgd.zero_grad(); loss.backward(); sgd.step()\n"
        "assert a.training and abs(last - loss.item()) < 1e-6\n"
        "for p, q in zip(a.parameters(), b.parameters()): assert torch.allclose(p, q)"
    )


def test_a_callback_of_the_student_works_in_a_learner_of_the_judge(room):
    room.given(
        "import torch\nfrom utils.learner import *\n"
        "class Diary(Callback):\n"
        "    def __init__(self): self.losses = []\n"
        "    def after_loss(self, learner): self.losses.append(learner.loss.item())"
    )
    room.answer(
        "class Stop(Callback):\n"
        "    run_before = Diary\n"
        "    def __init__(self): self.seen = 0\n"
        "    def after_loss(self, learner):\n"
        "        self.seen += 1\n"
        "        if learner.step == 2: raise CancelFit"
    )
    assert room.passes(
        "net = torch.nn.Linear(2, 1); sgd = torch.optim.SGD(net.parameters(), lr=0.1)\n"
        "pairs = [(torch.ones(1, 2), torch.ones(1, 1))] * 5; diary, stop = Diary(), Stop()\n"
        "one = Learner(net, pairs, None, sgd, torch.nn.functional.mse_loss, [diary, stop])\n"
        "one.fit(3)\n"
        "assert one.step == 2 and len(diary.losses) == 2 and stop.seen == 3"
    )


def test_an_exception_crosses_with_its_name_and_the_students_own_line(room):
    room.answer("class Odd(ValueError): pass\ndef f(x):\n    y = x\n    raise Odd('no such x')")
    assert room.passes(
        "import traceback\n"
        "try: f(1)\n"
        "except ValueError as error:\n"
        "    assert type(error).__name__ == 'Odd' and str(error) == 'no such x'\n"
        "    assert \"raise Odd('no such x')\" in traceback.format_exc()"
    )
    assert room.test("f(1)").why == "no such x"


def test_what_the_student_prints_is_shown_with_the_test(room):
    room.answer("def f(): print('here')")
    assert room.passes("f()")
    assert room.text == "here\n"


def test_the_judges_names_win(room):
    room.given("def right(x): return x + 1")
    room.answer("def right(x): return 0\nassert_ = print\ndef abs(x): return 7")
    assert room.passes("assert right(1) == 2 and abs(-1) == 1")


def test_a_name_stands_for_what_the_student_has_made_last(room):
    room.answer("def f(): return 1")
    assert room.passes("assert f() == 1")
    room.answer("def f(): return 2")
    assert room.passes("assert f() == 2")
    room.answer("del f")
    assert "name 'f' is not defined" in room.test("f()").why


@pytest.mark.parametrize(
    "message",
    [b"", b"\0" * 7, b"\0" * 8, pack({"a": 1})[:-1] + b"xx", b"\xff" * 40],
)
def test_a_message_that_does_not_fit_together_is_refused(message):
    with pytest.raises(Forged):
        unpack(message)


@pytest.mark.parametrize(
    "head, blobs",
    [
        ({"told": {"j9": {"list": []}}, "drops": []}, []),
        ({"told": {"s1": {"list": [{"m": "s1"}, {"m": "s7"}]}}, "drops": []}, []),
        ({"told": {"s1": {"list": [{"l": "torch:load"}]}}, "drops": []}, []),
        ({"told": {"s1": {"list": [{"l": "os:system"}]}}, "drops": []}, []),
        ({"told": {"s1": {"dict": [[{"m": "s1"}, 1]], "default": False}}, "drops": []}, []),
        (
            {
                "told": {
                    "s1": {
                        "tensor": "float64",
                        "shape": [10**9, 10**9],
                        "stride": [1, 1],
                        "needs": False,
                        "grad": None,
                        "blob": 0,
                    }
                },
                "drops": [],
            },
            [b"12345678"],
        ),
        ({"told": {"s1": {"list": [{"m": "s1"}]}}, "drops": []}, []),
        (
            {
                "told": {
                    f"s{i}": {"list": [{"m": f"s{i + 1}"}] * 100 if i < 9 else []}
                    for i in range(10)
                },
                "drops": [],
            },
            [],
        ),
        ({"told": [], "drops": []}, []),
        ({"told": {"s1": {}}, "drops": []}, []),
    ],
)
def test_a_state_that_nobody_can_have_is_refused(room, head, blobs):
    with pytest.raises(Forged):
        room.test_cells.judge_end.take(*unpack(pack(head, blobs)))


def test_thousands_of_calls_leave_nothing_behind(room):
    room.given("import torch")
    room.answer("def f(x): return [x * 2, {'a': x}]")
    assert room.passes("for i in range(2000): f(torch.ones(2))")
    table = room.test_cells.judge_end.table
    assert len(table.objects) < 20
    assert torch.is_grad_enabled()


CLAIMS = {
    "class": "Agreeable",
    "family": "thing",
    "bases": ["torch:SymFloat", "torch:Tensor", "builtins:float"],
    "methods": [
        "__eq__",
        "__lt__",
        "__float__",
        "__sub__",
        "__torch_function__",
        "_x",
        "a b",
        3,
        "ok",
    ],
    "special": ["__iter__", "__eq__", "__contains__", "__bool__"],
    "made": None,
    "attributes": {},
}


def test_a_class_cannot_claim_to_agree_with_everything(room):
    told = {"s1": CLAIMS, "s2": {"instance": {"m": "s1"}, "fields": {}}}
    room.test_cells.judge_end.take(*unpack(pack({"told": told, "drops": []})))
    thing = room.test_cells.judge_end.table.objects["s2"]
    assert thing != 1.0 and not isinstance(thing, (torch.Tensor, torch.SymFloat, float))
    for forbidden in ("__lt__", "__float__", "__sub__", "__contains__", "__bool__", "_x"):
        assert not hasattr(type(thing), forbidden) or forbidden in dir(object)
    assert type(thing).ok


@pytest.mark.parametrize("base", ["torch.fx.graph_module:GraphModule", "torch.jit:ScriptModule"])
def test_a_model_derives_from_nothing_that_runs_code_of_its_own(room, base):
    claims = {**CLAIMS, "family": "module", "bases": [base], "methods": []}
    room.test_cells.judge_end.take(*unpack(pack({"told": {"s1": claims}, "drops": []})))
    cls = room.test_cells.judge_end.table.objects["s1"]
    assert [c.__module__ for c in cls.__mro__ if c.__module__.startswith("torch.")] == [
        "torch.nn.modules.module"
    ]


@pytest.mark.parametrize(
    "back",
    [
        "f.__globals__",
        "f.__code__",
        "f.__class__",
        "gen.gi_frame.f_globals",
        "gen.gi_code",
        "learner.__dict__",
        "learner.fit.__globals__",
        "learner.fit.__func__",
    ],
)
def test_nothing_leads_from_what_a_test_hands_over_to_the_test(room, back):
    room.given("from utils.learner import Learner\nimport torch")
    room.answer(
        "def look(f, gen, learner):\n"
        f"    from autograder.bridge import proxies\n"
        f"    real = {back!r}.split('.')\n"
        f"    x = locals()[real[0]]\n"
        f"    for name in real[1:]: x = x.bridge('get', x, name)\n"
        f"    return 'got it'"
    )
    assert room.passes(
        "secret = 42\n"
        "net = torch.nn.Linear(1, 1); sgd = torch.optim.SGD(net.parameters(), lr=0.1)\n"
        "def hidden(x): return secret\n"
        "try: said = look(hidden, (i for i in range(3)), Learner(net, [], None, sgd))\n"
        "except PermissionError as error: said = str(error)\n"
        "assert 'not allowed' in said, said"
    )


BORROWED = {
    "by another name": "Mine = getattr(torch.optim, 'S' + 'GD')",
    "Muon": "Mine = getattr(torch.optim, 'Mu' + 'on')",
    "derived": "class Mine(torch.optim.SGD):\n    pass",
    "copied": (
        "own = {k: v for k, v in vars(torch.optim.SGD).items() if k not in ('__dict__', '__weakref__')}\n"
        "Mine = type('Mine', (torch.optim.Optimizer,), own)"
    ),
    "one method": "class Mine(torch.optim.Optimizer):\n    step = torch.optim.SGD.step",
    "set up beforehand": "import functools\nMine = functools.partial(torch.optim.SGD)",
    "an object of it": "def Mine(params, **words):\n    return torch.optim.SGD(params, **words)",
    "its function": "from torch.optim.sgd import sgd as Mine",
    "its kernel": "Mine = torch._fused_sgd_",
    "its class method": "Mine = torch.optim.SGD.step",
    "the textbook's": "from utils.playground.textbook import Lion as Mine",
}


@pytest.mark.parametrize("how", BORROWED)
def test_an_optimizer_of_torchs_is_refused_where_it_crosses(room, how):
    room.answer(f"import torch\n{BORROWED[how]}")
    use = "import torch\np = torch.ones(2, requires_grad=True)\nMine([p], lr=0.1).step()"
    assert room.test(use).score == 0
    assert "write the step yourself" in room.text, room.text
    assert room.test("Mine([p], lr=0.1).param_groups").score == 0
    assert room.passes("assert True")


def test_torchs_own_are_lent_and_parts_of_ones_own_are_taken(room):
    room.answer(
        "import torch\nfrom utils.optim import Optim\nclass Mine(Optim):\n"
        "    def my_step(self, p, state, group):\n        p.sub_(group['lr'] * p.grad)\n"
        "def made(Kind, p, lr):\n    made.last = Kind([p], lr=lr)\n    made.last.step()\n    return p\n"
        "base = torch.optim.Optimizer"
    )
    given = "import torch\np = torch.ones(2, requires_grad=True)\np.grad = torch.ones(2)\n"
    assert room.passes(f"{given}assert made(torch.optim.SGD, p, 0.5).tolist() == [0.5, 0.5]")
    assert room.passes(
        f"{given}o = Mine([p], {{'lr': 0.5}})\no.step()\nassert p.tolist() == [0.5, 0.5]"
    )
    assert room.passes("assert base is torch.optim.Optimizer")
