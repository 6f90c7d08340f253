"""One start, many forks: nothing of one is seen in the next, and nothing is left."""

import os
import subprocess
import sys
import tempfile
import time

import pytest

from autograder.model import OK
from autograder.sandbox import Limits, NoSandbox, Warm
from autograder.sandbox import warm as room
from autograder.sandbox.inside import tree

from .conftest import ROOT

pytestmark = pytest.mark.slow


def printed(fork, source):
    ran = fork.run("c", source, 1)
    assert ran.status == OK, ran.outputs
    return "".join(one["text"] for one in ran.outputs)


def test_what_one_submission_changes_the_next_does_not_see(warm):
    spoil = (
        "import torch, builtins, os\n"
        "torch.add = builtins.len = None\n"
        "builtins.spoilt = True\n"
        "os.environ['SPOILT'] = '1'\n"
        "open('spoilt', 'w').close(); open('/dev/shm/spoilt', 'w').close()\n"
        "torch.set_default_dtype(torch.float64)"
    )
    look = (
        "import torch, builtins, os\n"
        "print(torch.add(torch.ones(1), 1), hasattr(builtins, 'spoilt'), os.getenv('SPOILT'), "
        "os.listdir('.'), os.listdir('/dev/shm'))"
    )
    first = warm.fork()
    second = warm.fork()  # both live at once
    first.run("c", spoil, 1)
    third = warm.fork()
    assert printed(second, look) == printed(third, look) == "tensor([2.]) False None ['.tmp'] []\n"
    for fork in (first, second, third):
        fork.end()


def test_a_fork_has_one_thread_and_torch_is_there_at_once(warm):
    fork = warm.fork()
    source = (
        "import sys, threading, torch\n"
        "print('torch' in sys.modules, threading.active_count(), torch.get_num_threads())"
    )
    assert printed(fork, source) == "True 1 1\n"
    fork.end()


def test_the_environment_is_empty_but_for_what_is_needed(warm):
    fork = warm.fork()
    names = printed(fork, "import os; print(*sorted(os.environ))").split()
    assert set(names) <= {
        "MY_STEP_LINE", "TORCHDYNAMO_DISABLE",
        "HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR", "PATH", "LANG", "USER", "LOGNAME", "PWD",
        "MPLBACKEND", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS", "LC_CTYPE", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK",
        "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR",
    }  # fmt: skip
    fork.end()


def files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_a_hundred_forks_leave_nothing(warms, tier):
    """Each tenth is hostile: it leaves a process and a file behind, and dies."""
    warm = warms(tier)
    warm.fork().end()
    rude = (
        "import os, subprocess\n"
        "subprocess.Popen(['sleep', '77'], start_new_session=True)\n"
        "open('left', 'w').write('x' * 100_000); os._exit(1)"
    )
    before = files(), len(tree.below(warm.process.pid)), os.listdir(warm.scratch)
    memory = tree.kilobytes(tree.lines("/proc/self/status"), "RssAnon")
    for number in range(100):
        fork = warm.fork()
        if number % 10 == 9:
            fork.run("c", rude, 1)
        usage = fork.end()
        assert usage.survivors == (number % 10 == 9)
    assert (files(), len(tree.below(warm.process.pid)), os.listdir(warm.scratch)) == before
    assert tree.kilobytes(tree.lines("/proc/self/status"), "RssAnon") - memory < 8 << 20


def test_a_warm_process_that_was_lost_is_started_again():
    with Warm(ROOT, "namespaces") as warm:
        fork = warm.fork(Limits(grace=1))
        below = tree.below(warm.process.pid)
        warm.process.kill()
        warm.process.wait()
        ran = fork.run("c", "1", 1)
        assert ran.status != OK and not fork.alive
        until = time.monotonic() + 20
        while any(os.path.exists(f"/proc/{pid}") for pid in below) and time.monotonic() < until:
            time.sleep(0.1)
        assert not any(os.path.exists(f"/proc/{pid}") for pid in below)
        assert warm.fork().run("c", "1", 1).status == OK


def test_all_is_gone_when_the_grader_is_killed(tmp_path):
    code = (
        "import os, signal\n"
        "from autograder.sandbox import Warm\n"
        "from autograder.sandbox.inside import tree\n"
        f"warm = Warm({str(ROOT)!r}, 'landlock')\n"
        "fork = warm.fork()\n"
        "fork.run('c', 'import subprocess; subprocess.Popen([\"sleep\", \"88\"])', 1)\n"
        "print(warm.process.pid, *tree.below(warm.process.pid), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=300,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    pids = ran.stdout.split()
    assert len(pids) == 4, ran.stderr  # the warm process, a keeper, the student, its sleep
    until = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_what_a_killed_grader_left_is_swept_away_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folders = {name: tmp_path / name for name in ("grading-old", "grading-used", "other-old")}
    for folder in folders.values():
        (folder / "tmpxyz").mkdir(parents=True)
        os.utime(folder, (1, 1))
    (tmp_path / "grading-new").mkdir()
    used = room.held(folders["grading-used"])
    room.sweep()
    assert {path.name for path in tmp_path.iterdir()} == {
        "grading-used",
        "other-old",
        "grading-new",
    }
    os.close(used)  # as when its process ends
    room.sweep()
    assert not folders["grading-used"].exists()


def test_a_sandbox_that_dies_at_its_start_is_noticed_at_once(monkeypatch):
    dying = "import sys; sys.exit('no memory is left')"
    monkeypatch.setattr(
        "autograder.sandbox.warm.command", lambda *_: ([sys.executable, "-c", dying], {})
    )
    start = time.monotonic()
    with pytest.raises(NoSandbox, match="no memory is left"):
        Warm(ROOT, "none")
    assert time.monotonic() - start < room.PATIENCE / 3
