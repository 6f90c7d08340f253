"""Tests run side by side, one worker a core: no process may take more than one for itself.

torch would start a thread a core in each worker and each kernel; on two cores that made a lecture
ten times slower.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
