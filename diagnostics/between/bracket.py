"""A finding and its place in, the finding with its hop bracketed by the two points out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from analyzers.facts import Facts
from analyzers.facts.vantage import Comparison, Pair, Transit
from diagnostics.between.place import Where
from diagnostics.tries import plural
from diagnostics.verdict import Distance, Evidence, Finding, Hop, Role

ON_THE_WAY = frozenset((Role.PATH, Role.GATEWAY, Role.MIDDLEBOX, Role.TRANSIT))
BY_DESIGN = frozenset(
    ("tcp.reset_injected", "tls.sni_blocked", "tls.client_hello_rejected", "tls.intercepted")
)
"""Causes that only a device makes."""
SURE = 0.97
"""Both ends of the segment were watched."""
SHOWN_FRAMES = 20


def bracketed(facts: Facts, comparison: Comparison, finding: Finding, where: Where) -> Finding:
    """The finding with its hop narrowed, and what shows it."""
    hop = finding.hop
    if where is Where.BETWEEN:
        hop = _between(comparison, finding)
    elif where is Where.BEYOND:
        hop = _beyond(comparison, hop)
    elif hop.role in ON_THE_WAY:
        hop = Hop(Role.PATH, None, None, None)
    return replace(
        finding,
        hop=hop,
        summary=f"{finding.summary} {_words(comparison, where)}",
        evidence=(
            *finding.evidence[:1],
            *_evidence(comparison, finding, where),
            *finding.evidence[1:],
        ),
        confidence=max(finding.confidence, SURE) if where is Where.BETWEEN else finding.confidence,
    )


def _between(comparison: Comparison, finding: Finding) -> Hop:
    """From the near point to the far one: the last router between and the link behind it."""
    hop, hops = finding.hop, comparison.hops
    interval = None if hops is None else (0, hops + 1)
    role = hop.role if hop.role in ON_THE_WAY else Role.PATH
    if finding.cause in BY_DESIGN:
        role = Role.MIDDLEBOX
    inside = _common(hop.distance, interval) if hop.role in ON_THE_WAY else interval
    if inside is None:
        return Hop(role, None, None, interval)
    return Hop(role, hop.address if hop.role is role else None, None, inside)


def _beyond(comparison: Comparison, hop: Hop) -> Hop:
    """Not before the far point; hosts that showed themselves stay what they are."""
    if comparison.hops is None or hop.role not in ON_THE_WAY or hop.distance is None:
        return hop
    inside = _common(hop.distance, (comparison.hops, max(hop.distance[1], comparison.hops)))
    return hop if inside is None else replace(hop, distance=inside)


def _common(one: Distance | None, other: Distance | None) -> Distance | None:
    """Where two intervals meet; the one that is known when the other is not."""
    if one is None or other is None:
        return one or other
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None


def names(comparison: Comparison) -> tuple[str, str]:
    """What to call the near and the far capture: as little of their paths as tells them apart."""
    parts = [PurePath(name).parts for name in (comparison.near_file, comparison.far_file)]
    for length in range(1, max(map(len, parts), default=1)):
        near, far = ("/".join(part[-length:]) for part in parts)
        if near != far:
            return near, far
    return comparison.near_file, comparison.far_file


def _words(comparison: Comparison, where: Where) -> str:
    near, far = names(comparison)
    if where is Where.BETWEEN:
        return f"It happens between {near} and {far}."
    if where is Where.BEYOND:
        return f"It happens behind {far}, not before."
    return f"It happens on the client's side of {near}."


def _evidence(comparison: Comparison, finding: Finding, where: Where) -> Iterator[Evidence]:
    """What was counted between the points; frames are those of the near file."""
    pairs = [p for p in comparison.pairs if p.near in finding.streams]
    if where is Where.BETWEEN:
        yield from _made_up(comparison, finding)
        vanished = [s for s in comparison.vanished if s in finding.streams]
        if vanished:
            text = f"{plural(len(vanished), 'connection')} never came past {names(comparison)[1]}"
            yield Evidence(text, (), vanished[0] if len(vanished) == 1 else None)
    if pairs:
        yield _counted(comparison, pairs)


def _made_up(comparison: Comparison, finding: Finding) -> Iterator[Evidence]:
    """Packets that came out at the near point and never went in at the far one."""
    frames = {f for piece in finding.evidence for f in piece.frames}
    mine = [
        f
        for f in comparison.forged
        if f.way == "back" and (f.stream in finding.streams or f.frame in frames)
    ]
    if mine:
        kinds = ", ".join(sorted({f.kind for f in mine}))
        near, far = names(comparison)
        yield Evidence(
            f"{plural(len(mine), 'packet')} ({kinds}) at {near} that never passed {far}, "
            f"IP TTL {mine[0].ttl}",
            tuple(f.frame for f in mine[:SHOWN_FRAMES]),
        )


def _counted(comparison: Comparison, pairs: Sequence[Pair]) -> Evidence:
    out = [p.out for p in pairs if p.out is not None]
    back = [p.back for p in pairs if p.back is not None]
    lost = tuple(f for t in out for f in t.lost_frames)
    near, far = names(comparison)
    text = (
        f"of {plural(_frames(out), 'segment')} that passed {near} outwards {len(lost)} never came "
        f"past {far}; of {_frames(back)} that passed {far} inwards {_lost(back)} never came past "
        f"{near}"
    )
    return Evidence(text, lost[:SHOWN_FRAMES])


def _frames(transits: Sequence[Transit]) -> int:
    return sum(t.sent_frames for t in transits)


def _lost(transits: Sequence[Transit]) -> int:
    return sum(len(t.lost_frames) for t in transits)
