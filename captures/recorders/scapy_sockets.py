"""Records with scapy's sockets: the last resort, which needs root and drops packets under load.

Packets are written as they come and never dissected: dissecting takes scapy 100 µs a packet.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import math
import os
import socket
import struct
import sys
import threading
import time
from importlib.metadata import version
from typing import Any

from captures.errors import CapturePermission, RecordingFailed, UnknownInterface
from captures.recorders.base import BUFFER_MIB, Plan, Recorded, create_private
from captures.recorders.pcapng import Packet, PcapngWriter
from captures.recorders.process import meaning_of
from captures.session import Tool

#: A reader looks this often whether it should end.
_POLL_S = 0.1

#: asm/socket.h: sets the buffer beyond the limit for users, which root may.
_SO_RCVBUFFORCE = 33

#: linux/if_packet.h: what the kernel could not hand over since the last question.
_SOL_PACKET, _PACKET_STATISTICS = 263, 6


class ScapyRecorder:
    """A recording by this process itself."""

    drain_s = 0.3

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sockets: list[Any] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._stopped_at = math.inf  #: wall clock, seconds
        self._count = 0
        self._error: str | None = None

    def tool(self) -> Tool:
        """Give scapy's version."""
        return Tool("scapy", version("scapy"))

    def start(self) -> None:
        """Open a socket for each interface; packets queue in the kernel from then on."""
        # scapy warns about missing routes and manufacturers' lists while it is imported.
        logging.getLogger("scapy").setLevel(logging.CRITICAL)
        try:
            import scapy.layers.l2  # noqa: F401 - names the link types, sets conf.L2listen up
            from scapy.config import conf
            from scapy.error import Scapy_Exception
        except ImportError as error:
            raise RecordingFailed(f"scapy does not work here: {error}") from error

        try:
            for name in self._plan.interfaces:
                listen = conf.L2listen(iface=name, promisc=False, filter=self._plan.bpf)
                self._sockets.append(listen)
                _enlarge_buffer(listen)
        except PermissionError as error:
            self._close()
            raise CapturePermission(f"{name}: {error.strerror}") from error
        except OSError as error:
            self._close()
            raise UnknownInterface(f"{name}: {error.strerror}") from error
        except (Scapy_Exception, ValueError) as error:
            self._close()
            raise meaning_of(str(error).splitlines()[0]) from error
        self._open_file(conf.l2types)
        for index in range(len(self._sockets)):
            thread = threading.Thread(target=self._read, args=(index,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def packets(self) -> int | None:
        """Give the packets written so far."""
        return self._count

    def stop(self) -> Recorded:
        """End the readers and write the counts."""
        self._stopped_at = time.time()
        for thread in self._threads:
            thread.join()
        dropped = [_kernel_drops(listen) for listen in self._sockets]
        for index, count in enumerate(dropped):
            self._writer.statistics(index, time.time_ns(), count)
        self._file.close()
        self._close()
        return Recorded(self._count, sum(dropped), self._error)

    def _open_file(self, link_types: Any) -> None:
        self._file = os.fdopen(create_private(self._plan.path), "wb")
        self._writer = PcapngWriter(self._file, "badhop")
        for name, listen in zip(self._plan.interfaces, self._sockets, strict=True):
            link_type = link_types.layer2num.get(listen.LL, 1)
            self._writer.interface(name, link_type, self._plan.snaplen or 0)

    def _read(self, index: int) -> None:
        listen, snaplen = self._sockets[index], self._plan.snaplen
        skip_outgoing = _is_loopback(self._plan.interfaces[index])
        try:
            while True:
                if not listen.select([listen], _POLL_S):
                    if time.time() > self._stopped_at:
                        return
                    continue
                data, when = _receive(listen, skip_outgoing)
                # What queued up before the end still counts.
                if when > self._stopped_at:
                    return
                if data is not None:
                    packet = Packet(int(when * 1e9), index, len(data), data[:snaplen])
                    with self._lock:
                        self._writer.packet(packet)
                        self._count += 1
        except OSError as error:
            # The interface went away, or the disk is full: what is written stays.
            self._error = error.strerror or str(error)

    def _close(self) -> None:
        for listen in self._sockets:
            listen.close()
        self._sockets.clear()


def is_installed() -> bool:
    """Tell whether scapy can be imported, without the second that importing it takes."""
    return importlib.util.find_spec("scapy") is not None


def _receive(listen: Any, skip_outgoing: bool) -> tuple[bytes | None, float]:
    """Give the next packet and its time; None for the outgoing copy on a loopback."""
    if skip_outgoing and hasattr(listen, "_recv_raw"):
        data, address, when = listen._recv_raw(listen.ins, 1 << 18)
        if address[2] == socket.PACKET_OUTGOING:
            return None, 0.0
    else:
        _, data, when = listen.recv_raw(1 << 18)
    return data, float(when or time.time())


def _is_loopback(interface: str) -> bool:
    """Tell whether every packet shows up twice, leaving and arriving (Linux packet sockets)."""
    return sys.platform == "linux" and interface == "lo"


def _enlarge_buffer(listen: Any) -> None:
    """Replace scapy's buffer of 64 KiB, which 80 small packets fill."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            listen.ins.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER_MIB << 20)


def _kernel_drops(listen: Any) -> int:
    if sys.platform != "linux":
        return 0
    try:
        counts = listen.ins.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
    except (AttributeError, OSError):
        return 0
    return int(struct.unpack("=II", counts)[1])
