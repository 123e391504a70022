"""One matched connection in, what became of its packets between the points out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzers.facts.vantage import Change, Forged, Tie, Transit, Way
from analyzers.segments import NOWHERE
from analyzers.vantage.alignment import Alignment
from analyzers.vantage.carried import Carried, carried
from analyzers.vantage.crossings import crossings
from analyzers.vantage.prints import WIDTH, prints
from analyzers.vantage.ties import Tied, common_once
from analyzers.vantage.views import CLIENT, SERVER, Sent, View
from captures.lazyclass import dataclass
from captures.packets import FIN, RST

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Leg:
    """One half of a matched connection, at the point before and at the point behind."""

    way: Way
    tied: Tied
    up: View
    down: View
    sent: Sent
    came: Sent
    up_acks: Sent
    """The other half, at the point before."""
    down_acks: Sent

    @property
    def complete(self) -> bool:
        """The capture at the point before shows no sign of having lost packets, here or elsewhere:
        one that misses data misses resets as well."""
        lost = self.up.facts.capture
        return not (lost.dropped or lost.unseen_acked_bytes)


def legs(near: View, far: View, tied: Tied) -> tuple[Leg, Leg]:
    """Both ways of a connection; what the client sends passes the near point first."""
    ours, theirs = tied.one, tied.other
    out = Leg(Way.OUT, tied, near, far, ours[CLIENT], theirs[CLIENT], ours[SERVER], theirs[SERVER])
    back = Leg(
        Way.BACK, tied, far, near, theirs[SERVER], ours[SERVER], theirs[CLIENT], ours[CLIENT]
    )
    return out, back


def transit(leg: Leg, lie: Alignment) -> tuple[Transit | None, tuple[Forged, ...]]:
    """What was lost, late or added on one way of a connection between the points."""
    if leg.tied.tie is Tie.TERMINATED:
        return None, ()
    came_ns = lie.arrival_ns(leg.way, leg.came.time_ns)
    borders = lie.arrival_ns(leg.way, np.array([leg.down.first_ns, leg.down.last_ns]))
    counted = (leg.sent.time_ns >= borders[0]) & (leg.sent.time_ns <= borders[1] - lie.slack_ns)
    passed = carried(
        leg.sent,
        leg.came,
        came_ns,
        int(leg.down_acks.ack.max(initial=0)),
        int(leg.up_acks.ack.max(initial=0)),
        counted,
    )
    if passed is None:
        return None, ()
    side = CLIENT if leg.way is Way.OUT else SERVER
    near_view, far_view = (leg.up, leg.down) if leg.way is Way.OUT else (leg.down, leg.up)
    at_near, at_far = crossings(near_view, far_view, leg.tied, side)
    near_ns = leg.tied.one[side].time_ns[at_near]
    delays_s = lie.delays_s(near_ns, leg.tied.other[side].time_ns[at_far], leg.way)
    order = np.argsort(near_ns, kind="stable")
    longest = int(leg.sent.length.max(initial=0))
    visible = came_ns >= leg.up.first_ns + lie.slack_ns
    visible &= came_ns <= leg.up.last_ns - lie.slack_ns
    made = Transit(
        sent_bytes=passed.sent_bytes,
        sent_frames=len(passed.sent),
        lost_bytes=passed.lost_bytes,
        lost_frames=tuple((leg.sent.rows[passed.lost] + 1).tolist()),
        lost_last=_lost_last(leg.sent, passed),
        lost_full_sized=int(np.count_nonzero(leg.sent.length[passed.lost] == longest)),
        unseen_bytes=passed.unseen_bytes,
        multiplied_bytes=passed.multiplied_bytes,
        delays_s=delays_s[order],
    )
    appeared = passed.appeared[visible[passed.appeared]]
    ends = _ends(leg, visible)
    if not leg.complete:
        return made, tuple(ends)
    return made, (*_resets(leg, visible), *ends, *_data(leg, appeared, came_ns))


def _lost_last(sent: Sent, passed: Carried) -> int:
    """How many segments were lost since the last one that came out."""
    order = passed.sent[np.argsort(sent.time_ns[passed.sent], kind="stable")]
    arrived = np.flatnonzero(~np.isin(order, passed.lost))
    return len(order) - (int(arrived[-1]) + 1 if len(arrived) else 0)


def _resets(leg: Leg, visible: Bools) -> Iterator[Forged]:
    """Resets that came out and never went in."""
    sent = Counter(_reset_positions(leg.up, leg.sent).values())
    came = _reset_positions(leg.down, leg.came)
    spare = sum(sent.values()) - sum((sent & Counter(came.values())).values())
    for place, position in came.items():
        if not visible[place]:
            continue
        if sent[position]:
            sent[position] -= 1
        elif spare:
            # Firewalls that renumber connections sometimes forget to renumber their resets.
            spare -= 1
        else:
            yield _forged(leg, "reset", int(leg.came.rows[place]))


def _reset_positions(view: View, half: Sent) -> dict[int, int]:
    """Where each reset stands in its half, by its place."""
    places = np.flatnonzero(half.flags & RST)
    numbers = view.capture.table.seq[half.rows[places]].astype(np.int64)
    return dict(zip(places.tolist(), ((numbers - half.base) & 0xFFFFFFFF).tolist(), strict=True))


def _ends(leg: Leg, visible: Bools) -> Iterator[Forged]:
    """FINs that came out where none went in; a sender that goes on past it was not missed."""
    sent = leg.sent.stop[(leg.sent.flags & FIN) != 0]
    came = np.flatnonzero((leg.came.flags & (FIN | RST)) == FIN)
    reach = int(leg.sent.stop.max(initial=NOWHERE))
    for place in came[~np.isin(leg.came.stop[came], sent) & visible[came]].tolist():
        if leg.complete or reach > leg.came.stop[place]:
            yield _forged(leg, "fin", int(leg.came.rows[place]))


def _data(leg: Leg, appeared: npt.NDArray[np.intp], came_ns: Int64) -> Iterator[Forged]:
    """Data that came out although its sender shows later that it had not sent so much yet."""
    for place in appeared[leg.came.length[appeared] > 0].tolist():
        later = (leg.sent.time_ns >= came_ns[place]) & (leg.sent.stop > NOWHERE)
        if later.any() and leg.sent.stop[later].max() <= leg.came.start[place]:
            yield _forged(leg, "data", int(leg.came.rows[place]))


def _forged(leg: Leg, kind: str, row: int) -> Forged:
    stream = leg.tied.match.one if leg.way is Way.BACK else leg.tied.match.other
    return Forged(kind, leg.way, row + 1, stream, int(leg.down.capture.table.ttl[row]))


def rewritten(leg: Leg) -> Iterator[Change]:
    """The first segment whose payload differs between the points."""
    if leg.tied.tie is Tie.TERMINATED:
        return
    keys = [
        np.where((s.start > NOWHERE) & (s.length > 0), s.start << 20 | s.length, -1)
        for s in (leg.sent, leg.came)
    ]
    at_up, at_down = common_once(*keys)
    up_rows, down_rows = leg.sent.rows[at_up], leg.came.rows[at_down]
    whole = _holds(leg.up, up_rows) & _holds(leg.down, down_rows)
    up_rows, down_rows = up_rows[whole], down_rows[whole]
    other = np.flatnonzero(prints(leg.up.capture, up_rows) != prints(leg.down.capture, down_rows))
    if not len(other):
        return
    rows = int(up_rows[other[0]]), int(down_rows[other[0]])
    frames = (rows[0] + 1, rows[1] + 1) if leg.way is Way.OUT else (rows[1] + 1, rows[0] + 1)
    before = leg.up.capture.payload(rows[0])[:WIDTH].hex()
    after = leg.down.capture.payload(rows[1])[:WIDTH].hex()
    yield Change("payload", leg.way, before, after, leg.tied.match.one, *frames)


def _holds(view: View, rows: Int64) -> Bools:
    enough: Bools = view.capture.table.payload_captured[rows] >= WIDTH
    return enough
