"""Which connections have secrets, and their bytes in the order in which they could be read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzers import secretflows
from analyzers.facts import Side
from analyzers.http import exchanges, tunnel_offsets
from analyzers.secretflows import Flow, Piece, flows, pieces
from analyzers.tcp import connections
from analyzers.tls import handshakes
from tests.analyzers.insidetls import Secured, secured
from tests.analyzers.talk import Connection, captured
from tests.analyzers.tlstalk import CLIENT, SERVER
from tests.packets import Frame


def chosen(frames: Sequence[Frame], key_log: bytes) -> tuple[list[Flow], list[tuple[Piece, bytes]]]:
    with captured(frames) as capture:
        found = connections(capture)
        clear = exchanges(capture, found)
        shaken = handshakes(capture, found, clear)
        mine = flows(capture, found, shaken, tunnel_offsets(clear), [key_log])
        return mine, [
            (p, mine[p.flow].streams[p.side].read(p.start, p.stop - p.start)) for p in pieces(mine)
        ]


def said(turns: list[tuple[Piece, bytes]], side: Side, flow: int = 0) -> bytes:
    return b"".join(data for piece, data in turns if (piece.flow, piece.side) == (flow, side))


def raw(frames: Sequence[Frame], client: bool, port: int = 40000) -> bytes:
    """Payloads of one side, in the order of the frames."""
    at = 20 if client else 22
    ports = port.to_bytes(2, "big")
    return b"".join(data[40:] for _, data in frames if data[at : at + 2] == ports)


TALK = ((CLIENT, b"hello" * 100), (SERVER, b"answer" * 2000))


def test_both_sides_in_turn() -> None:
    one = secured(TALK)
    (flow,), turns = chosen(one.frames, one.key_log)
    assert said(turns, Side.CLIENT) == raw(one.frames, True)
    assert said(turns, Side.SERVER) == raw(one.frames, False)
    frames = [piece.frame for piece, _ in turns]
    assert frames == sorted(frames) and not flow.cut
    assert flow.size == len(said(turns, Side.CLIENT) + said(turns, Side.SERVER))


def test_segments_out_of_order_wait_for_those_before_them() -> None:
    one = secured(TALK)
    frames = list(one.frames)
    # Two full segments of the server's answer change places.
    full = [i for i, (_, data) in enumerate(frames) if len(data) == 1440]
    first, second = full[2], full[3]
    frames[first], frames[second] = (
        (frames[first][0], frames[second][1]),
        (frames[second][0], frames[first][1]),
    )
    _, turns = chosen(frames, one.key_log)
    assert said(turns, Side.SERVER) == raw(one.frames, False)
    assert [p.frame for p, _ in turns].count(second + 1) == 2


def test_bytes_behind_a_hole_are_not_given() -> None:
    one = secured(TALK)
    lost = [i for i, (_, data) in enumerate(one.frames) if len(data) == 1440][3]
    frames = [*one.frames[:lost], *one.frames[lost + 1 :]]
    (flow,), turns = chosen(frames, one.key_log)
    assert flow.cut
    assert raw(one.frames, False).startswith(said(turns, Side.SERVER))
    assert len(said(turns, Side.SERVER)) < len(raw(one.frames, False))


def test_other_secrets_choose_nothing() -> None:
    one, other = secured(TALK), secured(TALK)
    assert chosen(one.frames, other.key_log) == ([], [])


def test_tls_behind_connect_begins_where_the_tunnel_does() -> None:
    one = secured(TALK)
    talk = Connection(3128)
    talk.client(b"CONNECT proxy.example.com:443 HTTP/1.1\r\nHost: proxy.example.com:443\r\n\r\n")
    talk.server(b"HTTP/1.1 200 Connection established\r\n\r\n")
    for _, data in one.frames:
        if data[40:]:
            (talk.client if data[20:22] == b"\x9c\x40" else talk.server)(data[40:])
    (_,), turns = chosen(talk.frames, one.key_log)
    assert said(turns, Side.CLIENT) == raw(one.frames, True)
    assert said(turns, Side.SERVER) == raw(one.frames, False)


def several() -> Secured:
    """A large connection and a small one."""
    large = secured(((SERVER, b"z" * 60_000),))
    small = secured(TALK, client_port=40001)
    return Secured([*large.frames, *small.frames], large.key_log + small.key_log)


@pytest.mark.parametrize(("limit", "most"), [("MAX_BYTES", 40_000), ("MAX_PACKETS", 30)])
def test_limits_spare_the_small(monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    both = several()
    monkeypatch.setattr(secretflows, limit, most)
    (large, small), turns = chosen(both.frames, both.key_log)
    assert large.cut and not small.cut
    assert said(turns, Side.SERVER, 1) == raw(both.frames, False, 40001)
    assert len(turns) <= 30 or sum(len(data) for _, data in turns) <= 41_400
