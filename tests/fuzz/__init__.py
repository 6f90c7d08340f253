"""Generators: they make cases without end, and say which promise one broke.

    python -m tests.fuzz documents --count 100000 --seed 1

messages    what a student's process may send to the judge, and answers that misbehave
documents   what a student may write or show: Markdown × HTML × entities × CSS × TeX

Each module has `run(count, seed)`, which raises an AssertionError that holds the case.
"""
