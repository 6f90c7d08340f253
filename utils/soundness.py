"""Is it a sound optimizer, whatever its idea? There is no reference to compare with here.

check_soundness(MyOptimizer, lr=0.01)                # all
check_soundness(MyOptimizer, "descends", lr=0.01)    # one of DUTIES

A duty is tested by what must make no difference: saving and loading, a second optimizer beside it,
the groups that the parameters are in.
"""

import math
from collections.abc import Callable, Iterable
from itertools import product
from typing import NoReturn

import torch

from utils.check import errors, report
from utils.check.finding import Finding, sentence
from utils.check.guard import Guard, Stopped
from utils.check.optimizer import as_python, label, refuse_what_is_no_class
from utils.check.optimizer_report import FAULTS
from utils.check.situations import Hyper, Situation, play_all
from utils.landscape import Quadratic

Duty = Callable[[str, Callable, dict], str]
DUTIES: dict[str, Duty] = {}
"""Name → function of (name, Optimizer, hyper): a sentence on what it saw, or a `CheckFailed`."""


def duty(test: Duty) -> Duty:
    DUTIES[test.__name__.replace("_", " ")] = test
    return test


def check_soundness(Optimizer: Callable, *duties: str, **hyper) -> None:
    """Does `Optimizer` do what every optimizer must do? One line for each duty, or what is wrong.

    Args:
        Optimizer: a class, or any `(params, **hyper) -> optimizer`.
        duties: names from DUTIES; none means all.
        hyper: given to the optimizer.

    Raises:
        CheckFailed: an AssertionError that says what is wrong, and nothing else, whatever the
            optimizer does.
        ValueError: there is no such duty.
    """
    for name in duties:
        if name not in DUTIES:
            raise ValueError(f"there is no duty {name!r}; there are: {', '.join(DUTIES)}.")
    who = label(Optimizer)
    hyper = {name: as_python(value) for name, value in hyper.items()}
    try:
        refuse_what_is_no_class(Optimizer, torch.optim.SGD, who, "SGD")
        follows_the_gradient(who, Optimizer, hyper)
        for name in duties or tuple(DUTIES):
            says = DUTIES[name](who, Optimizer, hyper)
            report.passed(who, f"{who} {says}")
    except report.CheckFailed as error:
        raise error.with_traceback(None) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        title = f"{who} could not be judged: {errors.message(error)}"
        raise report.CheckFailed(f"✗ {title}", Finding(who, title)) from None


STILL = (
    "the weights do not move",
    "They are the same after all steps.",
    "`p = p - ...` only gives a new tensor the name p: change p in place, `p.sub_(...)`.",
)


def wrong(who: str, kind: str, says: str, *hints: str, facts: Iterable = ()) -> NoReturn:
    found = Finding(
        who,
        f"{who} is not sound yet.",
        mistakes=(kind,),
        diagnosis=(sentence(kind, says),),
        hints=hints,
        given=tuple(facts),
    )
    report.failed(found)


def played(who, Optimizer, hyper, seed=0, **situation):
    """The trace of a situation; what goes wrong in it by itself is reported at once.

    Args:
        seed: of the random numbers that it may draw from torch.
    """
    with Guard(seconds=20) as guard, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        (trace,) = play_all(Optimizer, [Situation("", "", **situation)], Hyper(hyper, {}), guard)
    if guard.borrowed:
        borrowed = ", ".join(sorted(guard.borrowed))
        wrong(who, "torch.optim is used", f"It lets torch take the step ({borrowed}).")
    if trace.error is not None:
        stopped(who, trace.error, f"in step {trace.stopped}" if trace.stopped else "when made")
    for kind in trace.faults:
        wrong(who, *FAULTS[kind][:2], *FAULTS[kind][2])
    still = (trace.points == trace.points[0]).all()
    if still and not ({"zero", "scales"} & situation.keys()):
        wrong(who, *STILL)
    return trace


def stopped(who: str, error: BaseException, where: str) -> NoReturn:
    """Report an exception from the optimizer."""
    if isinstance(error, Stopped):
        wrong(who, "too slow", f"It did not come to an end {where}.")
    kind, says, hints = errors.explain(error, None, None, None)
    found = Finding(
        who,
        f"{who} stopped {where}: {type(error).__name__}.",
        mistakes=(kind,),
        diagnosis=(sentence(kind, says),),
        line=errors.quote(error),
        hints=tuple(hints),
        notes=(("says", errors.message(error)),),
    )
    report.failed(found)


def walked(who, Optimizer, hyper, loss, start, nsteps):
    """The weights and the loss after `nsteps` steps from `start`, with the gradient of `loss`."""
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    with Guard(seconds=20) as guard:
        step = 0
        try:
            optimizer = Optimizer([w], **hyper)
            for step in range(1, nsteps + 1):  # noqa: B007
                optimizer.zero_grad()
                loss(w).backward()
                optimizer.step()
            return w.detach().clone(), loss(w).item()
        except BaseException as error:
            if not guard.stopped_by(error):
                raise
            failure = error
    stopped(who, failure, f"in step {step}" if step else "when it was made")


CENTER = torch.tensor([3.0, -2.0], dtype=torch.float64)
"""All landscapes are moved by this: who only shrinks the weights does not come to a minimum."""

Loss = Callable[[torch.Tensor], torch.Tensor]
LANDSCAPES: dict[str, tuple[Loss, tuple[float, float]]] = {
    "a bowl": (Quadratic(condition=2), (1.25, 1.25)),
    "a turned ravine": (Quadratic(condition=50, rotation=45), (1.25, -0.5)),
    "a ravine along the axes": (Quadratic(condition=50, rotation=0), (-1.0, 1.0)),
    "a kink, |x| + |y|": (lambda w: w.abs().sum(-1), (1.3, -0.7)),
    "a bent valley": (lambda w: (1 - w[0]) ** 2 + 5 * (w[1] - w[0] ** 2) ** 2, (-1.2, 1.0)),
}
HALF = 0.5
FACTORS = (1, 10, 0.1, 3, 0.3, 100, 0.01, 30, 0.03, 1000, 0.001, 300, 0.003)
"""Of the given lr: the first at which it descends is enough. Methods differ much in what suits them."""
STEPS = (300, 1000)
"""Steps that are tried with every lr: many only for who did not arrive with few."""


@duty
def descends(who, Optimizer, hyper):
    """The loss is halved at least on each of five landscapes, at the best of a few lrs."""
    others = {}
    for name, (loss, start) in LANDSCAPES.items():
        first, best, still = loss(torch.tensor(start, dtype=torch.float64)).item(), math.inf, True
        moved = [x + c for x, c in zip(start, CENTER.tolist(), strict=True)]
        for nsteps, factor in product(STEPS, FACTORS if "lr" in hyper else (1,)):
            rate = {"lr": hyper["lr"] * factor} if "lr" in hyper else {}
            with_rate = {**hyper, **rate}
            w, last = walked(
                who, Optimizer, with_rate, lambda w, f=loss: f(w - CENTER), moved, nsteps
            )
            still, best = still and w.tolist() == moved, min(best, last)
            if last <= HALF * first:
                if factor != 1:
                    others[name] = f"lr = {rate['lr']:g} in {name}"
                break
        else:
            facts = [
                ("landscape", name),
                ("steps", str(STEPS[-1])),
                ("loss", f"{first:.3g} → {best:.3g}"),
            ]
            if "lr" in hyper:
                rates = [hyper["lr"] * factor for factor in FACTORS]
                facts.append(("lr", f"the best of {len(rates)}, {min(rates):g} to {max(rates):g}"))
            if still:
                wrong(who, *STILL, facts=facts)
            up = not best < first
            wrong(
                who,
                "it does not descend" if up else "it descends too slowly",
                "The loss is not lower than at the start." if up else "The loss is not yet halved.",
                "Is the sign right, and is lr neither too large nor too small? Draw it: "
                "`output(MyOptimizer([w], ...))`.",
                facts=facts,
            )
    by = f" ({'; '.join(others.values())})" if others else ""
    return f"descends on {len(LANDSCAPES)} landscapes{by}"


@duty
def stays_finite(who, Optimizer, hyper):
    """No NaN and nothing infinite: gradients that are zero, tiny or huge, and odd shapes."""
    cases: dict[str, dict] = {
        "gradients that are zero": dict(zero=tuple((t, i) for t in range(1, 14) for i in (0, 1))),
        "gradients of 1e-20": dict(scales=(1e-20, 1e-20)),
        "gradients of 1e10": dict(scales=(1e10, 1e10)),
        "no dimension, one, or three": dict(shapes=((), (1,), (3, 1, 2))),
        "matrices, tall and wide": dict(shapes=((5, 2), (2, 5), (4, 3, "t"))),
    }
    for name, situation in cases.items():
        trace = played(who, Optimizer, hyper, steps=16, **situation)
        bad = [
            t for t, row in enumerate(trace.points) if not abs(row).max(initial=0) < float("inf")
        ]
        if bad:
            wrong(
                who,
                "NaN or infinity",
                f"After step {bad[0]} a weight is no number any more.",
                "Can a denominator be zero? An ε in it prevents 0/0.",
                facts=[("with", name)],
            )
    return f"stays finite in {len(cases)} hard cases"


@duty
def can_be_repeated(who, Optimizer, hyper):
    """The same again, to the bit, and also beside a second optimizer of its class.

    Random numbers must come from torch, so that `torch.manual_seed` repeats them.
    """
    one = played(who, Optimizer, hyper, steps=12)
    if not same(one, played(who, Optimizer, hyper, steps=12)):
        wrong(
            who,
            "another run gives other steps",
            "The same gradients were given twice, and the weights differ in the end.",
            "Does it keep something outside of `state`, or draw random numbers that "
            "`torch.manual_seed` does not repeat?",
        )
    if not same(one, played(who, Optimizer, hyper, steps=12, seed=1)):
        return "draws random numbers, and takes the same steps again after `torch.manual_seed`"
    if not same(one, played(who, Optimizer, hyper, steps=12, twin=True)):
        wrong(
            who,
            "optimizers share what they remember",
            "With a second optimizer at work beside it, it takes other steps.",
            "What is remembered belongs in `state`, not in the class or a global name.",
        )
    return "takes the same steps again, also beside a second one"


@duty
def survives_saving(who, Optimizer, hyper):
    """state_dict saved in mid-run and loaded into a new optimizer: nothing changes."""
    whole = played(who, Optimizer, hyper, steps=12)
    if not same(whole, played(who, Optimizer, hyper, steps=12, reload=7)):
        wrong(
            who,
            "something is missing in state_dict",
            "After saving and loading before step 7, it takes other steps.",
            "All that is remembered must be in `state`, which `state_dict` saves. What is in "
            "`self` is lost.",
        )
    return "survives being saved and loaded"


def follows_the_gradient(who, Optimizer, hyper):
    """With the opposite gradients it must come somewhere else: else no duty says anything of it.

    What else goes wrong here, the duties tell better.
    """
    ends = []
    for sign in (1.0, -1.0):
        p = torch.ones(3).double().requires_grad_()
        with Guard(seconds=2) as guard:
            try:
                optimizer = Optimizer([p], **hyper)
                for step in range(1, 4):
                    p.grad = sign * step * torch.tensor([1.0, -2.0, 0.5]).double()
                    optimizer.step()
            except BaseException as error:
                if not guard.stopped_by(error):
                    raise
                return
        ends.append(p.detach().clone())
    if torch.equal(*ends):
        if (ends[0] == 1).all():
            wrong(who, *STILL)
        wrong(
            who,
            "the gradient does not matter",
            "With the opposite gradients the weights end in the same place.",
            "Where does `p.grad` stand in your step?",
        )


@duty
def respects_groups(who, Optimizer, hyper):
    """Two groups with different lr are as good as two optimizers, and lr makes a difference.

    A method may use one number for all parameters, such as the norm of all gradients. Then two
    optimizers are no measure for two groups, and the line says so.
    """
    if "lr" not in hyper:
        wrong(who, "no lr", "Give it a learning rate: check_soundness(MyOptimizer, lr=...).")
    lr = hyper["lr"]
    together = grouped(who, Optimizer, hyper, [lr, lr / 4])
    if all((p == 1).all() for p in together):
        wrong(who, *STILL)
    same_lr = grouped(who, Optimizer, hyper, [lr, lr])
    if lr and torch.equal(together[1], same_lr[1]):
        others = grouped(who, Optimizer, {**hyper, "lr": lr / 4}, [lr / 4, lr / 4])
        nowhere = torch.equal(others[0], same_lr[0])
        wrong(
            who,
            "lr has no effect" if nowhere else "groups are mixed up",
            "With another lr it takes the same steps."
            if nowhere
            else "Another lr in the second group changes nothing there.",
            'Multiply the step by `group["lr"]`.',
        )
    alone = [
        grouped(who, Optimizer, {**hyper, "lr": rate}, [rate, rate], only=i)[i]
        for i, rate in enumerate((lr, lr / 4))
    ]
    if all(torch.equal(a, b) for a, b in zip(together, alone, strict=True)):
        return "respects groups"
    if depends_on_all(who, Optimizer, hyper):
        return "respects the lr of each group; by design a step depends on all gradients"
    wrong(
        who,
        "groups are mixed up",
        "Two groups with different lr do not take the steps that two optimizers would take.",
        'Read every hyper-parameter from `group`, such as `group["lr"]`, when it is used. '
        "And count the steps of each parameter by itself.",
    )


def depends_on_all(who, Optimizer, hyper):
    """Does a parameter move in another way if it is the other one that has larger gradients?

    They are steady, for some methods only then begin to trust in them.
    """
    rates = [hyper["lr"]] * 2
    steady = dict(steady=True, nsteps=100)
    as_they_are = grouped(who, Optimizer, hyper, rates, **steady)
    for i in (0, 1):
        louder = grouped(who, Optimizer, hyper, rates, louder=i, **steady)
        if not torch.equal(as_they_are[1 - i], louder[1 - i]):
            return True
    return False


def grouped(who, Optimizer, hyper, rates, only=None, louder=None, steady=False, nsteps=16):
    """Two parameters, each in a group with its own lr, after some steps.

    Args:
        only: the number of the one parameter that the optimizer gets, without naming its lr: who
            reads it from `self` is told apart.
        louder: the number of the parameter whose gradients are a thousand times as large.
        steady: the gradients are the same in all steps.
    """
    rng = torch.Generator().manual_seed(0)
    params = [torch.ones(3).double().requires_grad_(), torch.ones(2, 2).double().requires_grad_()]
    with Guard(seconds=20) as guard, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            groups = [{"params": [p], "lr": lr} for p, lr in zip(params, rates, strict=True)]
            optimizer = Optimizer(groups if only is None else [params[only]], **hyper)
            for _ in range(nsteps):
                if steady:
                    rng.manual_seed(0)
                for i, p in enumerate(params):
                    g = torch.randn(p.shape, generator=rng, dtype=torch.float64)
                    p.grad = g * (1000 if i == louder else 1)
                optimizer.step()
            return [p.detach() for p in params]
        except BaseException as error:
            if not guard.stopped_by(error):
                raise
            failure = error
    stopped(who, failure, "with two groups")


@duty
def minds_its_business(who, Optimizer, hyper):
    """Gradients, memory and graph stay as they are; what has no gradient does not move."""
    missing = tuple((t, 1) for t in range(1, 17))
    trace = played(who, Optimizer, hyper, steps=16, missing=missing)
    if (trace.points[:, 3:] != trace.points[0, 3:]).any():
        wrong(
            who,
            "a parameter without gradient moves",
            "Its `p.grad` is None, so it must stay where it is.",
            "The `step` of `Optim` skips such parameters: did you write your own?",
        )
    kept = played(who, Optimizer, hyper, steps=16, reuse=True)
    if not same(kept, played(who, Optimizer, hyper, steps=16)):
        wrong(
            who,
            "the gradient itself is remembered",
            "If gradients keep their memory (`zero_grad(set_to_none=False)`), it takes other steps.",
            "A gradient must be copied before it is remembered: `p.grad.clone()`.",
        )
    return "leaves alone what is not its own"


def same(one, other):
    """Are two traces equal to the bit?"""
    return one.points.shape == other.points.shape and (one.points == other.points).all()
