"""Is what I wrote right, and if not, which mistake is it?

check_optimizer  your optimizer against a reference, step by step
check_function   your function against a reference, case by case; also what it does to its
                 arguments, so it fits stats, steppers, schedules and callbacks
check_model      does a model have the right form?
explain          what a step depends on, yours beside the reference's: measured
check_training   does a training loop do the right things in the right order?
hint             the next hint on the check that failed last
progress         which checks of the course you have passed

Each check prints one line when all is well, and raises a `CheckFailed` (an AssertionError) when
not. For instructors: hints are switched off or delayed by MY_STEP_HINTS, or by `hints` under
[tool.my_step] in pyproject.toml ("on", "off", or the number of the try from which on there are
hints); MY_STEP_PROGRESS names the file that progress is written to, or is "off"; MY_STEP_LINE, or
`line` there, switches the search for the line of a mistake "off".

optimizer, functions, models  the checks above; optimizer_report: what the first of them says
situations   what optimizers are put through, and the traces they leave
guard        running other people's code: quietly, for a limited time
compare      do two traces agree?
rounding     the line that computes in float32
mistakes     the bank: right optimizers, and the edits that make them wrong
depends      what the step depends on, found by changing one thing at a time
smallest     the smallest example in round numbers where yours and the right one part
closer       a closer look at what failed, with these three; it takes seconds
line         the smallest edit of the code itself that makes it right
diagnosis    which mistake of the bank does the same, and if none, what broke
claims       what may be said of wrong steps, and when it is true
errors       exceptions explained
finding      what a check found, as data, and the message that is made of it
report       the end of a check: noted, said, hints given
matrix       is every mistake in the bank caught and named?  (python -m utils.check.matrix)
"""

from utils.check.depends import explain
from utils.check.functions import check_function
from utils.check.models import check_model, check_training
from utils.check.optimizer import check_optimizer
from utils.check.progress import progress
from utils.check.report import CheckFailed, hint

__all__ = [
    "CheckFailed",
    "check_function",
    "check_model",
    "check_optimizer",
    "check_training",
    "explain",
    "hint",
    "progress",
]
