"""TLS connections whose secrets are known: which they are, and their bytes in order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge

from analyzers.facts import Connection, Side, TlsHandshake
from analyzers.reassembly import ByteStream, byte_stream
from analyzers.tlsrecords import clear_messages, walk
from analyzers.tlssides import CLIENT_HELLO
from captures import keylog
from captures.keylog import Secrets
from captures.lazyclass import dataclass
from captures.packets import Capture

MAX_FLOWS = 1_000
MAX_BYTES = 64 << 20
"""Decrypted in all: tshark takes some six seconds for so much."""
MAX_PACKETS = 200_000

_RANDOM = slice(2, 34)
"""Place of the client random in a ClientHello (RFC 8446 section 4.1.2)."""


@dataclass(slots=True)
class Flow:
    """One connection to decrypt."""

    handshake: TlsHandshake
    connection: Connection
    secrets: Secrets
    streams: dict[Side, ByteStream]
    starts: dict[Side, int]
    """Where TLS begins."""
    cut: bool = False
    """Not all of it could be handed over."""

    @property
    def size(self) -> int:
        """Bytes there are, both ways."""
        return sum(self.streams[s].contiguous - self.starts[s] for s in Side)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that one side sent, as of the frame at which they could be read."""

    flow: int
    side: Side
    frame: int
    start: int
    stop: int


def flows(
    capture: Capture,
    connections: Sequence[Connection],
    handshakes: Iterable[TlsHandshake],
    starts: Mapping[int, tuple[int, int]],
    texts: Iterable[bytes],
) -> list[Flow]:
    """The connections whose handshakes have secrets in one of the key logs `texts`.

    `starts` tells for streams behind CONNECT where TLS begins.
    """
    randoms: dict[int, bytes] = {}
    known = list(handshakes)
    for handshake in known:
        stream = byte_stream(capture, connections[handshake.stream], Side.CLIENT)
        random = _client_random(stream, starts.get(handshake.stream, (0, 0))[0])
        if random is not None:
            randoms[handshake.index] = random
    secrets = keylog.select(texts, set(randoms.values()))
    found = []
    for handshake in known:
        mine = secrets.get(randoms.get(handshake.index, b""))
        if mine is not None:
            connection = connections[handshake.stream]
            begin = starts.get(handshake.stream, (0, 0))
            streams = {s: byte_stream(capture, connection, s) for s in Side}
            offsets = {Side.CLIENT: begin[0], Side.SERVER: begin[1]}
            found.append(Flow(handshake, connection, mine, streams, offsets))
    return found


def pieces(chosen: Sequence[Flow]) -> Iterator[Piece]:
    """All bytes of all flows, as many as the limits allow; small flows are served first."""
    budget, left = [MAX_BYTES, MAX_PACKETS], len(chosen)
    for index in sorted(range(left), key=lambda i: chosen[i].size):
        flow = chosen[index]
        allowed = [amount // left for amount in budget]
        for piece in _turns(flow, index):
            if min(allowed) <= 0:
                flow.cut = True
                break
            for amounts in (allowed, budget):
                amounts[0] -= piece.stop - piece.start
                amounts[1] -= 1
            yield piece
        left -= 1


def _turns(flow: Flow, index: int) -> Iterator[Piece]:
    """Both sides' bytes, in the order in which their receivers could read them."""
    for side in Side:
        stream = flow.streams[side]
        flow.cut = flow.cut or stream.contiguous < stream.end
    sides = [_delivered(flow, side, index) for side in (Side.CLIENT, Side.SERVER)]
    yield from merge(*sides, key=lambda piece: piece.frame)


def _delivered(flow: Flow, side: Side, index: int) -> Iterator[Piece]:
    stream, reached = flow.streams[side], 0
    for frame, start, stop in stream.pieces(flow.starts[side], stream.contiguous):
        reached = max(reached, frame)
        yield Piece(index, side, reached, start, stop)


def _client_random(stream: ByteStream, start: int) -> bytes | None:
    messages = clear_messages(stream, walk(stream, start))
    if not messages or messages[0].kind != CLIENT_HELLO or len(messages[0].body) < 34:
        return None
    return messages[0].body[_RANDOM]
