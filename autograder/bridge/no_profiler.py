"""torch notes each step of an optimizer for its profiler. While none runs, the note is spared.

Of a step of one small weight the note is half the time; a check takes hundreds of steps.
"""

import torch
from torch.autograd import profiler


class Record(profiler.record_function):
    """`record_function`, which does nothing unless somebody profiles."""

    def __init__(self, name, args=None):
        self.told, self.on = (name, args), False

    def __enter__(self):
        if torch.autograd._profiler_enabled():
            self.on = True
            super().__init__(*self.told)
            return super().__enter__()
        return self

    def __exit__(self, *error):
        return super().__exit__(*error) if self.on else None


def spare():
    """From now on, in this process."""
    vars(profiler)["record_function"] = Record
