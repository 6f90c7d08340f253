"""Is it a sound optimizer, whatever its idea? There is no reference to compare with here.

check_soundness(MyOptimizer, lr=0.01)                # all
check_soundness(MyOptimizer, "descends", lr=0.01)    # one of DUTIES

A duty is tested by what must make no difference: saving and loading, a second optimizer beside it,
the groups that the parameters are in.
"""

import torch

from utils.check import errors, report
from utils.check.finding import Finding, sentence
from utils.check.guard import Guard, Stopped
from utils.check.optimizer import label, refuse_what_is_no_class
from utils.check.optimizer_report import FAULTS
from utils.check.situations import Hyper, Situation, play_all
from utils.landscape import Quadratic

DUTIES = {}
"""Name → function of (name, Optimizer, hyper): a sentence on what it saw, or a `CheckFailed`."""


def duty(test):
    DUTIES[test.__name__.replace("_", " ")] = test
    return test


def check_soundness(Optimizer, *duties, **hyper):
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
    try:
        refuse_what_is_no_class(Optimizer, torch.optim.SGD, who, "SGD")
        follows_the_gradient(who, Optimizer, hyper)
        for name in duties or DUTIES:
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


def wrong(who, kind, says, *hints, facts=()):
    found = Finding(
        who,
        f"{who} is not sound yet.",
        mistakes=(kind,),
        diagnosis=(sentence(kind, says),),
        hints=hints,
        given=tuple(facts),
    )
    report.failed(found)


def played(who, Optimizer, hyper, **situation):
    """The trace of a situation; what goes wrong in it by itself is reported at once."""
    with Guard(seconds=20) as guard:
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


def stopped(who, error, where):
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

LANDSCAPES = {
    "a bowl": (Quadratic(condition=2), (1.25, 1.25)),
    "a turned ravine": (Quadratic(condition=50, rotation=45), (1.25, -0.5)),
    "a ravine along the axes": (Quadratic(condition=50, rotation=0), (-1.0, 1.0)),
    "a kink, |x| + |y|": (lambda w: w.abs().sum(-1), (1.3, -0.7)),
    "a bent valley": (lambda w: (1 - w[0]) ** 2 + 5 * (w[1] - w[0] ** 2) ** 2, (-1.2, 1.0)),
}
HALF = 0.5


@duty
def descends(who, Optimizer, hyper, nsteps=300):
    """The loss is halved at least, in 300 steps, on each of five landscapes."""
    for name, (loss, start) in LANDSCAPES.items():
        first = loss(torch.tensor(start, dtype=torch.float64)).item()
        start = (torch.tensor(start, dtype=torch.float64) + CENTER).tolist()
        w, last = walked(who, Optimizer, hyper, lambda w, f=loss: f(w - CENTER), start, nsteps)
        facts = [("landscape", name), ("steps", str(nsteps)), ("loss", f"{first:.3g} → {last:.3g}")]
        if w.tolist() == start:
            wrong(who, *STILL, facts=facts)
        if not last <= HALF * first:
            up = not last < first
            wrong(
                who,
                "it does not descend" if up else "it descends too slowly",
                "The loss is not lower than at the start." if up else "The loss is not yet halved.",
                "Is the sign right, and is lr neither too large nor too small? Draw it: "
                "`output(MyOptimizer([w], ...))`.",
                facts=facts,
            )
    return f"descends on {len(LANDSCAPES)} landscapes"


@duty
def stays_finite(who, Optimizer, hyper):
    """No NaN and nothing infinite: gradients that are zero, tiny or huge, and odd shapes."""
    cases = {
        "gradients that are zero": dict(zero=tuple((t, i) for t in range(1, 6) for i in (0, 1))),
        "gradients of 1e-20": dict(scales=(1e-20, 1e-20)),
        "gradients of 1e10": dict(scales=(1e10, 1e10)),
        "no dimension, one, or no entry at all": dict(shapes=((), (1,), (3, 1, 2), (0, 2))),
        "matrices, tall and wide": dict(shapes=((5, 2), (2, 5), (4, 3, "t"))),
    }
    for name, situation in cases.items():
        trace = played(who, Optimizer, hyper, steps=8, **situation)
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
    """The same again, to the bit, and also beside a second optimizer of its class."""
    one = played(who, Optimizer, hyper, steps=12)
    if not same(one, played(who, Optimizer, hyper, steps=12)):
        wrong(
            who,
            "another run gives other steps",
            "The same gradients were given twice, and the weights differ in the end.",
            "Does it draw random numbers, or keep something outside of `state`?",
        )
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
    """Two groups with different lr are as good as two optimizers."""
    if "lr" not in hyper:
        wrong(who, "no lr", "Give it a learning rate: check_soundness(MyOptimizer, lr=...).")
    together = grouped(who, Optimizer, hyper, True)
    alone = grouped(who, Optimizer, hyper, False)
    if all((p == 1).all() for p in together):
        wrong(who, *STILL)
    if not all(torch.equal(a, b) for a, b in zip(together, alone, strict=True)):
        wrong(
            who,
            "groups are mixed up",
            "Two groups with different lr do not take the steps that two optimizers would take.",
            'Read every hyper-parameter from `group`, such as `group["lr"]`, when it is used. '
            "And count the steps of each parameter by itself.",
        )
    return "respects groups"


def grouped(who, Optimizer, hyper, together):
    """Two parameters with different lr, in one optimizer or in two, after eight steps."""
    rng = torch.Generator().manual_seed(0)
    params = [torch.ones(3).double().requires_grad_(), torch.ones(2, 2).double().requires_grad_()]
    with Guard(seconds=20) as guard:
        try:
            rates = [hyper["lr"], hyper["lr"] * 0.25]
            if together:
                groups = [{"params": [p], "lr": lr} for p, lr in zip(params, rates, strict=True)]
                optimizers = [Optimizer(groups, **hyper)]
            else:  # the constructor is given the lr: who reads it from `self` is told apart
                optimizers = [
                    Optimizer([p], **{**hyper, "lr": lr})
                    for p, lr in zip(params, rates, strict=True)
                ]
            for _ in range(8):
                for p in params:
                    p.grad = torch.randn(p.shape, generator=rng, dtype=torch.float64)
                for optimizer in optimizers:
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
    missing = tuple((t, 1) for t in range(1, 9))
    trace = played(who, Optimizer, hyper, steps=8, missing=missing)
    if (trace.points[:, 3:] != trace.points[0, 3:]).any():
        wrong(
            who,
            "a parameter without gradient moves",
            "Its `p.grad` is None, so it must stay where it is.",
            "The `step` of `Optim` skips such parameters: did you write your own?",
        )
    kept = played(who, Optimizer, hyper, steps=8, reuse=True)
    if not same(kept, played(who, Optimizer, hyper, steps=8)):
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
