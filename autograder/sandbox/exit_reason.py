"""How a process ended, in words."""

import contextlib
import os
import signal

SIGNALS = {
    signal.SIGSEGV: "it reached for memory that is not there, as endless recursion in C does",
    signal.SIGKILL: "it was killed, perhaps because the machine ran out of memory",
    signal.SIGXCPU: "it used too much CPU time",
    signal.SIGXFSZ: "it wrote a file that is too large",
    signal.SIGABRT: "a library gave up",
    signal.SIGSYS: "it made a system call that is forbidden",
}


def reason(report):
    """How a process ended, in half a sentence."""
    if report["why"]:
        return report["why"]
    if report["how"] is None:
        return "it closed the line to the outside"
    if os.WIFSIGNALED(report["how"]):
        number = os.WTERMSIG(report["how"])
        with contextlib.suppress(ValueError):
            known = signal.Signals(number)
            return f"{SIGNALS.get(known, 'a signal ended it')} ({known.name})"
        return f"signal {number} ended it"
    return f"it ended itself with exit code {os.WEXITSTATUS(report['how'])}"
