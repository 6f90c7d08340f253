"""The final race: your optimizer against torch's, on five fixed tasks, with a score.

rows = race(MyOptimizer, lr=0.01)                          # a table, a picture, the rows
leaderboard("leaderboard.json", student="Ada", rows=rows)  # keep the score, and compare

The rules are the same for all. Each task has a target loss and a budget of steps. What counts is
the number of steps until the target. Each optimizer may try five learning rates on each task: lr
times 0.1, 0.3, 1, 3 and 10; the best one counts. On a task you get

    (steps of the fastest torch reference) / (your steps),  at most 2;  0 without the target,

and the score is 100 times the mean over the tasks. So 100 is as fast as the fastest of torch's
SGD with momentum, RMSprop and Adam on each task; none of the three gets that itself.

All random numbers come from generators with a seed, and one thread computes. So a race can be
repeated to the last bit on the same machine, with the same torch.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

from utils.atomic import write

if TYPE_CHECKING:
    from utils.plots import Picture

FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""A lr is tried times each of these, on each task."""

MOST = 2.0
"""More than this is not counted on a task: no single task should win the race."""


@dataclass
class Problem:
    """What an optimizer works on.

    params: tensors with `requires_grad`.
    loss: from the number of the step, 1, 2, …, to the loss whose gradient the step gets.
    judged: the loss that is compared with the target, without noise.
    """

    params: list[Tensor]
    loss: Callable[[int], Tensor]
    judged: Callable[[], Tensor]


@dataclass(frozen=True)
class Task:
    """A problem with a target.

    make: from a seed to a `Problem`, the same for the same seed.
    target: the judged loss to reach.
    budget: number of steps that there are.
    every: the judged loss is looked at after every so many steps.
    """

    name: str
    make: Callable[[int], Problem]
    target: float
    budget: int
    every: int = 1


def turned_bowl(seed: int, n: int = 10, center: float = 0.0) -> Problem:
    """½ (w − c)ᵀ H (w − c) in n dimensions; curvatures from 1 down to 0.01, along no axis."""
    rng = torch.Generator().manual_seed(seed)
    w = (torch.randn(n, generator=rng, dtype=torch.float64) + center).requires_grad_()
    turn, _ = torch.linalg.qr(torch.randn(n, n, generator=rng, dtype=torch.float64))
    H: Tensor = turn @ torch.logspace(0, -2, n, dtype=torch.float64).diag() @ turn.T

    def loss(step: int | None = None) -> Tensor:
        return 0.5 * (w - center) @ H @ (w - center)

    return Problem([w], loss, loss)


def noisy_bowl(seed: int, n: int = 10, center: float = 0.0) -> Problem:
    """½ Σ λ (w − c)², with λ from 1 down to 0.0001, along the axes; n dimensions.

    A step sees ½ Σ λ (w − c − ξ)²: as with batches, each has its minimum elsewhere, by ξ of size 0.5.
    """
    rng = torch.Generator().manual_seed(seed)
    w = (torch.randn(n, generator=rng, dtype=torch.float64) + center).requires_grad_()
    curvature = torch.logspace(0, -4, n, dtype=torch.float64)
    places = 0.5 * torch.randn(400, n, generator=rng, dtype=torch.float64)

    def loss(place: Tensor | float) -> Tensor:
        return 0.5 * (curvature * (w - center - place) ** 2).sum()

    return Problem([w], lambda step: loss(places[step - 1]), lambda: loss(0.0))


def rosenbrock(seed: int, n: int = 2, center: float = 0.0) -> Problem:
    """The bent valley ((1 − x)² + 100 (y − x²)²) / 100, from near (−1.2, 1), moved by c.

    The first two of n weights are x and y; the loss does not depend on any others.
    """
    rng = torch.Generator().manual_seed(seed)
    start = torch.tensor([-1.2, 1.0]).double() + 0.05 * torch.randn(2, generator=rng).double()
    w = torch.cat([start, torch.ones(n - 2).double()]).add_(center).requires_grad_()

    def loss(step: int | None = None) -> Tensor:
        x, y = (w - center)[:2].unbind()
        return ((1 - x) ** 2 + 100 * (y - x**2) ** 2) / 100

    return Problem([w], loss, loss)


@lru_cache(None)
def digits(n: int = 1000) -> tuple[Tensor, Tensor]:
    """MNIST images and their labels: the last 1,000 of the first n."""
    from utils.train import mnist_tensors

    x, y = mnist_tensors(limit=n)[0]
    return x[-1000:], y[-1000:]


def classifier(seed: int, *sizes: int, images: int = 1000) -> Problem:
    """Cross-entropy of a network of linear layers with ReLU, on batches of 100 images."""
    x, y = digits(images)
    rng = torch.Generator().manual_seed(seed)
    params = []
    for n, m in zip(sizes, sizes[1:], strict=False):
        params += [torch.randn(m, n, generator=rng) * (2 / n) ** 0.5 / 2, torch.zeros(m)]
    params = [p.requires_grad_() for p in params]
    order = torch.cat([torch.randperm(1000, generator=rng) for _ in range(50)]).split(100)

    def loss(rows: Any) -> Tensor:
        a = x[rows]
        for i in range(0, len(params), 2):
            a = F.linear(a.relu() if i else a, params[i], params[i + 1])
        return F.cross_entropy(a, y[rows])

    return Problem(params, lambda step: loss(order[step - 1]), lambda: loss(slice(None)))


TASKS = {
    task.name: task
    for task in (
        Task("turned bowl", turned_bowl, 1e-4, 400),
        Task("noisy bowl", noisy_bowl, 1e-3, 400),
        Task("Rosenbrock", rosenbrock, 1e-4, 500),
        Task("logistic", lambda seed: classifier(seed, 784, 10), 0.2, 200, every=5),
        Task("MLP", lambda seed: classifier(seed, 784, 32, 10), 0.1, 200, every=5),
    )
}


def unseen_tasks(seed: int) -> dict[str, Task]:
    """Tasks of the same kinds with the same targets, which differ from TASKS in all that a step sees:
    how many weights there are, where the minimum is, which images. So an optimizer that knows the
    tasks above by heart knows nothing of these.

    Args:
        seed: any integer; each gives other tasks.
    """
    rng = torch.Generator().manual_seed(seed)
    n, hidden, images = (int(torch.randint(*span, (), generator=rng)) for span in UNSEEN)
    center = float(2 + 3 * torch.rand((), generator=rng))
    makers = {
        "turned bowl": lambda s: turned_bowl(s, n, center),
        "noisy bowl": lambda s: noisy_bowl(s, n, -center),
        "Rosenbrock": lambda s: rosenbrock(s, 3, center),
        "logistic": lambda s: classifier(s, 784, 10, images=images),
        "MLP": lambda s: classifier(s, 784, hidden, 10, images=images),
    }
    return {name: replace(TASKS[name], make=make) for name, make in makers.items()}


UNSEEN = ((11, 16), (36, 49), (2000, 5001))
"""From where to where: dimensions of the bowls, hidden units, images."""

REFERENCES: dict[
    str, tuple[Callable[..., Optimizer], dict, tuple[float, ...]]
] = {  # name: class, hyper-parameters, and for each task the lr that `tune` found
    "SGD": (torch.optim.SGD, dict(momentum=0.9), (0.3, 0.1, 0.1, 0.03, 0.1)),
    "RMSprop": (torch.optim.RMSprop, dict(alpha=0.99), (0.1, 0.03, 0.01, 0.01, 0.003)),
    "Adam": (torch.optim.Adam, dict(betas=(0.9, 0.99)), (0.3, 0.03, 1.0, 0.01, 0.01)),
}


@dataclass
class Run:
    """One optimizer on one task.

    steps: after how many the target was reached; None if it was not.
    losses: judged losses, every so many steps, from the start on.
    """

    lr: float
    steps: int | None = None
    losses: list[float] = field(default_factory=list)


@contextlib.contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """One thread, and a seed; both are put back afterwards."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def run(
    task: Task, Optimizer: Callable[..., Optimizer], lr: float, seed: int = 0, **hyper: Any
) -> Run:
    """Let an optimizer work on a task until the target, the budget, or no finite loss; a `Run`."""
    with repeatable(seed):
        problem = task.make(seed)
        optimizer = Optimizer(problem.params, lr=lr, **hyper)
        result = Run(lr, losses=[problem.judged().item()])
        for step in range(1, task.budget + 1):
            optimizer.zero_grad()
            problem.loss(step).backward()
            optimizer.step()
            if step % task.every == 0:
                with torch.no_grad():
                    result.losses.append(problem.judged().item())
                if not result.losses[-1] < float("inf"):
                    break
                if result.losses[-1] <= task.target:
                    result.steps = step
                    break
    return result


def best_of(
    task: Task,
    Optimizer: Callable[..., Optimizer],
    lrs: Iterable[float],
    seed: int = 0,
    **hyper: Any,
) -> Run:
    """The `Run` that needs the fewest steps; if none arrives, the one with the lowest loss."""
    runs = [run(task, Optimizer, lr, seed, **hyper) for lr in lrs]

    def rank(r: Run) -> tuple[float, float]:
        last = r.losses[-1] if r.losses[-1] < float("inf") else float("inf")
        return (r.steps or float("inf"), last)

    return min(runs, key=rank)


def tune(
    name: str, lrs: Sequence[float] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
) -> tuple[float, ...]:
    """How the learning rates in REFERENCES were found: the best of `lrs` for each task."""
    Optimizer, hyper, _ = REFERENCES[name]
    return tuple(best_of(task, Optimizer, lrs, **hyper).lr for task in TASKS.values())


@lru_cache(None)
def reference_runs(task_name: str, seed: int) -> dict[str, Run]:
    """The torch references on a task: name → `Run`."""
    place = list(TASKS).index(task_name)
    return {
        name: run(TASKS[task_name], Optimizer, lrs[place], seed, **hyper)
        for name, (Optimizer, hyper, lrs) in REFERENCES.items()
    }


def race_unseen(Optimizer: Callable[..., Optimizer], rows: "Rows", seed: int) -> "Rows":
    """Race on `unseen_tasks`, each with the lr that was the best on the task of its kind.

    Args:
        Optimizer: the class that was raced.
        rows: what `race` returned for it, over all tasks.
        seed: of the tasks.

    Returns:
        Rows, as from `race`; the reference is the one that was the fastest on the task of that kind.
    """
    unseen, found = unseen_tasks(seed), Rows()
    hyper = {name: value for name, value in rows.hyper.items() if name != "lr"}
    for shown, task in zip(rows, unseen.values(), strict=True):
        place = list(unseen).index(task.name)
        Reference, words, lrs = REFERENCES[shown["reference"]]
        references = {shown["reference"]: run(task, Reference, lrs[place], seed, **words)}
        found.append(row(task.name, run(task, Optimizer, shown["lr"], seed, **hyper), references))
    found.optimizer, found.seed, found.hyper = rows.optimizer, seed, rows.hyper
    found.score = 100 * sum(r["points"] for r in found) / len(found)
    return found


class Rows(list):
    """The result of a race: a dict for each task. `score` and `fingerprint` are over all of them.

    fingerprint: equal if two races were equal to the last bit.
    """

    optimizer = ""
    seed = 0
    hyper: dict[str, Any] = {}
    score = 0.0
    fingerprint = ""

    def __repr__(self) -> str:
        return f"{self.optimizer}: score {self.score:.1f} ({self.fingerprint})"


def race(
    Optimizer: Callable[..., Optimizer],
    lr: float,
    seed: int = 0,
    tasks: str | Iterable[str] | None = None,
    **hyper: Any,
) -> Rows:
    """Race an optimizer against torch's. Prints a table, draws a picture.

    Args:
        Optimizer: a class, made as `Optimizer(params, lr=lr, **hyper)`.
        lr: the learning rate in the middle; it is tried times 0.1, 0.3, 1, 3 and 10 on each task.
        seed: of the starting points, and of the order of the images.
        tasks: names of tasks, to be quick; only a race over all of them goes on the leaderboard.

    Returns:
        Rows: a list of dicts with task, lr, steps (None: not reached), reference, reference_steps,
        points. Its `score` is 100 times the mean of the points.

    Raises:
        TypeError: no class. ValueError: a lr that is not positive, or an unknown task.
    """
    if isinstance(Optimizer, torch.optim.Optimizer):
        kind = type(Optimizer).__name__
        raise TypeError(f"race makes the optimizers itself: give it the class, {kind}.")
    if not callable(Optimizer):
        raise TypeError(f"race needs an optimizer class, not {Optimizer!r}.")
    if not (isinstance(lr, int | float) and 0 < lr < float("inf")):
        raise ValueError(f"lr must be a positive number, not {lr!r}.")
    names = [tasks] if isinstance(tasks, str) else list(tasks or TASKS)
    for name in names:
        if name not in TASKS:
            raise ValueError(f"there is no task {name!r}; there are: {', '.join(TASKS)}.")
    rows, runs = Rows(), {}
    for name in names:
        mine = best_of(TASKS[name], Optimizer, [lr * f for f in FACTORS], seed, **hyper)
        rows.append(row(name, mine, reference_runs(name, seed)))
        runs[name] = mine
    kind = getattr(Optimizer, "func", Optimizer)
    rows.optimizer, rows.seed = getattr(kind, "__name__", type(kind).__name__), seed
    rows.hyper = dict(lr=lr, **hyper)
    rows.score = 100 * sum(r["points"] for r in rows) / len(rows)
    seen = [(r.lr, r.steps, [x.hex() for x in r.losses]) for r in runs.values()]
    rows.fingerprint = hashlib.sha256(repr(seen).encode()).hexdigest()[:8]
    print(table(rows))
    from utils import plots

    plots.draw(picture(rows, runs))
    return rows


def row(name: str, mine: Run, references: dict[str, Run]) -> dict[str, Any]:
    """What a task gave: a dict. A reference that does not arrive is no reference."""
    steps, best = min((r.steps or float("inf"), who) for who, r in references.items())
    points = min(MOST, steps / mine.steps) if mine.steps else 0.0
    return dict(
        task=name,
        lr=mine.lr,
        steps=mine.steps,
        reference=best,
        reference_steps=steps,
        points=points,
    )


def table(rows: Rows) -> str:
    """The rows and the score, to be printed."""
    lines = [f"{'task':<20} {'lr':>8} {'steps':>7}   {'fastest of torch':<16} {'points':>6}"]
    for r in rows:
        steps = r["steps"] or f"> {TASKS[r['task']].budget}"
        torchs = f"{r['reference']}, {r['reference_steps']}"
        lines.append(
            f"{r['task']:<20} {r['lr']:>8.3g} {steps:>7}   {torchs:<16} {r['points']:>6.2f}"
        )
    lines.append(f"{rows.optimizer}, seed {rows.seed}: score {rows.score:.1f}")
    return "\n".join(lines)


def picture(rows: Rows, runs: dict[str, Run]) -> "Picture":
    """Judged loss against step, a panel a task, on logarithmic scales."""
    from utils import plots, style

    n = len(rows)
    columns = min(n, 3)
    deep = -(-n // columns)
    fig, axes = style.figure(deep, columns, figsize=(3.2 * columns, 2.5 * deep), squeeze=False)
    for ax in axes.flat[n:]:
        ax.set_visible(False)
    for ax, r in zip(axes.flat, rows, strict=False):
        task, references = TASKS[r["task"]], reference_runs(r["task"], rows.seed)
        shown = {rows.optimizer: runs[r["task"]], **references}
        for i, (name, result) in enumerate(shown.items()):
            steps = range(0, task.every * len(result.losses), task.every)
            ax.plot(
                steps, result.losses, color=plots.color(i), linestyle=plots.dashes(i), label=name
            )
        ax.axhline(task.target, color=style.INK, linewidth=1, linestyle=":")
        ax.set(yscale="log", xlabel="step", ylabel="loss", title=r["task"])
        ax.set_ylim(task.target / 3, 10 * max(result.losses[0] for result in shown.values()))
    plots.legend(fig, axes[0, 0])
    words = (
        f"{r['task']}: {r['steps'] or 'target not reached'} against {r['reference_steps']} steps "
        f"of {r['reference']}."
        for r in rows
    )
    alt = f"Loss against step for {rows.optimizer} and torch's optimizers. {' '.join(words)}"
    return plots.Picture(fig, alt)


def leaderboard(
    file: str | Path, student: str | None = None, rows: Rows | None = None
) -> list[dict[str, Any]]:
    """Print the leaderboard in `file`, best first; with `student` and `rows`, add them before.

    A student stays with the best score so far. To check an entry, race the same
    optimizer with the same hyper-parameters and seed: on the same machine the fingerprint is equal.

    Args:
        file: a JSON file; it is made if it is not there.
        student: a name.
        rows: what `race` returned, over all tasks.

    Returns:
        the entries, a list of dicts: student, score, optimizer, hyper, seed, fingerprint.

    Raises:
        ValueError: no name; not a whole race; the file is no leaderboard.
    """
    file = Path(file)
    entries = load(file)
    if (student is None) != (rows is None):
        raise ValueError("an entry needs both: student=... and rows=..., what `race` returned.")
    if rows is not None:
        if not isinstance(student, str) or not student.strip():
            raise ValueError(f"student must be a name, not {student!r}.")
        if not isinstance(rows, Rows) or [r["task"] for r in rows] != list(TASKS):
            raise ValueError("only a race over all tasks counts: rows = race(MyOptimizer, lr=...).")
        entry = dict(student=student.strip(), score=round(rows.score, 1), optimizer=rows.optimizer)
        entry |= dict(hyper=rows.hyper, seed=rows.seed, fingerprint=rows.fingerprint)
        before = [e for e in entries if e["student"] == entry["student"]]
        if not before or before[0]["score"] < entry["score"]:
            entries = [e for e in entries if e["student"] != entry["student"]] + [entry]
            entries.sort(key=lambda e: (-e["score"], e["student"]))
            save(file, entries)
        else:
            print(f"{entry['score']} is not better than the {before[0]['score']} of before.")
    width = max([len(e["student"]) for e in entries], default=0)
    for place, e in enumerate(entries, 1):
        print(f"{place:>3}  {e['student']:<{width}}  {e['score']:6.1f}  {e['optimizer']}")
    return entries


def load(file: Path) -> list[dict[str, Any]]:
    """The entries in a file, best first; none if there is no file."""
    if not file.exists():
        return []
    try:
        entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["leaderboard"]
        entries.sort(key=lambda e: (-e["score"], e["student"]))
        assert all(isinstance(e["optimizer"], str) for e in entries)
        return entries
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        raise ValueError(f"{file} is no leaderboard; give another name, or delete it.") from error


def save(file: Path, entries: list[dict[str, Any]]) -> None:
    """All or nothing."""
    if not file.parent.is_dir():
        raise ValueError(f"there is no folder {str(file.parent)!r} to save {file.name!r} in.")
    text = json.dumps({"leaderboard": entries}, indent=1, ensure_ascii=False, default=str) + "\n"
    write(file, text)
