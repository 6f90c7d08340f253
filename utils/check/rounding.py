"""Which line of a step computes in float32, although the weights are in float64?"""

import sys
from types import FrameType

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from utils.check import errors
from utils.check.finding import Line
from utils.check.guard import Guard
from utils.check.situations import Hyper, Situation, play

SHORT = (torch.float32, torch.float16, torch.bfloat16)


class SeesRounding(TorchDispatchMode):
    """Notes the student's line in which the first tensor of few digits is made."""

    line: Line | None = None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if self.line is None and short(result) and not short((args, kwargs)):
            self.line = own_line()
        return result


def short(values: object) -> bool:
    """Is one of these a tensor of few digits?"""
    flat, _ = tree_flatten(values)
    return any(isinstance(x, torch.Tensor) and x.dtype in SHORT for x in flat)


def own_line() -> Line | None:
    """The innermost line, of those that are running now, that is the student's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if errors.is_students(frame.f_code.co_filename):
            return errors.line_at(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def line_of_rounding(make, situation: Situation, hyper: Hyper) -> Line | None:
    """The line that makes the step lose digits in this situation; None if it cannot be seen."""
    if hasattr(getattr(make, "func", make), "plays"):  # it runs in another process
        return None
    with Guard() as guard, SeesRounding() as seen:
        play(make, situation, hyper, guard)
    return seen.line
