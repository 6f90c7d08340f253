"""Is what I wrote right, and if not, which mistake is it?

check_optimizer  your optimizer against a reference, step by step
check_function   your function against a reference, case by case
hint             the next hint on the check that failed last
progress         which checks of the course you have passed
"""

from utils.check.functions import check_function
from utils.check.optimizer import check_optimizer
from utils.check.progress import progress
from utils.check.report import CheckFailed, hint

__all__ = ["CheckFailed", "check_function", "check_optimizer", "hint", "progress"]
