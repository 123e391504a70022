"""Packets get lost on the way, more than a healthy path loses.

What it means
-------------
Segments vanish between this machine and the server. TCP repeats them, but each loss halves its
speed, and a lost first or last segment costs a timer of 0.2 s to several seconds.

Why it happens
--------------
Weak Wi-Fi, a bad cable or optic, a duplex mismatch, an overloaded link that others fill, a VPN over
a lossy line, an outage of some seconds.

How it is recognised
--------------------
At least four separate losses and 0.5 % of the segments (or one outage of 2 s in which three copies
died), that cost a second and a tenth of the download; from 2 % on a fifth of a short download is
enough. The cost is the time in which senders stood still for their timers, and the time by which
the transfer was slower than it would have been without loss, as far as such a loss rate explains
that (Mathis et al.). A silence in which the download ends is put down to loss where so many copies
in a row may well have been lost. Late segments that others overtook, copies that were not needed,
and bytes that the capture itself lost are not counted; nor is what a full queue drops that this
download filled itself.

Fix
---
Find the lossy link; loss that begins at one hop and lasts to the end begins there.

References
----------
Mathis, Semke, Mahdavi, Ott: "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm",
CCR 1997; RFC 6298; RFC 8985.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import log2

from analyzers.facts import Attempt, Connection, Facts, LossSide, Outcome, Side, Silence, Stage
from diagnostics.hops import Fault, narrowed
from diagnostics.localize import end_of
from diagnostics.losscost import cost_s
from diagnostics.losses import FIRST_TIMER_S, Losses, losses, other_side, queue_drops, unseen
from diagnostics.report.escape import shell_word
from diagnostics.tries import indices, names, plural, seconds
from diagnostics.verdict import Evidence, Finding, Fix

EXPLAINS = (
    "path.jitter",
    "path.reordering",
    "dns.lossy",
    "http.stalled_body",
    "tcp.syn_timeout",
    "tcp.blackhole",
    "tls.client_hello_dropped",
    "tls.handshake_timeout",
    "tls.slow_handshake",
    "tls.sni_blocked",
)

MIN_EPISODES = 4
"""Fewer may be one bad moment."""
MIN_SHARE = 0.005
"""Of the segments; wired paths lose less than one in a thousand, and TCP does not mind."""
MIN_COST_S = 1.0
MIN_COST_SHARE = 0.1
"""Of the download's time: less is not noticed."""
PLAIN_SHARE = 0.02
PLAIN_COST_S = 0.3
PLAIN_COST_SHARE = 0.2
"""No healthy path loses so many: then a fifth of a short download is noticed too."""
OUTAGE_S = 2.0
OUTAGE_COPIES = 3
"""One burst that swallowed so many copies of what was sent, and then ended."""
HEAVY_SHARE = 0.1
"""From here on whole handshakes fail: three copies of a segment die in one of a thousand."""
STUCK_S = 5.0
PLAUSIBLE = 1e-3
"""Expected number of such series of losses: fewer, and the silence has another cause."""
SHOWN_FRAMES = 20


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per server on the way to which segments get lost."""
    for found in losses(facts):
        cost = cost_s(facts, found)
        # A full queue drops some of what comes, and goes on to hand out the rest.
        outage = found.unseen_in >= OUTAGE_COPIES
        if not _is_lossy(facts, found, cost) or (queue_drops(found) and not outage):
            continue
        lossy = {c.stream for c in found.connections if _hit(c, found.side) and _by_loss(found, c)}
        attempts = _held_up(facts, found, lossy)
        stuck = any(_ends_stuck_s(c) for c in found.connections if c.stream in lossy)
        yield Finding(
            hop=narrowed(facts, end_of(found.connections, found.side), Fault.LOSS),
            summary=f"{_shares(found)} {_whom(found, attempts)} get lost on the way.",
            evidence=(_evidence(found),),
            fix=_fix(_far_end(found)),
            confidence=0.9,
            impact_s=cost,
            attempts=indices(attempts),
            streams=frozenset(lossy),
            fatal=stuck,
            stage=Stage.CONNECT if stuck else _first_failed(attempts),
        )


def _is_lossy(facts: Facts, found: Losses, cost: float) -> bool:
    duration_s = facts.capture.duration_s
    many = found.episodes() >= MIN_EPISODES
    if many and found.share >= PLAIN_SHARE:
        return cost >= min(MIN_COST_S, max(PLAIN_COST_S, PLAIN_COST_SHARE * duration_s))
    if cost < max(MIN_COST_S, MIN_COST_SHARE * duration_s):
        return False
    if many and found.share >= MIN_SHARE:
        return True
    waited = found.waits_s()
    longest_s = max((end_s - start_s for start_s, end_s in waited), default=0.0)
    return (
        longest_s >= OUTAGE_S
        and found.count + found.unseen_in >= OUTAGE_COPIES
        and _went_on(found, waited)
    )


def _went_on(found: Losses, waited: list[tuple[float, float]]) -> bool:
    """Data moved again after the last wait: it was an outage, not the end."""
    end_s = max(end_s for _, end_s in waited)
    return any((c.server.last_data_s or 0.0) > end_s for c in found.connections)


def _far_end(found: Losses) -> str:
    """Its address; of several clients, the first one's."""
    return found.connections[0].half(found.side).address


def _whom(found: Losses, attempts: Sequence[Attempt]) -> str:
    if found.side is Side.CLIENT:
        return f"the client {_far_end(found)}"
    return names(attempts) or found.address


def _hit(connection: Connection, side: Side) -> bool:
    """It lost something that `Losses` counts."""
    theirs, others = connection.half(side), connection.half(other_side(side))
    return (
        bool(unseen(connection, side))
        or any(r.loss is LossSide.BEFORE_CAPTURE for r in theirs.retransmissions)
        or any(r.loss is LossSide.AFTER_CAPTURE for r in others.retransmissions)
    )


def _by_loss(found: Losses, connection: Connection) -> bool:
    """Losses explain the silence in which a connection ended, if it ended in one.

    Timers that double are silent for so long only when copy after copy is lost.
    """
    stuck_s = _ends_stuck_s(connection)
    if not stuck_s:
        return True
    copies = 1.0 + log2(stuck_s / FIRST_TIMER_S)
    share = max(found.share_in, found.share_out, found.share)
    expected: float = share**copies * (found.sent_in + found.sent_out)
    return expected >= PLAUSIBLE


def _ends_stuck_s(connection: Connection) -> float:
    """How long nothing moved before the end; 0 where that is nothing to wonder about."""
    last = connection.silences[-1] if connection.silences else None
    if last is None or last.end_s < max(connection.server.last_data_s or 0.0, STUCK_S):
        return 0.0
    length_s = last.end_s - last.start_s
    return length_s if length_s >= STUCK_S else 0.0


def _held_up(facts: Facts, found: Losses, lossy: set[int]) -> list[Attempt]:
    """Attempts on connections with losses; failed ones only where losses are many."""
    heavy = max(found.share_in, found.share_out, found.share) >= HEAVY_SHARE
    return [a for a in facts.attempts if a.stream in lossy and (heavy or not _failed(a))]


def _first_failed(attempts: Iterable[Attempt]) -> Stage:
    return min((a.stage for a in attempts if _failed(a)), default=Stage.RESPONSE)


def _failed(attempt: Attempt) -> bool:
    return attempt.outcome is Outcome.FAILED


def _shares(found: Losses) -> str:
    """How many get lost: each way by itself, for one may lose far more than the other."""
    from_it, to_it = f"{100 * found.share_in:.1f} %", f"{100 * found.share_out:.1f} %"
    if len(found.lost_in) and len(found.lost_out) and found.share_out > 0.3 * found.share_in:
        return f"{from_it} of the segments from and {to_it} of those to"
    if found.unseen_in and not found.count:
        return "Segments from"
    if len(found.lost_in) >= len(found.lost_out):
        return f"{from_it} of the segments from"
    return f"{to_it} of the segments to"


def _evidence(found: Losses) -> Evidence:
    frames = sorted(r.frame for r in (*found.lost_in, *found.lost_out))[:SHOWN_FRAMES]
    told = []
    if found.count:
        told.append(
            f"{len(found.lost_in)} of {plural(found.sent_in, 'segment')} from {_far_end(found)} "
            f"and {len(found.lost_out)} of {found.sent_out} to it were lost, in "
            f"{plural(found.episodes(), 'separate event')}"
        )
    if found.unseen_in:
        told.append(_unseen_words(found))
        frames += [f for s in _outages(found) for f in (s.after_frame, s.before_frame) if f]
    told.append(f"senders stood still for {seconds(found.stalled_s())}")
    return Evidence("; ".join(told), tuple(sorted(set(frames))))


def _outages(found: Losses) -> list[Silence]:
    """Silences whose losses left no hole."""
    streams = [c for c in found.connections if unseen(c, found.side)]
    return [s for c in streams for s in c.silences if s.cause == "loss" and s.before is found.side]


def _unseen_words(found: Losses) -> str:
    counted = sum(s.lost_packets or 0 for s in _outages(found))
    if counted:
        return (
            f"{plural(counted, 'packet')} that {_far_end(found)} sent in a silence, by its own "
            "count (IP identification), never came"
        )
    if not any(s.starts_slowly for s in _outages(found)):
        return f"answers of {_far_end(found)} to repeated SYNs never came"
    return (
        f"after a silence {_far_end(found)} begins again with one segment and waits for its ACK, "
        "as after a time-out: what it had sent was lost"
    )


def _fix(address: str) -> tuple[Fix, ...]:
    return (
        Fix(
            "Find the hop from which on packets get lost (loss that later hops do not share is "
            "only a router that answers reluctantly).",
            f"mtr -rwzbc 100 {shell_word(address)}",
        ),
        Fix("If it is the first hop: use a cable instead of Wi-Fi, or move nearer to it."),
        Fix(
            "Spread the download over several connections: a loss then slows only one of them.",
            "GODEBUG=http2client=0 go mod download",
        ),
    )
