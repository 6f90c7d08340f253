"""What a hostile submission tries, one function for each idea. Runs as a student's cell.

Each is given the *scene* (see `autograder.sandbox.attacks`), and returns what it achieved: a list that
is empty if the sandbox holds. Harmless if it does not hold, so that it can be tried anywhere: it
looks, but takes nothing; it signals with 0; what it writes are files with a name of their own.
"""

import contextlib
import ctypes
import mmap
import os
import platform
import resource
import signal
import socket
import sys
import time
from pathlib import Path


def reached(*tries):
    """The names of those (name, function, arguments) that raise nothing and return no -1."""
    won = []
    for name, do, *args in tries:
        try:
            if do(*args) != -1:
                won.append(name)
        except BaseException:
            continue
    return won


def raw(number, *args):
    """A system call by number; -1 where it is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(ctypes.c_long(number), *(ctypes.c_long(one) for one in args))


def first_byte(path):
    with open(path, "rb") as file:
        return file.read(1)


def files(scene):
    """Read what is not ours: solutions, the gradebook, other submissions, the system's secrets."""
    return reached(*((path, first_byte, path) for path in scene["secrets"]))


def names(scene):
    """List folders: even names tell something."""
    found = []
    for folder in scene["folders"]:
        with contextlib.suppress(OSError):
            found += [f"{folder}/{name}" for name in os.listdir(folder)]
    return [one for one in found if not leads_to(one, [os.getcwd(), *scene["shown"]])]


def leads_to(path, places):
    """Is it one of these, in one of them, or a folder on the way to one?"""
    return any(
        Path(path).is_relative_to(place) or Path(place).is_relative_to(path) for place in places
    )


def detours(scene):
    """The same files by links, by /proc, by file handles and by what is open already."""
    won = []
    for number, path in enumerate(scene["secrets"]):
        for how in (os.symlink, os.link):
            name = f"detour{number}{how.__name__}"
            with contextlib.suppress(OSError):
                how(path, name)
                won += reached((f"{how.__name__} {path}", first_byte, name))
        for start in ("self", "1", str(os.getppid()), "thread-self"):
            for door in ("root", "cwd"):
                through = f"/proc/{start}/{door}{path}"
                won += reached((through, first_byte, through))
    allowed = {0, 1, 2, 3}
    for number in set(range(256)) - allowed:
        with contextlib.suppress(OSError):
            if os.path.isabs(os.readlink(f"/proc/self/fd/{number}")):
                won.append(f"open file {number}")
    return won


def environment(scene):
    """Read the grader's environment."""
    won = [scene["canary"]] if scene["canary"] in os.environ else []
    for pid in scene["pids"] + [1, os.getppid()]:
        with contextlib.suppress(OSError):
            if scene["canary"].encode() in Path(f"/proc/{pid}/environ").read_bytes():
                won.append(f"/proc/{pid}/environ")
    return won


def dial(family, kind, address):
    with socket.socket(family, kind) as sock:
        sock.settimeout(1)
        sock.connect(address)
        sock.send(b"x")


def network(scene):
    """Talk to this machine, to the world, to the kernel's own networks."""
    stream, packet = socket.SOCK_STREAM, socket.SOCK_DGRAM
    inet, inet6 = socket.AF_INET, socket.AF_INET6
    return reached(
        ("loopback", dial, inet, stream, ("127.0.0.1", scene["port"])),
        ("loopback, IPv6", dial, inet6, stream, ("::1", scene["port"])),
        ("loopback, UDP", dial, inet, packet, ("127.0.0.1", scene["port"])),
        ("the world", dial, inet, stream, ("192.0.2.1", 80)),
        ("the world, UDP", dial, inet, packet, ("192.0.2.1", 53)),
        ("listening", listen),
        ("netlink", socket.socket, 16, socket.SOCK_RAW, 0),
        ("packets", socket.socket, 17, socket.SOCK_RAW, 0),
        ("vsock", socket.socket, 40, stream, 0),
        ("a raw socket", socket.socket, inet, socket.SOCK_RAW, 1),
    )


def listen():
    with socket.create_server(("127.0.0.1", 0)):
        pass


def unix_sockets(scene):
    """Talk to services of this machine over Unix sockets, abstract and in a file."""
    unix, stream = socket.AF_UNIX, socket.SOCK_STREAM
    return reached(
        ("abstract socket", dial, unix, stream, scene["abstract"]),
        ("socket in a file", dial, unix, stream, scene["socket"]),
    )


def others(scene):
    return [pid for pid in scene["pids"] if pid not in (os.getpid(), os.getppid())]


def signals(scene):
    """Signal the grader, the warm process, another submission. (0 harms nobody.)"""
    pids = others(scene)
    won = reached(*((f"kill {pid}", os.kill, pid, 0) for pid in pids))
    won += reached(*((f"pidfd {pid}", os.pidfd_open, pid) for pid in pids if scene["pidfd"]))
    return won + reached(*((f"queue {pid}", queue, pid) for pid in pids))


def queue(pid):
    """rt_sigqueueinfo, with a signal that is none."""
    number = {"x86_64": 129, "aarch64": 138}[platform.machine()]
    info = ctypes.create_string_buffer(128)
    ctypes.cast(info, ctypes.POINTER(ctypes.c_int))[2] = -1
    return raw(number, pid, 0, ctypes.addressof(info))


def memory_of_others(scene):
    """Look into another process: ptrace, its memory, its open files."""
    won = []
    attach = {"x86_64": 101, "aarch64": 117}[platform.machine()]
    readv = {"x86_64": 310, "aarch64": 270}[platform.machine()]
    for pid in [*others(scene), os.getppid()]:
        won += reached(
            (f"ptrace {pid}", raw, attach, 0x4206, pid, 0, 0),  # PTRACE_SEIZE: stops nothing
            (f"read {pid}", raw, readv, pid, 0, 0, 0, 0, 0),
            (f"/proc/{pid}/mem", open, f"/proc/{pid}/mem", "r+b"),
            (f"/proc/{pid}/maps", first_byte, f"/proc/{pid}/maps"),
            (f"/proc/{pid}/fd", os.listdir, f"/proc/{pid}/fd"),
        )
    return won


def write(scene):
    """Write where others would find it. Whether they do is seen outside."""
    for folder in scene["places"]:
        with contextlib.suppress(OSError):
            Path(folder, scene["token"]).write_text("here")
    return reached(
        *((f"chmod {path}", os.chmod, path, 0o777) for path in scene["places"][:2]),
        ("core pattern", Path("/proc/sys/kernel/core_pattern").write_text, "core"),
        ("sysrq", Path("/proc/sysrq-trigger").write_text, ""),
        ("torch", Path(sys.modules["torch"].__path__[0], "__init__.py").open, "r+"),
        ("utils", Path(sys.modules["utils"].__path__[0], "__init__.py").open, "r+"),
        ("this file", Path(__file__).open, "r+"),
    )


def neighbours(scene):
    """Find the scratch folder of another submission."""
    won = []
    for start in ("/tmp", "/dev/shm", "/var/tmp", os.path.dirname(os.getcwd()), scene["scratch"]):
        for folder, _, found in os.walk(start):
            won += [f"{folder}/{name}" for name in found if scene["mark"] in name]
    return won


def namespaces(scene):
    """Become root in a namespace of its own, and mount things there."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
    kinds = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "network": 0x40000000}
    won = reached(*((f"unshare {name}", libc.unshare, bit) for name, bit in kinds.items()))
    for name, bit in kinds.items():
        pid = raw(clone, bit | signal.SIGCHLD, 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
        won += [f"clone {name}"] if pid > 0 else []
    tmp = b"/tmp"
    return won + reached(
        ("mount", libc.mount, b"x", tmp, b"tmpfs", 0, None),
        ("remount", libc.mount, b"x", b"/", None, 32 | 4096, None),
        ("bind", libc.mount, b"/", tmp, None, 4096, None),
        ("unmount", libc.umount2, b"/proc", 2),
        ("chroot", os.chroot, "."),
        ("pivot_root", raw, {"x86_64": 155, "aarch64": 41}[platform.machine()], 0, 0),
        ("clone3", raw, 435, 0, 0),
        ("mount by file", raw, 430, 0, 0),
    )


def rights(scene):
    """Become somebody else, get a capability, make a device, set the clock."""
    libc = ctypes.CDLL(None, use_errno=True)
    head, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    won = [] if libc.capget(head, data) == 0 and not any(data) else ["capabilities"]
    won += [] if libc.prctl(39, 0, 0, 0, 0) == 1 else ["new privileges by a program's setuid bit"]
    everything = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
    somebody = 12345
    return won + reached(
        ("capset", libc.capset, head, everything),
        ("setuid", os.setuid, somebody),
        ("setgid", os.setgid, somebody),
        ("setgroups", os.setgroups, [somebody]),
        ("chown", os.chown, ".", somebody, somebody),
        ("mknod", os.mknod, "disk", 0o60600, os.makedev(254, 0)),
        ("clock", time.clock_settime, time.CLOCK_REALTIME, time.time()),
        ("hostname", socket.sethostname, "mine"),
        ("priority", os.setpriority, os.PRIO_PROCESS, 0, -5),
        ("realtime", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1)),
        ("spared when memory is short", Path("/proc/self/oom_score_adj").write_text, "-900"),
    )


def raised_limits(scene):
    """Lift the limits, for itself and for others."""
    won = []
    for name in ("CORE", "FSIZE", "NOFILE", "CPU", "DATA", "NPROC"):
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        if hard == resource.RLIM_INFINITY:
            won += [] if name == "NPROC" else [f"{name} has no limit"]
            continue
        won += reached((name, resource.setrlimit, number, (hard, hard + 1)))
    for pid in others(scene):
        won += reached((f"of {pid}", resource.prlimit, pid, resource.RLIMIT_CPU))
    return won


def kernel(scene):
    """System calls that have been the way out of many a sandbox."""
    column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
    calls = {
        "bpf": (321, 280),
        "keyctl": (250, 219),
        "add_key": (248, 217),
        "userfaultfd": (323, 282),
        "perf_event_open": (298, 241),
        "io_uring_setup": (425, 425),
        "init_module": (175, 105),
        "finit_module": (313, 273),
        "kexec_load": (246, 104),
        "open_by_handle_at": (304, 265),
        "fanotify_init": (300, 262),
        "process_madvise": (440, 440),
        "pidfd_getfd": (438, 438),
        "memfd_create": (319, 279),
        "shmget": (29, 194),
        "personality": (135, 92),
    }
    errors, won = ctypes.get_errno, []
    libc = ctypes.CDLL(None, use_errno=True)
    for name, numbers in calls.items():
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(numbers[column]), *[ctypes.c_long(0)] * 5)
        if result != -1 or errors() not in (1, 38):  # EPERM, ENOSYS: it was not even looked at
            won.append(name)
    return won


def other_calls(scene):
    """System calls under the numbers of another processor: x32, and 32-bit by interrupt 0x80."""
    if platform.machine() != "x86_64":
        return []
    won = ["x32"] if raw(0x40000000 | 39) != -1 else []
    pid = os.fork()
    if pid == 0:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\x53\xb8\x14\x00\x00\x00\xcd\x80\x5b\xc3")  # getpid, as 32-bit programs do
        place = ctypes.addressof(ctypes.c_char.from_buffer(code))
        os._exit(0 if ctypes.CFUNCTYPE(ctypes.c_int)(place)() > 0 else 1)
    return won + (["32-bit"] if os.waitpid(pid, 0)[1] == 0 else [])
