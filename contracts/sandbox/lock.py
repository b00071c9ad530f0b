"""The fences around a worker, put up from inside it after everything has been imported."""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import resource
import sys
from typing import Final

MEMORY_BYTES_MAX: Final = 2 << 30
"""Far above what the gas limit can buy (64 bytes per gas), so that it is never a result."""
CPU_SECONDS_MAX: Final = 3_600
"""A watchdog for a worker that runs wild; an honest one is replaced and nobody notices."""

_NAMESPACES: Final = {
    "users": 0x10000000,
    "network": 0x40000000,
    "mounts": 0x00020000,
    "message queues": 0x08000000,
    "host name": 0x04000000,
}
"""What `unshare` gives anew, by its flag; users first, for that is what allows the others."""
_NO_FILES: Final = "/proc/self/fdinfo"
"""A folder that is always there and leads nowhere."""
_CAPABILITY_VERSION: Final = 0x20080522

_SECCOMP_LIBRARY: Final = "libseccomp.so.2"
_KILL_PROCESS: Final = 0x80000000
_ALLOW: Final = 0x7FFF0000
_SYSCALLS: Final = (
    "read",
    "write",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "brk",
    "futex",
    "clock_gettime",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "exit",
    "exit_group",
)


def lock() -> tuple[str, ...]:
    """Give up everything but memory and the one open channel; say in words what was done."""
    gc.collect()
    gc.freeze()
    fences = ["process: no environment, one channel, isolated interpreter"]
    limits = {
        "memory": (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
        "cpu": (resource.RLIMIT_CPU, CPU_SECONDS_MAX),
        "files": (resource.RLIMIT_NOFILE, 0),
        "processes": (resource.RLIMIT_NPROC, 0),
        "file size": (resource.RLIMIT_FSIZE, 0),
        "core dumps": (resource.RLIMIT_CORE, 0),
    }
    # The system-call filter needs no new descriptor, but loading its library does.
    seccomp = _load_seccomp()
    fences.append("namespaces: " + leave_namespaces())
    done = [name for name, (kind, limit) in limits.items() if _limit(kind, limit)]
    fences.append("limits: " + ", ".join(done))
    fences.append("system calls: " + _filter_system_calls(seccomp))
    return tuple(fences)


def close_other_descriptors(channel: int) -> None:
    """Close every descriptor but the channel and the three standard ones, which are /dev/null."""
    os.closerange(3, channel)
    os.closerange(channel + 1, 4096)


def leave_namespaces() -> str:
    """Leave the machine's network and files for a network without interfaces and no files.

    Needs no rights, only a kernel that lets everybody do so; many containers do not.

    Returns: what was left, or why nothing was.
    """
    if not sys.platform.startswith("linux"):
        return "none (only Linux has them)"
    library = ctypes.CDLL(None, use_errno=True)
    # Half-way is worse than not at all: whoever has left, and may not give up the rights that this
    # brings, reaches more of the kernel than before. So a child tries first.
    child = os.fork()
    if child == 0:
        os._exit(_leave(library) & 0xFF)
    _, status = os.waitpid(child, 0)
    error = os.waitstatus_to_exitcode(status) or _leave(library)
    if error:
        return f"none (the kernel says: {os.strerror(abs(error))})"
    return ", ".join((*_NAMESPACES, "no files"))


def _leave(library: ctypes.CDLL) -> int:
    """Leave; give the number of the error that came in the way, or 0."""
    if library.unshare(sum(_NAMESPACES.values())) != 0:
        return ctypes.get_errno()
    try:
        os.chroot(_NO_FILES)
        os.chdir("/")
    except OSError as error:
        return error.errno or errno.EPERM
    # Among its own users it has all rights over what is its own; it needs none.
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    if library.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        return ctypes.get_errno()
    return 0


def _limit(kind: int, value: int) -> bool:
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _load_seccomp() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(_SECCOMP_LIBRARY, use_errno=True)
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
    ]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    return library


def _filter_system_calls(library: ctypes.CDLL | None) -> str:
    """Kill the process on any system call that computing does not need."""
    if library is None:
        return f"not filtered ({_SECCOMP_LIBRARY} is not there)"
    rules = library.seccomp_init(_KILL_PROCESS)
    if not rules:
        return "not filtered (seccomp_init failed)"
    for name in _SYSCALLS:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0 and library.seccomp_rule_add(rules, _ALLOW, number, 0) != 0:
            return f"not filtered (no rule for {name})"
    if library.seccomp_load(rules) != 0:
        return "not filtered (the kernel refused the filter)"
    return f"seccomp, {len(_SYSCALLS)} allowed"
