"""Optimizers you can feel: pictures that move under your finger, and your own class in them.

scene      what is on the canvas, as a short string
walk       the kernel's engine; textbook: the optimizers that it is compared with
judge      goals, and whether they are reached
widget     the landscape playground; page: how it lives on without a kernel
engine.js  the page's engine, equal to torch; landscape.js, ui.js: its pictures
"""

from utils.playground.judge import beat, below, edge, judge
from utils.playground.widget import Playground, playground

__all__ = ["Playground", "beat", "below", "edge", "judge", "playground"]
