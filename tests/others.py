"""The checks, put to optimizers that others wrote: who knows them to be right?

    python -m tests.others             prints a table, and writes docs/others.md
    python -m tests.others Adam Lion   only these, without writing

A false alarm would show here. Each optimizer of `torch.optim` is compared with itself, through a
function that hides where it comes from; each one of the package pytorch-optimizer is asked for the
duties of `utils.soundness`, and compared with torch's where there is one of the same name and
meaning. What works in another way by design is named with the reason, and not judged.
"""

import argparse
import contextlib
import importlib.metadata
import inspect
import io
import os
import sys
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from utils.check import CheckFailed, check_optimizer
from utils.check.guard import Guard
from utils.soundness import DUTIES

PAGE = Path(__file__).parents[1] / "docs" / "others.md"

CLOSURE = "needs a closure that computes the loss again"
GRAPH = "needs gradients that were made with `create_graph=True`"
WRAPS = "wraps another optimizer"
MODEL = "takes a model, not parameters"
MATRICES = "is for matrices, with groups that say so"

OTHER_CONTRACT = {
    "LBFGS": CLOSURE,
    "SparseAdam": "is for sparse gradients",
    "AliG": CLOSURE,
    "BSAM": CLOSURE,
    "AdaHessian": GRAPH,
    "SophiaH": GRAPH,
    "AdaLOMO": MODEL,
    "AdamMini": MODEL,
    "LOMO": MODEL,
    "AdaGO": MATRICES,
    "AdaMuon": MATRICES,
    "DistributedMuon": MATRICES,
    "Muon": MATRICES,
    "MuonClip": MATRICES,
    "NorMuon": MATRICES,
    "SpectralSphere": MATRICES,
    "FriendlySAM": WRAPS,
    "GSAM": WRAPS,
    "LookSAM": WRAPS,
    "Lookahead": WRAPS,
    "OrthoGrad": WRAPS,
    "PCGrad": WRAPS,
    "SAM": WRAPS,
    "SafeFP16Optimizer": WRAPS,
    "ScheduleFreeWrapper": WRAPS,
    "TRAC": WRAPS,
    "WSAM": WRAPS,
    "DeMo": "is for several machines",
    "LoRARite": "is for pairs of LoRA matrices",
    "SaRA": "moves only weights that are nearly zero",
}

SETTINGS = {  # what an optimizer must be told to be judged like the others
    "AdaFactor": dict(relative_step=False),
    "Ranger21": dict(num_iterations=1000),
}

TWINS = {  # of pytorch-optimizer: its settings → torch's class and the settings that mean the same
    "Adam": (dict(), torch.optim.Adam, dict()),
    "AdamW": (dict(), torch.optim.AdamW, dict()),
    "SGD": (dict(momentum=0.9), torch.optim.SGD, dict(momentum=0.9)),
    "RMSprop": (dict(), torch.optim.RMSprop, dict()),
    "NAdam": (dict(), torch.optim.NAdam, dict()),
    "Adagrad": (dict(), torch.optim.Adagrad, dict()),
    "AdaMax": (dict(), torch.optim.Adamax, dict()),
    "QHAdam": (dict(nus=(1.0, 1.0)), torch.optim.Adam, dict()),
    "QHM": (dict(nu=1.0, momentum=0.9), torch.optim.SGD, dict(momentum=0.9, dampening=0.9)),
}


@dataclass
class Judged:
    """What the checks said of one optimizer.

    ok: the names of what it fulfils.
    failed: (duty, mistake, more about it) of what it does not.
    apart: why it was not judged; "" if it was.
    """

    name: str
    ok: list
    failed: list
    apart: str = ""


def judge(name, make, hyper, twin=None):
    """Ask for all duties, and compare with `twin`, a function that checks."""
    found = Judged(name, [], [])
    checks = {duty: partial(ask, name, make, hyper) for duty, ask in DUTIES.items()}
    if twin is not None:
        checks["equals torch's"] = twin
    for duty, check in checks.items():
        try:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                says = check() or out.getvalue().strip()
            found.ok.append(duty + (" (by design)" if "by design" in says else ""))
        except CheckFailed as error:
            seen = error.finding
            more = [f"{label} {text}" for label, text in (*seen.given, *seen.notes)]
            at = [seen.situation] if seen.situation else []
            found.failed.append(
                (duty, ", ".join(seen.mistakes) or seen.title, "; ".join(at + more))
            )
    return found


def torchs():
    """Each optimizer of torch.optim, compared with itself."""
    for name, kind in sorted(vars(torch.optim).items()):
        if not (inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer)):
            continue
        if kind is torch.optim.Optimizer:
            continue
        if name in ("LBFGS", "SparseAdam"):
            yield Judged(name, [], [], OTHER_CONTRACT[name])
            continue
        hyper = dict(lr=0.01)

        def wrapped(params, kind=kind, **words):
            return kind(params, **words)

        if name == "Muon":  # duties are asked with parameters of all shapes
            found = Judged(name, [], [])
            twin = partial(alike, name, wrapped, kind, hyper)
            found = judge_twin(found, twin)
            yield found
        else:
            yield judge(name, wrapped, hyper, partial(alike, name, wrapped, kind, hyper))


def judge_twin(found, twin):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            twin()
        found.ok.append("equals torch's")
    except CheckFailed as error:
        found.failed.append(("equals torch's", ", ".join(error.mistakes), error.finding.situation))
    return found


def alike(name, make, reference, hyper):
    """`check_optimizer`, for something that goes under this name."""

    def named(params, **words):
        return make(params, **words)

    named.__name__ = name
    check_optimizer(named, reference, **hyper)


def others():
    """Each optimizer of the package pytorch-optimizer."""
    import pytorch_optimizer

    for name, kind in sorted(vars(pytorch_optimizer).items()):
        if not (inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer)):
            continue
        if not kind.__module__.startswith("pytorch_optimizer") or inspect.isabstract(kind):
            continue
        if name in OTHER_CONTRACT:
            yield Judged(name, [], [], OTHER_CONTRACT[name])
            continue
        hyper = {"lr": 0.01, **SETTINGS.get(name, {})}

        def make(params, kind=kind, **words):
            return kind(params, **words)

        twin = None
        if name in TWINS:
            mine, reference, theirs = TWINS[name]
            one, two = partial(make, **mine), partial(reference, **theirs)
            twin = partial(alike, name, one, two, dict(lr=0.01))
        yield judge(name, make, hyper, twin)


def page(of_torch, of_others):
    """The tables as a page of documentation."""
    version = importlib.metadata.version("pytorch_optimizer")
    lines = [
        "# Optimizers that others wrote",
        "",
        "<!-- Made by `python -m tests.others`; do not edit. -->",
        "",
        "The checks of this course, put to optimizers that it does not teach. They are the hardest "
        "test for false alarms that there is. Every line is what was seen, in float64 on a CPU, with "
        f"lr = 0.01 (or the best of a few, where a duty is about descending), torch "
        f"{torch.__version__.split('+')[0]} and pytorch-optimizer {version}; another version or "
        "another use may show something else.",
        "",
        "A duty is something that holds for every optimizer, whatever its idea "
        "(`utils/soundness.py`). *Equals torch's* means: the same steps as torch's class of that "
        "name, in all situations of `check_optimizer`.",
    ]
    for title, rows in (("torch.optim", of_torch), ("pytorch-optimizer", of_others)):
        judged = [row for row in rows if not row.apart]
        right = [row for row in judged if not row.failed]
        lines += ["", f"## {title}", ""]
        lines.append(
            f"{len(rows)} classes: {len(right)} fulfil all that was asked, {len(judged) - len(right)} "
            f"do not, {len(rows) - len(judged)} work in another way and were not judged."
        )
        by_design = [r.name for r in judged if any("by design" in duty for duty in r.ok)]
        if by_design:
            names = ", ".join(by_design)
            lines += ["", f"One number for all parameters, by design: {names}."]
        lines += ["", "**All that was asked:** " + ", ".join(row.name for row in right) + "."]
        failing = [row for row in judged if row.failed]
        if failing:
            lines += ["", "| optimizer | duty | what was seen | where |", "|---|---|---|---|"]
            for row in failing:
                for duty, mistake, more in first_of_each(row.failed):
                    more = more.replace("|", "\\|")
                    lines.append(f"| {row.name} | {duty} | {mistake} | {more} |")
        apart = [row for row in rows if row.apart]
        lines += ["", "| not judged | it |", "|---|---|"]
        lines += [f"| {row.name} | {row.apart} |" for row in apart]
    return "\n".join(lines) + "\n"


def first_of_each(failed):
    """What was seen in several duties is told once."""
    told = {}
    for duty, mistake, more in failed:
        told.setdefault(mistake, []).append((duty, more))
    for mistake, seen in told.items():
        duties = [duty for duty, _ in seen]
        yield ", ".join(duties), mistake, seen[0][1]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.others", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    options = parser.parse_args(arguments)
    os.environ["MY_STEP_PROGRESS"] = "off"
    Guard.watches = False  # these may use torch.optim
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    tables = []
    for title, rows in (("torch.optim", torchs()), ("pytorch-optimizer", others())):
        table = []
        for row in rows:
            if options.names and row.name not in options.names:
                continue
            table.append(row)
            mark = f"apart: it {row.apart}" if row.apart else "ok" if not row.failed else "FAILS"
            print(f"{title:18} {row.name:20} {mark}", flush=True)
            for duty, mistake, more in row.failed:
                print(f"{'':39} {duty}: {mistake} ({more})", flush=True)
        tables.append(table)
    if not options.names:
        PAGE.write_text(page(*tables), "utf-8")
        print(f"wrote docs/{PAGE.name}")
    return 1 if any(row.failed for row in tables[0]) else 0


if __name__ == "__main__":
    sys.exit(main())
