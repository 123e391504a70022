"""What pyshark reads of each frame, as a program of its own: a capture in, JSON lines out.

pyshark takes over the process it runs in: its event loop goes on watching for children that end.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pyshark

#: Nine bits; what lies above them in Wireshark's field is reserved.
FLAGS = 0x1FF

Row = tuple[object, ...]


def main(path: str) -> None:
    """Print a line for each frame."""
    with pyshark.FileCapture(path, keep_packets=False) as frames:
        for frame in frames:
            row = int(frame.number), int(frame.length), *_ip(frame), *_tcp(frame)
            print(json.dumps(row))


def _ip(frame: Any) -> Row:
    if "IP" in frame:
        return str(frame.ip.src), str(frame.ip.dst), int(frame.ip.ttl)
    if "IPV6" in frame:
        return str(frame.ipv6.src), str(frame.ipv6.dst), int(frame.ipv6.hlim)
    return ()


def _tcp(frame: Any) -> Row:
    if "TCP" not in frame:
        return ()
    tcp = frame.tcp
    ports = int(tcp.srcport), int(tcp.dstport)
    return *ports, int(tcp.seq_raw), int(tcp.ack_raw), int(tcp.flags, 16) & FLAGS, int(tcp.len)


if __name__ == "__main__":
    main(sys.argv[1])
