"""Zeek's summary of a TCP connection: conn_state and history, from its notable segments.

After Zeek's TCPSessionAdapter.cc and base/protocols/conn/main.zeek, with our client as Zeek's
originator. https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.grouping import firsts
from analyzers.segments import Segments
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Int64 = npt.NDArray[np.int64]

CONTROL = SYN | FIN | RST

#: Letters that repeat are written for the 1st, 10th, 100th … time.
SCALE = 10
_POWERS = SCALE ** np.arange(19)


class State(IntEnum):
    """An endpoint's state; Zeek's names."""

    INACTIVE = 0
    SYN_SENT = 1
    SYN_ACK_SENT = 2
    PARTIAL = 3
    ESTABLISHED = 4
    CLOSED = 5
    RESET = 6


Event = tuple[int, int, str, int, int, int]
"""Row, rank within the row, letter ("" to be told from flags), half, flags, payload length."""


def summaries(
    table: PacketTable, seen: Segments, arrived: Arrivals, gaps: dict[int, int]
) -> list[tuple[str, str]]:
    """Return (conn_state, history) of each stream of the batch.

    `gaps` has, by half, the row that acknowledges bytes the capture never saw.
    """
    events: list[list[Event]] = [[] for _ in range(seen.halves // 2)]
    for half, row, flags, length in _notable(seen):
        events[half >> 1].append((row, 0, "", half, flags, length))
    for letter, places in _repeating(table, seen, arrived):
        for half, row in zip(seen.half[places].tolist(), seen.rows[places].tolist(), strict=True):
            events[half >> 1].append((row, 1, letter, half, 0, 0))
    for half, row in gaps.items():
        events[half >> 1].append((row, 2, "G", half, 0, 0))
    return [_summary(sorted(stream)) for stream in events]


def _notable(seen: Segments) -> Iterable[tuple[int, int, int, int]]:
    """Return segments with control flags, and each half's first data and first bare ACK."""
    plain = (seen.flags & CONTROL) == 0
    chosen = [np.flatnonzero(~plain)]
    for kind in (seen.length > 0, (seen.length == 0) & ((seen.flags & ACK) != 0)):
        places = np.flatnonzero(plain & kind)
        first = firsts(seen.half[places], places, seen.halves)
        chosen.append(first[first >= 0])
    places = np.concatenate(chosen)
    columns = (seen.half, seen.rows, seen.flags, seen.length)
    return zip(*(c[places].tolist() for c in columns), strict=True)


def _repeating(
    table: PacketTable, seen: Segments, arrived: Arrivals
) -> Iterable[tuple[str, Int64]]:
    """Return retransmissions (T) and zero windows (W) that are the 1st, 10th, 100th … of a half."""
    sent = (seen.length > 0) & ((seen.flags & RST) == 0) & (seen.stop <= arrived.before)
    shut = (table.window[seen.rows] == 0) & ((seen.flags & RST) == 0)
    for letter, kind in (("T", sent), ("W", shut)):
        places = np.flatnonzero(kind)
        start = Segments.firsts(seen.half[places])
        lengths = np.diff(np.append(start, len(places)))
        count = np.arange(len(places)) - np.repeat(start, lengths) + 1
        yield letter, places[_POWERS[np.searchsorted(_POWERS, count)] == count]


def _summary(events: list[Event]) -> tuple[str, str]:
    """Return conn_state and history of one stream."""
    history: list[str] = []
    ends = _Endpoints()
    empty = True
    for _, _, told, half, flags, length in events:
        side = half & 1
        letter = told or _letter(flags, length)
        # Windows stop mattering once the peer will send no more.
        if letter == "W" and ends.state[1 - side] is State.CLOSED:
            continue
        shown = letter.lower() if side else letter
        if told or shown not in history:
            history.append(shown)
        if not told:
            ends.move(side, flags, length)
            empty &= length == 0 or bool(flags & RST)
    return _conn_state(ends.state, empty), "".join(history)


def _letter(flags: int, length: int) -> str:
    """Return the history letter of one segment."""
    bits = flags & CONTROL
    if bits & (bits - 1):
        return "I" if bits & FIN and bits & RST else "Q"
    if bits:
        return {SYN: "H" if flags & ACK else "S", FIN: "F", RST: "R"}[bits]
    if length:
        return "D"
    return "A" if flags & ACK else ""


class _Endpoints:
    """The states of both ends: originator (0) and responder (1)."""

    def __init__(self) -> None:
        self.state = [State.INACTIVE, State.INACTIVE]
        self._previous = [State.INACTIVE, State.INACTIVE]

    def _go(self, side: int, to: State) -> None:
        self._previous[side], self.state[side] = self.state[side], to

    def move(self, side: int, flags: int, length: int) -> None:
        """Move the end that sent a segment, and where it follows, its peer."""
        now, peer = self.state[side], 1 - side
        if now is State.INACTIVE:
            self._wake(side, flags, length)
        elif now is State.CLOSED:
            if flags & RST and self.state[peer] is not State.CLOSED:
                self._go(side, State.RESET)
        elif now is not State.RESET:
            if flags & FIN and not flags & RST:
                self._go(side, State.CLOSED)
                # A FIN and then a RST of the peer was a normal end, now that this side ends too.
                if self.state[peer] is State.RESET and self._previous[peer] is State.CLOSED:
                    self._go(peer, State.CLOSED)
            if flags & RST:
                self._go(side, State.RESET)

    def _wake(self, side: int, flags: int, length: int) -> None:
        """Move an end by its first segment."""
        peer = 1 - side
        if flags & SYN and side == 0:
            self._go(side, State.SYN_ACK_SENT if flags & ACK else State.SYN_SENT)
        elif flags & SYN:
            if self.state[peer] is State.SYN_SENT:
                self._go(peer, State.ESTABLISHED)
            self._go(side, State.ESTABLISHED)
        if flags & FIN:
            self._go(side, State.CLOSED)
        if flags & RST:
            self._go(side, State.RESET)
        if self.state[side] is not State.INACTIVE:
            return
        if side == 1 and not length and self.state[peer] is State.SYN_SENT:
            return
        joins = flags & ACK and self.state[peer] is State.ESTABLISHED
        self._go(side, State.ESTABLISHED if joins else State.PARTIAL)


def _conn_state(state: list[State], empty: bool) -> str:
    """Return conn_state as base/protocols/conn/main.zeek tells it from both endpoints."""
    client, server = state
    client_idle = client in (State.INACTIVE, State.PARTIAL)
    server_idle = server in (State.INACTIVE, State.PARTIAL)
    if server is State.RESET:
        refused = client in (State.SYN_SENT, State.SYN_ACK_SENT)
        if refused or (client is State.RESET and empty):
            return "REJ"
        return "RSTRH" if client_idle else "RSTR"
    if client is State.RESET:
        return "RSTOS0" if server_idle else "RSTO"
    if client is State.CLOSED and server is State.CLOSED:
        return "SF"
    if client is State.CLOSED:
        return "SH" if server_idle else "S2"
    if server is State.CLOSED:
        return "SHR" if client_idle else "S3"
    if client is State.SYN_SENT and server is State.INACTIVE:
        return "S0"
    return "S1" if client is server is State.ESTABLISHED else "OTH"
