"""HTTP/2 from tshark's fields: frames kept apart, exchanges, resets, and fields that lie."""

from __future__ import annotations

import random

import pytest

from analyzers.facts import HttpExchange, Side
from analyzers.http2 import (
    CODES,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FIELDS,
    GOAWAY,
    HEADERS,
    MAX_STREAMS,
    PUSH_PROMISE,
    RST_STREAM,
    Http2,
    frames_of,
)

Fields = dict[str, list[str]]


def packet(*frames: tuple[int, int, int, int], **more: list[str]) -> Fields:
    """Fields of a packet with frames of (type, stream, length, flags)."""
    fields: Fields = {name: [] for name in FIELDS[:4]}
    for frame in frames:
        for name, value in zip(FIELDS[:4], frame, strict=True):
            fields[name].append(f"{value:#04x}" if name == "http2.flags" else str(value))
    return fields | {f"http2.{name}": values for name, values in more.items()}


def block(*headers: tuple[str, str]) -> Fields:
    return {
        "header.count": [str(len(headers))],
        "header.name": [name for name, _ in headers],
        "header.value": [value for _, value in headers],
    }


def asked(stream: int, method: str = "GET") -> Fields:
    fields = block((":method", method), (":path", "/m/@latest"), (":authority", "a.example"))
    return packet((HEADERS, stream, 40, END_HEADERS | END_STREAM), **fields)


def answered(stream: int, status: str = "200", *more: tuple[str, str], flags: int = 0) -> Fields:
    return packet((HEADERS, stream, 40, END_HEADERS | flags), **block((":status", status), *more))


def sent(stream: int, size: int, flags: int = 0) -> Fields:
    return packet((DATA, stream, size, flags))


def told(*said: tuple[Side, Fields], cut: bool = False) -> tuple[list[HttpExchange], Http2]:
    """What comes of packets, one frame of the capture and 0.1 s each."""
    connection = Http2(stream=7)
    for number, (side, fields) in enumerate(said, start=1):
        connection.packet((number, number / 10), side, fields)
    return list(connection.exchanges(cut)), connection


C, S = Side.CLIENT, Side.SERVER


def test_an_exchange() -> None:
    ((one,), _) = told(
        (C, asked(1)),
        (S, answered(1, "103")),
        (S, answered(1, "200", ("content-length", "30"), ("etag", "x"))),
        (S, sent(1, 10)),
        (S, sent(1, 20, END_STREAM)),
    )
    assert (one.method, one.target, one.host) == ("GET", "/m/@latest", "a.example")
    assert (one.stream, one.request_frames, one.request_s) == (7, (1,), 0.1)
    assert (one.status, one.response_frame, one.response_s) == (200, 3, 0.3)
    assert (one.announced_bytes, one.received_bytes, one.complete) == (30, 30, True)
    assert (one.body_end_frame, one.body_end_s, one.gap) == (5, 0.5, False)
    assert one.headers == (("content-length", "30"), ("etag", "x"))
    assert one.inside is not None and one.inside.http2_stream == 1 and one.inside.ended


def test_streams_that_share_packets_are_kept_apart() -> None:
    two = packet(
        (HEADERS, 1, 9, END_HEADERS),
        (DATA, 1, 100, END_STREAM),
        (4, 0, 0, 1),
        (HEADERS, 3, 9, END_HEADERS | END_STREAM),
        **{
            "header.count": ["2", "1"],
            "header.name": [":status", "server", ":status"],
            "header.value": ["200", "x", "404"],
        },
    )
    found, _ = told((C, asked(1)), (C, asked(3)), (S, two))
    assert [(e.status, e.received_bytes, e.complete) for e in found] == [
        (200, 100, True),
        (404, 0, True),
    ]


def test_a_block_that_goes_on_in_another_frame() -> None:
    fields = packet(
        (HEADERS, 1, 9, 0), (CONTINUATION, 1, 9, END_HEADERS), **block((":status", "200"))
    )
    ((one,), _) = told((C, asked(1)), (S, fields))
    assert one.status == 200


def test_a_pushed_promise_is_no_answer() -> None:
    fields = packet((PUSH_PROMISE, 1, 9, END_HEADERS), **block((":method", "GET")))
    ((one,), _) = told((C, asked(1)), (S, fields))
    assert one.status is None


@pytest.mark.parametrize(
    ("method", "status", "size", "complete"),
    [
        ("GET", "200", 30, True),
        ("GET", "200", 29, False),
        ("HEAD", "200", 0, True),
        ("GET", "304", 0, True),
    ],
)
def test_an_end_before_the_announced_length(
    method: str, status: str, size: int, complete: bool
) -> None:
    ((one,), _) = told(
        (C, asked(1, method)),
        (S, answered(1, status, ("content-length", "30"))),
        (S, sent(1, size, END_STREAM)),
    )
    assert one.complete is complete
    assert one.inside is not None and one.inside.ended


def test_a_reset_stream() -> None:
    reset = packet(
        (RST_STREAM, 1, 4, 0), (RST_STREAM, 3, 4, 0), **{"rst_stream.error": ["2", "99"]}
    )
    (one, other), connection = told((C, asked(1)), (C, asked(3)), (S, answered(1)), (S, reset))
    assert one.inside is not None and one.inside.abort is not None
    assert (one.inside.abort.name, one.inside.abort.frame) == ("INTERNAL_ERROR", 4)
    assert other.inside is not None and other.inside.abort is not None
    assert (other.inside.abort.name, other.inside.abort.code) == ("0x63", 99)
    assert [a.http2_stream for a in connection.aborts] == [1, 3]


def test_a_reset_after_the_answer_ends_nothing() -> None:
    reset = packet((RST_STREAM, 1, 4, 0), **{"rst_stream.error": ["0"]})
    ((one,), connection) = told((C, asked(1)), (S, answered(1, flags=END_STREAM)), (S, reset))
    assert one.complete and one.inside is not None and one.inside.abort is None
    assert [a.name for a in connection.aborts] == ["NO_ERROR"]


def test_a_farewell_in_two_steps() -> None:
    """The first names the highest stream there can be (RFC 9113 section 6.8)."""

    def bye(last: int, code: int) -> Fields:
        return packet(
            (GOAWAY, 0, 8, 0), **{"goaway.error": [str(code)], "goaway.last_stream_id": [str(last)]}
        )

    (one, other), _ = told(
        (C, asked(1)), (C, asked(3)), (S, bye(2**31 - 1, 0)), (S, bye(1, 11)), (C, bye(0, 0))
    )
    assert other.inside is not None and other.inside.abort is not None
    assert (other.inside.abort.last_stream, other.inside.abort.name) == (1, "ENHANCE_YOUR_CALM")
    assert one.inside is not None and one.inside.abort is not None
    assert one.inside.abort.last_stream == 2**31 - 1


def test_what_could_not_be_read_to_the_end_is_a_gap() -> None:
    found, _ = told((C, asked(1)), (S, answered(1, flags=END_STREAM)), (C, asked(3)), cut=True)
    assert [e.gap for e in found] == [False, True]


def test_answers_to_nothing_are_left_out() -> None:
    assert told((S, answered(1)), (S, sent(1, 5)))[0] == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"http2.type": ["1"]},
        packet((HEADERS, 1, 9, END_HEADERS)) | {"http2.flags": ["0x04", "0x04"]},
        packet((HEADERS, 1, 9, END_HEADERS)) | {"http2.streamid": ["one"]},
        packet((RST_STREAM, 1, 9, 0), **{"rst_stream.error": ["none"]}),
        packet((GOAWAY, 0, 9, 0), **{"goaway.error": ["1"], "goaway.last_stream_id": []}),
    ],
)
def test_contradicting_fields_are_no_frames(fields: Fields) -> None:
    assert frames_of(fields) == []


@pytest.mark.parametrize(
    "more",
    [
        {"header.count": ["2"], "header.name": [":status"], "header.value": ["200"]},
        {"header.count": ["1"], "header.name": [":status"], "header.value": []},
        {"header.count": ["-1", "2"], "header.name": [":status"], "header.value": ["200"]},
        {"header.count": ["1"], "header.name": [":status"], "header.value": ["2٣0"]},
        {"header.count": ["1"], "header.name": [":status"], "header.value": ["9" * 40]},
    ],
)
def test_contradicting_headers_are_no_answer(more: Fields) -> None:
    ((one,), _) = told((C, asked(1)), (S, packet((HEADERS, 1, 9, END_HEADERS), **more)))
    assert one.status is None and not one.complete


def test_streams_without_end_are_not_all_kept() -> None:
    connection = Http2(stream=0)
    for number in range(MAX_STREAMS + 10):
        connection.packet((1, 0.0), C, asked(2 * number + 1))
    assert len(list(connection.exchanges(False))) == MAX_STREAMS


def test_random_fields_raise_nothing() -> None:
    dice = random.Random(11)
    words = ["0", "1", "3", "7", "9", "0x05", "-4", "", "x", "4294967295", ":status", "200"]
    connection = Http2(stream=0)
    for _ in range(20_000):
        fields = {
            name: dice.choices(words, k=dice.randrange(4))
            for name in dice.sample(FIELDS, dice.randrange(len(FIELDS) + 1))
        }
        connection.packet((1, 0.0), dice.choice((C, S)), fields)
    assert all(e.received_bytes >= 0 for e in connection.exchanges(cut=False))
    assert len(CODES) == 14
