"""A scene of the playground as a short string, its link.

    land=quadratic&condition=30&start=1.25,1.25&steps=60&sgd=0.1&momentum=0.1,0.9

An optimizer is given by its name, lr, β (where it has one), and what else differs from its usual
values, such as `beta2:0.99`. Your own class is `mine=lr:0.1,momentum:0.9`. The page writes and
reads the same strings (js/src/engine/link.js).
"""

import math
import re
from decimal import Decimal
from typing import Any

from utils.playground.facts import FACTS, LABELS, LANDSCAPES, OPTIMIZERS, SETTINGS, usual

Scene = dict[str, Any]
"""land, start, steps, noise, seed, runs: {optimizer: hyper-parameters}, mine: {name: number}."""


def parse(link: str) -> Scene:
    """A link → its scene.

    What is missing keeps its usual value; so does a number that is out of its range.

    Raises:
        TypeError: the link is no text.
        ValueError: a part of the link is not `name=value`, or no name that the playground knows.
    """
    if not isinstance(link, str):
        raise TypeError(f"a link is a text such as 'land=quadratic&sgd=0.1', not {link!r}.")
    given = parts(link)
    name = given.pop("land", "quadratic")
    if name not in LANDSCAPES:
        raise ValueError(f"there is no landscape {name!r}; there are {', '.join(LANDSCAPES)}.")
    about = LANDSCAPES[name]
    land: dict[str, Any] = {"name": name}
    for key, shape in about["shape"].items():
        land[key] = number(given.pop(key, ""), shape["value"], shape["min"], shape["max"])
    x, _, y = given.pop("start", "").partition(",")
    reach = SETTINGS["start"]["min"], SETTINGS["start"]["max"]
    scene: Scene = {
        "land": land,
        "start": [number(x, about["start"][0], *reach), number(y, about["start"][1], *reach)],
        "steps": round(setting("steps", given)),
        "noise": setting("noise", given),
        "seed": round(setting("seed", given)),
        "runs": {},
        "mine": numbers(given.pop("mine", "")),
    }
    for key, value in given.items():
        if key not in LABELS:
            raise ValueError(f"{key!r} in the link is neither an optimizer nor a setting here.")
        scene["runs"][key] = run(key, value, about["lr"])
    if not scene["runs"]:
        scene["runs"]["momentum"] = run("momentum", "", about["lr"])
    return scene


def parts(link: str) -> dict[str, str]:
    """`a=1&b=2` → {"a": "1", "b": "2"}; an address before `#play=` is left out."""
    given = {}
    for part in re.sub(r"^(.*#)?(play=)?", "", link.strip()).split("&"):
        key, equals, value = part.partition("=")
        if part and not equals:
            raise ValueError(f"{part!r} in the link is not of the form name=value.")
        if part:
            given[key] = value
    return given


def setting(key: str, given: dict[str, str]) -> float:
    """Take a setting such as the number of steps out of `given`."""
    about = SETTINGS[key]
    return number(given.pop(key, ""), about["value"], about["min"], about["max"])


def run(name: str, text: str, lr: float) -> dict[str, float]:
    """The hyper-parameters of an optimizer, from what a link says of it: `0.1,0.9,eps:1e-7`."""
    first, *more = text.split(",")
    hyper = {**usual(name), "lr": number(first, lr, 0, FACTS["hyper_max"])}
    for item in more:
        key, colon, value = item.partition(":")
        key, value = (key, value) if colon else ("beta", item)
        if key in hyper:
            hyper[key] = number(value, hyper[key], 0, FACTS["hyper_max"])
    return hyper


def numbers(text: str) -> dict[str, float]:
    """`lr:0.1,betas[0]:0.9` → {"lr": 0.1, "betas[0]": 0.9}."""
    pairs = [item.partition(":") for item in text.split(",")]
    found = {key: number(value, math.nan) for key, _, value in pairs}
    return {key: value for key, value in found.items() if math.isfinite(value)}


def number(text: str, usual: float, low: float = -math.inf, high: float = math.inf) -> float:
    """A number in its range, else the usual one."""
    try:
        value = float(text)
    except ValueError:
        return usual
    return value if low <= value <= high else usual


def link(scene: Scene) -> str:
    """The way back: a scene → its link, letter by letter what the page writes."""
    land, start = scene["land"], scene["start"]
    parts = [f"land={land['name']}"]
    for key, shape in LANDSCAPES[land["name"]]["shape"].items():
        if land.get(key, shape["value"]) != shape["value"]:
            parts.append(f"{key}={write(land[key])}")
    parts += [f"start={write(start[0])},{write(start[1])}", f"steps={scene['steps']}"]
    if scene["noise"] or land["name"] == "noisy":
        parts += [f"noise={write(scene['noise'])}", f"seed={scene['seed']}"]
    for name in LABELS:  # the page's order
        if name in scene["runs"]:
            hyper, own, uses = scene["runs"][name], usual(name), OPTIMIZERS[name]["uses"]
            values = [write(hyper[key]) for key in ("lr", "beta") if key in uses]
            values += [
                f"{key}:{write(hyper[key])}"
                for key in uses
                if key not in ("lr", "beta") and hyper[key] != own[key]
            ]
            parts.append(f"{name}={','.join(values)}")
    if scene.get("mine"):
        parts.append("mine=" + ",".join(f"{k}:{write(v)}" for k, v in scene["mine"].items()))
    return "&".join(parts)


def write(x: float) -> str:
    """A number as JavaScript writes it: 60, 0.00001, 1e-8."""
    x = float(x)
    if x == int(x) and abs(x) < 1e21:
        return str(int(x))
    if abs(x) >= 1e-6:
        return format(Decimal(repr(x)), "f")
    digits, _, power = f"{Decimal(repr(x)):e}".partition("e")
    return f"{digits}e{int(power)}"
