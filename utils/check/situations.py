"""The situations in which two optimizers must take the same steps.

A situation prescribes everything but the optimizer: the weights, the gradient of every step, and
what happens between the steps. So two optimizers can be compared step by step, each played alone,
and no autograd is needed. `play` returns a `Trace`: plain numbers.
"""

import copy
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from utils.check.guard import Stopped
from utils.optim import Optim

OTHER_VALUES = dict(  # far from the usual ones, so that a mistake shows within a few steps
    lr=0.2,
    momentum=0.6,
    dampening=0.3,
    weight_decay=0.25,
    alpha=0.7,
    betas=(0.6, 0.8),
    eps=0.3,
)
KEPT_FROM_ZERO = ("lr", "eps")
"""What is never set to zero: without lr nothing moves, and some right steps divide by them."""


@dataclass(frozen=True)
class Situation:
    """What happens, and what a step that fails only here gets wrong.

    shapes: of the parameters; "t" and "s" at the end mean transposed, and every second entry.
    scales: of the gradients, one a parameter.
    vary: changes the hyper-parameters, name by name; (name, value) → value.
    groups: the parameters are in two groups, and the second has other hyper-parameters.
    at_zero: hyper-parameters that are 0; `betas[1]` is the second entry of a pair.
    missing, zero: (step, parameter) pairs where `p.grad` is None, or zero.
    lr: step → factor for the learning rate before that step.
    reload: before this step the state_dict goes into a new optimizer for copies of the weights.
    renew: before this step a new optimizer takes over the same weights.
    twin: a second optimizer of the class works on weights of its own, turn by turn.
    reuse: the gradients keep their memory, as with `zero_grad(set_to_none=False)`.
    generator: the parameters come from a generator, which can be gone through once.
    added: before this step every second parameter comes in, as a new group.
    device: "meta" means no numbers at all, only shapes and devices.
    """

    name: str
    tests: str
    shapes: tuple = ((3,), (2, 2))
    scales: tuple = ()
    steps: int = 5
    seed: int = 0
    vary: Callable | None = None
    at_zero: tuple = ()
    groups: bool = False
    missing: tuple = ()
    zero: tuple = ()
    lr: dict = field(default_factory=dict, hash=False)
    reload: int = 0
    renew: int = 0
    twin: bool = False
    reuse: bool = False
    generator: bool = False
    added: int = 0
    device: str = "cpu"
    dtype: torch.dtype = torch.float64

    def changes(self, hyper):
        """The hyper-parameters that are not as given in this situation."""
        vary = self.vary or (lambda name, value: value)
        new = {k: zeroed(k, vary(k, value), self.at_zero) for k, value in hyper.known.items()}
        return {name: value for name, value in new.items() if value != hyper.known[name]}


def other(name, value):
    """A value for this hyper-parameter that differs much from the one given."""
    if name in OTHER_VALUES and value != OTHER_VALUES[name]:
        return OTHER_VALUES[name]
    return shift(value)


def shift(value):
    """Another value of the same kind, far enough from it that its effect shows in a few steps."""
    if isinstance(value, (tuple, list)):
        return type(value)(map(shift, value))
    if type(value) not in (float, int) or type(value) is int and value != 0:
        return value
    if type(value) is int:
        return value + 1
    if 0 <= value < 0.05:
        return 0.15
    if value > 1:  # stays above 1; an upper limit comes near enough to be reached
        return (1 + value) / 2 if value < 10 else value / 200
    return value / 2 if value <= 0.5 else 1.7 * value - 0.85


def large_eps(name, value):
    return 0.5 if name == "eps" else value


def zeroed(name, value, names):
    """The value, or 0 if the name is among `names`; entries of a pair are named one by one."""
    if isinstance(value, (tuple, list)):
        return type(value)(0.0 if f"{name}[{i}]" in names else x for i, x in enumerate(value))
    return type(value)(0) if name in names else value


@lru_cache(None)
def at_zero(names):
    """A situation for each hyper-parameter at zero, each pair of them, and all at once."""
    some = [some for n in (1, 2) for some in combinations(names, n)]
    some += [names] if len(names) > 2 else []
    return tuple(
        Situation(
            f"{', '.join(each)} = 0",
            "the special case of zero",
            shapes=((3,),),
            steps=3,
            at_zero=each,
            seed=20 + i,
        )
        for i, each in enumerate(some)
    )


def zeros(hyper):
    """Those situations for the hyper-parameters of a check."""
    names = []
    for name, value in hyper.known.items():
        if isinstance(value, (tuple, list)):
            names += [f"{name}[{i}]" for i in range(len(value))]
        elif name not in KEPT_FROM_ZERO:
            names.append(name)
    return at_zero(tuple(names[:MOST_AT_ZERO]))


MOST_AT_ZERO = 6


SITUATIONS = (
    Situation("a few steps", "the formula of the step"),
    Situation(
        "other hyper-parameters", "a hyper-parameter is used in the wrong place", vary=other, seed=1
    ),
    Situation("a large ε", "the place of ε", vary=large_eps, seed=2),
    Situation(
        "the learning rate changes after step 2",
        "lr is mixed into what is remembered",
        lr={3: 0.1, 5: 4.0},
        seed=3,
    ),
    Situation(
        "two groups with different hyper-parameters",
        "hyper-parameters must be read from `group`",
        shapes=((2,), (3,), (2, 2)),
        steps=8,
        groups=True,
        seed=4,
    ),
    Situation(
        "parameters of odd shapes",
        "the step must not depend on the shape",
        shapes=((), (1,), (3, 1, 2), (4, 3, "t"), (5, "s")),
        steps=4,
        seed=5,
    ),
    Situation(
        "gradients from 1e-8 to 1e6",
        "ε, or a number that should not be there",
        shapes=((2,),) * 4,
        scales=(1e-8, 1e-3, 1.0, 1e6),
        steps=6,
        seed=6,
    ),
    Situation(
        "gradients that are zero",
        "what happens at zero",
        zero=((1, 0), (2, 0), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)),
        seed=7,
    ),
    Situation(
        "parameters without a gradient",
        "each parameter needs its own state and its own count of steps",
        shapes=((2,), (3,), (2,), (2, 2)),
        missing=((1, 1), (2, 1), (4, 2)) + tuple((t, 0) for t in range(1, 6)),
        seed=8,
    ),
    Situation(
        "state_dict saved and loaded before step 4",
        "all that is remembered must be in `state`",
        steps=6,
        reload=4,
        seed=9,
    ),
    Situation(
        "a new optimizer on old weights",
        "nothing may be remembered outside of the optimizer",
        steps=6,
        renew=4,
        seed=10,
    ),
    Situation(
        "two optimizers at work, turn by turn",
        "optimizers must not share what they remember",
        shapes=((3,),),
        twin=True,
        seed=11,
    ),
    Situation(
        "gradients that keep their memory",
        "a gradient must be copied before it is remembered",
        reuse=True,
        seed=12,
    ),
    Situation(
        "parameters from a generator",
        "what comes from `model.parameters()` can be gone through once",
        steps=1,
        generator=True,
        seed=13,
    ),
    Situation(
        "a group added before step 3",
        "`add_param_group` may come later than the constructor",
        shapes=((2,), (3,)),
        steps=4,
        added=3,
        seed=16,
    ),
    Situation(
        "weights on another device",
        "what is remembered must be on the device of p",
        shapes=((3,), (2, 2)),
        steps=2,
        device="meta",
        seed=17,
    ),
    Situation("forty steps", "what builds up slowly", shapes=((2,),), steps=40, seed=14),
    Situation("weights in float32", "the type of what is remembered", dtype=torch.float32, seed=15),
)


@dataclass(frozen=True)
class Hyper:
    """The hyper-parameters of a check.

    given: what the check was called with; goes to every constructor.
    known: name → value of those that may be varied: numbers that both optimizers have.
    names: what both constructors take; what else is varied goes into the groups.
    """

    given: dict
    known: dict
    names: frozenset = frozenset()

    def __str__(self):
        return f"{self.given} {self.known} {sorted(self.names)}"


@dataclass
class Trace:
    """What an optimizer did in a situation.

    points: all weights in one row, before the first step and after each, shape (steps + 1, n).
    faults: kind → (step, parameter) where it first showed; the kinds are those of `inspect`.
    error: what was raised, during step `stopped`; 0 is the making of the optimizer.
    state: name in `state` → what is odd about it in the end, see `odd_state`.
    """

    situation: Situation
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    faults: dict = field(default_factory=dict)
    error: BaseException | None = None
    stopped: int | None = None
    state: dict = field(default_factory=dict)

    @property
    def steps(self):
        return len(self.points) - 1


PLAYED: dict = {}
"""What comes out the same each time, and was played once: what it was → its traces."""


@lru_cache(None)
def script(situation):
    """The weights at the start, and for each step the gradients: tensors nobody may change."""
    rng = torch.Generator().manual_seed(situation.seed)
    scales = situation.scales or (1.0,) * len(situation.shapes)

    def numbers(shape, scale):
        shape = tuple(n for n in shape if isinstance(n, int))
        x = torch.randn(shape, generator=rng, dtype=torch.float64) * 2
        x = torch.where(x.abs() < 0.25, 0.25, x)  # no number that is zero by accident
        return ((x * 8).round() / 8 * scale).to(situation.dtype)

    pairs = list(zip(situation.shapes, scales, strict=True))
    weights = [numbers(shape, min(scale, 1.0)) for shape, scale in pairs]
    gradients = []
    for step in range(1, situation.steps + 1):
        grads = [numbers(shape, scale) for shape, scale in pairs]
        for i, g in enumerate(grads):
            if (step, i) in situation.missing:
                grads[i] = None
            elif (step, i) in situation.zero:
                grads[i] = torch.zeros_like(g)
        gradients.append(grads)
    return weights, gradients


def warm_up():
    """Write all scripts: then a fork of this process has them."""
    for situation in SITUATIONS:
        script(situation)


def lay_out(x, shape):
    """A leaf with the numbers of `x`, in memory as the shape says: "t", "s", or in order."""
    if shape[-1:] == ("t",):
        x = x.t().contiguous().t()
    elif shape[-1:] == ("s",):
        x = torch.stack([x, x], dim=-1)[..., 0]
    else:
        x = x.clone()
    return x.detach().requires_grad_()


class NoOptimizer(TypeError):
    """What was made is no optimizer."""


NEEDED = ("step", "param_groups", "state", "state_dict", "load_state_dict", "add_param_group")

FAULTS = (
    "memory",
    "cleared",
    "gradient",
    "graph",
    "class",
    "replaced",
    "shape",
    "returned",
    "device",
)
"""What a step must not do, whatever the numbers: the kinds of `Trace.faults`."""

WATCHED = 1
"""In this many situations the functions that a student's code calls are watched, to see whether it
calls torch's own optimizers. Watching takes longer than the steps, and code that takes its own steps
in one situation takes them in all."""


class Player:
    """One optimizer with its weights, in one situation.

    Args:
        make: (params, **hyper) → optimizer.
        layouts: lay the weights out in memory as the situation says. A reference needs none: its
            numbers are the same in order, and torch's fused SGD is wrong on a transposed weight.
    """

    def __init__(self, make, situation, hyper, layouts=True):
        self.make, self.situation = make, situation
        changes = situation.changes(hyper)
        self.given = {**hyper.given, **{k: v for k, v in changes.items() if k in hyper.names}}
        self.extra = {k: v for k, v in changes.items() if k not in hyper.names}
        known = hyper.known.items() if situation.groups or situation.added else ()
        self.second = {k: other(k, v) for k, v in known}
        self.scheduled = "lr" in hyper.known
        starts, _ = script(situation)
        self.weights = [
            lay_out(x, s if layouts else ()) for x, s in zip(starts, situation.shapes, strict=True)
        ]
        self.start()

    def start(self):
        """A new optimizer on the weights as they are, and our own view of their memory."""
        self.views = [p.detach().numpy() for p in self.weights]
        self.places = [p.data_ptr() for p in self.weights]
        some, rest = self.weights[::2], self.weights[1::2]
        self.later = rest if self.situation.added else []
        params: Iterable = some if self.later else self.weights
        if self.situation.generator:
            params = (p for p in self.weights)
        if self.second and not self.later:
            params = [
                {"params": some, **self.extra},
                {"params": rest, **self.extra, **self.second},
            ]
        elif self.extra:
            params = [{"params": params, **self.extra}]
        self.optimizer = self.make(params, **self.given)
        missing = [name for name in NEEDED if not hasattr(self.optimizer, name)]
        if missing:
            raise NoOptimizer(
                f"what it makes, a {type(self.optimizer).__name__}, has no `{missing[0]}`"
            )

    def add(self):
        """The parameters that come later come now."""
        self.optimizer.add_param_group({"params": self.later, **self.extra, **self.second})
        self.later = []

    def reload(self):
        saved = copy.deepcopy(self.optimizer.state_dict())
        shapes = self.situation.shapes
        self.weights = [lay_out(p.detach(), s) for p, s in zip(self.weights, shapes, strict=True)]
        self.start()
        self.optimizer.load_state_dict(saved)

    def step(self, grads, factor=1.0):
        """Take one step; returns the faults seen, kind → index of the parameter."""
        for group in self.optimizer.param_groups if factor != 1 and self.scheduled else ():
            group["lr"] *= factor
        for p, g in zip(self.weights, grads, strict=True):
            if self.situation.reuse and p.grad is not None:
                p.grad.copy_(g)
            else:
                p.grad = None if g is None else g.clone(memory_format=torch.preserve_format)
        held = [p.grad for p in self.weights]
        returned = self.optimizer.step()
        faults = self.inspect(held, grads)
        if is_global(self.optimizer.step, returned):
            faults["returned"] = 0
        return faults

    def inspect(self, held, grads):
        """What must not happen to a parameter in a step, whatever the numbers."""
        faults: dict[str, int] = {}
        with torch._C.DisableTorchFunctionSubclass():  # ask the tensor, not its class
            for i, (p, grad, g) in enumerate(zip(self.weights, held, grads, strict=True)):
                if p.data_ptr() != self.places[i]:
                    faults.setdefault("memory", i)
                    self.views[i] = p.detach().numpy()
                if p.grad is not grad or (g is not None and not torch.equal(grad, g)):
                    cleared = g is not None and (p.grad is None or not p.grad.any() and g.any())
                    faults.setdefault("cleared" if cleared else "gradient", i)
                if not (p.is_leaf and p.requires_grad):
                    faults.setdefault("graph", i)
                if type(p) is not torch.Tensor:
                    faults.setdefault("class", i)
                state = self.optimizer.state.get(p) or {}
                if any(isinstance(x, torch.Tensor) and x.requires_grad for x in state.values()):
                    faults.setdefault("graph", i)
        kept = [id(p) for group in self.optimizer.param_groups for p in group["params"]]
        kept += [id(p) for p in self.later]
        for i, p in enumerate(self.weights):
            if id(p) not in kept:
                faults.setdefault("replaced", i)
        return faults

    def row(self):
        return np.concatenate([v.ravel() for v in self.views]).astype(np.float64)


def is_global(function, value):
    """Is this thing, which a function returned, one of the global names that it sees?"""
    if value is None:
        return False
    function = inspect.unwrap(getattr(function, "__func__", function))
    known = getattr(function, "__globals__", {})
    used = getattr(getattr(function, "__code__", None), "co_names", ())
    return any(known.get(name) is value for name in used)


def play_all(make, situations, hyper, guard, layouts=True):
    """Play one situation after the other, until the time is up; returns the traces.

    Something whose code runs in another process has a `plays`, and plays there.
    """
    elsewhere = getattr(getattr(make, "func", make), "plays", None)
    if elsewhere is not None:
        return elsewhere(make, situations, hyper)
    traces = []
    for i, situation in enumerate(situations):
        guard.look(i < WATCHED)
        traces.append(play(make, situation, hyper, guard, layouts=layouts))
        if guard.late or isinstance(traces[-1].error, Stopped):
            break
    return traces


def play(make, situation, hyper, guard, follow=None, layouts=True):
    """Play a situation with an optimizer and return its `Trace`.

    Args:
        guard: an active `Guard`, which decides whose fault an exception is.
        follow: a trace; the play ends as soon as it leaves that one far behind.
        layouts: see `Player`.
    """
    if situation.device == "meta":
        return play_without_numbers(make, situation, hyper, guard)
    trace, rows, step = Trace(situation), [], 0
    torch.set_default_dtype(situation.dtype)
    starts, gradients = script(situation)
    try:
        Optim.keeps_memory = False  # who rebinds p.data is found by its memory, with all the rest
        n = 2 if situation.twin else 1
        players = [Player(make, situation, hyper, layouts) for _ in range(n)]
        one = players[0]
        rows.append(one.row())
        for step, grads in enumerate(gradients, 1):
            if step == situation.added:
                one.add()
            if step == situation.reload:
                one.reload()
            if step == situation.renew:
                one.start()
            faults = one.step(grads, situation.lr.get(step, 1.0))
            for kind, i in faults.items():
                trace.faults.setdefault(kind, (step, i))
            rows.append(one.row())
            if rows[-1].shape != rows[0].shape:
                trace.faults["shape"] = (step, 0)
                rows.pop()
                break
            if follow is not None and leaves(rows, follow):
                break
            for twin in players[1:]:
                twin.step([-2 * g for g in grads])
        trace.state = odd_state(one)
    except BaseException as error:
        if not guard.stopped_by(error):
            raise
        trace.error, trace.stopped = error, step
    finally:
        Optim.keeps_memory = True
    trace.points = np.array(rows) if rows else one_row(starts)
    return trace


def odd_state(player):
    """What is odd in the state of the parameters that had a gradient in the last step.

    Returns:
        name → "zero": a tensor of p's shape in which every number is 0, for every such parameter;
        "itself": p, not a copy; "numpy": an array of NumPy's.
    """
    found: dict[str, set] = {}
    for p in player.weights:
        if p.grad is None or not p.grad.any():
            continue
        for name, x in dict(player.optimizer.state.get(p) or {}).items():
            kind = ""
            if x is p:
                kind = "itself"
            elif isinstance(x, np.ndarray):
                kind = "numpy"
            elif isinstance(x, torch.Tensor) and x.shape == p.shape and not x.any():
                kind = "zero"
            found.setdefault(str(name), set()).add(kind)
    return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1 and any(kinds)}


def defaults_of(make, given):
    """Those of an optimizer on one small weight; none if that does not work: `play` says why."""
    try:
        return dict(make([torch.zeros(2, requires_grad=True)], **given).defaults)
    except (Exception, SystemExit, Stopped):
        return {}


class SeesDevices(TorchDispatchMode):
    """Notes whether some operation mixes tensors of two devices, as no GPU would allow.

    Numbers (0-d tensors) of the CPU may be mixed with all, and copies go from one to the other.
    """

    mixed = False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        flat, _ = tree_flatten((args, kwargs))
        tensors = [x for x in flat if isinstance(x, torch.Tensor)]
        first = {x.device for x in tensors if x.dim() or x.device.type != "cpu"}
        if len(first) > 1 and "copy" not in func.__name__:
            self.mixed = True
        return func(*args, **(kwargs or {}))


def play_without_numbers(make, situation, hyper, guard):
    """Play on torch's meta device, where there are shapes and devices but no numbers.

    What cannot work without numbers (`.item()`, NumPy) is no fault and ends the play.
    """
    starts, gradients = script(situation)
    torch.set_default_dtype(situation.dtype)
    devices, step = SeesDevices(), 0
    trace = Trace(situation, one_row(starts).repeat(len(gradients) + 1, 0))
    changes = {k: v for k, v in situation.changes(hyper).items() if k in hyper.names}
    try:
        weights = [x.to("meta").requires_grad_() for x in starts]
        optimizer = make(weights, **{**hyper.given, **changes})
        with devices:
            for step, grads in enumerate(gradients, 1):  # noqa: B007
                for p, g in zip(weights, grads, strict=True):
                    p.grad = g.to("meta")
                optimizer.step()
    except BaseException as error:
        if not guard.stopped_by(error):
            raise
        if isinstance(error, Stopped):
            trace.error, trace.stopped = error, step
    if devices.mixed:
        trace.faults["device"] = (max(step, 1), 0)
    return trace


def one_row(starts):
    return np.concatenate([x.numpy().ravel() for x in starts]).astype(np.float64)[None]


def leaves(rows, trace):
    """Is the newest row already far from where `trace` was at that step?"""
    step = len(rows) - 1
    if step >= len(trace.points):
        return True
    here, there = rows[-1], trace.points[step]
    with np.errstate(all="ignore"):
        far = np.abs(here - there) > 1e-3 * np.abs(there - trace.points[0]) + 1e-6 * np.abs(there)
    return bool(far.any())
