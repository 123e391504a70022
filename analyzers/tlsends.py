"""Who ended a handshake before it was completed, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.facts import Connection, Side, TlsAlert
from analyzers.facts.tls import WARNING
from analyzers.tlssides import ClientSide
from captures.lazyclass import dataclass

_CLOSE_NOTIFY = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The first thing that ended it."""

    frame: int | None
    by: Side | None
    how: str | None


NOBODY = Stop(None, None, None)


def stopped(connection: Connection, client: ClientSide, alerts: Sequence[TlsAlert]) -> Stop:
    """Return what ended a handshake first, after its ClientHello began; NOBODY if nothing did."""
    began = client.hello.frames[0] if client.hello and client.hello.frames else 0
    ends = [end for end in _ends(connection, alerts) if end[0] > began]
    return Stop(*min(ends)) if ends else NOBODY


def _ends(connection: Connection, alerts: Sequence[TlsAlert]) -> Iterator[tuple[int, Side, str]]:
    for alert in alerts:
        # A warning (unrecognized_name) ends nothing.
        if alert.level != WARNING or alert.description == _CLOSE_NOTIFY:
            yield alert.frame, alert.sender, "alert"
    for side in Side:
        fin = connection.half(side).fin_frame
        if fin is not None:
            yield fin, side, "close"
    for reset in connection.resets:
        yield reset.frame, reset.sender, "reset"
