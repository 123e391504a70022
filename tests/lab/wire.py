"""Join two interfaces in two namespaces with an impaired cable made of TAP devices.

Takes an order as JSON (ends, directions, seed, truth file); writes the fate of every frame.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TextIO
from zlib import crc32

from tests.lab.impairment import Impairment
from tests.lab.model import Impair

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_CLONE_NEWNET = 0x40000000
#: How many frames are taken from one side before the other gets its turn.
_TURN = 32
_MAX_FRAME = 2048
_QUEUE_FRAMES = 4000


class Wire:
    """Two TAP descriptors, an impairment for each direction, and a queue of frames in flight."""

    def __init__(self, taps: list[int], impairments: list[Impairment], truth: TextIO) -> None:
        self._taps = taps
        self._impairments = impairments
        self._truth = truth
        self._flying: list[tuple[float, int, int, bytes]] = []
        self._sequence = 0

    def loop(self) -> None:
        """Carry frames until a signal raises."""
        while True:
            wait_s = None
            if self._flying:
                wait_s = max(0.0, self._flying[0][0] - time.monotonic())
            # select() sleeps with microseconds, poll() with milliseconds.
            readable, _, _ = select.select(self._taps, (), (), wait_s)
            for tap in readable:
                self._receive(self._taps.index(tap))
            self._release()

    def _receive(self, side: int) -> None:
        for _ in range(_TURN):
            try:
                frame = os.read(self._taps[side], _MAX_FRAME)
            except BlockingIOError:
                return
            now = time.monotonic()
            fate, moments = self._impairments[side].judge(frame, now)
            for moment in moments:
                self._sequence += 1
                heapq.heappush(self._flying, (moment, self._sequence, 1 - side, frame))
            self._log(side, frame, now, fate, moments)

    def _release(self) -> None:
        now = time.monotonic()
        while self._flying and self._flying[0][0] <= now:
            _, _, side, frame = heapq.heappop(self._flying)
            try:
                os.write(self._taps[side], frame)
            except OSError:  # the interface is down, as a cable without a card
                continue

    def _log(
        self, side: int, frame: bytes, now: float, fate: str, moments: tuple[float, ...]
    ) -> None:
        entry = {
            "time": time.time(),
            "direction": ("outwards", "inwards")[side],
            "bytes": len(frame),
            "hash": f"{identity(frame):08x}",
            "fate": fate,
            "delays_ms": [round((moment - now) * 1e3, 3) for moment in moments],
        }
        self._truth.write(json.dumps(entry) + "\n")


def identity(frame: bytes) -> int:
    """Return a number that survives routing: what hops rewrite is left out.

    It covers the headers, whose checksums stand for the rest.
    """
    packet = bytearray(frame[14 : headers_end(frame)])
    if packet and packet[0] >> 4 == 4 and len(packet) >= 20:
        packet[8] = 0  # TTL
        packet[10:12] = b"\0\0"  # header checksum
    elif packet and packet[0] >> 4 == 6 and len(packet) >= 40:
        packet[7] = 0  # hop limit
    return crc32(packet)


def headers_end(frame: bytes) -> int:
    """Return where the headers of an Ethernet frame end, its end where they are not IP's."""
    version = frame[14] >> 4 if len(frame) > 34 else 0
    if version not in (4, 6):
        return len(frame)
    start = 14 + ((frame[14] & 15) * 4 if version == 4 else 40)
    protocol = frame[23] if version == 4 else frame[20]
    if protocol == 6 and len(frame) > start + 12:
        return min(len(frame), start + (frame[start + 12] >> 4) * 4)
    return min(len(frame), start + 8)


def _open_tap(namespace: str, name: str) -> int:
    """Create the interface inside the namespace; it vanishes with this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(namespace, os.O_RDONLY)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {namespace}")
    os.close(descriptor)
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI)
    fcntl.ioctl(tap, _TUNSETIFF, request)
    commands = f"link set {name} txqueuelen {_QUEUE_FRAMES}\n"
    subprocess.run(("ip", "-batch", "-"), input=commands, text=True, check=True)
    return tap


def main(order: dict[str, Any]) -> None:
    """Carry out the order until a signal ends it."""
    taps = [_open_tap(namespace, name) for namespace, name in order["ends"]]
    impairments = [
        Impairment(Impair(**direction), f"{order['seed']} {side}")
        for side, direction in enumerate(order["directions"])
    ]
    with Path(order["truth"]).open("w", buffering=1 << 16) as truth:
        # The exception ends select(), which a mere flag would not.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print("ready", flush=True)
        Wire(taps, impairments, truth).loop()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
