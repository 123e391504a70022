"""`captures.scrub`: credentials vanish from the packets, and nothing else changes."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captures.modulepaths import PrivatePaths
from captures.recorders.pcapng import Packet, PcapngWriter
from captures.scrub import scrub

_HEAD = b"CONNECT p:443 HTTP/1.1\r\nHost: p:443\r\nProxy-Authorization: Basic bWU6cHc=\r\n\r\n"


def write(path: Path, *payloads: bytes) -> bytes:
    with path.open("wb") as file:
        writer = PcapngWriter(file, "test")
        writer.interface("lo", 1, 0)
        for number, payload in enumerate(payloads):
            writer.packet(Packet(number, 0, len(payload), payload))
    return path.read_bytes()


def test_the_value_of_the_header_is_blanked_in_place(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    before = write(path, b"x" * 7, b"head" + _HEAD, _HEAD)
    assert scrub(path, ()) == 2
    assert path.read_bytes() == before.replace(b"Basic bWU6cHc=", b"*" * 14)


def test_a_header_cut_at_the_end_of_a_packet_spares_the_next_block(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    write(path, b"GET / HTTP/1.1\r\nAuthorization: Basic bWU6", b"next packet")
    assert scrub(path, ()) == 1
    content = path.read_bytes()
    assert b"\r\nAuthorization: **********" in content
    assert content.count(b"next packet") == 1
    at = 0
    while at < len(content):
        length = struct.unpack_from("=I", content, at + 4)[0]
        assert struct.unpack_from("=I", content, at + length - 4)[0] == length
        at += length


def test_a_known_secret_is_blanked_behind_what_stands_before_it(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    write(path, b"\x01\x02me\x06s@cret", b"the word s@cret alone")
    assert scrub(path, [(b"\x02me\x06", b"s@cret")]) == 1
    content = path.read_bytes()
    assert b"\x01\x02me\x06******" in content
    assert b"the word s@cret alone" in content


def test_private_paths_are_blanked_in_requests_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "c.pcapng"
    before = write(path, b"GET /corp.example/a/@v/list HTTP/1.1\r\n\r\n")
    assert scrub(path, ()) == 0
    assert path.read_bytes() == before
    assert scrub(path, (), PrivatePaths(["corp.example"])) == 1
    assert b"GET /**************/@v/list HTTP/1.1" in path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"short", _HEAD])
def test_what_is_no_capture_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.pcapng"
    path.write_bytes(content)
    assert scrub(path, ()) == 0
    assert path.read_bytes() == content


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=50)))
def test_packets_without_secrets_stay(tmp_path: Path, payloads: list[bytes]) -> None:
    path = tmp_path / "c.pcapng"
    before = write(path, *payloads, b"a\r\nAuthorization: x\r\n")
    assert scrub(path, ()) == 1
    assert path.read_bytes() == before.replace(b"Authorization: x\r", b"Authorization: *\r")
