"""Who ended a connection, and whether anybody did: answers from its two halves."""

from __future__ import annotations

from analyzers.facts import Connection, Reset, Side

ON_ITS_WAY_S = 0.1
"""From the client to a capture point elsewhere, when no round trip to the client was measured."""
CROSSING_S = 0.01
"""A segment may leave a host after it recorded a RST and before it has read it."""
STILL_OPEN_S = 1.0
"""What began less than this before the capture's end may simply not have ended yet."""


def reset_by_server_side(connection: Connection) -> bool:
    """A RST with the server's address came before either side had ended the connection in order.

    After its own FIN the server's closed socket resets whatever the client still says (its
    close_notify): nothing of the answer is lost by that.
    """
    own = connection.client_reset
    ended_s = [t for t in (connection.client.fin_s, own.time_s if own else None) if t is not None]
    return any(
        reset.sender is Side.SERVER
        and not _ignored(connection, reset)
        and (not ended_s or reset.time_s < min(ended_s))
        and (connection.server.fin_s is None or reset.time_s < connection.server.fin_s)
        for reset in connection.resets
    )


def _ignored(connection: Connection, reset: Reset) -> bool:
    """The client went on with data or a FIN: the RST was not in its window (RFC 5961), for a stack
    that takes one sends nothing but RSTs. What was under way when it passed does not count."""
    client, rtts_s = connection.client, connection.client_rtt.rtt_s
    on_its_way_s = max(2.0 * float(rtts_s.max()), CROSSING_S) if len(rtts_s) else ON_ITS_WAY_S
    spoke_s = [t for t in (client.last_data_s, client.fin_s) if t is not None]
    return bool(spoke_s) and max(spoke_s) > reset.time_s + on_its_way_s


def server_uncaptured(connection: Connection) -> bool:
    """The client acknowledges what the server sent, and the capture holds nothing of it: mirror
    ports and filters often copy one direction only."""
    heard = connection.syn_frame is not None and connection.established
    return not connection.server.packets and (heard or connection.server.unseen_acked_bytes > 0)


def server_broke_off(connection: Connection) -> bool:
    """The server's side ended the connection first, by RST or FIN."""
    return reset_by_server_side(connection) or ended_first(connection, Side.SERVER)


def ended_first(connection: Connection, side: Side) -> bool:
    """This side's FIN came first."""
    mine = connection.half(side).fin_s
    other = connection.half(Side.CLIENT if side is Side.SERVER else Side.SERVER).fin_s
    return mine is not None and (other is None or mine <= other)


def open_at_end(
    connection: Connection, since_s: float, last_s: float, within_s: float = STILL_OPEN_S
) -> bool:
    """Neither side ended it, and the capture stops too soon after to tell."""
    over = connection.client.fin_s is not None or connection.server.fin_s is not None
    return not over and not connection.resets and last_s - since_s < within_s
