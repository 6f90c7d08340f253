"""The landscape playground as a widget."""

import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import traitlets

from utils.path import Path
from utils.playground import scene
from utils.playground.assets import Alive
from utils.playground.facts import HYPER, LABELS, LANDSCAPES, SETTINGS, usual
from utils.playground.goals import Goal, Verdict, known, reached
from utils.playground.newest import arguments, newest, watch
from utils.playground.textbook import textbook
from utils.playground.walk import Trail, explain, json_ready, landscape, trail
from utils.plots import Picture

Values = dict[str, Any]

TO = {  # a class's own names → the playground's
    "lr": "lr",
    "momentum": "beta",
    "beta": "beta",
    "beta1": "beta",
    "beta2": "beta2",
    "alpha": "beta2",
    "betas[0]": "beta",
    "betas[1]": "beta2",
    "eps": "eps",
    "weight_decay": "wd",
    "dampening": "dampening",
}


def playground(
    Optimizer: Callable[..., Any] | str | None = None,
    link: str | None = None,
    *,
    show: list[str] | None = None,
    against: str | None = None,
    goal: Goal | None = None,
    predict: tuple[str, list[str]] | None = None,
    **given: Any,
) -> "Playground":
    """Optimizers on a landscape, to play with.

        playground()                                       # the textbook's
        playground(SGDMomentumOptimizer, lr=0.1, momentum=0.9)   # yours, over the textbook's
        playground(link="land=rosenbrock&adam=0.1,0.9")    # a scene that somebody sent you
        playground(MyAdam, "land=beale&mine=lr:0.1")       # and one with your class in it

    Args:
        Optimizer: your class; its numbers become sliders. Its path is computed here, in Python.
        link: a scene, as the playground shows it under "Link to this scene".
        show: names of textbook optimizers to draw, such as ["sgd", "adam"].
        against: the textbook's twin of your class; guessed from its name and its numbers.
        goal: something to reach, made by `below`, `edge` or `beat`.
        predict: (question, [answers]): the paths stay hidden until one is chosen.
        given: landscape (and what shapes it), start, steps, noise, seed; all others are
            hyper-parameters.

    Returns:
        Playground: a widget. Its `.link` is the scene, its `.verdict` whether its goal is reached.
    """
    if isinstance(Optimizer, str):
        Optimizer, link = None, Optimizer
    return Playground(Optimizer, link, show, against, goal, predict, given)


class Playground(Alive):
    """See `playground`."""

    RENDER = "renderLandscape"

    link = traitlets.Unicode().tag(sync=True)
    mine = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    values = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    recorded = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    goal = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    predict: Any = traitlets.List(allow_none=True, default_value=None).tag(sync=True)
    prediction = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)

    def __init__(
        self,
        Optimizer: Callable[..., Any] | None,
        link: str | None,
        show: list[str] | None,
        against: str | None,
        goal: Goal | None,
        predict: tuple[str, list[str]] | None,
        given: Values,
    ) -> None:
        if goal is not None and not isinstance(goal, Goal):
            raise TypeError("goal is made by below(...), edge(...) or beat(...).")
        question = None
        if predict is not None:
            asked, answers = predict
            question = [str(asked), [str(answer) for answer in answers]]
        if link is None and goal is not None:
            link = goal.link
        world, hyper = setting(link, given)
        if goal is not None and goal.kind == "below":
            world["steps"] = min(goal.steps, SETTINGS["steps"]["max"])
        if goal is not None and goal.kind == "edge" and Optimizer is None:
            show = show or [goal.optimizer]
        self.optimizer, self.goal_asked = Optimizer, goal
        self.fixed: Values = {}
        mine = values = recorded = None
        if Optimizer is None:
            world["runs"] = textbook_runs(world, show, hyper)
        else:
            mine, self.fixed = describe(Optimizer, {**together(world["mine"]), **hyper}, against)
            values = {each["key"]: each["value"] for each in mine["sliders"]}
            lr = mine["sliders"][0]["value"] if mine["sliders"] else HYPER["lr"]["value"]
            beside = show or [mine["against"] or "momentum"]
            world["runs"] = {name: scene.run(name, "", lr) for name in beside}
            recorded = self.walk({**world, "values": values, "states": True})
        world["mine"] = values or {}
        super().__init__(
            link=scene.link(world),
            mine=mine,
            values=values,
            recorded=recorded,
            goal=goal.spec() if goal else None,
            predict=question,
        )
        self.on_msg(self.answer)
        if Optimizer is not None:
            watch(self)

    # what the page asks

    def answer(self, _: Any, message: Values, buffers: Any) -> None:
        """Answer every message, whatever happens: the page counts them."""
        reply = {"me": message.get("me"), "id": message.get("id"), "kind": "pong"}
        try:
            if message.get("kind") == "walk":
                reply |= {"kind": "walk", "trail": self.walk(message)}
        except Exception as error:  # noqa: BLE001
            reply |= {"kind": "walk", "trail": as_message(no_trail(explain(error)))}
        finally:
            self.send(reply)

    def walk(self, ask: Values) -> Values:
        """Your class's path, as JSON knows it. Your class is what its name means now."""
        if self.optimizer is None:
            raise ValueError("there is no class of yours here.")
        new = newest(self.optimizer)
        if new is not self.optimizer:
            if arguments(new) != arguments(self.optimizer):
                text = "Your class takes other arguments now: run this cell again."
                return as_message(no_trail(text))
            self.optimizer = new
        make = partial(self.make, values=ask["values"])
        where = ask["land"], ask["start"], ask["steps"], ask["noise"], ask["seed"]
        return as_message(trail(make, *where, states=ask.get("states", False)))

    def make(self, params: list[torch.Tensor], values: Values) -> torch.optim.Optimizer:
        """Your optimizer, with the numbers that the sliders show."""
        assert self.optimizer is not None
        made: torch.optim.Optimizer = self.optimizer(params, **self.fixed, **together(values))
        return made

    def renew(self) -> None:
        """After a cell: if your class is another one now, walk with it; the page hears of it."""
        if self.optimizer is None or newest(self.optimizer) is self.optimizer:
            return
        try:
            asked = {**scene.parse(self.link), "values": self.values, "states": True}
            self.recorded = self.walk(asked)
        except Exception as error:  # noqa: BLE001 (the student's cell has run; it is not its fault)
            self.recorded = as_message(no_trail(explain(error)))

    # what you can ask

    @property
    def hyper(self) -> Values:
        """The hyper-parameters that the sliders show, for your class."""
        return together(self.values or {})

    @property
    def verdict(self) -> Verdict | None:
        """Whether its goal is reached by the scene as it is; None without a goal."""
        return reached(self.goal_asked, self.link) if self.goal_asked else None

    def paths(self) -> list[Path]:
        """The paths that are drawn, as `Path`s: the textbook's, then yours."""
        world = scene.parse(self.link)
        where = world["land"], world["start"], world["steps"], world["noise"], world["seed"]
        runs = dict(world["runs"])
        if self.mine and self.mine["against"]:
            runs[self.mine["against"]] = {
                **runs.get(self.mine["against"], {}),
                **{s["to"]: self.values[s["key"]] for s in self.mine["sliders"] if s["to"]},
            }
        made: dict[str, Callable[..., Any]] = {
            LABELS[name]: partial(textbook, name, **hyper) for name, hyper in runs.items()
        }
        if self.mine:
            made[self.mine["label"]] = partial(self.make, values=self.values)
        return [as_path(trail(make, *where), label) for label, make in made.items()]

    def picture(self) -> Picture:
        """The scene as a `Picture`, for print and for pages without JavaScript."""
        from utils import plots

        world = scene.parse(self.link)
        return plots.race(landscape(world["land"], world["seed"]), *self.paths())

    def __repr__(self) -> str:
        return f"playground({self.link!r})"


def as_message(out: Trail) -> Values:
    """A walk as the page wants it."""
    return {
        "points": out.points,
        "losses": out.losses,
        "grads": [json_ready(g) for g in out.grads],
        "states": out.states,
        "broke": out.broke,
        "trouble": out.trouble,
        "raised": out.raised,
    }


def no_trail(trouble: str) -> Trail:
    """No walk at all, and why."""
    return Trail(broke=1, trouble=trouble, raised=True)


def setting(link: str | None, given: Values) -> tuple[scene.Scene, Values]:
    """Split what is given into a scene and hyper-parameters."""
    given = dict(given)
    world = scene.parse(link or "")
    name = given.pop("landscape", world["land"]["name"])
    if name not in LANDSCAPES:
        raise ValueError(f"there is no landscape {name!r}; there are {', '.join(LANDSCAPES)}.")
    if name != world["land"]["name"]:
        world = scene.parse(f"land={name}")
    for key, shape in LANDSCAPES[name]["shape"].items():
        if key in given:
            world["land"][key] = inside(key, given.pop(key), shape)
    for key in SETTINGS.keys() & given.keys():
        world[key] = given.pop(key)
    for key in ("steps", "noise"):
        world[key] = inside(key, world[key], SETTINGS[key])
    world["start"] = [inside("start", float(x), SETTINGS["start"]) for x in world["start"]]
    return world, given


def inside(name: str, value: float, limits: Values) -> float:
    """The value, if it is inside; else a ValueError that says the limits."""
    low, high = limits["min"], limits["max"]
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low} and {high}, but it is {value}.")
    return value


def textbook_runs(
    world: scene.Scene, show: list[str] | None, hyper: Values
) -> dict[str, dict[str, float]]:
    """The textbook optimizers to draw, with the hyper-parameters that are given for all."""
    runs = {}
    for name in show or list(world["runs"]):
        known(name)
        lr = LANDSCAPES[world["land"]["name"]]["lr"]
        own = world["runs"].get(name) or {**usual(name), "lr": lr}
        runs[name] = {**own, **textbooks_names(hyper)}
    return runs


def textbooks_names(hyper: Values) -> dict[str, float]:
    """`{"betas": (0.9, 0.99)}` → `{"beta": 0.9, "beta2": 0.99}`."""
    strange = [key for key in flat(hyper) if key not in TO]
    if strange:
        raise ValueError(f"the textbook's optimizers have no {strange[0]!r}.")
    return {TO[key]: value for key, value in flat(hyper).items()}


def describe(
    Optimizer: Callable[..., Any], hyper: Values, against: str | None
) -> tuple[Values, Values]:
    """Your class for the page: sliders for its numbers. And what is no number, to keep fixed."""
    if not callable(Optimizer):
        raise TypeError(
            f"this is a {type(Optimizer).__name__}: playground wants the class, not an optimizer."
        )
    function = getattr(Optimizer, "func", Optimizer)  # of a partial
    label = getattr(function, "__name__", "yours")
    if label in LABELS.values():
        label = f"your {label}"
    defaults = {}
    for name, parameter in inspect.signature(Optimizer).parameters.items():
        if numeric(parameter.default):
            defaults[name] = parameter.default
    hyper = {**defaults, **hyper}
    fixed = {key: value for key, value in hyper.items() if not numeric(value)}
    numbers = flat({key: value for key, value in hyper.items() if numeric(value)})
    against = against or guess(label, Optimizer, hyper)
    if against is not None:
        known(against)
    sliders = [slider(key, value) for key, value in numbers.items()]
    sliders.sort(key=lambda each: each["key"] != "lr")
    return {"label": label, "against": against, "sliders": sliders}, fixed


def numeric(value: Any) -> bool:
    """A finite number, or several."""
    if isinstance(value, tuple | list):
        return bool(value) and all(map(numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def flat(hyper: Values) -> Values:
    """`{"betas": (0.9, 0.999)}` → `{"betas[0]": 0.9, "betas[1]": 0.999}`."""
    found: Values = {}
    for key, value in hyper.items():
        if isinstance(value, tuple | list):
            found |= {f"{key}[{i}]": x for i, x in enumerate(value)}
        else:
            found[key] = value
    return found


def together(values: Values) -> Values:
    """The way back from `flat`."""
    found: Values = {}
    for key, value in values.items():
        name, bracket, _ = key.partition("[")
        if bracket:
            found[name] = (*found.get(name, ()), value)
        else:
            found[key] = value
    return found


def slider(key: str, value: float) -> Values:
    """A slider for one number, with the range that its name asks for."""
    to = TO.get(key)
    made: Values = {"key": key, "to": to, "label": key, "value": value}
    if to in HYPER:
        made |= HYPER[to]["slider"]
        wide = max(made["max"], value) if to == "wd" else made["max"]
        return made | {"max": wide}
    if isinstance(value, int) and to is None:
        return made | {"min": min(0, value), "max": max(10, 4 * value), "step": 1}
    if to == "dampening" or value == 0:
        return made | {"min": 0, "max": max(1, value), "step": 0.01}
    if value < 0:
        return made | {"min": 4 * value, "max": 0, "step": -value / 25}
    return made | {"min": value / 100, "max": value * 100, "log": True}


def guess(label: str, Optimizer: Callable[..., Any], hyper: Values) -> str | None:
    """The textbook's optimizer that a class wants to be, or None."""
    name = label.lower()
    nesterov = getattr(Optimizer, "keywords", {}).get("nesterov") or hyper.get("nesterov")
    for word in ("lion", "nesterov", "adamw", "adam", "rmsprop"):
        if word in name:
            return word
    if nesterov:
        return "nesterov"
    if "betas" in hyper:
        return "adam"
    if "alpha" in hyper:
        return "rmsprop"
    if "momentum" in hyper or "beta" in hyper:
        return "momentum"
    return "sgd" if set(hyper) <= {"lr", "weight_decay"} else None


def as_path(out: Trail, label: str) -> Path:
    """A walk as what `utils.plots` draws."""
    points = torch.tensor(out.points, dtype=torch.float64)
    return Path(points, torch.tensor(out.losses), label, out.trouble or None)
