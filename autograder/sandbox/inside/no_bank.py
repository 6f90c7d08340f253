"""In the sandbox the checks work without their bank of mistakes.

The bank has right optimizers in it, and every step from right to wrong. A student's process could
call them. So its files are not seen there (`tier.sight`), and what imports it finds it empty: a
check in a student's cell still says whether it is right; which mistake it is, the judge says.
"""

import sys
import types

BANK = "utils.check.mistakes"


def install():
    """From now on `utils.check.mistakes` is there, and has nothing in it."""
    bank = types.ModuleType(BANK, "Empty: see autograder.sandbox.inside.no_bank.")
    bank.__path__ = []
    bank.families = list
    smoothing = types.ModuleType(f"{BANK}.smoothing")
    smoothing.FAMILIES = ()
    bank.smoothing = smoothing
    sys.modules |= {BANK: bank, smoothing.__name__: smoothing}
