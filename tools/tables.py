"""Make again a table that is too slow for its lecture.    python tools/tables.py 08

The runs are made by the lecture's own cells, one row a run, and written to data/tables/. The
lecture reads them there. Each row can be made again by itself: tests/lectures/test_tables.py makes
one. The table of lecture 08 takes about ten minutes on two cores.
"""

import argparse
import csv
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "data" / "tables"
COLUMNS = ("optimizer", "schedule", "lr", "seed", "images", "loss", "accuracy")

RATES = {  # the learning rates that each may try, about a factor of 3 apart
    "SGD": (0.02, 0.06, 0.2, 0.6, 2.0),
    "momentum 0.9": (0.002, 0.006, 0.02, 0.06, 0.2),
    "RMSprop": (0.00003, 0.0001, 0.0003, 0.001, 0.003),
    "Adam": (0.0003, 0.001, 0.003, 0.01, 0.03),
}
TUNING, REPORTED = (0,), (10, 11, 12, 13, 14)  # seeds
CONSTANT = ("Adam",)  # these are also run without a schedule


def lecture_08():
    """The names that the lecture's first cells define: `run`, `OPTIMIZERS`, `halves` and so on."""
    cells = nbformat.read(ROOT / "lectures" / "08_beyond.ipynb", as_version=4).cells
    source = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
    names = {}
    for cell in ("imports", "source", "images", "resnet", "train", "optimizers"):
        exec(re.sub(r"(?m)^[%!].*$", "", source[cell]), names)
    return names


def run(lecture, name, schedule, lr, seed, images):
    """One run as a row: trained on the CPU, judged on one half of the validation images."""
    Optimizer, hyper = lecture["OPTIMIZERS"][name]
    rows = lecture["run"](
        Optimizer, lr, schedule == "one cycle", seed, judged=lecture["halves"][images], **hyper
    )
    loss, accuracy = rows[-1][2:4]
    return [name, schedule, lr, seed, images, f"{loss:.4f}", f"{accuracy:.4f}"]


def runs(lecture):
    """All runs: each lr on the tuning images, then the best one with other seeds on the others."""
    for name in RATES:
        for schedule in ("one cycle", "constant")[: 1 + (name in CONSTANT)]:
            tried = {}
            for lr in RATES[name]:
                rows = [run(lecture, name, schedule, lr, seed, "tuning") for seed in TUNING]
                tried[lr] = sum(float(row[-1]) for row in rows)
                yield from rows
            best = max(tried, key=tried.get)
            yield from (run(lecture, name, schedule, best, seed, "report") for seed in REPORTED)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lecture", choices=["08"], help="the number of the lecture")
    parser.parse_args()
    TABLES.mkdir(exist_ok=True)
    with (TABLES / "08_runs.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for row in runs(lecture_08()):
            table.writerow(row)
            file.flush()
            print(*row, sep="  ", flush=True)


if __name__ == "__main__":
    main()
