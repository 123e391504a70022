"""ICMP and ICMPv6 errors: a capture in, each error with the packet it is about out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.facts import IcmpError
from analyzers.quotelinks import QuotedFlows
from analyzers.quotes import Quote, error_rows, quote_in
from analyzers.times import seconds_at
from analyzers.ttl import distance_of
from captures.packets import Capture

#: Type 3 by code (RFC 792, 1122 3.2.2.1, 1812 5.2.7.1).
_V4_UNREACHABLE = {
    0: "network_unreachable",
    1: "host_unreachable",
    2: "protocol_unreachable",
    3: "port_unreachable",
    4: "fragmentation_needed",
    5: "source_route_failed",
    6: "network_unreachable",
    7: "host_unreachable",
    8: "host_unreachable",
    9: "admin_prohibited",
    10: "admin_prohibited",
    11: "network_unreachable",
    12: "host_unreachable",
    13: "admin_prohibited",
    14: "admin_prohibited",
    15: "admin_prohibited",
}
_V4_KINDS = {5: "redirect", 11: "time_exceeded", 12: "parameter_problem"}

#: Type 1 by code (RFC 4443 section 3.1, RFC 6550 for 7). Codes 5 and 6 are subsets of 1.
_V6_UNREACHABLE = {
    0: "network_unreachable",
    1: "admin_prohibited",
    2: "network_unreachable",
    3: "host_unreachable",
    4: "port_unreachable",
    5: "admin_prohibited",
    6: "admin_prohibited",
    7: "source_route_failed",
}
_V6_KINDS = {
    2: "fragmentation_needed",
    3: "time_exceeded",
    4: "parameter_problem",
    137: "redirect",
}


def errors(capture: Capture, stream_of_row: npt.NDArray[np.int32]) -> tuple[IcmpError, ...]:
    """All ICMP errors in file order; `stream_of_row` numbers TCP streams, -1 for other rows."""
    table = capture.table
    rows = error_rows(table).tolist()
    messages = [capture.payload(row) for row in rows]
    quotes = [
        quote_in(message, int(table.version[row]), int(table.icmp_type[row]))
        for row, message in zip(rows, messages, strict=True)
    ]
    flows = QuotedFlows(capture, [q for q in quotes if q is not None])
    return tuple(
        _error(capture, index, row, message, quote, flows, stream_of_row)
        for index, (row, message, quote) in enumerate(zip(rows, messages, quotes, strict=True))
    )


def kind_of(version: int, kind: int, code: int) -> str:
    """The one word for an error's type and code."""
    if version == 4:
        return _V4_UNREACHABLE.get(code, "other") if kind == 3 else _V4_KINDS.get(kind, "other")
    return _V6_UNREACHABLE.get(code, "other") if kind == 1 else _V6_KINDS.get(kind, "other")


def _error(
    capture: Capture,
    index: int,
    row: int,
    message: bytes,
    quote: Quote | None,
    flows: QuotedFlows,
    stream_of_row: npt.NDArray[np.int32],
) -> IcmpError:
    table = capture.table
    version, number = int(table.version[row]), int(table.icmp_type[row])
    kind = kind_of(version, number, int(table.icmp_code[row]))
    sender = str(table.addresses[table.source[row]])
    receiver = str(table.addresses[table.destination[row]])
    quoted_row = flows.row_of(quote, row) if quote else None
    return IcmpError(
        index=index,
        frame=row + 1,
        time_s=seconds_at(table, row),
        sender=sender,
        receiver=receiver,
        version=version,
        type=number,
        code=int(table.icmp_code[row]),
        kind=kind,
        ip_ttl=int(table.ttl[row]),
        distance=distance_of(int(table.ttl[row])) if sender != receiver else 0,
        mtu=_mtu(version, message) if kind == "fragmentation_needed" else None,
        quoted_protocol=quote.protocol if quote else None,
        quoted_source=quote.source if quote else None,
        quoted_destination=quote.destination if quote else None,
        quoted_source_port=quote.source_port if quote else None,
        quoted_destination_port=quote.destination_port if quote else None,
        quoted_sequence=quote.sequence if quote else None,
        quoted_ttl=quote.ttl if quote else None,
        quoted_length=quote.length if quote else None,
        quoted_frame=quoted_row + 1 if quoted_row is not None else None,
        stream=_stream(quote, row, quoted_row, flows, stream_of_row),
    )


def _mtu(version: int, message: bytes) -> int | None:
    """Next-hop MTU (RFC 1191 section 4, RFC 4443 section 3.2); 0 is a router that does not say."""
    word = message[2:4] if version == 4 else message[:4]
    return int.from_bytes(word, "big") or None


def _stream(
    quote: Quote | None,
    row: int,
    quoted_row: int | None,
    flows: QuotedFlows,
    stream_of_row: npt.NDArray[np.int32],
) -> int | None:
    """TCP stream of the quoted segment, or of its flow when the segment is not in the capture."""
    if quoted_row is None:
        if quote is None or quote.source_port is None:
            return None
        flow = flows.rows_before(quote, row)
        if not len(flow):
            return None
        quoted_row = int(flow[-1])
    stream = int(stream_of_row[quoted_row])
    return stream if stream >= 0 else None
