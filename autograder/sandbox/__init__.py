"""Where a student's code runs: apart from everything, watched, within limits.

with Warm(course) as warm:                     # a sandbox; torch is imported in it, once
    fork = warm.fork(Limits(cell=60))          # a process of its own for one submission
    ran = fork.run("cell-1", "1 + 1", 1)       # → sheet.Ran
    usage = fork.end()                         # it, and whatever it started, is gone

limits   what a submission may use; what can go wrong
framing  messages over a socket;  transport: a socket with a process behind it
exit_reason  why a process ended, in words
tier     the sandboxes, and which of them hold on this machine
warm     the sandbox and the warm process in it, from outside
fork     one submission's process, from outside
outputs  what a cell shows, within bounds
memory_group  memory as the kernel counts it, where it may be asked to
attacks  what the sandbox must withstand; `autograder doctor` and the tests try it
inside/  what runs within the sandbox
"""

from importlib import import_module

WHERE = {
    "Warm": "warm",
    "Fork": "fork",
    "Limits": "limits",
    "Usage": "limits",
    "Dead": "limits",
    "Silent": "limits",
    "NoSandbox": "limits",
    "Tier": "tier",
    "tiers": "tier",
}
__all__ = list(WHERE)


def __getattr__(name):
    """What is asked for is imported then: inside the sandbox half of it is not there."""
    if name not in WHERE:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(f"{__name__}.{WHERE[name]}"), name)
