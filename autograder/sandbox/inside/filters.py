"""seccomp: system calls that a student's process may not make, as a filter for the kernel.

They fail with EPERM ("not permitted"), so honest code that probes for one goes on. The filter
holds for everything that the process starts, and cannot be taken off. Written here by hand, as
the list is short and a library for it is not on every machine.
"""

import ctypes
import errno
import platform
import struct

from autograder.sandbox.inside import linux

# name: (number on x86-64, number on arm64); None where there is no such call
FORBIDDEN = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "perf_event_open": (298, 241),
    # file systems and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "mknod": (133, None),
    "mknodat": (259, 33),
    # the kernel itself
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "syslog": (103, 116),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "personality": (135, 92),
    "lookup_dcookie": (212, 18),
    # memory that no limit counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "vmsplice": (278, 75),
}
# Without namespaces there are also the user's other files and processes. Landlock stops neither
# chmod nor what asks for a process by number.
FORBIDDEN_BESIDES = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "pidfd_open": (434, 434),
    "process_mrelease": (448, 448),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "ioprio_set": (251, 30),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_unlink": (241, 181),
}
SOCKET, CLONE, CLONE3 = (41, 198), (56, 220), (435, 435)
SETPRIORITY = (141, 140)
OF_A_PROCESS = {  # their first argument is a process; 0 is the caller
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
}
IOCTL = (16, 29)
AF_UNIX, TIOCSTI, TIOCLINUX, PR_SET_DUMPABLE = 1, 0x5412, 0x541C, 4
NAMESPACES = 0x7E020080  # CLONE_NEW*, all of them

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, EQUAL, ABOVE, ANY, GIVE = 0x20, 0x15, 0x35, 0x45, 0x06
OTHER_THAN = -EQUAL
NUMBER, MACHINE, FIRST, SECOND = 0, 4, 16, 24  # where the kernel puts what is asked
X32 = 0x40000000


def known():
    """Is this a processor whose numbers are listed?"""
    return platform.machine() in ARCHITECTURES


def program(apart):
    """The filter: instructions of 8 bytes (operation, jump if true, if false, operand).

    apart: in namespaces of its own, where less has to be forbidden.
    """
    column, machine = ARCHITECTURES[platform.machine()]
    made = []

    def say(operation, operand, yes=0, no=0):
        made.append(struct.pack("HBBI", operation, yes, no, operand))

    def refuse(calls, number=errno.EPERM):
        for call in calls:
            if call[column] is not None:
                say(EQUAL, call[column], 0, 1)
                say(GIVE, FAIL | number)

    def refuse_if(call, place, test, operand, number):
        """Refuse the call if the test of its argument (the low 32 bits) holds."""
        say(EQUAL, call[column], 0, 4)
        say(LOAD, place)
        say(*((EQUAL, operand, 1, 0) if test == OTHER_THAN else (test, operand, 0, 1)))
        say(GIVE, FAIL | number)
        say(LOAD, NUMBER)

    say(LOAD, MACHINE)
    say(EQUAL, machine, 1, 0)
    say(GIVE, KILL)  # another processor's calls have other numbers
    say(LOAD, NUMBER)
    if column == 0:
        say(ABOVE, X32, 0, 1)
        say(GIVE, FAIL | errno.ENOSYS)
    refuse(FORBIDDEN.values())
    refuse([CLONE3], errno.ENOSYS)  # its flags cannot be seen from here; libc then uses clone
    refuse_if(CLONE, FIRST, ANY, NAMESPACES, errno.EPERM)
    if apart:
        refuse_if(SOCKET, FIRST, OTHER_THAN, AF_UNIX, errno.EACCES)
    else:
        refuse([SOCKET], errno.EACCES)
        refuse(FORBIDDEN_BESIDES.values())
        refuse_if(SETPRIORITY, FIRST, OTHER_THAN, 0, errno.EPERM)
        refuse_if(SETPRIORITY, SECOND, OTHER_THAN, 0, errno.EPERM)
        for call in OF_A_PROCESS.values():
            refuse_if(call, FIRST, OTHER_THAN, 0, errno.EPERM)
    refuse_if(IOCTL, SECOND, EQUAL, TIOCSTI, errno.EPERM)
    refuse_if(IOCTL, SECOND, EQUAL, TIOCLINUX, errno.EPERM)
    say(GIVE, ALLOW)
    return b"".join(made)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def install(apart):
    """From now on, for this process and all that it starts. Needs no_new_privs."""
    code = program(apart)
    whole = Program(len(code) // 8, code)
    pr_set_seccomp, mode_filter = 22, 2
    linux.prctl(pr_set_seccomp, mode_filter, ctypes.addressof(whole))
