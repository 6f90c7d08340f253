"""The landscape playground as a widget."""

import inspect
import math
from functools import partial

import torch
import traitlets

from utils.path import Path
from utils.playground import scene
from utils.playground.assets import Alive
from utils.playground.goals import Goal, reached
from utils.playground.textbook import LABELS, textbook
from utils.playground.walk import LANDSCAPES, landscape, plain, tell, trail

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
SETTINGS = {"start", "steps", "noise", "seed"}


def playground(
    Optimizer=None, link=None, *, show=None, against=None, goal=None, predict=None, **given
):
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

    FILES, RENDER = ("engine", "ui", "landscape"), "renderLandscape"

    link = traitlets.Unicode().tag(sync=True)
    mine = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    values = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    recorded = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    goal = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    predict = traitlets.List(allow_none=True, default_value=None).tag(sync=True)
    prediction = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, Optimizer, link, show, against, goal, predict, given):
        if goal is not None and not isinstance(goal, Goal):
            raise TypeError("goal is made by below(...), edge(...) or beat(...).")
        if predict is not None:
            question, answers = predict
            predict = [str(question), [str(answer) for answer in answers]]
        if link is None and goal is not None:
            link = goal.link
        world, hyper = setting(link, given)
        if goal is not None and goal.kind == "below":
            world["steps"] = min(goal.steps, 1000)
        if goal is not None and goal.kind == "edge" and Optimizer is None:
            show = show or [goal.optimizer]
        self.optimizer, self.fixed = Optimizer, {}
        mine = recorded = None
        if Optimizer is None:
            for name in show or list(world["runs"]):
                known(name)
                own = world["runs"].get(
                    name, scene.run(name, "", scene.FIRST[world["land"]["name"]][1])
                )
                world["runs"][name] = {**own, **textbooks_names(hyper)}
            if show:
                world["runs"] = {name: world["runs"][name] for name in show}
        else:
            mine, self.fixed = describe(Optimizer, {**together(world["mine"]), **hyper}, against)
            world["runs"] = {
                name: scene.run(name, "", mine["sliders"][0]["value"] if mine["sliders"] else 0.1)
                for name in show or ([mine["against"]] if mine["against"] else ["momentum"])
            }
        values = mine and {each["key"]: each["value"] for each in mine["sliders"]}
        world["mine"] = values or {}
        if mine:
            recorded = self.walk({**world, "values": values, "states": True})
        super().__init__(
            link=scene.link(world),
            mine=mine,
            values=values,
            recorded=recorded,
            goal=goal.spec() if goal else None,
            predict=predict,
        )
        self.goal_asked = goal
        self.on_msg(self.answer)

    # what the page asks

    def answer(self, _, message, buffers):
        """Answer every message, whatever happens: the page counts them."""
        reply = {"me": message.get("me"), "id": message.get("id"), "kind": "pong"}
        try:
            if message.get("kind") == "walk":
                reply |= {"kind": "walk", "trail": self.walk(message)}
        except Exception as error:  # noqa: BLE001
            failed = {"points": [], "losses": [], "grads": [], "states": []}
            failed |= {"broke": 1, "raised": True}
            reply |= {"kind": "walk", "trail": {**failed, "trouble": tell(error)}}
        finally:
            self.send(reply)

    def walk(self, ask):
        """Your class's path, as plain numbers."""
        make = partial(self.make, values=ask["values"])
        where = ask["land"], ask["start"], ask["steps"], ask["noise"], ask["seed"]
        out = trail(make, *where, states=ask.get("states", False))
        return {
            "points": out.points,
            "losses": out.losses,
            "grads": [plain(g) for g in out.grads],
            "states": out.states,
            "broke": out.broke,
            "trouble": out.trouble,
            "raised": out.raised,
        }

    def make(self, params, values):
        return self.optimizer(params, **self.fixed, **together(values))

    # what you can ask

    @property
    def hyper(self):
        """The hyper-parameters that the sliders show, for your class."""
        return together(self.values or {})

    @property
    def verdict(self):
        """Whether its goal is reached by the scene as it is; None without a goal."""
        return reached(self.goal_asked, self.link) if self.goal_asked else None

    def paths(self):
        """The paths that are drawn, as `Path`s: the textbook's, then yours."""
        world = scene.parse(self.link)
        where = [world[k] for k in ("land", "start", "steps", "noise", "seed")]
        runs = dict(world["runs"])
        if self.mine and self.mine["against"]:
            runs[self.mine["against"]] = {
                **runs.get(self.mine["against"], {}),
                **{s["to"]: self.values[s["key"]] for s in self.mine["sliders"] if s["to"]},
            }
        made = {LABELS[name]: partial(textbook, name, **hyper) for name, hyper in runs.items()}
        if self.mine:
            made[self.mine["label"]] = partial(self.make, values=self.values)
        return [as_path(trail(make, *where), label) for label, make in made.items()]

    def picture(self):
        """The scene as a `Picture`, for print and for pages without JavaScript."""
        from utils import plots

        world = scene.parse(self.link)
        return plots.race(landscape(world["land"], world["seed"]), *self.paths())

    def __repr__(self):
        return f"playground({self.link!r})"


def setting(link, given):
    """Split what is given into a scene and hyper-parameters."""
    given = dict(given)
    world = scene.parse(link or "")
    name = given.pop("landscape", world["land"]["name"])
    if name not in LANDSCAPES:
        raise ValueError(f"there is no landscape {name!r}; there are {', '.join(LANDSCAPES)}.")
    if name != world["land"]["name"]:
        world = scene.parse(f"land={name}")
    for key, (_, low, high) in scene.SHAPES[name].items():
        if key in given:
            world["land"][key] = inside(key, given.pop(key), low, high)
    for key in SETTINGS & given.keys():
        world[key] = given.pop(key)
    world["steps"] = inside("steps", world["steps"], 1, 1000)
    world["noise"] = inside("noise", world["noise"], 0, 100)
    world["start"] = [inside("start", float(x), -100, 100) for x in world["start"]]
    return world, given


def inside(name, value, low, high):
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low} and {high}, but it is {value}.")
    return value


def known(name):
    if name not in LABELS:
        raise ValueError(f"there is no optimizer {name!r}; there are {', '.join(LABELS)}.")


def textbooks_names(hyper):
    strange = [key for key in flat(hyper) if key not in TO]
    if strange:
        raise ValueError(f"the textbook's optimizers have no {strange[0]!r}.")
    return {TO[key]: value for key, value in flat(hyper).items()}


def describe(Optimizer, hyper, against):
    """Your class for the page: sliders for its numbers. And what is no number, to keep fixed."""
    if not callable(Optimizer):
        raise TypeError(
            f"this is a {type(Optimizer).__name__}: playground wants the class, not an optimizer."
        )
    label = getattr(Optimizer, "__name__", None) or getattr(Optimizer.func, "__name__", "yours")
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


def numeric(value):
    if isinstance(value, tuple | list):
        return bool(value) and all(map(numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def flat(hyper):
    """`{"betas": (0.9, 0.999)}` → `{"betas[0]": 0.9, "betas[1]": 0.999}`."""
    found = {}
    for key, value in hyper.items():
        if isinstance(value, tuple | list):
            found |= {f"{key}[{i}]": x for i, x in enumerate(value)}
        else:
            found[key] = value
    return found


def together(values):
    """The way back from `flat`."""
    found = {}
    for key, value in values.items():
        name, bracket, _ = key.partition("[")
        if bracket:
            found[name] = (*found.get(name, ()), value)
        else:
            found[key] = value
    return found


def slider(key, value):
    """A slider for one number, with the range that its name asks for."""
    to = TO.get(key)
    made = {"key": key, "to": to, "label": key, "value": value}
    if to == "lr":
        return made | {"min": 1e-4, "max": 10, "log": True}
    if to in ("beta", "beta2"):
        return made | {"min": 0, "max": 0.99 if to == "beta" else 0.9999, "decay": True}
    if to == "eps":
        return made | {"min": 1e-12, "max": 1, "log": True}
    if isinstance(value, int) and to is None:
        return made | {"min": min(0, value), "max": max(10, 4 * value), "step": 1}
    if to in ("wd", "dampening") or value == 0:
        return made | {"min": 0, "max": max(1, value), "step": 0.01}
    if value < 0:
        return made | {"min": 4 * value, "max": 0, "step": -value / 25}
    return made | {"min": value / 100, "max": value * 100, "log": True}


def guess(label, Optimizer, hyper):
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


def as_path(out, label):
    points = torch.tensor(out.points, dtype=torch.float64)
    return Path(points, torch.tensor(out.losses), label, out.trouble or None)
