"""HTTP/1.1 from decrypted pieces: the reader of clear HTTP on bytes that have no segments."""

from __future__ import annotations

import pytest

from analyzers import plaintext
from analyzers.facts import HttpExchange
from analyzers.plaintext import PlainStream
from analyzers.tcp import connections
from tests.analyzers.talk import Connection, captured

GET = b"GET /m/@v/list HTTP/1.1\r\nHost: a.example\r\n\r\n"


def read(
    client: list[tuple[int, bytes]],
    server: list[tuple[int, bytes]],
    *,
    cut: bool = False,
    closed: bool = True,
) -> list[HttpExchange]:
    """Exchanges of decrypted pieces, each with the frame that brought it."""
    talk = Connection(443)
    for _ in range(8):
        talk.client(b"\x17\x03\x03\0\1x")
    if closed:
        talk.close()
    with captured(talk.frames) as capture:
        (connection,) = connections(capture)
        streams = PlainStream(capture.table), PlainStream(capture.table)
        for stream, pieces in zip(streams, (client, server), strict=True):
            for frame, data in pieces:
                stream.append(frame, data)
        return list(plaintext.exchanges(capture, connection, *streams, cut))


def test_an_exchange_in_pieces() -> None:
    (one,) = read(
        [(4, GET[:10]), (6, GET[10:])],
        [(8, b"HTTP/1.1 200 OK\r\nContent-"), (10, b"Length: 6\r\n\r\nv1.0"), (12, b".0")],
    )
    assert (one.method, one.target, one.host) == ("GET", "/m/@v/list", "a.example")
    assert (one.request_frames, one.response_frame, one.body_end_frame) == ((4, 6), 8, 12)
    assert (one.status, one.announced_bytes, one.received_bytes, one.complete) == (200, 6, 6, True)
    assert one.body_start == b"v1.0.0"
    assert one.inside is not None and one.inside.http2_stream is None
    assert not one.gap and one.request_acked_s is None


def test_a_body_that_ends_early_or_could_not_be_read_on() -> None:
    answer = [(8, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")]
    (short,) = read([(4, GET)], answer)
    assert (short.received_bytes, short.complete, short.gap) == (4, False, False)
    (unread,) = read([(4, GET)], answer, cut=True)
    assert (unread.received_bytes, unread.complete, unread.gap) == (4, False, True)


@pytest.mark.parametrize(("cut", "gap"), [(False, False), (True, True)])
def test_no_answer(cut: bool, gap: bool) -> None:
    (one,) = read([(4, GET)], [], cut=cut)
    assert one.status is None and one.gap is gap


@pytest.mark.parametrize("closed", [True, False])
def test_a_body_that_the_close_ends(closed: bool) -> None:
    (one,) = read([(4, GET)], [(8, b"HTTP/1.1 200 OK\r\n\r\nall")], closed=closed)
    assert one.complete is closed


def test_several_requests_and_chunks() -> None:
    found = read(
        [(4, GET), (10, GET)],
        [
            (6, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            (8, b"0\r\n\r\n"),
            (12, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ],
    )
    assert [(e.status, e.received_bytes, e.complete) for e in found] == [
        (200, 3, True),
        (404, 0, True),
    ]


@pytest.mark.parametrize("said", [b"", b"PRI * HTTP/2.0\r\n\r\n", b"\x00\x01\x02", b"EHLO x\r\n"])
def test_what_is_no_http_is_left_alone(said: bytes) -> None:
    assert read([(4, said)], [(6, b"HTTP/1.1 200 OK\r\n\r\n")]) == []


def test_places_in_a_stream() -> None:
    talk = Connection(443)
    with captured(talk.frames) as capture:
        stream = PlainStream(capture.table)
        assert (stream.frame_at(0), stream.time_at(0), stream.frames(0, 9)) == (0, 0.0, ())
        assert stream.next_available(0) is None and stream.read(0, 5) == b""
        for frame, data in ((1, b"ab"), (2, b""), (2, b"cde"), (3, b"f")):
            stream.append(frame, data)
        assert stream.read(1, 3) == b"bcd" and stream.read(-5, 6) == b"a"
        assert [stream.frame_at(at) for at in (0, 1, 2, 5, 99)] == [1, 1, 2, 3, 3]
        assert stream.frames(1, 3) == (1, 2) and stream.frames(5, 6) == (3,)
        assert list(stream.pieces(1, 6)) == [(1, 1, 2), (2, 2, 5), (3, 5, 6)]
        assert stream.next_available(5) == 5 and stream.next_available(6) is None
        assert stream.time_at(2) == pytest.approx(0.01)
