"""What both sides said in their TLS handshakes, and the certificates that were seen."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Chain, Facts, TlsAlert, TlsHandshake
from analyzers.judgements import ChainJudgement, judgements
from diagnostics.report.filters import frame_numbers
from diagnostics.report.numbers import at, ms, size
from diagnostics.report.table import Table

VERSIONS = {0x0300: "SSL 3.0", 0x0301: "1.0", 0x0302: "1.1", 0x0303: "1.2", 0x0304: "1.3"}


def tables(facts: Facts) -> Iterator[Table]:
    """Handshakes, alerts, certificates."""
    yield Table(
        "TLS handshakes",
        (
            ">stream",
            "SNI",
            "ALPN",
            "version",
            "reached",
            ">hello bytes",
            ">flight bytes",
            ">server ms",
            ">took ms",
            "go",
            "JA4",
            "frames",
        ),
        [_handshake(handshake) for handshake in facts.handshakes],
    )
    yield Table(
        "TLS alerts",
        (">stream", "sender", "alert", ">frame", ">at s"),
        [
            (h.stream, a.sender, _alert(a), a.frame, at(a.time_s))
            for h in facts.handshakes
            for a in h.alerts
        ],
    )
    yield Table(
        "Certificates as sent",
        (">stream", ">place", "subject", "issuer", "valid from", "until", "names", "seen"),
        [row for h in facts.handshakes if h.chain for row in _chain(h.stream, h.chain)],
    )
    yield Table(
        "What go says of the chains",
        (
            ">stream",
            "for",
            "what",
            "missing issuer",
            "to be had at",
            "in order",
            "inspection product",
        ),
        [_judgement(found) for found in judgements(facts)],
    )


def _judgement(found: ChainJudgement) -> tuple[object, ...]:
    said = "; ".join(found.problems) or "nothing against it"
    return (
        found.stream,
        found.name,
        "accepted by the client" if found.accepted else said,
        found.missing_issuer,
        ", ".join(found.issuer_urls) or None,
        found.in_order,
        found.inspection_product,
    )


def _version(number: int) -> str:
    return VERSIONS.get(number, f"{number:#06x}")


def _handshake(handshake: TlsHandshake) -> tuple[object, ...]:
    client, server = handshake.client_hello, handshake.server_hello
    began = client.time_s if client else None
    first, finished = handshake.first_server_record_s, handshake.finished_s
    frames = [*(client.frames if client else ()), *((server.frame,) if server else ())]
    frames += [frame for frame in (handshake.finished_frame,) if frame is not None]
    return (
        handshake.stream,
        handshake.sni,
        (server.alpn if server else None) or ",".join(client.alpn if client else ()) or None,
        _version(server.version) if server else None,
        _reached(handshake),
        client.size if client else None,
        size(handshake.server_flight_bytes),
        ms(first - began) if first is not None and began is not None else None,
        ms(finished - began) if finished is not None and began is not None else None,
        client.is_go if client else None,
        client.ja4 if client else None,
        frame_numbers(frames),
    )


def _reached(handshake: TlsHandshake) -> str:
    if handshake.not_tls is not None:
        return f"not TLS: {handshake.not_tls}"
    reached = handshake.stage.replace("_", " ")
    if handshake.rejected_by_client:
        return f"{reached}, client ended it"
    by, how = handshake.stopped_by, handshake.stopped_how
    return reached if by is None else f"{reached}, {by} ended it ({how})"


def _alert(alert: TlsAlert) -> str:
    return f"{alert.name} (inferred)" if alert.inferred else alert.name


def _chain(stream: int, chain: Chain) -> Iterator[tuple[object, ...]]:
    where = f"frames {frame_numbers(chain.frames)}" if chain.frames else chain.source
    for place, certificate in enumerate(chain.certificates):
        yield (
            stream,
            place,
            certificate.subject,
            certificate.issuer,
            certificate.not_before.date(),
            certificate.not_after.date(),
            ", ".join((*certificate.dns_names, *certificate.ip_addresses)) or None,
            where,
        )
    if chain.malformed:
        yield (stream, len(chain.certificates), chain.malformed, None, None, None, None, where)
