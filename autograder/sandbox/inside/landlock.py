"""Landlock: a process gives up, for good, all files but those it names. Needs no rights.

It also gives up, where the kernel is new enough (6.7: network, 6.12: scopes), to reach the network,
abstract sockets and processes outside. Source: Linux, Documentation/userspace-api/landlock.rst.
"""

import ctypes
import os
import struct

from autograder.sandbox.inside import linux

CREATE, ADD, RESTRICT = 444, 445, 446  # the same on every processor
EXECUTE, WRITE, READ, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL = 1 << 14, 1 << 15
LOOK = EXECUTE | READ | READ_DIR
FILE = EXECUTE | WRITE | READ | TRUNCATE | IOCTL  # what a file, not a folder, can be allowed
NET, SCOPES = 0b11, 0b11
SYSCALL = linux.libc.syscall


def version():
    """Of the kernel's Landlock; 0 if there is none."""
    found = SYSCALL(ctypes.c_long(CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(0, found)


def handled(abi):
    """All that this version can take away from files."""
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)
    return (1 << bits) - 1


def confine(readable, writable, devices=(), listed=()):
    """This process, and all that it starts, sees no other files.

    Args:
        listed: folders of which only the names in them are seen, theirs and those below.

    Raises:
        OSError: the kernel refused; nothing is confined then.
    """
    abi = version()
    if not abi:
        raise OSError("this kernel has no Landlock")
    every = handled(abi)
    rules = struct.pack("QQQ", every, NET if abi >= 4 else 0, SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    group = syscall(CREATE, ctypes.c_char_p(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for paths, rights in (
            (readable, LOOK),
            (writable, every),
            (devices, READ | WRITE),
            (listed, READ_DIR),
        ):
            for path in paths:
                allow(group, path, rights & every)
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        syscall(RESTRICT, ctypes.c_int(group), ctypes.c_uint32(0))
    finally:
        os.close(group)


def allow(group, path, rights):
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= FILE
        rule = struct.pack("=Qi", rights, place)
        syscall(ADD, ctypes.c_int(group), ctypes.c_int(1), ctypes.c_char_p(rule), 0)
    finally:
        os.close(place)


def syscall(number, *args):
    result = SYSCALL(ctypes.c_long(number), *args)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return result
