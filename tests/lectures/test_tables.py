"""The tables that are too slow for a lecture: one row is made again, by the lecture's own cells."""

import csv
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("tables", ROOT / "tools" / "tables.py")
tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tables)


@pytest.fixture(scope="module")
def rows():
    with (tables.TABLES / "08_runs.csv").open() as file:
        return list(csv.DictReader(file))


def test_each_optimizer_had_the_same_chances(rows):
    for name, rates in tables.RATES.items():
        tried = [r for r in rows if r["optimizer"] == name and r["images"] == "tuning"]
        for schedule in {r["schedule"] for r in tried}:
            mine = [r for r in tried if r["schedule"] == schedule]
            assert [float(r["lr"]) for r in mine] == [x for x in rates for _ in tables.TUNING]
            best = max(mine, key=lambda r: float(r["accuracy"]))["lr"]
            shown = [r for r in rows if (r["optimizer"], r["schedule"]) == (name, schedule)]
            shown = [r for r in shown if r["images"] == "report"]
            assert {r["lr"] for r in shown} == {best}
            assert [int(r["seed"]) for r in shown] == list(tables.REPORTED)


@pytest.mark.slow
def test_a_row_can_be_made_again(rows):
    row = next(r for r in rows if r["optimizer"] == "RMSprop" and r["images"] == "report")
    lecture = tables.lecture_08()
    again = tables.run(
        lecture, row["optimizer"], row["schedule"], float(row["lr"]), int(row["seed"]), "report"
    )
    assert float(again[-1]) == pytest.approx(float(row["accuracy"]), abs=0.05)
    assert float(again[-2]) == pytest.approx(float(row["loss"]), rel=0.05)
