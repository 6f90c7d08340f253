"""A thousand submissions in one run, honest and hostile: does anything grow, or stay behind?

The corpus once, and students of exercise 03 who are right, half-done and wrong, in any order.
"""

import random
import tempfile
from collections import Counter
from pathlib import Path

import psutil

from autograder.grade import grade
from benchmarks.grading import EXERCISE, KINDS, hand_in
from tests.autograder.corpus import ours
from tests.autograder.corpus.cases import CASES
from tests.autograder.corpus.world import World

EVERY = 50
MB = 1 << 20


def main(count=1000, names=None, workers=2):
    """Grade so many, and print what is in use as it goes; then what was wrong."""
    chosen = [CASES[name] for name in names or CASES]
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder, sorted({EXERCISE, *(one.assignment for one in chosen)}))
        with world.listening():
            everyone = [world.hand_in(one) for one in chosen]
            hostile = {(one.student, one.assignment) for one in everyone}
            honest = hand_in(world.course, count - len(chosen))
            everyone += [one for one in honest if (one.student, EXERCISE) not in hostile]
            random.Random(0).shuffle(everyone)
            before, outcomes = world.watched(), {}
            print(
                f"{'graded':>6}  processes  memory MB  (the largest)  open files  temporary files"
            )
            for one in grade(world.course, everyone, workers=workers, limits=ours.LIMITS):
                outcomes[one.submission.student, one.submission.assignment] = one
                done = len(outcomes)
                if done % EVERY == 0 or done == len(everyone):
                    print(f"{done:6}  {in_use()}", flush=True)
            scores = world.by_assignment()
            harm = world.harm(before) + ours.acts(world.course)
    print(f"{'after':>6}  {in_use()}")
    print("wrong:", *wrong(chosen, outcomes, scores), sep="\n  ")
    print("harm:", *harm, sep="\n  ")


def in_use():
    """What this process and all below it hold now."""
    me = psutil.Process()
    family = [me, *me.children(recursive=True)]
    memory, files = [], 0
    for one in family:
        try:
            memory.append(one.memory_full_info().pss / MB)
            files += one.num_fds()
        except psutil.Error:  # it has just ended
            memory.append(0.0)
    temporary = len(list(Path(tempfile.gettempdir()).iterdir()))
    largest = max(memory)
    return f"{len(family):9}  {sum(memory):9.0f}  {largest:13.0f}  {files:10}  {temporary:15}"


def wrong(chosen, outcomes, scores):
    """Submissions that did not get what was due; of the honest, those with another number than their kind."""
    for one in chosen:
        key = one.student, one.assignment
        flags = {flag.kind for flag in outcomes[key].flags}
        points = scores.get(key) if outcomes[key].graded else None
        if why := ours.wrong(one.name, ours.Came(points, outcomes[key].why, flags)):
            yield f"{one.name}: {why}"
    kinds = {}
    for (student, assignment), outcome in outcomes.items():
        if assignment == EXERCISE and student[:7] == "student" and student[7:].isdigit():
            points = sum(x or 0 for x in scores[student, assignment].values())
            kinds.setdefault(int(student[7:]) % len(KINDS), Counter())[outcome.graded, points] += 1
    yield from (f"kind {kind}: {dict(seen)}" for kind, seen in kinds.items() if len(seen) > 1)
    print(
        "points of the honest, kind by kind:", {k: dict(seen) for k, seen in sorted(kinds.items())}
    )
