"""Find the frame that an ICMP error answers: quotes in, rows of the packet table out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analyzers.quotes import TCP, Quote
from captures.packets import LATER_FRAGMENT, Capture

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: Packets of a flow that are looked through, latest first. An error comes within a round trip
#: or two; this many full segments are a round trip of 190 ms at 1 Gb/s.
LOOKBACK = 16_384
#: Echo requests whose payload is compared; traceroute and mtr have a few dozen under way.
ECHO_LOOKBACK = 256


class QuotedFlows:
    """The packets of all flows that are quoted somewhere in one capture, by flow."""

    def __init__(self, capture: Capture, quotes: Sequence[Quote]) -> None:
        table = capture.table
        self._capture = capture
        self._number = _numbers(capture, quotes)
        pairs = {self._pair(quote) for quote in quotes} - {None}
        self._pairs = np.array(sorted(p for p in pairs if p is not None), dtype=np.int64)
        rows = self._rows_of_pairs()
        key = np.searchsorted(self._pairs, _pair_keys(capture, rows)) << 40
        key |= table.protocol[rows].astype(np.int64) << 32
        key |= table.source_port[rows].astype(np.int64) << 16
        key |= table.destination_port[rows].astype(np.int64)
        order = np.argsort(key, kind="stable")
        self._rows: Int64 = rows[order]
        self._keys: Int64 = key[order]

    def row_of(self, quote: Quote, row: int) -> int | None:
        """The row of the quoted packet, the latest before the error at `row`."""
        flow = self.rows_before(quote, row)
        if not len(flow):
            return None
        if quote.protocol == TCP:
            return self._segment(quote, flow)
        if quote.echo:
            return self._echo(quote, flow)
        return self._datagram(quote, flow)

    def rows_before(self, quote: Quote, row: int) -> Int64:
        """The latest rows before `row`, in file order, of the quoted packet's flow."""
        pair = self._pair(quote)
        if pair is None:
            return self._rows[:0]
        key = int(np.searchsorted(self._pairs, pair)) << 40 | quote.protocol << 32
        key |= (quote.source_port or 0) << 16 | (quote.destination_port or 0)
        first = int(np.searchsorted(self._keys, key, side="left"))
        last = int(np.searchsorted(self._keys, key, side="right"))
        last = first + int(np.searchsorted(self._rows[first:last], row))
        return self._rows[max(first, last - LOOKBACK) : last]

    def _rows_of_pairs(self) -> Int64:
        table = self._capture.table
        # One column more than there are addresses: index -1, "no address", is never quoted.
        quoted = np.zeros((2, len(table.addresses) + 1), dtype=np.bool_)
        quoted[0, self._pairs >> 32] = True
        quoted[1, self._pairs & 0xFFFFFFFF] = True
        rows: Int64 = np.flatnonzero(quoted[0][table.source] & quoted[1][table.destination])
        rows = rows[(table.fragment[rows] & LATER_FRAGMENT) == 0]
        quoted_pair: Bools = np.isin(_pair_keys(self._capture, rows), self._pairs)
        return rows[quoted_pair]

    def _pair(self, quote: Quote) -> int | None:
        """Source and destination as one number; None when the capture does not have them."""
        source = self._number.get(quote.source)
        destination = self._number.get(quote.destination)
        if source is None or destination is None:
            return None
        return source << 32 | destination

    def _segment(self, quote: Quote, flow: Int64) -> int | None:
        if quote.sequence is None:
            return int(flow[-1])
        table = self._capture.table
        ahead = np.uint32(quote.sequence) - table.seq[flow]
        same = flow[ahead == 0]
        if len(same):
            return int(same[-1])
        # Segmentation offload: the capture has one giant where the wire had many.
        inside = flow[ahead < table.payload_length[flow]]
        return int(inside[-1]) if len(inside) else None

    def _datagram(self, quote: Quote, flow: Int64) -> int:
        table = self._capture.table
        by_id = flow[table.ip_id[flow] == quote.ip_id] if quote.ip_id else flow[:0]
        same = by_id if len(by_id) else flow[table.ip_length[flow] == quote.length]
        return int((same if len(same) else flow)[-1])

    def _echo(self, quote: Quote, flow: Int64) -> int | None:
        request = 8 if quote.version == 4 else 128
        asked = flow[self._capture.table.icmp_type[flow] == request]
        for row in asked[: -ECHO_LOOKBACK - 1 : -1].tolist():
            if self._capture.payload(row)[:4] == quote.echo:
                return int(row)
        return None


def _numbers(capture: Capture, quotes: Sequence[Quote]) -> dict[str, int]:
    """Index in the table of each address that is quoted."""
    wanted = {q.source for q in quotes} | {q.destination for q in quotes}
    if not wanted:
        return {}
    texts = ((str(address), i) for i, address in enumerate(capture.table.addresses))
    return {text: i for text, i in texts if text in wanted}


def _pair_keys(capture: Capture, rows: Int64) -> Int64:
    table = capture.table
    return table.source[rows].astype(np.int64) << 32 | table.destination[rows].astype(np.int64)
