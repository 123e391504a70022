"""A slow file system below one command: each operation takes time, or all of them stand still.

The directory is mounted over itself, for this process and its children alone. A kernel with FUSE
and root are all it needs.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.lab.nodes import fuse
from tests.lab.nodes.fuse import Operation

#: The kernel waits for no answer to these.
_UNANSWERED = frozenset((Operation.FORGET, Operation.INTERRUPT, Operation.BATCH_FORGET))
#: Programs wait for none of these: what they closed is closed later, behind their backs.
_UNFELT = _UNANSWERED | {Operation.RELEASE, Operation.RELEASEDIR}
#: As many operations wait at the same time; go has fewer threads in system calls.
_THREADS = 24


class Pace:
    """How long operations take."""

    def __init__(self, operation_s: float, still_after: float, still_s: float) -> None:
        self._operation_s = operation_s
        self._left = still_after
        self._still_s = still_s
        self._until_s = 0.0
        self._lock = threading.Lock()

    def wait(self, written: int) -> None:
        """Let an operation take its time; `written` are the bytes that it is about to write."""
        with self._lock:
            before, self._left = self._left, self._left - written
            if self._still_s and before > 0 >= self._left:
                self._until_s = time.monotonic() + self._still_s
        time.sleep(max(self._operation_s, self._until_s - time.monotonic()))


class Disk:
    """Hands each operation on to the directory below, by descriptors: names may change."""

    def __init__(self, device: int, below: int, pace: Pace) -> None:
        self._device = device
        self._pace = pace
        self._lock = threading.Lock()
        #: A descriptor for each number that the kernel knows; kept, so that none is given twice.
        self._nodes = {fuse.ROOT: below}
        self._numbers = {_identity(os.fstat(below)): fuse.ROOT}
        self._listings: dict[int, list[tuple[str, os.stat_result]]] = {}
        self._operations: dict[int, Callable[[int, bytes], bytes]] = {
            Operation.LOOKUP: lambda node, body: self._entry(node, fuse.name(body)),
            Operation.GETATTR: self._getattr,
            Operation.SETATTR: self._setattr,
            Operation.MKDIR: self._mkdir,
            Operation.UNLINK: self._unlink,
            Operation.RMDIR: self._rmdir,
            Operation.RENAME: lambda node, body: self._move(node, body[:8], body[8:]),
            Operation.RENAME2: self._rename2,
            Operation.OPEN: self._open,
            Operation.CREATE: self._create,
            Operation.READ: self._read,
            Operation.WRITE: self._write,
            # What lies below is thrown away with the run: the wait is all there is to these.
            Operation.FLUSH: lambda *_: b"",
            Operation.FSYNC: lambda *_: b"",
            Operation.RELEASE: self._release,
            Operation.OPENDIR: self._opendir,
            Operation.READDIR: self._readdir,
            Operation.RELEASEDIR: self._release,
            Operation.STATFS: lambda node, _: fuse.space(os.statvfs(self._nodes[node])),
            Operation.INIT: lambda _, body: fuse.welcome(body, _THREADS),
        }

    def serve(self) -> None:
        """Answer until the directory is unmounted."""
        while True:
            try:
                request = os.read(self._device, fuse.MAX_REQUEST)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINTR):
                    continue  # given up before it was read
                return
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        _, operation, unique, node, *_ = fuse.REQUEST.unpack_from(request)
        body = request[fuse.REQUEST.size :]
        if operation not in _UNFELT:
            self._pace.wait(_written(operation, body))
        if operation in _UNANSWERED:
            return
        problem, answer = 0, b""
        try:
            answer = self._operations[operation](node, body)
        except KeyError:
            problem = errno.ENOSYS
        except OSError as error:
            problem = error.errno or errno.EIO
        with contextlib.suppress(OSError):  # nobody waits for it any longer
            os.write(self._device, fuse.reply(unique, problem, answer))

    def _entry(self, node: int, name: str) -> bytes:
        """Describe a name of a directory, and give it a number where it has none."""
        found = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=self._nodes[node])
        status = os.fstat(found)
        with self._lock:
            number = self._numbers.setdefault(_identity(status), len(self._numbers) + 1)
            if self._nodes.setdefault(number, found) != found:
                os.close(found)
        return fuse.entry(number, status)

    def _getattr(self, node: int, _: bytes) -> bytes:
        return fuse.attributes(os.fstat(self._nodes[node]))

    def _setattr(self, node: int, body: bytes) -> bytes:
        said = fuse.SETATTR.unpack(body)
        valid, size, mode = said[0], said[3], said[11]
        path = self._path(node)
        if valid & fuse.SET_MODE:
            Path(path).chmod(stat.S_IMODE(mode))
        if valid & fuse.SET_SIZE:
            os.truncate(path, size)
        if valid & (fuse.SET_ATIME | fuse.SET_MTIME):
            os.utime(path, ns=(said[5] * 10**9 + said[8], said[6] * 10**9 + said[9]))
        return self._getattr(node, b"")

    def _path(self, node: int) -> str:
        return f"/proc/self/fd/{self._nodes[node]}"

    def _mkdir(self, node: int, body: bytes) -> bytes:
        (mode,) = struct.unpack_from("<I", body)
        name = fuse.name(body[8:])
        os.mkdir(name, mode, dir_fd=self._nodes[node])
        return self._entry(node, name)

    def _unlink(self, node: int, body: bytes) -> bytes:
        os.unlink(fuse.name(body), dir_fd=self._nodes[node])
        return b""

    def _rmdir(self, node: int, body: bytes) -> bytes:
        os.rmdir(fuse.name(body), dir_fd=self._nodes[node])
        return b""

    def _rename2(self, node: int, body: bytes) -> bytes:
        if struct.unpack_from("<I", body, 8)[0]:
            raise OSError(errno.EINVAL, "no flags are known")
        return self._move(node, body[:8], body[16:])

    def _move(self, node: int, target: bytes, names: bytes) -> bytes:
        old, new = (fuse.name(part) for part in names.split(b"\0")[:2])
        (directory,) = struct.unpack("<Q", target)
        os.rename(old, new, src_dir_fd=self._nodes[node], dst_dir_fd=self._nodes[directory])
        return b""

    def _create(self, node: int, body: bytes) -> bytes:
        flags, mode = struct.unpack_from("<II", body)
        name = fuse.name(body[16:])
        opened = os.open(name, flags | os.O_CREAT, mode, dir_fd=self._nodes[node])
        return self._entry(node, name) + fuse.OPENED.pack(opened, 0, 0)

    def _open(self, node: int, body: bytes) -> bytes:
        (flags,) = struct.unpack_from("<I", body)
        return fuse.OPENED.pack(os.open(self._path(node), flags & ~os.O_NOFOLLOW), 0, 0)

    def _read(self, _: int, body: bytes) -> bytes:
        handle, offset, size, *_rest = fuse.TRANSFER.unpack_from(body)
        return os.pread(handle, size, offset)

    def _write(self, _: int, body: bytes) -> bytes:
        handle, offset, *_rest = fuse.TRANSFER.unpack_from(body)
        return struct.pack("<II", os.pwrite(handle, body[fuse.TRANSFER.size :], offset), 0)

    def _opendir(self, node: int, _: bytes) -> bytes:
        opened = os.open(self._path(node), os.O_RDONLY | os.O_DIRECTORY)
        return fuse.OPENED.pack(opened, 0, 0)

    def _readdir(self, _: int, body: bytes) -> bytes:
        handle, offset, size, *_rest = fuse.TRANSFER.unpack_from(body)
        if not offset:
            with os.scandir(handle) as entries:
                listed = [(e.name, e.stat(follow_symlinks=False)) for e in entries]
            self._listings[handle] = listed
        answer = b""
        for following, (name, status) in enumerate(self._listings[handle][offset:], offset + 1):
            entry = fuse.directory_entry(name, status, following)
            if len(answer) + len(entry) > size:
                break
            answer += entry
        return answer

    def _release(self, _: int, body: bytes) -> bytes:
        (handle,) = struct.unpack_from("<Q", body)
        self._listings.pop(handle, None)
        os.close(handle)
        return b""


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _written(operation: int, body: bytes) -> int:
    return len(body) - fuse.TRANSFER.size if operation == Operation.WRITE else 0


def main(order: dict[str, Any], words: list[str]) -> int:
    """Run a command above the slow directory; return its status."""
    umask = os.umask(0)  # the kernel has taken that of who asks into account
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    below = os.open(order["directory"], os.O_PATH | os.O_DIRECTORY)
    pace = Pace(order["operation_ms"] / 1e3, order["still_after_kb"] * 1e3, order["still_s"])
    disk = Disk(fuse.mount(order["directory"]), below, pace)
    for _ in range(_THREADS):
        threading.Thread(target=disk.serve, daemon=True).start()
    # The command does not inherit the path by which this module was found.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(words, env=environment, umask=umask).returncode


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
