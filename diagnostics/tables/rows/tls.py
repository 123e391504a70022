"""Handshakes, alerts and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from analyzers.facts import Certificate, Facts, TlsAlert, TlsHandshake
from analyzers.judgements import ChainJudgement, judgements
from captures.lazyclass import dataclass
from diagnostics.tables.columns import Inline
from diagnostics.tables.moments import Moments


@dataclass(frozen=True, slots=True)
class HandshakeRow:
    """One TLS handshake on one connection (after CONNECT where there is one)."""

    handshake: Annotated[TlsHandshake, Inline()]
    sni: str | None
    """Name asked for in the ClientHello."""
    completed: bool
    """Both sides could go on to application data."""
    start_s: float | None
    """The ClientHello, or the server's first record when that was not captured."""
    start_utc: datetime | None
    frames: tuple[int, ...]
    """Of the hellos, the certificates, the alerts and the client's Finished, in order."""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One TLS alert record."""

    handshake: int
    """`handshakes.index`."""
    stream: int
    alert: Annotated[TlsAlert, Inline()]
    time_utc: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """One certificate of one chain that a server sent."""

    handshake: int
    """`handshakes.index`."""
    stream: int
    sni: str | None
    """Name asked for in the ClientHello."""
    position: int
    """In the chain as sent: 0 is the leaf."""
    source: str
    """`wire` (TLS 1.2 in clear), `decrypted`, or `probe` (of the session, after the download)."""
    frames: tuple[int, ...]
    """That carried the chain; empty when it comes from the probe."""
    certificate: Annotated[Certificate, Inline()]


@dataclass(frozen=True, slots=True)
class ChainRow:
    """What go makes of the certificates that one server sent, at the time of the capture."""

    judgement: Annotated[ChainJudgement, Inline()]


def handshakes(facts: Facts) -> Iterator[HandshakeRow]:
    """All handshakes, by index."""
    clock = Moments(facts.capture)
    for one in facts.handshakes:
        hello = one.client_hello
        start_s = hello.time_s if hello else one.first_server_record_s
        frames = handshake_frames(one)
        yield HandshakeRow(one, one.sni, one.completed, start_s, clock.at(start_s), frames)


def alerts(facts: Facts) -> Iterator[AlertRow]:
    """All alerts, handshake by handshake."""
    clock = Moments(facts.capture)
    for one in facts.handshakes:
        for alert in one.alerts:
            yield AlertRow(one.index, one.stream, alert, clock.at(alert.time_s))


def certificates(facts: Facts) -> Iterator[CertificateRow]:
    """All certificates as sent, handshake by handshake."""
    for one in facts.handshakes:
        if one.chain is None:
            continue
        for position, sent in enumerate(one.chain.certificates):
            place = one.index, one.stream, one.sni, position
            yield CertificateRow(*place, one.chain.source, one.chain.frames, sent)


def chains(facts: Facts) -> Iterator[ChainRow]:
    """All chains, handshake by handshake, judged when they are asked for."""
    return (ChainRow(one) for one in judgements(facts))


def handshake_frames(handshake: TlsHandshake) -> tuple[int, ...]:
    """The frames that show a handshake, in order."""
    frames = {alert.frame for alert in handshake.alerts}
    if handshake.client_hello:
        frames.update(handshake.client_hello.frames)
    if handshake.server_hello:
        frames.add(handshake.server_hello.frame)
    if handshake.chain:
        frames.update(handshake.chain.frames)
    single = handshake.first_server_record_frame, handshake.finished_frame, handshake.not_tls_frame
    return tuple(sorted(frames.union(frame for frame in single if frame is not None)))
