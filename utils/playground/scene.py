"""A scene of the playground as a short string, and what is reached in it.

    land=quadratic&condition=30&start=1.25,1.25&steps=60&sgd=0.1&momentum=0.1,0.9

An optimizer is given by its name, lr, β (where it has one), and what else differs from its usual
values, such as `beta2:0.99`. Your own class is `mine=lr:0.1,momentum:0.9`. The page writes and reads the same strings (engine.js).
"""

import math
import re
from decimal import Decimal

from utils.playground.textbook import LABELS, usual

BOWL = {"condition": (10.0, 1, 1000), "rotation": (20.0, -90, 90), "curvature": (5.0, 0.5, 50)}
SHAPES = {  # landscape: what shapes it (usual value, least, most)
    "quadratic": BOWL,
    "noisy": {**BOWL, "spread": (0.5, 0, 2)},
    "ravine": {"steep": (20.0, 1, 200), "flat": (0.5, 0.05, 5)},
    "saddle": {},
    "rosenbrock": {"b": (100.0, 1, 100)},
    "beale": {},
    "wells": {},
    "mnist": {},
}
FIRST = {  # landscape: start, lr
    "quadratic": ((1.25, 1.25), 0.1),
    "noisy": ((1.25, 1.25), 0.05),
    "ravine": ((-1.6, 0.9), 0.05),
    "saddle": ((-1.5, 0.01), 0.1),
    "rosenbrock": ((-1.0, 1.5), 0.001),
    "beale": ((1.0, 1.5), 0.01),
    "wells": ((0.4, 3.6), 0.1),
    "mnist": ((0.0, 0.0), 0.05),
}
HAVE_BETA = {"momentum", "momentum_lr", "momentum_ewma", "nesterov", "adam", "adam_raw"} | {
    "adamw",
    "lion",
}
MORE = {  # optimizer: what may follow lr and β in a link
    "rmsprop": ("beta2", "eps"),
    "rmsprop_inside": ("beta2", "eps"),
    "adam": ("beta2", "eps", "wd"),
    "adam_raw": ("beta2", "eps"),
    "adamw": ("beta2", "eps", "wd"),
    "lion": ("beta2", "wd"),
}


def parse(link):
    """A link → scene: {land, start, steps, noise, seed, runs: {name: hyper-parameters}, mine}.

    What is missing keeps its usual value; so does a number that is out of its range.

    Raises:
        ValueError: a part of the link is not `name=value`, or no name that the playground knows.
    """
    if not isinstance(link, str):
        raise TypeError(f"a link is a text such as 'land=quadratic&sgd=0.1', not {link!r}.")
    given = {}
    for part in re.sub(r"^(.*#)?(play=)?", "", link.strip()).split("&"):
        key, equals, value = part.partition("=")
        if part and not equals:
            raise ValueError(f"{part!r} in the link is not of the form name=value.")
        if part:
            given[key] = value
    name = given.pop("land", "quadratic")
    if name not in SHAPES:
        raise ValueError(f"there is no landscape {name!r}; there are {', '.join(SHAPES)}.")
    start, lr = FIRST[name]
    x, _, y = given.pop("start", "").partition(",")
    scene = {
        "land": {"name": name}
        | {k: number(given.pop(k, ""), *limits) for k, limits in SHAPES[name].items()},
        "start": [number(x, start[0], -100, 100), number(y, start[1], -100, 100)],
        "steps": round(number(given.pop("steps", ""), 60, 1, 1000)),
        "noise": number(given.pop("noise", ""), 0.0, 0, 100),
        "seed": round(number(given.pop("seed", ""), 0, 0, 2**32 - 1)),
        "runs": {},
        "mine": numbers(given.pop("mine", "")),
    }
    for key, value in given.items():
        if key not in LABELS:
            raise ValueError(f"{key!r} in the link is neither an optimizer nor a setting here.")
        scene["runs"][key] = run(key, value, lr)
    if not scene["runs"]:
        scene["runs"]["momentum"] = run("momentum", "", lr)
    return scene


def run(name, text, lr):
    first, *more = text.split(",")
    hyper = {**usual(name), "lr": number(first, lr, 0, 1e6)}
    for item in more:
        key, colon, value = item.partition(":")
        key, value = (key, value) if colon else ("beta", item)
        if key in hyper:
            hyper[key] = number(value, hyper[key], 0, 1e6)
    return hyper


def numbers(text):
    """`lr:0.1,betas[0]:0.9` → {"lr": 0.1, "betas[0]": 0.9}."""
    pairs = [item.partition(":") for item in text.split(",")]
    found = {key: number(value, math.nan) for key, _, value in pairs}
    return {key: value for key, value in found.items() if math.isfinite(value)}


def number(text, usual, low=-math.inf, high=math.inf):
    try:
        value = float(text)
    except ValueError:
        return usual
    return value if low <= value <= high else usual


def link(scene):
    """The way back: a scene → its link, letter by letter what the page writes."""
    land, start = scene["land"], scene["start"]
    parts = [f"land={land['name']}"]
    for key, (value, *_) in SHAPES[land["name"]].items():
        if land.get(key, value) != value:
            parts.append(f"{key}={write(land[key])}")
    parts += [f"start={write(start[0])},{write(start[1])}", f"steps={scene['steps']}"]
    if scene["noise"] or land["name"] == "noisy":
        parts += [f"noise={write(scene['noise'])}", f"seed={scene['seed']}"]
    for name in LABELS:  # the page's order
        if name in scene["runs"]:
            hyper, own = scene["runs"][name], usual(name)
            said = [write(hyper["lr"])] + [write(hyper["beta"])] * (name in HAVE_BETA)
            said += [f"{k}:{write(hyper[k])}" for k in MORE.get(name, ()) if hyper[k] != own[k]]
            parts.append(f"{name}={','.join(said)}")
    if scene.get("mine"):
        parts.append("mine=" + ",".join(f"{k}:{write(v)}" for k, v in scene["mine"].items()))
    return "&".join(parts)


def write(x):
    """A number as JavaScript writes it: 60, 0.00001, 1e-8."""
    x = float(x)
    if x == int(x) and abs(x) < 1e21:
        return str(int(x))
    if abs(x) >= 1e-6:
        return format(Decimal(repr(x)), "f")
    digits, _, power = f"{Decimal(repr(x)):e}".partition("e")
    return f"{digits}e{int(power)}"
