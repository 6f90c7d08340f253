"""Goals for exploring, walked again in torch to say whether they are reached.

    goal = below(1e-6, steps=100, link="land=quadratic&condition=30&momentum=0.1,0.9")
    reached(goal, answer)          # answer: the link that the playground shows

The goal fixes landscape, start, noise and seed; the answer brings optimizers with their numbers.
"""

import math
from dataclasses import asdict, dataclass
from functools import partial

from utils.playground.scene import link as to_link
from utils.playground.scene import parse, write
from utils.playground.textbook import LABELS, textbook
from utils.playground.walk import trail

LONG = 1000  # steps after which what has not diverged is called stable


@dataclass(frozen=True)
class Goal:
    """kind: "below", "edge" or "beat"; the rest as in the functions that make one."""

    kind: str
    link: str
    text: str
    loss: float = 0.0
    steps: int = 0
    optimizer: str = ""
    within: float = 0.0

    def spec(self):
        return asdict(self)


@dataclass(frozen=True)
class Verdict:
    """Is the goal reached, in numbers and in a sentence."""

    passed: bool
    score: float
    text: str

    def __bool__(self):
        return self.passed


def below(loss=1e-6, steps=100, link="land=quadratic"):
    """Get below `loss` within `steps` steps. Score: the steps that it took."""
    text = f"Get below a loss of {write(loss)} within {steps} steps."
    return Goal("below", fixed(link), text, loss=loss, steps=steps)


def edge(optimizer="sgd", within=0.02, link="land=quadratic"):
    """Find the largest lr at which `optimizer` is stable, to a part `within`. Score: that lr."""
    known(optimizer)
    text = f"Find the largest stable learning rate of {LABELS[optimizer]}, to {within:.0%}."
    return Goal("edge", fixed(link), text, optimizer=optimizer, within=within)


def beat(rival="momentum", loss=1e-6, link="land=quadratic&momentum=0.1,0.9"):
    """Get below `loss` in fewer steps than `rival`, as it is in `link`. Score: your steps."""
    known(rival)
    if rival not in parse(link)["runs"]:
        raise ValueError(f"the link must say how {rival} is set, such as {rival}=0.1,0.9.")
    text = f"Get below a loss of {write(loss)} in fewer steps than {LABELS[rival]} as it was set."
    return Goal("beat", fixed(link), text, loss=loss, steps=LONG, optimizer=rival)


def fixed(link):
    return to_link(parse(link))


def known(optimizer):
    if optimizer not in LABELS:
        raise ValueError(f"there is no optimizer {optimizer!r}; there are {', '.join(LABELS)}.")


def reached(goal, answer):
    """Walk again, as `answer` (a link) says, where `goal` says, and return the `Verdict`."""
    runs, ground = parse(answer)["runs"], parse(goal.link)
    if goal.kind == "edge":
        return judge_edge(goal, runs, ground)
    took = {name: steps_to(goal, name, hyper, ground) for name, hyper in runs.items()}
    name, steps = min(took.items(), key=lambda item: item[1])
    rival = goal.steps + 1.0
    if goal.kind == "beat":
        rival = steps_to(goal, goal.optimizer, ground["runs"][goal.optimizer], ground)
    if math.isinf(steps):
        told = f"none gets below {write(goal.loss)} within {goal.steps} steps"
    else:
        told = f"{LABELS[name]} is below {write(goal.loss)} after {int(steps)} steps"
        if goal.kind == "beat":
            told += f", and {LABELS[goal.optimizer]} took {rival:g}".replace("inf", "for ever")
    return Verdict(steps < rival, steps, told[0].upper() + told[1:] + ".")


def judge_edge(goal, runs, ground):
    name = goal.optimizer
    if name not in runs:
        return Verdict(False, 0.0, f"{LABELS[name]} is not switched on.")
    lr = runs[name]["lr"]
    inside = stable(name, runs[name], ground)
    outside = stable(name, {**runs[name], "lr": lr * (1 + goal.within)}, ground)
    if not inside:
        return Verdict(False, lr, f"With lr = {lr:g} {LABELS[name]} diverges.")
    if outside:
        return Verdict(False, lr, f"lr = {lr:g} is stable, but so is one {goal.within:.0%} larger.")
    return Verdict(True, lr, f"lr = {lr:g} is stable, and one {goal.within:.0%} larger is not.")


def steps_to(goal, name, hyper, ground):
    """Steps until the loss is below the goal's, or infinity."""
    out = walk(name, hyper, ground, goal.steps)
    return next((float(i) for i, loss in enumerate(out.losses) if loss < goal.loss), math.inf)


def stable(name, hyper, ground):
    """No larger loss after many steps than at the start."""
    out = walk(name, hyper, ground, LONG)
    return not out.broke and out.losses[-1] <= out.losses[0]


def walk(name, hyper, ground, steps):
    where = ground["land"], ground["start"], steps, ground["noise"], ground["seed"]
    return trail(partial(textbook, name, **hyper), *where)
