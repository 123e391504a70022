"""Notes which sockets the recorded command opens: a process id in, sockets out (Linux only).

Polls /proc while the command runs. A socket that lives shorter than the interval, such as that of
a fast DNS exchange, is missed, so absence proves nothing.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from captures.session import Socket

INTERVAL_S = 0.02

#: Reading the TCP tables makes the kernel walk its whole hash, up to 10 ms on a large machine
#: (Linux 6.18); the UDP tables take 0.1 ms. Four parts of rest keep this below a fifth of a core.
_REST = 4

#: An inode that is in no table for this many polls (2 s) is no connected internet socket.
_PATIENCE = 100

#: More connections than the largest download makes; keeps a server under badhop from growing it.
_MAX_SOCKETS = 20_000

_UDP_TABLES = (("udp", "udp"), ("udp6", "udp"))
_TCP_TABLES = (("tcp", "tcp"), ("tcp6", "tcp"))


class SocketWatch:
    """Watches one process and its descendants until stopped."""

    def __init__(self, pid: int, proc: Path = Path("/proc")) -> None:
        self._root = pid
        self._proc = proc
        self._known_pids = {pid}
        self._next_tcp = 0.0  #: monotonic time
        self._tries: Counter[int] = Counter()
        self._found: dict[Socket, None] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to watch; does nothing where there is no /proc."""
        if sys.platform == "linux":
            self._thread.start()

    def stop(self) -> tuple[Socket, ...]:
        """End watching and give all sockets seen, in the order they appeared."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        return tuple(self._found)

    def poll(self) -> None:
        """Look once."""
        self._known_pids = set(self._alive())
        began = time.monotonic()
        with_tcp = began >= self._next_tcp
        tables = (*_UDP_TABLES, *_TCP_TABLES) if with_tcp else _UDP_TABLES
        for pid in self._known_pids:
            self._look_at(pid, tables)
        if with_tcp:
            ended = time.monotonic()
            self._next_tcp = ended + _REST * (ended - began)

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL_S) and len(self._found) < _MAX_SOCKETS:
            self.poll()

    def _alive(self) -> Iterator[int]:
        """Give the known processes that still run, and all their descendants.

        A child whose parent ended belongs to init; it is still known from before.
        """
        waiting = list(self._known_pids)
        seen: set[int] = set()
        while waiting:
            pid = waiting.pop()
            if pid in seen:
                continue
            seen.add(pid)
            with contextlib.suppress(OSError):
                for task in os.listdir(self._proc / str(pid) / "task"):  # noqa: PTH208 - hot
                    children = self._proc / str(pid) / "task" / task / "children"
                    waiting += map(int, children.read_text().split())
                yield pid

    def _look_at(self, pid: int, tables: tuple[tuple[str, str], ...]) -> None:
        inodes = set(self._socket_inodes(pid))
        new = {inode for inode in inodes if self._tries[inode] < _PATIENCE}
        if not new:
            return
        self._tries.update(new)
        for name, protocol in tables:
            with contextlib.suppress(OSError):
                # The process's own table: it may live in another network namespace.
                table = (self._proc / str(pid) / "net" / name).read_text()
                for inode, found in connected(table.splitlines()[1:], protocol):
                    if inode in new:
                        self._found[found] = None
                        self._tries[inode] = _PATIENCE

    def _socket_inodes(self, pid: int) -> Iterator[int]:
        folder = self._proc / str(pid) / "fd"
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder):
                with contextlib.suppress(OSError):
                    target = os.readlink(entry.path)  # noqa: PTH115 - hot
                    if target.startswith("socket:["):
                        yield int(target[8:-1])


def connected(lines: Iterable[str], protocol: str) -> Iterator[tuple[int, Socket]]:
    """Read lines of /proc/net/tcp and its like: the inode and ends of each socket with a peer."""
    for line in lines:
        fields = line.split()
        if len(fields) < 10:
            continue
        try:
            local, remote = _end(fields[1]), _end(fields[2])
            inode = int(fields[9])
        except (ValueError, struct.error):
            continue
        if inode and remote[1]:
            yield inode, Socket(protocol, *local, *remote)


def _end(text: str) -> tuple[str, int]:
    """Read `0100007F:0035`: words of the address in native order, then the port."""
    words, _, port = text.partition(":")
    raw = bytes.fromhex(words)
    words_at = range(0, len(raw), 4)
    address = ipaddress.ip_address(
        b"".join(struct.pack(">I", *struct.unpack_from("=I", raw, at)) for at in words_at)
    )
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped), int(port, 16)
    return str(address), int(port, 16)
