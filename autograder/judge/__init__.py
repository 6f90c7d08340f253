"""Stage three: the tests, run where the student's code is not.

worker        a worker: it judges each notebook in a fork of itself, against a warm sandbox
notebook_run  one notebook, from its first cell to its last: answers over there, tests here
test_cells    test cells, run here
comparisons   shapes first: nothing is never equal
judge_end     the judge's end of the bridge
redact_paths  paths of the grading machine, taken out of what a student reads
"""

from autograder.judge.worker import begin, work

__all__ = ["begin", "work"]
