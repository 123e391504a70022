"""Every capture of the optional corpus, row by row against tshark."""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from captures.errors import UnreadableCapture
from captures.files import open as open_capture
from captures.packets import BROKEN_HEADER, CUT, Capture
from tests.corpus import CORPUS, needs_corpus

FILES = sorted(
    path for path in CORPUS.rglob("*") if path.is_file() and path.suffix not in {".md", ".tsv"}
)
TSHARK = shutil.which("tshark")

pytestmark = [
    needs_corpus,
    pytest.mark.skipif(TSHARK is None, reason="tshark is not installed"),
]

#: Formats that are refused, by suffix.
REFUSED = {".snoop", ".netm", ".erf", ".tsh"}

#: Link types tshark reads and we do not: ARCnet (129), Broadcom tags (281).
OTHER_LINKS = {129, 281}

#: tshark field, then column, then the base of the field's numbers.
NUMBERS = (
    ("frame.len", "frame_length", 10),
    ("frame.cap_len", "captured_length", 10),
    ("ip.ttl", "ttl", 10),
    ("ip.id", "ip_id", 16),
    ("ip.len", "ip_length", 10),
    ("ipv6.hlim", "ttl", 10),
    ("tcp.srcport", "source_port", 10),
    ("tcp.dstport", "destination_port", 10),
    ("tcp.seq_raw", "seq", 10),
    ("tcp.ack_raw", "ack", 10),
    ("tcp.len", "payload_length", 10),
    ("tcp.flags", "tcp_flags", 16),
    ("tcp.window_size_value", "window", 10),
    ("tcp.options.mss_val", "mss", 10),
    ("tcp.options.wscale.shift", "window_scale", 10),
    ("tcp.options.timestamp.tsval", "tsval", 10),
    ("tcp.options.timestamp.tsecr", "tsecr", 10),
    ("udp.srcport", "source_port", 10),
    ("udp.dstport", "destination_port", 10),
    ("icmp.type", "icmp_type", 10),
    ("icmp.code", "icmp_code", 10),
    ("icmpv6.type", "icmp_type", 10),
    ("icmpv6.code", "icmp_code", 10),
)
ADDRESSES = (
    ("ip.src", "source"),
    ("ip.dst", "destination"),
    ("ipv6.src", "source"),
    ("ipv6.dst", "destination"),
)
FIELDS = [
    "frame.protocols",
    "frame.time_epoch",
    *(name for name, _, _ in NUMBERS),
    *(name for name, _ in ADDRESSES),
]

#: Protocols of which tshark lists the outer and the inner packet's fields.
NESTED = {"ip": 4, "ipv6": 6}


def dissect(path: Path) -> list[dict[str, str]]:
    """Return tshark's fields of each frame, the first occurrence of each."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    for preference in ("tcp.desegment_tcp_streams", "ip.defragment", "ipv6.defragment"):
        command += ["-o", f"{preference}:false"]
    for name in FIELDS:
        command += ["-e", name]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in output.splitlines()]


def nanoseconds(text: str) -> int:
    """Return tshark's seconds as a number; its fraction may have ten digits, if it is wrong."""
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_the_table_is_what_tshark_sees(path: Path) -> None:
    if path.suffix in REFUSED:
        with pytest.raises(UnreadableCapture):
            open_capture(path)
        return
    with open_capture(path) as result:
        if OTHER_LINKS & set(result.unsupported_link_types):
            return
        rows = dissect(path)
        assert len(rows) == len(result.table)
        for row, fields in enumerate(rows):
            differences = list(compare(result, row, fields))
            assert not differences, f"frame {row + 1}: {differences}"


def compare(result: Capture, row: int, fields: dict[str, str]) -> list[str]:
    """Return what differs between tshark's fields and our columns."""
    table = result.table
    if "ip" not in fields["frame.protocols"] and table.captured_length[row] == 0:
        return []  # a custom or journal block, which is no packet
    differences = []
    if time := odd_time(fields["frame.time_epoch"], int(table.time_ns[row])):
        differences.append(time)
    is_ip = bool(fields["ip.src"] or fields["ipv6.src"])
    if is_ip != (table.version[row] != 0):
        differences.append(f"tshark says IP: {is_ip}")
    for name, column in ADDRESSES:
        ours = getattr(table, column)[row]
        if (
            fields[name]
            and foremost(fields, name)
            and ip_address(fields[name]) != table.addresses[ours]
        ):
            differences.append(f"{name} {fields[name]}, not {table.addresses[ours]}")
    for name, column, base in NUMBERS:
        value = int(getattr(table, column)[row])
        if (
            fields[name]
            and int(fields[name], base) != value
            and not excused(result, row, name, fields)
        ):
            differences.append(f"{name} {fields[name]}, not {value}")
    return differences


def odd_time(text: str, ours: int) -> str | None:
    if not text:
        return None  # simple packet blocks
    theirs = nanoseconds(text)
    # Files with ticks beyond 2^63, and microseconds that are negative as a C int, are read
    # differently by tshark; both readings are arbitrary.
    arbitrary = theirs >= 2**63 or ours - theirs == 2**31 * 1000
    return None if theirs == ours or arbitrary else f"time {theirs}, not {ours}"


def foremost(fields: dict[str, str], name: str) -> bool:
    """Tell whether a field is of the outermost IP header, not of one that is tunnelled."""
    layers = [layer for layer in fields["frame.protocols"].split(":") if layer in NESTED]
    return bool(layers) and layers[0] == name.partition(".")[0]


def excused(result: Capture, row: int, name: str, fields: dict[str, str]) -> bool:
    """Tell whether a difference is meant."""
    table = result.table
    protocol = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}.get(name.partition(".")[0])
    if protocol is None:
        cut = table.version[row] == 0  # an IP header of which tshark shows what is left
        return name.startswith("ip") and (cut or not foremost(fields, name))
    if protocol != table.protocol[row]:
        return True  # inside a tunnel, or quoted by ICMP
    if table.fragment[row] & BROKEN_HEADER:
        return True  # tshark goes on with headers that contradict themselves
    if name == "tcp.flags":  # tshark shows the three reserved bits too
        return int(fields[name], 16) & 0x1FF == int(table.tcp_flags[row])
    # Where a file gives cut packets their cut length, tshark believes the file, we the IP header.
    return name == "tcp.len" and bool(table.fragment[row] & CUT)
