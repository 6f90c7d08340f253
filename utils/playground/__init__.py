"""Optimizers you can feel: pictures that move under your finger, and your own class in them.

scene      what is on the canvas, as a short string
slice      a real landscape, from MNIST (mnist.json)
walk       the kernel's engine; slopes: its gradients; textbook: the optimizers that it is compared with
channel    the way to the page, without what makes it long
goals      goals to explore for, and whether they are reached
widget     the landscape playground; averages: the smoothing playground; training: the dashboard; assets: how it lives on without a kernel
engine.js  the page's engine, equal to torch; landscape.js, smoothing.js, dashboard.js, ui.js: the pictures
"""

from utils.playground.averages import Smoothing, smooth
from utils.playground.goals import beat, below, edge, reached
from utils.playground.training import Dashboard, dashboard
from utils.playground.widget import Playground, playground

__all__ = ["Dashboard", "Playground", "Smoothing", "beat", "below", "dashboard", "edge", "reached"]
__all__ += ["playground", "smooth"]
