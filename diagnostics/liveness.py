"""Whether the path of a silent connection was alive: what was asked after a moment, and who heard.

A server that stalls and a path that died look alike until the client asks: with a keep-alive, a
retransmission, the FIN at its end. The server's kernel answers at once, whatever its program
does.
"""

from __future__ import annotations

import numpy as np

from analyzers.facts import Connection, Side
from captures.lazyclass import dataclass
from diagnostics.tries import plural, seconds

MIN_ASKED = 2
"""Two questions in a row are lost by chance on a lossy path only."""
MIN_SPAN_S = 0.15
"""Between the first question and the last: timers ask again after 0.2 s (TCP_RTO_MIN) and more,
so that a probe and what was sent with it are not counted as two."""
MIN_SPAN_RTTS = 4.0
LONE_WAIT_S = 3.0
"""A single question must have waited this long (three initial timers, RFC 6298)."""
LONE_WAIT_RTTS = 10.0
TOO_SOON = 0.9
"""What comes sooner after a question than this share of a round trip answers an earlier one."""


@dataclass(frozen=True, slots=True)
class Liveness:
    """What the questions of a side prove about its path."""

    alive: bool | None
    """None: nothing was asked, or not for long enough."""
    frames: tuple[int, ...]
    """The questions, and the first answer after them."""
    text: str
    """The evidence as a clause to read."""


def path_alive_after(
    connection: Connection, time_s: float, until_s: float | None = None
) -> bool | None:
    """Whether the server's side heard what the client sent after a moment; None: not shown."""
    return liveness(connection, time_s, until_s).alive


def liveness(
    connection: Connection,
    time_s: float,
    until_s: float | None = None,
    side: Side = Side.CLIENT,
) -> Liveness:
    """What `side` asked after a moment, and whether its peer heard.

    `until_s` is how long was watched (the capture's end); by default to the connection's last
    packet.
    """
    talk = connection.half(side).dialogue
    after = talk.asked_s > time_s
    asked_s, asked = talk.asked_s[after], talk.asked_frames[after]
    if not len(asked_s):
        return Liveness(None, (), "nothing was asked of the other side")
    first_s, rtt_s = float(asked_s[0]), connection.min_rtt_s or 0.0
    heard = np.flatnonzero(talk.heard_s >= first_s + TOO_SOON * rtt_s)
    reset = next(
        (r for r in connection.resets if r.sender is not side and r.time_s > first_s), None
    )
    if len(heard):
        by_s, by = float(talk.heard_s[heard[0]]), int(talk.heard_frames[heard[0]])
        return Liveness(
            True,
            (int(asked[0]), by),
            f"what is sent is acknowledged {seconds(by_s - first_s)} later",
        )
    if reset is not None:
        return Liveness(True, (int(asked[0]), reset.frame), "what is sent is answered by a RST")
    span_s = float(asked_s[-1]) - first_s
    waited_s = max(connection.last_s, until_s or 0.0) - first_s
    repeated = len(asked) >= MIN_ASKED and span_s >= max(MIN_SPAN_S, MIN_SPAN_RTTS * rtt_s)
    dead = repeated or waited_s >= max(LONE_WAIT_S, LONE_WAIT_RTTS * rtt_s)
    text = f"{plural(len(asked), 'segment')} over {seconds(span_s)} stay without any answer"
    return Liveness(False if dead else None, tuple(asked.tolist()), text)
