"""Stage three: the tests, run where the student's code is not."""

from autograder.judge.work import begin, work

__all__ = ["begin", "work"]
