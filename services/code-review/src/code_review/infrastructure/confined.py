"""Limits itself, gives up the network, and becomes the program named by its arguments.

A program of its own because code between fork and exec is unsafe in a process with threads. Run
with `python -I -S`, so it may import nothing but the standard library.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Mapping

NETWORK_OPEN = b"confined: the network stays open\n"

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIGKILL = 9
_MOST_FILE_BYTES = 1 << 20

# Audit architecture, and the system calls that could open a network connection: socket,
# socketpair, and io_uring_setup, whose rings create sockets without the former.
_SYSCALLS: Mapping[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (0xC000003E, (41, 53, 425)),
    "aarch64": (0xC00000B7, (198, 199, 425)),
}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def socket_filter(machine: str) -> bytes | None:
    """BPF that answers EPERM to whatever opens a socket; nothing for a machine we do not know."""
    if machine not in _SYSCALLS:
        return None
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | 1
    architecture, denied = _SYSCALLS[machine]
    # Numbers from 0x40000000 on are the x32 twins of the same calls.
    tests = [(equal, number) for number in denied] + [(at_least, 0x40000000)]
    program = [
        (load, 0, 0, 4),
        (equal, 0, len(tests) + 2, architecture),  # calls of a foreign architecture are refused
        (load, 0, 0, 0),
        *((test, len(tests) - index, 0, number) for index, (test, number) in enumerate(tests)),
        (answer, 0, 0, allow),
        (answer, 0, 0, refuse),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def close_network(machine: str) -> bool:
    """Say whether this process, and all it becomes, can no longer reach a network."""
    libc = ctypes.CDLL(None, use_errno=True)
    # A filter needs no privilege and works inside containers, which mostly refuse namespaces.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and (code := socket_filter(machine)):
        buffer = ctypes.create_string_buffer(code, len(code))
        program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
        if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0:
            return True
    return bool(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Bound what the kernel can count; the parent bounds the time on the wall and the output."""
    wanted = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: _MOST_FILE_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def main(arguments: list[str]) -> None:
    cpu_seconds, memory_bytes, *command = arguments
    # A service that is killed must not leave its analyzers running.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    limit(int(cpu_seconds), int(memory_bytes))
    if not close_network(platform.machine()):
        os.write(2, NETWORK_OPEN)
    os.execv(command[0], command)  # noqa: S606  (no shell is the point)


if __name__ == "__main__":
    main(sys.argv[1:])
