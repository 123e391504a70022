"""The part of FUSE that a slow disk speaks: linux/fuse.h, protocol 7.31, and how it is mounted."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from enum import IntEnum


class Operation(IntEnum):
    """What the kernel may ask."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    MKDIR = 9
    UNLINK = 10
    RMDIR = 11
    RENAME = 12
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    FLUSH = 25
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    CREATE = 35
    INTERRUPT = 36
    BATCH_FORGET = 42
    RENAME2 = 45


ROOT = 1
#: The most that one request writes, and how long a request may be with its headers.
MAX_WRITE = 128 * 1024
MAX_REQUEST = MAX_WRITE + 4096
#: How long the kernel may remember names and attributes, as clients of network file systems do.
REMEMBERED_S = 1
#: What a SETATTR changes.
SET_MODE, SET_SIZE, SET_ATIME, SET_MTIME = 1 << 0, 1 << 3, 1 << 4, 1 << 5

REQUEST = struct.Struct("<IIQQIIII")
SETATTR = struct.Struct("<IIQQQQQQIIIIIIII")
#: Handle, offset, size and flags of reads and writes.
TRANSFER = struct.Struct("<QQIIQII")
OPENED = struct.Struct("<QII")

_REPLY = struct.Struct("<IiQ")
_INIT = struct.Struct("<IIIIHHIIHH32x")
_ENTRY = struct.Struct("<QQQQII")
_ATTRIBUTE_REPLY = struct.Struct("<QII")
_ATTRIBUTES = struct.Struct("<6Q10I")
_STATFS = struct.Struct("<5Q4I24x")
_DIRECTORY_ENTRY = struct.Struct("<QQII")
#: Reads beside each other, whole writes at once, look-ups beside each other (FUSE_ASYNC_READ,
#: FUSE_BIG_WRITES, FUSE_PARALLEL_DIROPS).
_WANTED = 1 << 0 | 1 << 5 | 1 << 18
_CLONE_NEWNS = 0x20000
_MS_REC, _MS_SLAVE = 0x4000, 0x80000


def mount(directory: str) -> int:
    """Mount over a directory, for this process and its children alone; return the device.

    The mount is gone with them, whatever ends them. Call it before threads are started.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_CLONE_NEWNS))
    _check(libc.mount(None, b"/", None, _MS_REC | _MS_SLAVE, None))
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    _check(libc.mount(b"slow", os.fsencode(directory), b"fuse.slow", 0, options))
    return device


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), "a private mount failed")


def reply(unique: int, problem: int, body: bytes) -> bytes:
    """Return the answer to a request; `problem` is an errno, 0 for none."""
    return _REPLY.pack(_REPLY.size + len(body), -problem, unique) + body


def welcome(request: bytes, parallel: int) -> bytes:
    """Return the answer to INIT."""
    _, _, read_ahead = struct.unpack_from("<III", request)
    return _INIT.pack(7, 31, read_ahead, _WANTED, parallel, parallel, MAX_WRITE, 1, 0, 0)


def entry(number: int, status: os.stat_result) -> bytes:
    """Describe a name that was looked up."""
    return _ENTRY.pack(number, 0, REMEMBERED_S, REMEMBERED_S, 0, 0) + _attributes(status)


def attributes(status: os.stat_result) -> bytes:
    """Return the answer to GETATTR."""
    return _ATTRIBUTE_REPLY.pack(REMEMBERED_S, 0, 0) + _attributes(status)


def _attributes(status: os.stat_result) -> bytes:
    times_ns = (status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns)
    return _ATTRIBUTES.pack(
        *(status.st_ino, status.st_size, status.st_blocks),
        *(time_ns // 10**9 for time_ns in times_ns),
        *(time_ns % 10**9 for time_ns in times_ns),
        *(status.st_mode, status.st_nlink, status.st_uid, status.st_gid, status.st_rdev),
        *(status.st_blksize, 0),
    )


def space(has: os.statvfs_result) -> bytes:
    """Return the answer to STATFS."""
    sizes = (has.f_blocks, has.f_bfree, has.f_bavail, has.f_files, has.f_ffree)
    return _STATFS.pack(*sizes, has.f_bsize, has.f_namemax, has.f_frsize, 0)


def directory_entry(name: str, status: os.stat_result, following: int) -> bytes:
    """Describe a name of a listing; `following` is where the next one stands."""
    raw = os.fsencode(name)
    kind = stat.S_IFMT(status.st_mode) >> 12
    packed = _DIRECTORY_ENTRY.pack(status.st_ino, following, len(raw), kind) + raw
    return packed + bytes(-len(packed) % 8)


def name(body: bytes) -> str:
    """Read a name that ends with a zero byte."""
    return os.fsdecode(body.partition(b"\0")[0])
