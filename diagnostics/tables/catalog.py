"""The tables by name: what a row is, which rows facts have, and what a program asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from analyzers.facts import Facts
from captures.lazyclass import dataclass
from diagnostics.tables.cells import Cell, converter
from diagnostics.tables.columns import Column, columns_of
from diagnostics.tables.rows import capture, dns, http, path, tcp, tls


@dataclass(frozen=True)
class Table:
    """One table of facts."""

    name: str
    section: str | None
    """Of `badhop analyze` that it belongs to; None: only shown with all of them."""
    shape: Any
    """The dataclass whose instances are its rows."""
    find: Callable[[Facts], Iterator[Any]]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Its columns, in order."""
        return columns_of(self.shape)

    def rows(self, facts: Facts) -> Iterator[tuple[Cell, ...]]:
        """Its cells, row by row as they are made; nothing is kept."""
        steps = [(column.read, converter(column.type)) for column in self.columns]
        for row in self.find(facts):
            yield tuple([convert(read(row)) for read, convert in steps])


TABLES = (
    Table("capture", None, capture.CaptureRow, capture.captures),
    Table("interfaces", None, capture.InterfaceRow, capture.interfaces),
    Table("comments", None, capture.CommentRow, capture.comments),
    Table("attempts", None, capture.AttemptRow, capture.attempts),
    Table("dns_exchanges", "dns", dns.ExchangeRow, dns.exchanges),
    Table("dns_messages", "dns", dns.MessageRow, dns.messages),
    Table("dns_answers", "dns", dns.AnswerRow, dns.answers),
    Table("lookups", "dns", dns.LookupRow, dns.lookups),
    Table("connections", "tcp", tcp.ConnectionRow, tcp.connections),
    Table("retransmissions", "tcp", tcp.RetransmissionRow, tcp.retransmissions),
    Table("overtaken", "tcp", tcp.OvertakenRow, tcp.overtaken),
    Table("zero_windows", "tcp", tcp.ZeroWindowRow, tcp.zero_windows),
    Table("resets", "tcp", tcp.ResetRow, tcp.resets),
    Table("silences", "tcp", tcp.SilenceRow, tcp.silences),
    Table("transfers", "tcp", tcp.TransferRow, tcp.transfers),
    Table("turns", "tcp", tcp.TurnRow, tcp.turns),
    Table("rtt_samples", "tcp", tcp.RttSampleRow, tcp.rtt_samples),
    Table("handshakes", "tls", tls.HandshakeRow, tls.handshakes),
    Table("alerts", "tls", tls.AlertRow, tls.alerts),
    Table("certificates", "tls", tls.CertificateRow, tls.certificates),
    Table("chains", "tls", tls.ChainRow, tls.chains),
    Table("http_exchanges", "http", http.HttpRow, http.exchanges),
    Table("http2_aborts", "http", http.AbortRow, http.aborts),
    Table("icmp_errors", "path", path.IcmpRow, path.errors),
    Table("hosts", "path", path.HostRow, path.hosts),
    Table("hops", "path", path.HopRow, path.hops),
    Table("probes", "path", path.ProbeRow, path.probes),
)
"""In the order in which they are written: the capture comes first."""


def chosen(section: str | None) -> tuple[Table, ...]:
    """The tables of a section and the capture's own, or all."""
    if section is None:
        return TABLES
    return tuple(table for table in TABLES if table.section == section or table.name == "capture")
