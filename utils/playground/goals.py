"""Goals for exploring, walked again in torch to say whether they are reached.

    goal = below(1e-6, steps=100, link="land=quadratic&condition=30&momentum=0.1,0.9")
    reached(goal, answer)          # answer: the link that the playground shows

The goal fixes landscape, start, noise and seed; the answer brings optimizers with their numbers.
"""

import math
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from utils.playground.facts import FACTS, LABELS, VERDICTS
from utils.playground.scene import Scene, parse, write
from utils.playground.scene import link as to_link
from utils.playground.textbook import textbook
from utils.playground.walk import Trail, trail

Runs = dict[str, dict[str, float]]

LONG: int = FACTS["stable_steps"]  # steps after which what has not diverged is called stable


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

    def spec(self) -> dict[str, Any]:
        """As plain data, for the page."""
        return asdict(self)


@dataclass(frozen=True)
class Verdict:
    """Is the goal reached, in numbers and in a sentence."""

    passed: bool
    score: float
    text: str

    def __bool__(self) -> bool:
        return self.passed


def below(loss: float = 1e-6, steps: int = 100, link: str = "land=quadratic") -> Goal:
    """Get below `loss` within `steps` steps. Score: the steps that it took."""
    text = f"Get below a loss of {write(loss)} within {steps} steps."
    return Goal("below", fixed(link), text, loss=loss, steps=steps)


def edge(optimizer: str = "sgd", within: float = 0.02, link: str = "land=quadratic") -> Goal:
    """Find the largest lr at which `optimizer` is stable, to a part `within`. Score: that lr."""
    known(optimizer)
    text = f"Find the largest stable learning rate of {LABELS[optimizer]}, to {within:.0%}."
    return Goal("edge", fixed(link), text, optimizer=optimizer, within=within)


def beat(
    rival: str = "momentum", loss: float = 1e-6, link: str = "land=quadratic&momentum=0.1,0.9"
) -> Goal:
    """Get below `loss` in fewer steps than `rival`, as it is in `link`. Score: your steps."""
    known(rival)
    if rival not in parse(link)["runs"]:
        raise ValueError(f"the link must say how {rival} is set, such as {rival}=0.1,0.9.")
    text = f"Get below a loss of {write(loss)} in fewer steps than {LABELS[rival]} as it was set."
    return Goal("beat", fixed(link), text, loss=loss, steps=LONG, optimizer=rival)


def fixed(link: str) -> str:
    """The link with everything in it, also what it leaves out."""
    return to_link(parse(link))


def known(optimizer: str) -> None:
    """A ValueError if there is no textbook optimizer of that name."""
    if optimizer not in LABELS:
        raise ValueError(f"there is no optimizer {optimizer!r}; there are {', '.join(LABELS)}.")


def reached(goal: Goal, answer: str) -> Verdict:
    """Walk again, as `answer` (a link) says, where `goal` says, and return the `Verdict`."""
    runs, ground = parse(answer)["runs"], parse(goal.link)
    if goal.kind == "edge":
        return judge_edge(goal, runs, ground)
    took = {name: steps_to(goal, name, runs[name], ground) for name in LABELS if name in runs}
    name, steps = min(took.items(), key=lambda item: item[1])
    rival = goal.steps + 1.0
    if goal.kind == "beat":
        rival = steps_to(goal, goal.optimizer, ground["runs"][goal.optimizer], ground)
    text = VERDICTS["never" if math.isinf(steps) else goal.kind].format(
        optimizer=LABELS[name],
        loss=write(goal.loss),
        limit=goal.steps,
        steps=steps if math.isinf(steps) else int(steps),
        rival=LABELS.get(goal.optimizer),
        rival_steps=VERDICTS["rival_never"] if math.isinf(rival) else int(rival),
    )
    return Verdict(steps < rival, steps, text)


def judge_edge(goal: Goal, runs: Runs, ground: Scene) -> Verdict:
    """Stable at the lr of the answer, and no longer at one that is `within` larger?"""
    name = goal.optimizer
    if name not in runs:
        return Verdict(False, 0.0, VERDICTS["off"].format(optimizer=LABELS[name]))
    lr = runs[name]["lr"]
    inside = stable(name, runs[name], ground)
    outside = stable(name, {**runs[name], "lr": lr * (1 + goal.within)}, ground)
    kind = "diverges" if not inside else "timid" if outside else "edge"
    text = VERDICTS[kind].format(optimizer=LABELS[name], lr=write(lr), within=f"{goal.within:.0%}")
    return Verdict(inside and not outside, lr, text)


def steps_to(goal: Goal, name: str, hyper: dict[str, Any], ground: Scene) -> float:
    """Steps until the loss is below the goal's, or infinity."""
    out = walk(name, hyper, ground, goal.steps)
    return next((float(i) for i, loss in enumerate(out.losses) if loss < goal.loss), math.inf)


def stable(name: str, hyper: dict[str, Any], ground: Scene) -> bool:
    """No larger loss after many steps than at the start."""
    out = walk(name, hyper, ground, LONG)
    return not out.broke and out.losses[-1] <= out.losses[0]


def walk(name: str, hyper: dict[str, Any], ground: Scene, steps: int) -> Trail:
    """A textbook optimizer, where the goal says."""
    where = ground["land"], ground["start"], steps, ground["noise"], ground["seed"]
    return trail(partial(textbook, name, **hyper), *where)
