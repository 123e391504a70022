"""Why a sender sent a segment again: what its timers and its rules let it do at that moment."""

from __future__ import annotations

from dataclasses import field

from analyzers.facts.tcp import RetransmissionKind
from captures.lazyclass import dataclass

Kind = RetransmissionKind

#: No timer fires sooner after the round trip than Linux's floor of 200 ms (TCP_RTO_MIN; RFC 6298
#: asks for 1 s), less what clocks and jiffies take off.
TIMER_S = 0.18

#: After a probe, the timer starts anew; after a timeout, it doubles (RFC 6298 section 5.5).
DOUBLING = 1.5

#: A sender that hears of a loss by the ACK of something else sends again at once: within this many
#: round trips after that left. A probe waits for two (RFC 8985 section 7.2).
AT_ONCE = 1.5

#: When the timer has had time to run out twice, a copy was lost before the capture.
TWICE = 2

#: Nothing is lost between a sender and a capture that are closer than this.
SAME_HOST_S = 0.001

#: How many retransmissions back one is looked for that was delivered before an older segment.
DELIVERED_REACH = 64


@dataclass(slots=True)
class Suspect:
    """One segment with old bytes as the rules read it; times in seconds."""

    half: int
    row: int
    time_s: float
    start: int
    stop: int
    length: int
    syn: bool
    fresh: bool
    """All its bytes are new."""
    fills: bool
    """It brings bytes into a hole."""
    since_s: float | None
    """Since the first copy, or since the hole became visible."""
    original_row: int
    order: int
    told: bool
    """The receiver told of a loss: duplicate ACKs, or SACK of later bytes."""
    arrived: bool
    """The receiver had it already: acknowledged, SACKed, or its original answered."""
    answers_original: bool
    """The sender itself could tell so, by the timestamp of the answer."""
    reported: bool
    """The receiver reported that it came twice (RFC 2883)."""
    tail: bool
    """Nothing above it was sent yet."""
    first_outstanding: bool
    quiet_s: float
    """Since the half's previous data."""
    mark: int
    acked: int
    rtt_s: float
    near_rtt_s: float
    probes: bool
    """Both sides may use SACK, without which there is no tail loss probe (RFC 8985)."""
    prompted: bool
    """It left when something reached the sender: no timer did that."""


@dataclass(slots=True)
class Sender:
    """What a half did so far."""

    sent: dict[int, float] = field(default_factory=dict)
    """When each position was last sent again."""
    repeats: list[tuple[float, int]] = field(default_factory=list)
    """When it sent something again, and up to where."""
    recovery_end: int = -1
    """Highest position sent when the timer ran out: until it is acknowledged, all that is sent
    again is sent because of it."""
    probed_end: int = -1
    """Highest position sent when it last probed: until more is acknowledged, it does not probe
    again."""

    def cause(self, item: Suspect, following_s: float | None) -> RetransmissionKind:
        """Return what made the sender send it again, and remember that it did.

        `following_s` is how much later it sends it once more.
        """
        kind = self._cause(item, following_s)
        if kind is Kind.TIMEOUT:
            self.probed_end = -1
            if not self._is_undone(item):
                self.recovery_end = max(self.recovery_end, item.mark)
        # What the receiver reports as needless ends the probe's episode.
        if kind is Kind.TAIL_PROBE and not item.reported:
            self.probed_end = item.mark
        return kind

    def note(self, item: Suspect) -> None:
        """Remember that the segment was sent."""
        if not item.syn:
            self.sent[item.start] = item.time_s
            self.repeats.append((item.time_s, item.stop))

    def _cause(self, item: Suspect, following_s: float | None) -> RetransmissionKind:
        last_s = self.sent.get(item.start)
        waited_s = item.time_s - last_s if last_s is not None else item.since_s
        if waited_s is None:
            return Kind.UNKNOWN
        if item.acked < self.recovery_end and item.start < self.recovery_end:
            return Kind.TIMEOUT
        ran_out = waited_s >= item.rtt_s + TIMER_S
        if item.told or self._later_was_delivered(item, waited_s):
            ran_out &= item.quiet_s >= TIMER_S and not item.prompted
            return Kind.TIMEOUT if ran_out else Kind.FAST
        first = last_s is None and not _may_follow_an_unseen_one(item, waited_s)
        if first and self._may_probe(item) and _is_probe(item, waited_s, following_s):
            return Kind.TAIL_PROBE
        return Kind.TIMEOUT if ran_out else Kind.UNKNOWN

    def _is_undone(self, item: Suspect) -> bool:
        """Tell whether the sender takes a timeout back: it learns that it was needless.

        The answer must be to the first copy (RFC 4015), or reports of duplicates as many as
        retransmissions (RFC 3708).
        """
        return item.start not in self.sent and (item.answers_original or item.reported)

    def _later_was_delivered(self, item: Suspect, waited_s: float) -> bool:
        """Tell whether something that was sent later is acknowledged: RACK (RFC 8985) asks no more.

        Only what is sent again can be delivered later and acknowledged without the segment. When
        an original that was not seen left, nobody knows: then the latest data must be such a one.
        """
        if item.fills and item.quiet_s > AT_ONCE * item.rtt_s:
            return False
        since_s = item.time_s - (item.quiet_s if item.fills else waited_s)
        for sent_s, stop in self.repeats[: -DELIVERED_REACH - 1 : -1]:
            if sent_s < since_s or (sent_s == since_s and not item.fills):
                return False
            if stop <= item.acked:
                return True
        return False

    def _may_probe(self, item: Suspect) -> bool:
        return item.tail and item.probes and item.acked > self.probed_end


def _may_follow_an_unseen_one(item: Suspect, waited_s: float) -> bool:
    timers_s = TWICE * (item.rtt_s + TIMER_S)
    return item.near_rtt_s > SAME_HOST_S and waited_s >= timers_s


def _is_probe(item: Suspect, waited_s: float, following_s: float | None) -> bool:
    """Tell a tail loss probe from a timeout: a timer resends the first segment outstanding.

    Where the last one is also the first, the probe comes when the timer would (RFC 8985 section
    7.2: an ACK of one segment may be delayed); but the next copy follows without doubling.
    """
    if item.fills or not item.first_outstanding:
        return True
    if waited_s < item.rtt_s + TIMER_S:
        return waited_s >= item.rtt_s
    return following_s is None or following_s < DOUBLING * waited_s
