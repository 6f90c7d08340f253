"""The final race: fixed rules, repeatable to the bit, and a leaderboard that keeps scores."""

import json
import math
from functools import partial

import pytest
import torch

from utils import race as racing
from utils.optim import Optim
from utils.race import (
    FACTORS,
    REFERENCES,
    TASKS,
    Rows,
    leaderboard,
    race,
    reference_runs,
    run,
    tune,
)

QUICK = ("turned bowl", "Rosenbrock")


class Momentum(Optim):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def my_step(self, p, state, group):
        v = state.setdefault("v", torch.zeros_like(p))
        v.mul_(group["momentum"]).add_(p.grad)
        p.sub_(v, alpha=group["lr"])


class Uphill(Momentum):
    def my_step(self, p, state, group):
        p.add_(p.grad, alpha=group["lr"])


@pytest.fixture(scope="module")
def rows():
    return race(Momentum, lr=0.1)


def test_the_same_race_gives_the_same_rows_to_the_bit(rows):
    torch.manual_seed(7)
    torch.rand(3)
    again = race(Momentum, lr=0.1)
    assert list(again) == list(rows) and again.fingerprint == rows.fingerprint


def test_another_seed_is_another_race():
    one, other = (race(Momentum, lr=0.1, seed=seed, tasks="turned bowl") for seed in (0, 1))
    assert one.fingerprint != other.fingerprint


def test_a_random_optimizer_is_raced_with_a_seed():
    class Random(Momentum):
        def my_step(self, p, state, group):
            p.sub_(p.grad * torch.rand_like(p), alpha=group["lr"])

    one, other = (race(Random, lr=0.3, tasks="turned bowl") for _ in range(2))
    assert one.fingerprint == other.fingerprint


def test_a_race_leaves_threads_and_random_numbers_as_they_were():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    race(Momentum, lr=0.1, tasks="Rosenbrock")
    assert torch.get_num_threads() == threads and torch.equal(torch.get_rng_state(), state)


def test_points_are_the_steps_of_the_fastest_reference_over_yours(rows):
    for row in rows:
        runs = reference_runs(row["task"], 0)
        fastest = min(r.steps for r in runs.values() if r.steps)
        assert row["reference_steps"] == fastest == runs[row["reference"]].steps
        assert row["points"] == min(2.0, fastest / row["steps"])
    assert rows.score == pytest.approx(20 * sum(row["points"] for row in rows))


def test_the_steps_are_those_after_which_the_target_was_reached_first():
    task = TASKS["turned bowl"]
    result = run(task, Momentum, lr=0.3)
    assert result.steps == len(result.losses) - 1
    assert result.losses[-1] <= task.target < min(result.losses[:-1])


def test_the_course_s_momentum_takes_as_many_steps_as_torchs():
    for name, lr in zip(TASKS, REFERENCES["SGD"][2], strict=True):
        assert run(TASKS[name], Momentum, lr).steps == reference_runs(name, 0)["SGD"].steps


def test_each_task_tries_five_learning_rates_and_takes_the_best():
    (row,) = race(Momentum, lr=0.1, tasks=["turned bowl"])
    lrs = [0.1 * f for f in FACTORS]
    steps = {lr: run(TASKS["turned bowl"], Momentum, lr).steps or math.inf for lr in lrs}
    assert row["steps"] == min(steps.values()) == steps[row["lr"]]


def test_who_goes_uphill_gets_nothing():
    rows = race(Uphill, lr=0.1, tasks=QUICK)
    assert rows.score == 0 and [row["steps"] for row in rows] == [None, None]


def test_no_single_task_wins_the_race():
    class Cheat(Momentum):
        def my_step(self, p, state, group):
            p.copy_(torch.ones_like(p))  # the minimum of Rosenbrock

    (row,) = race(Cheat, lr=0.1, tasks="Rosenbrock")
    assert row["steps"] == 1 and row["points"] == 2.0


def test_it_prints_a_table(capsys):
    rows = race(partial(Momentum, momentum=0.8), lr=0.1, tasks="turned bowl")
    printed = capsys.readouterr().out
    assert "turned bowl" in printed and f"Momentum, seed 0: score {rows.score:.1f}" in printed
    assert repr(rows).startswith("Momentum: score")


def test_hyper_parameters_go_to_the_optimizer():
    rows = race(Momentum, lr=0.1, tasks="turned bowl", momentum=0.0)
    assert rows.hyper == dict(lr=0.1, momentum=0.0)
    assert rows.fingerprint != race(Momentum, lr=0.1, tasks="turned bowl").fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("name", REFERENCES)
def test_the_references_are_tuned_as_it_says(name):
    assert tune(name) == REFERENCES[name][2]


def test_no_reference_is_the_fastest_everywhere():
    winners = {racing.row(t, racing.Run(1), reference_runs(t, 0))["reference"] for t in TASKS}
    assert len(winners) == 3


def test_every_task_has_a_reference_that_arrives_with_other_seeds_too():
    for seed in (0, 1, 2):
        for task in TASKS:
            assert any(r.steps for r in reference_runs(task, seed).values()), (task, seed)


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (dict(Optimizer=Momentum, lr=0.0), ValueError, "lr must be a positive number, not 0.0"),
        (dict(Optimizer=Momentum, lr="0.1"), ValueError, "lr must be a positive number"),
        (dict(Optimizer=Momentum, lr=math.nan), ValueError, "lr must be a positive number"),
        (dict(Optimizer=Momentum, lr=0.1, tasks="bowling"), ValueError, "there is no task 'bowl"),
        (dict(Optimizer=3, lr=0.1), TypeError, "race needs an optimizer class, not 3"),
        (
            dict(Optimizer=Momentum([torch.zeros(1, requires_grad=True)], lr=0.1), lr=0.1),
            TypeError,
            "give it the class, Momentum",
        ),
    ],
)
def test_bad_input_is_one_sentence(words, error, says):
    with pytest.raises(error, match=says):
        race(**words)


def entry(score):
    rows = Rows(dict(task=task) for task in TASKS)
    rows.score, rows.optimizer, rows.hyper, rows.fingerprint = score, "Mine", dict(lr=0.1), "ab"
    return rows


def test_the_leaderboard_keeps_the_best_score_of_each_and_shows_the_best_first(tmp_path, capsys):
    file = tmp_path / "board.json"
    assert leaderboard(file) == []
    leaderboard(file, student="Ada", rows=entry(80))
    leaderboard(file, student="Böttcher", rows=entry(90.04))
    leaderboard(file, student="Ada", rows=entry(70))
    entries = leaderboard(file)
    assert [(e["student"], e["score"]) for e in entries] == [("Böttcher", 90.0), ("Ada", 80)]
    leaderboard(file, student="Ada", rows=entry(95))
    assert capsys.readouterr().out.splitlines()[-2].split() == ["1", "Ada", "95.0", "Mine"]
    assert json.loads(file.read_text(encoding="utf-8"))["leaderboard"][0]["hyper"] == {"lr": 0.1}
    assert [f.name for f in tmp_path.iterdir()] == ["board.json"]


def test_a_real_race_goes_on_the_leaderboard(tmp_path, rows):
    (one,) = leaderboard(tmp_path / "board.json", student="Ada", rows=rows)
    assert one["fingerprint"] == rows.fingerprint and one["score"] == round(rows.score, 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (dict(student="Ada"), "an entry needs both"),
        (dict(rows=entry(3)), "an entry needs both"),
        (dict(student=" ", rows=entry(3)), "student must be a name"),
        (dict(student="Ada", rows=[1]), "only a race over all tasks counts"),
        (dict(student="Ada", rows=Rows([dict(task="MLP")])), "only a race over all tasks counts"),
    ],
)
def test_a_bad_entry_is_one_sentence(tmp_path, words, says):
    with pytest.raises(ValueError, match=says):
        leaderboard(tmp_path / "board.json", **words)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"leaderboard": [{"student": "A"}]}', "3"])
def test_a_file_that_is_no_leaderboard_is_left_alone(tmp_path, text):
    file = tmp_path / "board.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="is no leaderboard"):
        leaderboard(file, student="Ada", rows=entry(3))
    assert file.read_text() == text


def test_no_folder_for_the_leaderboard_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="there is no folder"):
        leaderboard(tmp_path / "gone" / "board.json", student="Ada", rows=entry(3))


def test_what_was_shown_helps_nobody_with_tasks_that_were_not():
    class ByHeart(Momentum):
        def my_step(self, p, state, group):
            p.zero_() if p.shape == (10,) else super().my_step(p, state, group)

    class Zero(Momentum):
        def my_step(self, p, state, group):
            p.zero_()

    for cheat, most in ((ByHeart, 90), (Zero, 0)):
        rows = race(cheat, lr=0.1)
        assert rows.score >= 80
        assert racing.race_unseen(cheat, rows, seed=4021).score <= most
    honest = race(Momentum, lr=0.1)
    unseen = racing.race_unseen(Momentum, honest, seed=4021)
    assert (
        sum(row["steps"] is not None for row in unseen) >= 3 and unseen.score > 0.8 * honest.score
    )
    assert all(row["reference_steps"] < float("inf") for row in unseen)
