"""The solutions' `my_step` against torch's own loop (foreach=False), time a step.

Two cases: one 2-vector, where calling costs more than computing, and the MLP 784-256-10.
"""

import json
import statistics
import time
from pathlib import Path

import torch

from utils.optim import Optim

ROOT = Path(__file__).resolve().parent.parent
SGD, RMSprop = torch.optim.SGD, torch.optim.RMSprop
PAIRS = (  # notebook, student's class, reference, hyper-parameters of both
    ("02_sgd/sgd", "SGDOptimizer", SGD, dict(lr=1e-3)),
    ("03_momentum/momentum", "SGDMomentumOptimizer", SGD, dict(lr=1e-3, momentum=0.9)),
    (
        "03_momentum/momentum",
        "SGDDampeningOptimizer",
        SGD,
        dict(lr=1e-3, momentum=0.9, dampening=0.5, weight_decay=1e-2),
    ),
    ("03_momentum/momentum", "NesterovOptimizer", SGD, dict(lr=1e-3, momentum=0.9)),
    ("04_rmsprop/rmsprop", "RMSPropOptimizer", RMSprop, dict(lr=1e-3, alpha=0.99)),
    ("05_adam/adam", "AdamOptimizer", torch.optim.Adam, dict(lr=1e-3)),
    ("05_adam/adam", "AdamWOptimizer", torch.optim.AdamW, dict(lr=1e-3)),
)
SHAPES = {"2-vector": [(2,)], "MLP 784-256-10": [(256, 784), (256,), (10, 256), (10,)]}


def classes(notebook):
    """The optimizers that a solution defines, without the rest of the notebook."""
    names = {"torch": torch, "Optim": Optim}
    for cell in json.loads((ROOT / "solutions" / f"{notebook}.ipynb").read_text())["cells"]:
        source = "".join(cell["source"])
        if "(Optim)" in source and cell["metadata"].get("nbgrader", {}).get("solution"):
            exec("import math\n" + source, names)
    return names


def parameters(shapes):
    params = [torch.randn(shape).requires_grad_() for shape in shapes]
    for p in params:
        p.grad = torch.randn_like(p)
    return params


def compare(ours, theirs, rounds=15, seconds=0.03):
    """Median over rounds of time(ours) / time(theirs), the two taking turns; and theirs in µs."""
    calls = 1
    while clock(theirs, calls) < seconds:
        calls *= 2
    turns = [(clock(ours, calls), clock(theirs, calls)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in turns)
    return ratio, statistics.median(b for _, b in turns) / calls * 1e6


def clock(step, calls):
    start = time.perf_counter()
    for _ in range(calls):
        step()
    return time.perf_counter() - start


def main():
    torch.set_num_threads(1)
    print(f"{'':24}" + "".join(f"{name:>28}" for name in SHAPES))
    for notebook, name, Reference, hyper in PAIRS:
        Student = classes(notebook)[name]
        line = f"{name:24}"
        for shapes in SHAPES.values():
            extra = {"nesterov": True} if name.startswith("Nesterov") else {}
            ours = Student(parameters(shapes), **hyper)
            theirs = Reference(parameters(shapes), foreach=False, **hyper, **extra)
            ratio, micros = compare(ours.step, theirs.step)
            line += f"{ratio:11.2f} × {micros:8.1f} µs     "
        print(line, flush=True)


if __name__ == "__main__":
    main()
