"""Generators: they make cases without end, and say which promise one broke.

    python -m tests.fuzz documents --count 100000 --seed 1

documents   what a student may write or show: Markdown × HTML × entities × CSS × TeX

Each module has `run(count, seed)`, which raises an AssertionError that holds the case.
"""
