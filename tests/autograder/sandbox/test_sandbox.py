"""Every attack is withstood, in every sandbox."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.model import ERROR, OK
from autograder.sandbox import NoSandbox, Warm, warm
from autograder.sandbox import tier as tier_module
from autograder.sandbox.attacks import ATTACKS, Scene, attempt, leak, patched_environment
from autograder.sandbox.inside import filters

from .conftest import ROOT

HERE = [(tier, one) for tier in tier_module.NAMES for one in ATTACKS if tier in one.on]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tier", "attack"), HERE, ids=[f"{tier}: {one.does}" for tier, one in HERE]
)
def test_the_sandbox_withstands(warms, tier, attack):
    with patched_environment(), Scene(ROOT, warms(tier)) as scene:
        result = attempt(scene, attack)
    assert result.ok, result.text


@pytest.mark.slow
def test_the_attacks_would_be_seen_where_nothing_holds(warms):
    """Without a sandbox they get through: so they are true attacks."""
    won = set()
    with patched_environment(), Scene(ROOT, warms("none")) as scene:
        for attack in ATTACKS[:10]:
            if not attempt(scene, attack).ok:
                won.add(attack.does)
    assert won >= {"files", "names", "network", "unix_sockets", "signals", "write", "neighbours"}


@pytest.mark.slow
def test_a_sandbox_that_does_not_hold_is_not_used(monkeypatch):
    """Here: a namespace tier that shows the whole machine."""
    whole = tier_module.Sight(["/"], [], [], [str(ROOT)])
    monkeypatch.setattr(warm, "sight", lambda root: whole)
    monkeypatch.setattr(
        tier_module,
        "wrapped",
        lambda sight, scratch: [tier_module.bubblewrap(), "--bind", "/", "/", "--"],
    )
    with pytest.raises(NoSandbox, match="does not hold"):
        Warm(ROOT, "namespaces")


AS_ANOTHER = """
mount --make-rprivate /
for path in "$@"; do
    top=/$(echo "$path" | cut -d/ -f2)
    if [ "$(stat -c %A "$top" | cut -c10)" = - ]; then
        keep=$(mktemp -d)
        mount --bind "$path" "$keep"
        mount -t tmpfs -o mode=755 none "$top"
        mkdir -p "$path"
        mount --bind "$keep" "$path"
    fi
done
exec setpriv --reuid 4242 --regid 4242 --clear-groups --bounding-set -all \\
    env -i PATH=/usr/bin:/bin HOME=/tmp "$PYTHON" -c "$CODE"
"""


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_it_holds_for_an_ordinary_user(tier):
    """root runs it as somebody else, in a place where that user can reach Python."""
    code = (
        "from autograder.sandbox import Warm\n"
        "from autograder.sandbox.attacks import attack\n"
        f"with Warm({str(ROOT)!r}, {tier!r}) as warm:\n"
        f"    for one in attack({str(ROOT)!r}, warm): print(one.ok, one.what, one.text)"
    )
    root = ["unshare", "--mount", "sh", "-ec", AS_ANOTHER, "sh", sys.base_prefix]
    ran = subprocess.run(
        root if os.geteuid() == 0 else [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHON": sys.executable, "CODE": code},
        cwd="/",
        timeout=500,
    )
    said = ran.stdout.splitlines()
    assert ran.returncode == 0, ran.stderr
    assert len(said) == sum(tier in one.on for one in ATTACKS)
    assert [line for line in said if not line.startswith("True")] == []


@pytest.mark.slow
def test_nothing_of_the_quick_attacks_gets_out(warms):
    assert leak(ROOT, warms("namespaces")) is None
    assert leak(ROOT, warms("landlock")) is None
    assert "WON" in leak(ROOT, warms("none"))


def test_without_a_sandbox_it_has_to_be_asked_for(monkeypatch):
    lacks = "this machine forbids it."
    monkeypatch.setattr(tier_module, "no_namespaces", lambda: lacks)
    monkeypatch.setattr(tier_module, "no_landlock", lambda: lacks)
    tier_module.tiers.cache_clear()
    try:
        with pytest.raises(NoSandbox, match="To grade without one, say so"):
            Warm(ROOT)
        with pytest.raises(NoSandbox, match="namespaces.*does not hold here: this machine forbids"):
            Warm(ROOT, "namespaces")
        assert warm.chosen("none") == ["none"]
    finally:
        tier_module.tiers.cache_clear()


def test_a_tier_that_is_none(monkeypatch):
    with pytest.raises(NoSandbox, match="there is no sandbox “vm”; there are namespaces"):
        Warm(ROOT, "vm")


def test_what_is_seen_is_named_and_no_more():
    seen = tier_module.sight(ROOT)
    inside = [path for path in seen.own if tier_module.under(path, [ROOT])]
    names = {os.path.relpath(path, ROOT) for path in inside}
    environment = (
        {os.path.relpath(sys.prefix, ROOT)} if tier_module.under(sys.prefix, [ROOT]) else set()
    )
    rooms = {"data", "autograder/__init__.py", "autograder/sandbox", "autograder/bridge"}
    utils = {name for name in names if name.startswith("utils/")}
    assert names - environment - utils == rooms
    bank = ROOT / "utils" / "check" / "mistakes"
    assert utils and not any(tier_module.under(bank, [ROOT / name]) for name in utils)
    assert not any(tier_module.under(ROOT / name, [bank]) for name in utils)
    assert not tier_module.under(ROOT, seen.system)


def test_a_course_inside_a_folder_that_is_shown_is_hidden(tmp_path):
    """As where a course lies in /usr/local, or in the folder of its Python."""
    seen = tier_module.Sight(["/usr"], ["/usr/local/course"], ["/usr/local/course/utils"], [])
    said = " ".join(tier_module.wrapped(seen, tmp_path))
    shown, hidden, own = (
        said.index(one)
        for one in (
            "--ro-bind /usr /usr",
            "--tmpfs /usr/local/course",
            "--ro-bind /usr/local/course/utils",
        )
    )
    assert shown < hidden < own


@pytest.mark.parametrize("apart", [True, False])
def test_the_filter_is_a_program_that_the_kernel_takes(apart):
    code = filters.program(apart)
    assert len(code) % 8 == 0 and len(code) // 8 < 4096
    check = (
        "from autograder.sandbox.inside import filters, linux\n"
        "linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)\n"
        f"filters.install({apart})\n"
        "import os, socket, threading\n"
        "threading.Thread(target=print).start()\n"
        "socket.socketpair(); os.sched_getaffinity(0)\n"
        "try: os.chroot('/')\n"
        "except PermissionError: print('held')"
    )
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=ROOT)
    assert ran.stdout.split() == ["held"], ran.stderr


def test_bubblewrap_is_found():
    assert shutil.which(tier_module.bubblewrap())


SEARCH = """
import gc, importlib, os, sys
from utils.check import check_optimizer
found = []
for name in ("utils.check.mistakes.sgd", "utils.check.mistakes.adam", "utils.check.mistakes.any_optimizer"):
    try:
        importlib.import_module(name); found.append(name)
    except ImportError:
        pass
import utils.check as check
found += sys.modules["utils.check.mistakes"].families()
folder = os.path.join(os.path.dirname(check.__file__), "mistakes")
for name in ("__init__.py", "sgd.py", "any_optimizer.py"):
    try:
        found.append(open(os.path.join(folder, name)).read())
    except OSError:
        pass
found += [x for x in gc.get_objects() if type(x).__name__ in ("Family", "Mistake")]
print(found)
"""
CHECKS = """
import torch
from utils.check import check_optimizer
from utils.optim import Optim
class Mine(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))
    def my_step(self, p, state, group):
        p.add_(p.grad, alpha={sign}group["lr"])
check_optimizer(Mine, torch.optim.SGD, lr=0.1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_no_bank_of_mistakes_is_in_sight_and_checks_work_without(warms, tier):
    fork = warms(tier).fork()
    try:
        ran = fork.run("search", SEARCH, 1)
        assert ran.outputs[0].get("text") == "[]\n", ran.outputs
        ran = fork.run("right", CHECKS.format(sign="-"), 2)
        assert ran.status == OK and "takes the same steps" in ran.outputs[0]["text"]
        ran = fork.run("wrong", CHECKS.format(sign="+"), 3)
        assert ran.status == ERROR and "CheckFailed" in ran.outputs[-1]["ename"]
    finally:
        fork.end()


def test_what_runs_inside_imports_only_what_is_seen_there():
    """A module that is not in sight would keep the sandbox from starting."""
    seen = [Path(path) for path in tier_module.sight(ROOT).own]
    for folder in ("autograder/sandbox/inside", "autograder/bridge"):
        for file in sorted((ROOT / folder).glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith("autograder"):
                    place = ROOT / node.module.replace(".", "/")
                    places = [place.with_suffix(".py")] if place.with_suffix(".py").exists() else []
                    for alias in node.names if not places else ():
                        found = [place / alias.name, (place / alias.name).with_suffix(".py")]
                        places += [one for one in found if one.exists()] or [place / "__init__.py"]
                    for one in places:
                        assert any(one.is_relative_to(path) for path in seen), f"{file.name}: {one}"
