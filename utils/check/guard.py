"""Run code that others wrote: quietly, for a limited time, and with an eye on whom it calls.

This is a fence for accidents, not a wall. Code in this process can do what it likes to the
process; the autograder therefore runs students' code in another one.
"""

import contextlib
import ctypes
import functools
import io
import os
import signal
import sys
import threading
import time
import warnings

import torch

SECONDS = 4.0
PATIENCE = 3
TORCH_OPTIM = os.path.dirname(torch.optim.__file__)
FREE = {"optimizer.py", "lr_scheduler.py", "swa_utils.py", "__init__.py"}  # not optimizers


class Stopped(BaseException):
    """The time is up. No `Exception`, so that `except Exception` in a loop does not catch it."""


class Guard:
    """Around other people's code: `with Guard() as guard: ...`.

    While it lasts, nothing is printed or warned of, new tensors are float64 unless they say
    otherwise, and after `seconds` of computing a `Stopped` is raised inside. `watch=False` is for our own code:
    it runs faster when nobody looks at its calls.

    printed: the first lines of what would have been printed.
    late: whether time ran out.
    borrowed: names of torch's own optimizer functions that were called.
    returned: whether a `my_step` returned something.

    `Guard.now` is the innermost one that is active, or None. `Guard.clock` is off where others see to
    the time, `Guard.watches` where torch's own optimizers are judged.
    """

    now: "Guard | None" = None
    clock, watches = True, True

    def __init__(self, seconds=SECONDS, watch=True):
        self.seconds, self.watch = seconds, watch
        self.late = self.returned = False
        self.borrowed = set()
        self.paper = Paper()
        self.waited, self.waits = 0.0, None
        self.profile = None

    @property
    def printed(self):
        return "".join(self.paper.kept)

    def __enter__(self):
        warm_up()
        self.outer, Guard.now = Guard.now, self
        self.dtype, self.grad = torch.get_default_dtype(), torch.is_grad_enabled()
        self.quiet = contextlib.ExitStack()
        self.quiet.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        self.quiet.enter_context(contextlib.redirect_stdout(self.paper))
        self.quiet.enter_context(contextlib.redirect_stderr(self.paper))
        torch.set_default_dtype(torch.float64)
        self.thread, self.over = threading.get_ident(), threading.Event()
        self.lock, self.profile = threading.Lock(), sys.getprofile()
        self.on_ctrl_c = ctrl_c()
        if self.on_ctrl_c:
            signal.signal(signal.SIGINT, self.on_signal)
        if self.clock and sys.gettrace() is None:  # a debugger takes its time
            threading.Thread(target=self.watch_clock, daemon=True).start()
        self.look(True)
        return self

    def __exit__(self, kind, error, traceback):
        sys.setprofile(self.profile)
        Guard.now = self.outer
        while not self.over.is_set():
            with contextlib.suppress(Stopped), self.lock:
                self.over.set()
        if self.late:
            with contextlib.suppress(Stopped):  # one may still be on its way
                for _ in range(100):
                    time.sleep(0)
        if self.on_ctrl_c:
            signal.signal(signal.SIGINT, self.on_ctrl_c)
        torch.set_default_dtype(self.dtype)
        torch.set_grad_enabled(self.grad)
        self.quiet.close()

    def look(self, on):
        """Look at whom the code calls, from now on, or look away."""
        if self.watch and Guard.watches:
            sys.setprofile(self.watch_calls if on else self.profile)

    def stopped_by(self, error):
        """Is `error` the code's own doing? A KeyboardInterrupt in good time is the user's."""
        return self.late or not isinstance(error, KeyboardInterrupt)

    @contextlib.contextmanager
    def elsewhere(self):
        """While another process computes, which has a clock of its own."""
        self.waits = time.monotonic()
        try:
            yield
        finally:
            self.waited, self.waits = self.waited + time.monotonic() - self.waits, None

    def away(self):
        """Seconds that were spent elsewhere."""
        waits = self.waits
        return self.waited + (time.monotonic() - waits if waits else 0.0)

    def watch_clock(self):
        """Time is up after `seconds` of computing, or, for code that sleeps, `PATIENCE` times that.

        A busy machine stretches the clock on the wall, but not the time of computing.
        """
        started, computed = time.monotonic(), time.process_time()
        while not self.over.wait(0.1):
            if time.process_time() - computed > self.seconds:
                break
            if time.monotonic() - started - self.away() > PATIENCE * self.seconds:
                break
        while True:
            with self.lock:
                if self.over.is_set():
                    return
                self.late = True
                if self.on_ctrl_c and signal.getsignal(signal.SIGINT) == self.on_signal:
                    signal.pthread_kill(self.thread, signal.SIGINT)  # ends a sleep, too
                else:
                    interrupt(self.thread, Stopped)
            time.sleep(0.5)  # it may be lost, as in a generator that is being closed

    def on_signal(self, number, frame):
        """SIGINT in the main thread: our own once the time is up, before that the user's Ctrl-C."""
        if not self.late:
            self.on_ctrl_c(number, frame)
        elif not self.over.is_set() and frame.f_code is not Guard.__exit__.__code__:
            raise Stopped

    def watch_calls(self, frame, event, arg):
        if event == "call":
            if lender := of_torch(frame.f_code.co_filename):
                self.borrowed.add(lender)
        elif event == "return":
            if arg is not None and frame.f_code.co_name == "my_step":
                self.returned = True
        elif event == "c_call" and getattr(arg, "__name__", "").startswith("_fused_"):
            self.borrowed.add(f"torch.{arg.__name__}")


@functools.cache
def of_torch(path):
    """The name of torch's optimizer that this file has the step of, or None."""
    folder, file = os.path.split(path)
    if folder == TORCH_OPTIM and file not in FREE:
        return f"torch.optim.{file.removesuffix('.py').lstrip('_')}"


class Paper(io.TextIOBase):
    """Something to print on that keeps only the beginning."""

    def __init__(self, room=500):
        self.kept, self.room = [], room

    def writable(self):
        return True

    def write(self, text):
        if self.room > 0:
            self.kept.append(text[: self.room])
            self.room -= len(text)
        return len(text)


@functools.cache
def warm_up():
    """Let torch import what it needs for its first optimizer: seconds, which nobody's code uses up.

    Stopped in the middle of that, torch would be broken for the rest of the process.
    """
    p = torch.zeros(1, requires_grad=True)
    p.grad = torch.zeros(1)
    torch.optim.SGD([p], lr=0.0).step()


def interrupt(thread, error):
    """Raise `error` in `thread` at its next line of Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


def ctrl_c():
    """What Ctrl-C does now, if this is the main thread and a signal can be sent to it; else None."""
    if threading.current_thread() is not threading.main_thread():
        return None
    now = signal.getsignal(signal.SIGINT)
    return now if callable(now) and hasattr(signal, "pthread_kill") else None
