"""Segments that die of their size: large ones never arrive while small ones of the same way do.

What a server sent and nobody got shows in its own sequence numbers: a bare ACK, or a small later
segment, says how far it has come.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.facts import Connection, Facts, Half, LossSide, Retransmission, Side, Silence
from captures.lazyclass import dataclass
from diagnostics.liveness import liveness
from diagnostics.tries import SHOWN, plural, seconds

LASTING_S = 2.5
"""Time for three transmissions at least: timers of 0.2 to 1 s that double (RFC 6298)."""
MIN_COPIES = 3
SMALLEST_LOST = 536
"""Bytes. Every path carries packets that hold this much (RFC 9293 section 3.7.1)."""
DEFAULT_MSS = {4: 1460, 6: 1440}
"""Of Ethernet, by IP version."""
HEADERS = {4: 40, 6: 60}
"""IP and TCP, without options."""


@dataclass(frozen=True, slots=True)
class Swallowed:
    """What died of its size on one connection."""

    connection: Connection
    sender: Side
    start_s: float
    end_s: float
    frames: tuple[int, ...]
    text: str
    behind: bool = False
    """It dies between the capture point and the client."""


class Sizes:
    """The largest packets that came through, by server (or client) address; made once for all
    connections."""

    def __init__(self, facts: Facts) -> None:
        self.until_s = facts.capture.duration_s
        self.inwards: dict[str, int] = {}
        self.outwards: dict[str, int] = {}
        self.to_clients: dict[str, int] = {}
        for connection in facts.connections:
            address = connection.server.address
            _raise(self.inwards, address, connection.server.max_ip_length)
            if 0 < connection.client.sent_bytes <= connection.client.acked_bytes:
                _raise(self.outwards, address, connection.client.max_ip_length)
            if 0 < connection.server.sent_bytes <= connection.server.acked_bytes:
                client = connection.client.address
                _raise(self.to_clients, client, connection.server.max_ip_length)

    def swallowed(self, connection: Connection) -> Swallowed | None:
        """What died of its size on a connection after its ClientHello was answered or delivered."""
        if not connection.established:
            return None
        return (
            _from_server(self, connection)
            or _from_client(self, connection)
            or _to_client(self, connection)
        )


def _raise(largest: dict[str, int], address: str, length: int) -> None:
    largest[address] = max(largest.get(address, 0), length)


def version_of(connection: Connection) -> int:
    """IP version."""
    return 6 if ":" in connection.server.address else 4


def _from_server(sizes: Sizes, connection: Connection) -> Swallowed | None:
    server, version = connection.server, version_of(connection)
    never = server.sent_bytes - server.payload_bytes - server.unseen_acked_bytes
    silence = _last_silence(connection)
    if never < SMALLEST_LOST or silence is None:
        return None
    lost = min(never, connection.client.mss or DEFAULT_MSS[version]) + HEADERS[version]
    passed = sizes.inwards[server.address]
    alive = liveness(connection, silence.start_s, sizes.until_s)
    if passed >= lost or alive.alive is not True:
        return None
    frames = [silence.after_frame, *alive.frames, *_last_of(connection)]
    text = (
        f"{plural(never, 'byte')} that the server sent by its sequence numbers never arrive in "
        f"{seconds(silence.end_s - silence.start_s)}, while small packets do (the largest has "
        f"{passed} bytes); {alive.text}"
    )
    return Swallowed(
        connection, Side.SERVER, silence.start_s, silence.end_s,
        tuple(sorted(set(frames))), text,
    )  # fmt: skip


def _from_client(sizes: Sizes, connection: Connection) -> Swallowed | None:
    client = connection.client
    copies = _copies(client)
    if not copies or not connection.server.payload_bytes:
        return None
    start_s = _since_s(copies)
    length = copies[0].length + HEADERS[version_of(connection)]
    reached = liveness(connection, start_s - 1e-6, sizes.until_s)
    if reached.alive is not True or sizes.outwards.get(connection.server.address, 0) >= length:
        return None
    frames = tuple(r.frame for r in copies)
    return Swallowed(connection, Side.CLIENT, start_s, connection.last_s, frames, _again(copies))


def _to_client(sizes: Sizes, connection: Connection) -> Swallowed | None:
    """The capture shows what the server sends again and again: it dies behind the capture point.

    Duplicate ACKs say that what is smaller and was sent later gets there; or the client, which
    lives, repeats nothing of its own: the ACKs for it get there.
    """
    copies = _copies(connection.server)
    if not copies:
        return None
    start_s = _since_s(copies)
    length = copies[0].length + HEADERS[version_of(connection)]
    first = copies[0].original_frame or copies[0].frame
    told = tuple(f for f in connection.client.duplicate_ack_frames if f > first)
    told = told or _content(connection, copies[0])
    if not told or sizes.to_clients.get(connection.client.address, 0) >= length:
        return None
    frames = tuple(sorted({*(r.frame for r in copies), *told[:SHOWN]}))
    return Swallowed(
        connection, Side.SERVER, start_s, connection.last_s, frames, _again(copies),
        behind=True,
    )  # fmt: skip


def _content(connection: Connection, large: Retransmission) -> tuple[int, ...]:
    """Frames in which a client, to which nothing as large as this segment ever came, shows that the
    ACKs of its own data did: it repeats none of it, and is alive long after."""
    client, server = connection.client, connection.server
    lives_on = (client.last_s or 0.0) - (client.last_data_s or 0.0) >= LASTING_S
    heard = 0 < client.sent_bytes <= client.acked_bytes and not client.retransmissions
    if not (lives_on and heard and server.acked_bytes < large.length):
        return ()
    return (client.highest_acked_frame or connection.last_frame,)


def _copies(sender: Half) -> list[Retransmission]:
    """Copies of the first segment that its receiver lacks; none where they are few, or small."""
    stuck = sender.acked_bytes + 1
    copies = [
        r
        for r in sender.retransmissions
        if r.loss is LossSide.AFTER_CAPTURE and r.sequence <= stuck < r.sequence + r.length
    ]
    if sender.sent_bytes <= sender.acked_bytes or len(copies) + 1 < MIN_COPIES:
        return []
    lasting = copies[-1].time_s - _since_s(copies) >= LASTING_S
    return copies if lasting and copies[0].length >= SMALLEST_LOST else []


def _since_s(copies: Sequence[Retransmission]) -> float:
    return copies[0].time_s - (copies[0].delay_s or 0.0)


def _again(copies: Sequence[Retransmission]) -> str:
    return (
        f"a segment of {copies[0].length} bytes is sent {len(copies) + 1} times over "
        f"{seconds(copies[-1].time_s - _since_s(copies))} and never acknowledged, while smaller "
        "ones are"
    )


def _last_silence(connection: Connection) -> Silence | None:
    """The silence in which the connection ended, when it lasted."""
    lasting = [s for s in connection.silences if s.end_s - s.start_s >= LASTING_S]
    if not lasting or not lasting[-1].end_s >= (connection.server.last_data_s or 0.0):
        return None
    return lasting[-1]


def _last_of(connection: Connection) -> tuple[int, ...]:
    """The last frame, when it is the server's (it tells how far the server had come)."""
    server = connection.server
    came_last = server.last_s is not None and server.last_s >= (connection.client.last_s or 0.0)
    return (connection.last_frame,) if came_last else ()
