"""Memory as the kernel counts it, where a control group may be made."""

import os
import subprocess
import sys

import pytest

from autograder.sandbox import memory_group
from autograder.sandbox.memory_group import VERSIONS, MemoryGroup


@pytest.mark.parametrize(
    "kind, mounts, own, places",
    [
        ("cgroup2", "cgroup2 {} cgroup2 rw 0 0", "0::/user/me", ["user/me", "user"]),
        ("cgroup2", "cgroup2 {} cgroup2 rw 0 0", "0::/", [""]),
        ("cgroup", "cgroup {} cgroup rw,memory 0 0", "4:memory:/job/1", ["job/1"]),
        ("cgroup", "cgroup {} cgroup rw,cpu 0 0", "4:memory:/job/1", []),
        ("cgroup", "tmpfs {} tmpfs rw 0 0", "0::/user/me", []),
    ],
)
def test_a_group_is_made_only_under_the_limits_that_we_are_under(
    kind, mounts, own, places, tmp_path, monkeypatch
):
    for name, text in (("MOUNTS", mounts.format(tmp_path)), ("OWN", own)):
        file = tmp_path / name
        file.write_text(text + "\n")
        monkeypatch.setattr(memory_group, name, file)
    assert list(memory_group.candidates(kind)) == [tmp_path / place for place in places]


def test_a_folder_that_is_no_group_leaves_nothing_behind(tmp_path):
    for version in VERSIONS.values():
        with pytest.raises(OSError):
            MemoryGroup((tmp_path / "missing", version), 1 << 20)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size, killed", [(20, False), (400, True)])
def test_the_kernel_ends_what_takes_more_and_says_so(size, killed):
    """Where a control group may be made. Elsewhere the tier says that there is none."""
    place = memory_group.writable()
    if place is None:
        assert not os.environ.get("CI"), "no control group may be made here"
        pytest.skip("no control group may be made here")
    group = MemoryGroup(place, 100 << 20)
    try:
        ended = subprocess.run(
            [sys.executable, "-S", "-c", f"len(bytearray(b'x') * ({size} << 20))"],
            preexec_fn=lambda: os.write(group.procs, b"0"),
        )
        assert group.killed is killed and (ended.returncode != 0) is killed
        assert group.peak > min(size, 90) << 20
    finally:
        group.close()
    assert not group.folder.exists()
