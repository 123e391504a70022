"""Where on the path loss, delay or its variation begins: by probes where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from analyzers.facts import Facts
from analyzers.facts import Hop as Probed
from diagnostics.localize import path_hop
from diagnostics.verdict import Hop, Role

MIN_PROBES = 5
"""Fewer probes of a hop say nothing about loss."""
MIN_LOSS = 0.02
MIN_RISE_S = 0.03
"""A step this large in the round trip is no queue of a healthy router."""
MIN_SPREAD_S = 0.03


class Fault(StrEnum):
    """What probes can locate."""

    LOSS = "loss"
    DELAY = "delay"
    JITTER = "jitter"


def narrowed(facts: Facts, address: str | None, fault: Fault) -> Hop:
    """The link on which a fault of the path to an address begins, else the whole way."""
    whole = path_hop(facts, address)
    walk = _walk(facts, address)
    begins = _begins(walk, fault)
    if begins is None:
        return whole
    before, after = begins
    return Hop(Role.PATH, None, None, (before, after))


def _walk(facts: Facts, address: str | None) -> list[Probed]:
    """Hops that probes to the address met, one per distance, up to the address itself."""
    best: dict[int, Probed] = {}
    for hop in facts.hops:
        known = best.get(hop.distance)
        if hop.destination == address and (known is None or hop.answered > known.answered):
            best[hop.distance] = hop
    walk = [best[d] for d in sorted(best)]
    return walk if walk and walk[-1].reached else []


def lasting_loss(facts: Facts, hop: Probed) -> float | None:
    """Share of the probes to a hop that were lost on the way, 0 to 1; None when it cannot be told.

    What later hops do not lose was not lost on the way: the router reports expired packets only so
    often. Behind the last hop of a walk that did not arrive there is nothing to compare with.
    """
    walk = [h for h in facts.hops if _same_walk(h, hop) and h.distance >= hop.distance and h.sent]
    answering = [h for h in walk if h.answered]
    if not answering:
        return None
    least = min(1.0 - h.answered / h.sent for h in answering)
    if least and not any(h.reached for h in walk) and answering[-1].distance == hop.distance:
        return None
    return least


def _same_walk(one: Probed, other: Probed) -> bool:
    return (one.destination, one.protocol) == (other.destination, other.protocol)


def _begins(walk: Sequence[Probed], fault: Fault) -> tuple[int, int] | None:
    """The last hop without the fault and the first from which on every hop shows it."""
    answering = [h for h in walk if h.answered]
    shows = [_shows(h, answering[0] if answering else None, walk[-1], fault) for h in answering]
    if not shows or not shows[-1] or all(s is None for s in shows):
        return None
    first = len(shows) - 1
    while first > 0 and shows[first - 1]:
        first -= 1
    before = answering[first - 1].distance if first else 0
    return before, answering[first].distance


def _shows(hop: Probed, nearest: Probed | None, last: Probed, fault: Fault) -> bool | None:
    """Whether a hop shows the fault as the last one does; None: it cannot be told."""
    if fault is Fault.LOSS:
        lost = 1.0 - last.answered / last.sent
        if last.sent < MIN_PROBES or lost < MIN_LOSS:
            return None
        return hop.sent >= MIN_PROBES and 1.0 - hop.answered / hop.sent >= lost / 2.0
    value = _delay if fault is Fault.DELAY else _spread
    least = MIN_RISE_S if fault is Fault.DELAY else MIN_SPREAD_S
    floor, top = (value(nearest) if nearest is not None else 0.0), value(last)
    floor = min(floor, top)
    if top < least:
        return None
    return value(hop) >= (floor if nearest is not hop else 0.0) + 0.5 * (top - floor) and (
        value(hop) >= least
    )


def _delay(hop: Probed) -> float:
    # Here: few captures have probes, and it brings fractions and decimals along.
    from statistics import median

    return median(hop.rtts_s) if hop.rtts_s else 0.0


def _spread(hop: Probed) -> float:
    return max(hop.rtts_s) - min(hop.rtts_s) if len(hop.rtts_s) >= MIN_PROBES else 0.0
