"""Optimizers you can feel: pictures that move under your finger, and your own class in them.

facts      what Python and the page both know (playground.json)
scene      what is on the canvas, as a short string
slice      a real landscape, from MNIST (mnist.json)
walk       the kernel's engine; slopes: its gradients; textbook: the optimizers that it is compared with
newest     your class as it is now, after its cell has been run again
channel    the way to the page, without what makes it long
goals      goals to explore for, and whether they are reached
widget     the landscape playground; averages: the smoothing playground; training: the dashboard
assets     the page's side (playground.min.js, made from js/ by `make js`), also without a kernel
"""

from utils.playground.averages import Smoothing, smooth
from utils.playground.goals import beat, below, edge, reached
from utils.playground.training import Dashboard, dashboard
from utils.playground.widget import Playground, playground

__all__ = ["Dashboard", "Playground", "Smoothing", "beat", "below", "dashboard", "edge", "reached"]
__all__ += ["playground", "smooth"]
