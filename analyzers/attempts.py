"""Join facts into attempts: name → answer → address → connection → (CONNECT) → TLS → request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzers.endings import Ending, connect_ending, request_ending, tls_ending, tunnel_ending
from analyzers.facts import (
    Attempt,
    Connection,
    DnsLookup,
    HttpExchange,
    IcmpError,
    Outcome,
    Stage,
    TlsHandshake,
)
from analyzers.gosigns import GoSigns
from analyzers.idleends import without_idle_resets
from analyzers.lookupattempts import lookup_attempts
from analyzers.usedlookups import LookupIndex
from captures.lazyclass import dataclass
from captures.session import Session

WEB_PORTS = (80, 443)
"""Where a connection right after an answer that was cut off is taken for that name's."""
HAPPY_EYEBALLS_S = 1.0
"""RFC 8305 starts the next address after 0.25 s (go: 0.3 s); winners come within this."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The facts that attempts are made of."""

    lookups: Sequence[DnsLookup]
    connections: Sequence[Connection]
    handshakes: Sequence[TlsHandshake]
    requests: Sequence[HttpExchange]
    icmp: Sequence[IcmpError]
    session: Session | None
    last_s: float
    """Time of the last packet: what is open then has no known end."""
    probes: frozenset[int] = frozenset()
    """Streams that probe the path: nobody tried to reach anything by them."""


def attempts(parts: Parts) -> tuple[Attempt, ...]:
    """All attempts of the capture, in order of their start."""
    signs = GoSigns.of(parts.session, parts.handshakes, parts.requests, parts.lookups)
    names = LookupIndex(parts.lookups)
    found = list(_connection_attempts(parts, signs, names))
    found += list(
        lookup_attempts(parts.lookups, parts.connections, parts.last_s, signs, tuple(found))
    )
    found = list(_without_losers(_with_go_names(_with_known_names(found)), parts))
    if parts.session is None or parts.session.exit_code == 0:
        found = list(without_idle_resets(found, parts.connections))
    found.sort(key=lambda a: (a.start_s, a.stream if a.stream is not None else -1))
    return tuple(replace(a, index=i) for i, a in enumerate(found))


def _connection_attempts(parts: Parts, signs: GoSigns, names: LookupIndex) -> Iterator[Attempt]:
    handshakes = {h.stream: h for h in parts.handshakes}
    requests: dict[int, list[HttpExchange]] = defaultdict(list)
    for request in parts.requests:
        requests[request.stream].append(request)
    icmp: dict[int, list[IcmpError]] = defaultdict(list)
    for error in parts.icmp:
        if error.stream is not None:
            icmp[error.stream].append(error)
    for connection in parts.connections:
        if connection.server.port == 53 or connection.stream in parts.probes:
            continue
        yield from _attempts_on(
            connection,
            handshakes.get(connection.stream),
            requests.get(connection.stream, []),
            icmp.get(connection.stream, []),
            parts,
            signs,
            names,
        )


def _attempts_on(
    connection: Connection,
    handshake: TlsHandshake | None,
    requests: list[HttpExchange],
    icmp: list[IcmpError],
    parts: Parts,
    signs: GoSigns,
    names: LookupIndex,
) -> Iterator[Attempt]:
    connects = [r for r in requests if r.is_connect]
    clear = [r for r in requests if not r.is_connect]
    host = _name_of(connects, handshake, clear)
    via_proxy = bool(connects) or any(r.target.startswith("http://") for r in clear)
    lookup = names.find(connection.server.address, connection.first_s, None if via_proxy else host)
    if lookup is None and connection.server.port in WEB_PORTS:
        lookup = names.just_cut(
            connection.first_s, connection.server.address, connection.server.port
        )
    name = host or (lookup.name if lookup else None)
    port = _tunnel_port(connects) or connection.server.port
    base = Attempt(
        index=0,
        need=f"{name or connection.server.address}:{port}",
        name=name,
        address=connection.server.address,
        port=connection.server.port,
        lookup=lookup.index if lookup else None,
        stream=connection.stream,
        handshake=handshake.index if handshake else None,
        requests=tuple(r.index for r in requests),
        via_proxy=via_proxy,
        is_go=signs.connection(connection, handshake, requests, name),
        start_s=names.start_s(connection, lookup),
        end_s=connection.last_s,
        outcome=Outcome.UNKNOWN,
        stage=Stage.CONNECT,
        reason="",
    )
    ended = connect_ending(connection, icmp, parts.last_s)
    if ended is None and connects:
        ended = tunnel_ending(connects[-1], connection, parts.last_s)
    if ended is None and (handshake is not None or not clear):
        over_tls = tls_ending(handshake, connection, parts.last_s)
        refused = over_tls.outcome is Outcome.FAILED and over_tls.stage is Stage.TLS
        if not clear or (refused and all(r.status is None for r in clear)):
            ended = over_tls
    if ended is not None:
        yield _ended(base, ended)
        return
    base = replace(base, requests=tuple(r.index for r in clear))
    before = 0
    for request in clear:
        yield _request_attempt(base, request, connection, parts.last_s, before)
        before += request.announced_bytes or 0


def _ended(base: Attempt, ended: Ending) -> Attempt:
    return replace(base, outcome=ended.outcome, stage=ended.stage, reason=ended.reason)


def _request_attempt(
    base: Attempt, request: HttpExchange, connection: Connection, last_s: float, before: int
) -> Attempt:
    """One attempt for one clear or decrypted request of a connection that may carry several."""
    target, scheme = request.target, "http" if request.inside is None else "https"
    url = target if "://" in target else f"{scheme}://{request.host or base.address}{target}"
    aborted = request.inside.abort if request.inside is not None else None
    gone_s = aborted.time_s if aborted is not None else connection.last_s
    # Where the body of a head that was cut ends is a guess, which may take in later answers.
    body_end_s = None if request.head_cut else request.body_end_s
    end_s = body_end_s or request.response_s or gone_s
    opened = request.index == base.requests[0] and not connection.starts_midway
    return replace(
        _ended(base, request_ending(request, connection, last_s, before)),
        need=_shown(url),
        requests=(request.index,),
        start_s=base.start_s if opened else request.request_s,
        end_s=max(end_s, request.request_s),
    )


def _shown(url: str) -> str:
    """Verdicts quote the URL, and are sent to others: a presigned one is a credential."""
    if "?" not in url and "@" not in url:
        return url
    from captures.redact import without_credentials  # ten milliseconds that few captures need

    return without_credentials(url)


def _name_of(
    connects: Sequence[HttpExchange],
    handshake: TlsHandshake | None,
    clear: Sequence[HttpExchange],
) -> str | None:
    if connects:
        return connects[-1].target.rpartition(":")[0].strip("[]").lower() or None
    if handshake is not None and handshake.sni:
        return handshake.sni.lower()
    if clear and clear[0].host:
        return clear[0].host.rpartition(":")[0].lower() or clear[0].host.lower()
    return None


def _tunnel_port(connects: Sequence[HttpExchange]) -> int | None:
    if not connects:
        return None
    port = connects[-1].target.rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else None


def _with_known_names(found: Sequence[Attempt]) -> list[Attempt]:
    """A try that got no connection, to an address that only one name has: its lookup lies before
    the capture."""
    names: dict[tuple[str | None, int | None], set[str]] = defaultdict(set)
    for attempt in found:
        if attempt.name is not None and attempt.address is not None:
            names[attempt.address, attempt.port].add(attempt.name)
    return [_named(a, names.get((a.address, a.port), set())) for a in found]


def _named(attempt: Attempt, names: set[str]) -> Attempt:
    if attempt.name is not None or attempt.stage is not Stage.CONNECT or len(names) != 1:
        return attempt
    (name,) = names
    return replace(attempt, name=name, need=f"{name}:{attempt.port}")


def _with_go_names(found: Iterable[Attempt]) -> list[Attempt]:
    """What go asked for by name is go's on every attempt at that name, SYN-only ones included."""
    found = list(found)
    go_needs = {a.name for a in found if a.is_go and a.name}
    return [replace(a, is_go=True) if a.name in go_needs else a for a in found]


def _without_losers(found: list[Attempt], parts: Parts) -> Iterator[Attempt]:
    """Mark happy-eyeballs losers: given up because another address of the name was faster."""
    winners: dict[tuple[str | None, int | None], list[tuple[float, str | None]]] = defaultdict(list)
    for attempt in found:
        if attempt.stream is not None:
            connection = parts.connections[attempt.stream]
            if connection.established and connection.connect_s is not None:
                up_s = connection.first_s + connection.connect_s
                winners[attempt.name, attempt.port].append((up_s, attempt.address))
    for attempt in found:
        yield _loser(attempt, parts, winners) or attempt


def _loser(
    attempt: Attempt,
    parts: Parts,
    winners: dict[tuple[str | None, int | None], list[tuple[float, str | None]]],
) -> Attempt | None:
    if attempt.stage is not Stage.CONNECT or attempt.stream is None or attempt.name is None:
        return None
    if attempt.outcome not in (Outcome.FAILED, Outcome.UNKNOWN):
        return None
    first_s = parts.connections[attempt.stream].first_s
    last_s = parts.connections[attempt.stream].last_s
    won = any(
        first_s - HAPPY_EYEBALLS_S <= up_s <= max(first_s, last_s) + HAPPY_EYEBALLS_S
        and (attempt.reason != "refused" or address != attempt.address)
        for up_s, address in winners[attempt.name, attempt.port]
    )
    return replace(attempt, outcome=Outcome.ABANDONED, reason="another was faster") if won else None
