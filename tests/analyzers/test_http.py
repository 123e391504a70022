"""HTTP exchanges: heads, bodies of every framing, dialogues with proxies, and what is missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers import tcp as tcp_analyzer
from analyzers.facts import HttpExchange
from analyzers.http import exchanges, tunnel_offsets
from tests.analyzers.talk import Connection, captured

GET = (
    b"GET /m/@v/v1.0.0.zip HTTP/1.1\r\nHost: proxy.example.org\r\n"
    b"User-Agent: Go-http-client/1.1\r\n\r\n"
)


def ok(body: bytes, *headers: bytes) -> bytes:
    lines = (b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body)
    return b"\r\n".join(lines)


def read(talk: Connection, snaplen: int = 262144) -> tuple[HttpExchange, ...]:
    with captured(talk.frames, snaplen=snaplen) as capture:
        return exchanges(capture, tcp_analyzer.connections(capture))


def test_request_and_response() -> None:
    # Given a handshake (3 frames 10 ms apart), a request with its ACK, and an answer in two
    talk = Connection(8080)
    talk.client(GET)
    answer = ok(b"x" * 1000, b"Content-Type: application/zip")
    talk.server(answer[:500], at_s=1.0)
    talk.server(answer[500:])
    (one,) = read(talk)
    assert (one.stream, one.method, one.target) == (0, "GET", "/m/@v/v1.0.0.zip")
    assert (one.host, one.user_agent) == ("proxy.example.org", "Go-http-client/1.1")
    assert one.request_frames == (4,)
    assert one.request_s == pytest.approx(0.03)
    assert one.request_acked_s == pytest.approx(0.04)
    assert (one.status, one.reason) == (200, "OK")
    assert one.response_frame == 6
    assert one.response_s == pytest.approx(1.0)
    assert (one.complete, one.announced_bytes, one.received_bytes) == (True, 1000, 1000)
    assert one.body_end_frame == 8
    assert one.body_end_s == pytest.approx(1.02)
    assert one.header("content-type") == "application/zip"
    assert one.body_start == b"x" * 256
    assert not one.gap


def test_keep_alive_sequence() -> None:
    talk = Connection(80)
    for number in range(3):
        talk.client(GET.replace(b"v1.0.0", b"v1.0.%d" % number))
        talk.server(ok(b"%d" % number * (number + 1)))
    found = read(talk)
    assert [e.target for e in found] == [f"/m/@v/v1.0.{i}.zip" for i in range(3)]
    assert [e.body_start for e in found] == [b"0", b"11", b"222"]
    assert [e.index for e in found] == [0, 1, 2]


def test_pipelined_requests_get_their_answers_in_order() -> None:
    talk = Connection(80)
    talk.client(GET + GET.replace(b"GET", b"HEAD"))
    # RFC 9112 section 6.3: the answer to HEAD has a length and no body.
    talk.server(ok(b"body") + b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n")
    first, second = read(talk)
    assert (first.status, second.status, second.method) == (200, 404, "HEAD")
    assert (second.complete, second.announced_bytes, second.received_bytes) == (True, 99, 0)


def test_request_body_is_stepped_over() -> None:
    talk = Connection(80)
    talk.client(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /")
    talk.server(ok(b""))
    talk.client(GET)
    talk.server(ok(b"x"))
    assert [e.method for e in read(talk)] == ["POST", "GET"]


def test_chunked_body() -> None:
    talk = Connection(80)
    talk.client(GET)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x;note=1\r\n%s\r\n" % (n, b"y" * n) for n in (1, 300, 4000))
    talk.server(head + chunks[:700])
    talk.server(chunks[700:] + b"0\r\nX-Sum: 1\r\n\r\n")
    talk.client(GET)
    talk.server(ok(b"after"))
    first, second = read(talk)
    assert (first.complete, first.announced_bytes, first.received_bytes) == (True, None, 4301)
    assert first.body_start == b"y" * 256
    assert second.body_start == b"after"


def test_chunked_body_that_ends_early() -> None:
    talk = Connection(80)
    talk.client(GET)
    talk.server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n9\r\nwor")
    talk.close()
    (one,) = read(talk)
    assert (one.complete, one.received_bytes) == (False, 8)


def test_body_until_close() -> None:
    talk = Connection(80)
    talk.client(GET)
    talk.server(b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nhello")
    (still_open,) = read(talk)
    assert not still_open.complete
    talk.close()
    (closed,) = read(talk)
    assert (closed.complete, closed.received_bytes, closed.announced_bytes) == (True, 5, None)


def test_body_shorter_than_announced() -> None:
    talk = Connection(80)
    talk.client(GET)
    talk.server(ok(b"x" * 1000)[:-400])
    talk.close()
    (one,) = read(talk)
    assert (one.complete, one.announced_bytes, one.received_bytes) == (False, 1000, 600)


def test_no_answer() -> None:
    talk = Connection(80)
    talk.client(GET)
    (one,) = read(talk)
    assert (one.status, one.response_s, one.complete) == (None, None, False)
    assert one.request_acked_s is not None


def test_interim_response_is_not_the_answer() -> None:
    talk = Connection(80)
    talk.client(GET)
    talk.server(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", at_s=1.0)
    talk.server(ok(b"x"), at_s=2.0)
    (one,) = read(talk)
    assert one.status == 200
    assert one.response_s == pytest.approx(2.0)


def test_statuses_without_body() -> None:
    talk = Connection(80)
    for status in (b"204 No Content", b"304 Not Modified"):
        talk.client(GET)
        talk.server(b"HTTP/1.1 " + status + b"\r\nETag: x\r\n\r\n")
    assert [(e.status, e.complete, e.received_bytes) for e in read(talk)] == [
        (204, True, 0),
        (304, True, 0),
    ]


def test_connect_opens_a_tunnel() -> None:
    connect = b"CONNECT proxy.golang.org:443 HTTP/1.1\r\nHost: proxy.golang.org:443\r\n\r\n"
    told = b"HTTP/1.1 200 Connection established\r\nContent-Length: 50\r\n\r\n"
    talk = Connection(3128)
    talk.client(connect)
    talk.server(told)
    talk.client(b"\x16\x03\x01\x00\x05GET /")
    talk.server(b"\x16\x03\x03HTTP/1.1 200 OK\r\n\r\n")
    found = read(talk)
    (one,) = found
    assert (one.is_connect, one.target, one.status) == (True, "proxy.golang.org:443", 200)
    assert (one.tunnel_client_offset, one.tunnel_server_offset) == (len(connect), len(told))
    assert tunnel_offsets(found) == {0: (len(connect), len(told))}


def test_connect_refused_then_asked_again() -> None:
    connect = b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"
    talk = Connection(3128)
    talk.client(connect)
    talk.server(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\n"
        b"Content-Length: 4\r\n\r\nnope"
    )
    talk.client(connect)
    talk.server(b"HTTP/1.1 200 OK\r\n\r\n")
    first, second = read(talk)
    assert (first.status, first.body_start, first.tunnel_client_offset) == (407, b"nope", None)
    assert first.header("proxy-authenticate") == "NTLM"
    assert (second.status, second.tunnel_client_offset) == (200, 2 * len(connect))


def test_protocol_switch_ends_http() -> None:
    talk = Connection(80)
    talk.client(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    talk.server(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\0\0")
    talk.client(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    (one,) = read(talk)
    assert (one.status, one.tunnel_client_offset) == (101, None)


def test_hole_in_a_body_is_a_gap_and_does_not_lose_the_next_answer() -> None:
    talk = Connection(80)
    talk.client(GET)
    answer = ok(b"x" * 3000)
    talk.server(answer[:1000])
    talk.server(answer[1000:2000], seen=False)
    talk.server(answer[2000:])
    talk.client(GET)
    talk.server(ok(b"next"))
    first, second = read(talk)
    # The client acknowledged all of it: it was there, and the capture missed it.
    assert (first.gap, first.complete, first.received_bytes) == (True, True, 3000)
    assert (second.gap, second.body_start) == (False, b"next")


def test_hole_over_a_head() -> None:
    talk = Connection(80)
    talk.client(GET)
    talk.server(ok(b"lost"), seen=False)
    talk.client(GET.replace(b"/m/", b"/n/"))
    talk.server(ok(b"next"))
    first, second = read(talk)
    assert (first.target, first.status) == ("/m/@v/v1.0.0.zip", None)
    assert (second.target, second.body_start) == ("/n/@v/v1.0.0.zip", b"next")


def test_capture_that_starts_in_a_body() -> None:
    talk = Connection(80, open_it=False)
    talk.server(b"rest of a body", at_s=0.0)
    talk.client(GET)
    talk.server(ok(b"x"))
    (one,) = read(talk)
    assert (one.target, one.status, one.body_start) == ("/m/@v/v1.0.0.zip", 200, b"x")


def test_capture_that_starts_between_request_and_response() -> None:
    talk = Connection(80, open_it=False)
    talk.server(ok(b"first"))
    talk.client(GET)
    talk.server(ok(b"second"))
    first, second = read(talk)
    assert (first.method, first.target, first.status, first.request_frames) == ("", "", 200, ())
    assert first.body_start == b"first"
    assert (second.method, second.body_start) == ("GET", b"second")


def test_answer_that_nobody_asked_for() -> None:
    """Servers tell 408 to a connection that stays silent."""
    talk = Connection(80)
    talk.server(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    talk.close()
    (one,) = read(talk)
    assert (one.method, one.status) == ("", 408)


def test_snaplen_cuts_heads() -> None:
    # Given a capture that keeps 120 bytes of each packet: 20 + 20 of headers, 80 of the head
    talk = Connection(80)
    for number in range(2):
        talk.client(GET.replace(b"v1.0.0", b"v1.0.%d" % number))
        talk.server(ok(b"x" * 500, b"X-Filler: " + b"y" * 200))
    found = read(talk, snaplen=120)
    assert [e.target for e in found] == ["/m/@v/v1.0.0.zip", "/m/@v/v1.0.1.zip"]
    assert [e.status for e in found] == [200, 200]
    assert found[0].host == "proxy.example.org"
    assert found[0].header("content-length") == "500"


def test_head_that_h11_refuses_still_has_its_first_line_and_headers() -> None:
    talk = Connection(80)
    talk.client(b"GET / HTTP/1.1\r\nUser-Agent: no-host/1\r\n\r\n")
    talk.server(b"HTTP/1.1 403 Forbidden\r\nBad Name: 1\r\nContent-Length: 2\r\n\r\nno")
    (one,) = read(talk)
    assert (one.target, one.user_agent) == ("/", "no-host/1")
    assert (one.status, one.complete, one.announced_bytes, one.body_start) == (403, True, 2, b"no")


def test_headers_are_bounded() -> None:
    talk = Connection(80)
    talk.client(GET)
    talk.server(ok(b"", *(b"X-%d: 1" % i for i in range(90))))
    (one,) = read(talk)
    assert len(one.headers) == 64


def test_out_of_order_segments() -> None:
    talk = Connection(80)
    talk.client(GET)
    answer = ok(b"ab" * 500)
    talk.send(1, answer[:600], seen=False)
    talk.send(1, answer[600:], at_s=1.0)
    talk.send(1, answer[:600], back=len(answer), at_s=1.2)
    talk.send(0)
    (one,) = read(talk)
    assert (one.status, one.complete, one.received_bytes) == (200, True, 1000)
    # The body is there once the segment that was sent again is.
    assert one.body_end_s == pytest.approx(1.2)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
        b"EHLO mail.example.org\r\n",
    ],
)
def test_other_protocols_are_not_http(data: bytes) -> None:
    talk = Connection(8443)
    talk.client(data)
    talk.server(b"HTTP/1.0 400 Bad Request\r\n\r\n")
    assert read(talk) == ()


_PIECES = st.sampled_from(
    [
        GET,
        GET[:40],
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"ffffffffffff\r\n",
        b"5;x\r\nhello\r\n",
        b"0\r\n\r\n",
        ok(b"body"),
        b"\r\n\r\n",
        b"\n\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), _PIECES | st.binary(max_size=40), st.booleans()), max_size=14
    ),
    st.booleans(),
    st.sampled_from([60, 90, 262144]),
)
def test_garbage_never_raises_nor_hangs(
    segments: list[tuple[int, bytes, bool]], opened: bool, snaplen: int
) -> None:
    talk = Connection(80, open_it=opened)
    for side, data, seen in segments:
        talk.send(side, data, seen=seen or not opened)
    for exchange in read(talk, snaplen):
        assert exchange.received_bytes >= 0
