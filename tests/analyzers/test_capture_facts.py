"""What a capture says about itself: interfaces, losses, comments, secrets, its clock."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from io import BytesIO
from pathlib import Path

import pytest

import captures
from analyzers import extract
from analyzers.facts import CaptureFacts, Comment, Interface
from captures.errors import CaptureError
from tests.captures.containers import block, enhanced, interface, option, section
from tests.corpus import CORPUS, needs_corpus

FILES = sorted(path for path in CORPUS.rglob("*.pcap*") if path.is_file())
CAPINFOS = shutil.which("capinfos")
SECOND_US = 1_000_000


def of(data: bytes) -> CaptureFacts:
    with captures.open(BytesIO(data)) as capture:
        return extract(capture).capture


def _counters(order: str, number: int, received: int, *lost: tuple[int, int]) -> bytes:
    options = option(4, struct.pack(order + "Q", received), order)
    for code, count in lost:
        options += option(code, struct.pack(order + "Q", count), order)
    return block(5, struct.pack(order + "III", number, 0, 0) + options, order)


def test_interfaces_of_sections_in_both_byte_orders() -> None:
    secrets = b"CLIENT_RANDOM 00 11\n"
    data = (
        section("<")
        + interface(101, "<", 96, option(2, b"eth0", "<") + option(3, b"to the office", "<"))
        + interface(1, "<", 0, option(2, b"tun0", "<"))
        + block(10, struct.pack("<II", 0x544C534B, len(secrets)) + secrets, "<")
        + enhanced(b"a", 3 * SECOND_US, "<", options=option(1, b"look here", "<"))
        + enhanced(b"b", 1 * SECOND_US, "<")
        + _counters("<", 0, 40, (5, 2), (7, 1))
        + section(">", option(1, b"the other machine", ">"))
        + interface(1, ">", options=option(9, b"\x03", ">"))
        + enhanced(b"c", 4_500, ">")
        + _counters(">", 0, 7)
    )
    found = of(data)
    assert found.container == "pcapng"
    assert found.interfaces == (
        Interface(0, "eth0", "to the office", 101, 96, 2, 40, 3),
        Interface(1, "tun0", "", 1, 0, 0, None, None),
        Interface(2, "", "", 1, 262144, 1, 7, None),
    )
    assert found.dropped == 3
    assert found.comments == (Comment(1, "look here"), Comment(None, "the other machine"))
    assert found.has_secrets
    assert (found.earlier_packets, found.farthest_back_s) == (1, 2.0)
    assert found.duration_s == 3.5


def test_a_capture_without_packets() -> None:
    found = of(section() + interface())
    assert (found.earlier_packets, found.farthest_back_s, found.notes) == (0, 0.0, ())
    assert [i.packets for i in found.interfaces] == [0]


def _told(path: Path) -> str:
    done = subprocess.run(
        [str(CAPINFOS), "-M", "-S", str(path)], capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else ""


@needs_corpus
@pytest.mark.skipif(CAPINFOS is None, reason="capinfos (of Wireshark) is not installed")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_interfaces_and_order_are_those_of_capinfos(path: Path) -> None:
    """Of whole captures: at damage, the two programs end in their own ways."""
    told = _told(path)
    try:
        with captures.open(path) as capture:
            found = extract(capture).capture
    except CaptureError:
        return
    if not told or found.cut or not found.packets:
        return
    strict = re.search(r"Strict time order: +(\w+)", told)
    # Packets without a time (simple packet blocks) make capinfos say "Unknown".
    # Fractions above a second mean nothing: either reading of them is as good.
    if strict and strict[1] in ("True", "False") and "invalid" not in path.name:
        assert (found.earlier_packets == 0) == (strict[1] == "True")
    packets = [int(n) for n in re.findall(r"Number of packets = (\d+)", told)]
    # Frames that are no packets (journal entries, custom blocks) are not counted by capinfos.
    if sum(packets) == found.packets and len(packets) == len(found.interfaces):
        assert [i.packets for i in found.interfaces] == packets
        names = re.findall(r"Interface #\d+ info:\n(?: +Name = (.*)\n)?", told)
        assert [i.name for i in found.interfaces] == names
