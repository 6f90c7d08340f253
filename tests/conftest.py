"""Tests run side by side, one worker a core: no process may take more than one for itself.

torch would start a thread a core in each worker and each kernel; on two cores that made a lecture
ten times slower.
"""

import os
import shutil
import signal
import threading

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MY_STEP_LINE", "off")  # seconds for each wrong answer

BROWSER = (os.environ.get("CHROMIUM") or shutil.which("chromium")) and shutil.which("node")
CI = os.environ.get("CI") == "true"

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every program
# that they start; some of them are about Ctrl-C.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config, items):
    """Without Chromium and Node the tests of the playground are left out; the header says so.

    In CI nothing is left out: there they fail, with a sentence on what is missing.
    """
    if not BROWSER and not CI:
        left_out = [item for item in items if "playground" in str(item.path)]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_report_header():
    if not BROWSER and not CI:
        return (
            "The tests of the playground are left out: they need Chromium and Node.js "
            "(on Debian: apt-get install chromium nodejs)."
        )
