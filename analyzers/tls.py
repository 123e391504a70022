"""Every TLS handshake of a capture, on any port and behind CONNECT: bytes in, facts out.

Read are the first bytes of each direction, and the last record of connections that were closed:
how much was downloaded in between does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analyzers.certificates import chain
from analyzers.facts import (
    Chain,
    Connection,
    HttpExchange,
    ServerHello,
    Side,
    TlsAlert,
    TlsHandshake,
    TlsStage,
)
from analyzers.http import tunnel_offsets
from analyzers.reassembly import ByteStream, byte_stream
from analyzers.tlsalerts import CLOSE_NOTIFY, ends_with_alert
from analyzers.tlsends import NOBODY, stopped
from analyzers.tlsprogress import Progress, is_modern, progress
from analyzers.tlssides import (
    CERTIFICATE,
    ClientSide,
    ServerSide,
    certificates_of,
    client_without_hello,
    hello_retry,
    read_client,
    read_server,
)
from captures.packets import ACK, RST, SYN, Capture

#: A handshake is over long before; of longer connections only this many packets are looked at.
HEAD_ROWS = 4096
_FIRST_ROWS = 64

_COMPLETED = (TlsStage.CLIENT_FINISHED, TlsStage.APPLICATION_DATA)

#: A client that gives up on certificates does so at once; go's own limit on a handshake is 10 s.
REJECTION_S = 1.0


def handshakes(
    capture: Capture, connections: Sequence[Connection], requests: Sequence[HttpExchange]
) -> tuple[TlsHandshake, ...]:
    """Read the handshake of every connection that has one, in stream order.

    `requests` tell where TLS begins behind a proxy's CONNECT.
    """
    tunnels = tunnel_offsets(requests)
    found: list[TlsHandshake] = []
    for connection in connections:
        if not connection.client.payload_bytes and not connection.server.payload_bytes:
            continue
        starts = tunnels.get(connection.stream, (0, 0))
        handshake = _handshake(capture, connection, starts, len(found))
        if handshake is not None:
            found.append(handshake)
    return tuple(found)


def _handshake(
    capture: Capture, connection: Connection, starts: tuple[int, int], index: int
) -> TlsHandshake | None:
    """Read one handshake that begins at these offsets of the client's and the server's bytes."""
    client_stream = byte_stream(capture, connection, Side.CLIENT, HEAD_ROWS)
    client = read_client(client_stream, starts[0])
    if client is None and (connection.server.payload_bytes == 0 or client_stream.contiguous):
        return None
    server = read_server(byte_stream(capture, connection, Side.SERVER, HEAD_ROWS), starts[1])
    if client is None:
        if server.choice is None:
            return None
        client = client_without_hello(client_stream)
    return _facts(capture, connection, client, server, index)


def _facts(
    capture: Capture, connection: Connection, client: ClientSide, server: ServerSide, index: int
) -> TlsHandshake:
    steps = progress(client, server)
    acked, acked_s = _acknowledged(capture, connection, client)
    hello, modern = _server_hello(server, steps), is_modern(server)
    _tail_alerts(capture, connection, client, server, steps)
    gone = steps.turn is None and _left_at_once(connection, server, steps)
    not_tls = server.not_tls if _is_answer(capture, connection, client, server) else None
    data = ((Side.CLIENT, steps.client_data), (Side.SERVER, steps.server_data))
    first = server.records[0] if server.records else None
    end, stage = steps.flight_end, _stage(server, steps)
    stop = stopped(connection, client, steps.alerts) if stage not in _COMPLETED else NOBODY
    return TlsHandshake(
        index=index,
        stream=connection.stream,
        client_hello=client.hello,
        server_hello=hello,
        chain=None if modern else _chain(server),
        chain_encrypted=modern and not steps.resumed,
        certificate_requested=steps.certificate_requested,
        alerts=tuple(sorted(steps.alerts, key=lambda a: a.frame)),
        stage=stage,
        server_flight_bytes=_flight_bytes(server, steps),
        first_server_record_s=server.stream.time_at(server.start) if first else None,
        first_server_record_frame=server.stream.frame_at(server.start) if first else None,
        finished_s=steps.finished.time_s if steps.finished else None,
        finished_frame=steps.finished.frame if steps.finished else None,
        hello_acked_bytes=acked,
        hello_acked_s=acked_s,
        rejected_by_client=steps.finished is None and (steps.rejected or gone),
        not_tls=not_tls,
        not_tls_frame=server.stream.frame_at(server.start) if not_tls else None,
        first_application_data_s={side: r.time_s for side, r in data if r is not None},
        retry=hello_retry(client, server),
        server_flight_end_s=server.stream.time_at(end - 1) if end else None,
        server_flight_end_frame=server.stream.frame_at(end - 1) if end else None,
        client_flight_bytes=_client_flight_bytes(client, steps),
        stopped_by=stop.by,
        stopped_how=stop.how,
        stopped_frame=stop.frame,
    )


def _is_answer(
    capture: Capture, connection: Connection, client: ClientSide, server: ServerSide
) -> bool:
    """The first byte of the server that the capture holds is the first that it said. In a capture
    that starts midway it may be any, unless the hello acknowledges all before it."""
    if not connection.starts_midway or server.start or not server.not_tls:
        return True
    if client.hello is None or not client.hello.frames:
        return False
    table = capture.table
    asked, said = client.hello.frames[0] - 1, server.stream.frame_at(server.start) - 1
    return int(table.seq[said]) == int(table.ack[asked])


def _client_flight_bytes(client: ClientSide, steps: Progress) -> int:
    if steps.turn is None:
        return 0
    end = steps.finished.end if steps.finished else client.stream.end
    return max(end - steps.turn.offset, 0)


def _server_hello(server: ServerSide, steps: Progress) -> ServerHello | None:
    choice, record = server.choice, server.hello_record
    if choice is None or record is None:
        return None
    return ServerHello(
        frame=record.frame,
        time_s=record.time_s,
        version=choice.version,
        cipher=choice.cipher,
        group=choice.group,
        resumed=steps.resumed,
        hello_retry=server.retry is not None,
        downgrade_sentinel=choice.downgrade_sentinel,
        alpn=choice.alpn,
    )


def _stage(server: ServerSide, steps: Progress) -> TlsStage:
    if steps.client_data is not None or steps.server_data is not None:
        return TlsStage.APPLICATION_DATA
    if steps.finished is not None:
        return TlsStage.CLIENT_FINISHED
    if steps.flight_end is not None:
        return TlsStage.SERVER_FLIGHT
    seen = server.spoke or (server.not_tls is None and server.stream.end > server.start)
    return TlsStage.SERVER_HELLO if seen else TlsStage.CLIENT_HELLO


def _flight_bytes(server: ServerSide, steps: Progress) -> int:
    """Stream bytes up to the flight's end, or all there are when that was not reached."""
    if server.not_tls is not None:
        return 0
    end = steps.flight_end
    if end is None:
        end = server.stream.end
    return max(end - server.start, 0)


def _chain(server: ServerSide) -> Chain | None:
    """The certificates of a handshake up to TLS 1.2, once all of them were captured."""
    message = next((m for m in server.messages if m.kind == CERTIFICATE), None)
    if message is None or not message.whole:
        return None
    frames = server.stream.frames(message.start, message.end)
    return chain(certificates_of(message.body), frames, "wire")


def _left_at_once(connection: Connection, server: ServerSide, steps: Progress) -> bool:
    """The client closed on the server's complete flight, without a record of its own."""
    if steps.flight_end is None or connection.client.unseen_acked_bytes:
        return False  # the capture lost what the client said, a Finished perhaps
    last = server.stream.time_at(steps.flight_end - 1)
    frame = server.stream.frame_at(steps.flight_end - 1)
    if connection.client.fin_frame is not None and connection.client.fin_frame < frame:
        return False  # it had left before: what answers late data is its closed socket
    ends = [(connection.client.fin_frame, connection.client.fin_s)]
    reset = connection.client_reset
    if reset is not None:
        ends.append((reset.frame, reset.time_s))
    by_server = [connection.server.fin_frame]
    if connection.server_reset is not None:
        by_server.append(connection.server_reset.frame)
    first = min((e for e in ends if e[0] is not None and e[0] > frame), default=None)
    if first is None or first[0] is None or first[1] is None:
        return False
    overtaken = any(f is not None and f < first[0] for f in by_server)
    return not overtaken and first[1] - last <= REJECTION_S


def _tail_alerts(
    capture: Capture,
    connection: Connection,
    client: ClientSide,
    server: ServerSide,
    steps: Progress,
) -> None:
    """Find the alert with which a side took its leave after more data than was walked through."""
    cipher = server.choice.cipher if server.choice else 0
    cut = len(connection.rows) > HEAD_ROWS
    halves = (
        (Side.CLIENT, client.rest, client.stream),
        (Side.SERVER, server.records, server.stream),
    )
    for side, records, stream in halves:
        frame = connection.half(side).last_data_frame
        if steps.finished is None or not records or frame is None:
            continue
        if records[-1].end >= stream.end and not (cut and frame > records[-1].frame):
            continue
        if ends_with_alert(capture.payload(frame - 1), cipher, modern=is_modern(server)):
            time_s = float(capture.table.time_ns[frame - 1] - capture.table.time_ns[0]) / 1e9
            steps.alerts.append(TlsAlert(frame, time_s, side, None, None, CLOSE_NOTIFY, True))


def _acknowledged(
    capture: Capture, connection: Connection, client: ClientSide
) -> tuple[int, float | None]:
    """How much of the ClientHello the server acknowledged, and when that was all of it."""
    hello = client.hello
    stream = client.stream
    if hello is None or not isinstance(stream, ByteStream):
        return 0, None
    table, covered = capture.table, 0
    first = stream.frame_at(0) - 1
    base = int(table.seq[first]) + bool(table.tcp_flags[first] & SYN)
    # Nearly always the first few packets tell.
    for rows in (connection.rows[:_FIRST_ROWS], connection.rows[:HEAD_ROWS]):
        own = (table.source[rows] == table.source[first]) & (
            table.source_port[rows] == table.source_port[first]
        )
        # A reset may come from anybody, and acknowledges nothing.
        answers = rows[~own & ((table.tcp_flags[rows] & (ACK | RST)) == ACK)]
        reached = _forward(table.ack[answers].astype(np.int64), base) - client.start
        covered = int(np.clip(reached.max(initial=0), 0, hello.size))
        full = answers[reached >= hello.size]
        if len(full):
            return covered, float(table.time_ns[full[0]] - table.time_ns[0]) / 1e9
    return covered, None


def _forward(numbers: npt.NDArray[np.int64], base: int) -> npt.NDArray[np.int64]:
    """How far sequence numbers lie beyond `base`, backward ones negative (RFC 1982)."""
    return (numbers - base + (1 << 31)) % (1 << 32) - (1 << 31)
