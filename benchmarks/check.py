"""`check_optimizer`: passing, failing with one mistake, with two, and with none that is known.

The promise: at most 0.3 s when it passes and 1 s when it fails, on one core, torch imported.
Seconds of computing are what counts on a busy machine; wall time is beside them.
"""

import contextlib
import io
import os
import statistics
import time

import torch

from utils.check import CheckFailed, check_optimizer
from utils.check.mistakes import adam, momentum

PASS, FAIL = 0.3, 1.0


def main(rounds=5):
    os.environ["MY_STEP_PROGRESS"] = "off"
    torch.set_num_threads(1)
    start = time.perf_counter()
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    print(f"  (torch's own first optimizer in a process: {time.perf_counter() - start:.2f} s)")
    for family, reference in ((momentum, torch.optim.SGD), (adam, torch.optim.Adam)):
        family = family.FAMILY
        by_name = {m.name: m for m in family.mistakes}
        for title, limit, kind in (
            ("right", PASS, family.build()),
            ("steps uphill", FAIL, family.build(by_name["steps uphill"])),
            ("uphill, clipped", FAIL, two(family, "steps uphill", "the gradient is clipped")),
            ("unknown mistake", FAIL, unknown(family)),
            ("does not run", FAIL, broken(family)),
        ):
            computing, wall = seconds(kind, reference, family.hyper, rounds)
            mark = "" if computing <= limit else "  TOO SLOW"
            print(
                f"{family.name:9} {title:16} {computing:6.3f} s computing, {wall:6.3f} s wall"
                f"  (promised {limit:g}){mark}"
            )


def two(family, *names):
    return family.build(*(m for m in family.mistakes if m.name in names))


def unknown(family):
    right = family.build()

    class Unknown(right):
        def my_step(self, p, state, group):
            super().my_step(p, state, group)
            p.mul_(0.999)

    return Unknown


def broken(family):
    class Broken(family.build()):
        def my_step(self, p, state, group):
            p.sub_(step)  # noqa: F821

    return Broken


def seconds(kind, reference, hyper, rounds):
    """Median seconds of (computing, wall) of a check."""
    found = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(CheckFailed):
            check_optimizer(kind, reference, **hyper)
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return [statistics.median(column) for column in zip(*found, strict=True)]


if __name__ == "__main__":
    main()
