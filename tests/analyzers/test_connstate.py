"""Zeek's conn_state and history for the connections that its documentation describes."""

from __future__ import annotations

from pathlib import Path

import pytest

import captures
from analyzers.tcp import connections
from tests.analyzers.exchange import Exchange
from tests.corpus import CORPUS, needs_corpus
from tests.packets import ACK, FIN, RST, SYN

Step = tuple[str, int, int, int, int]
"""Sender, sequence, acknowledgement, length, flags."""

ASK: Step = ("c", 0, 0, 0, SYN)
ANSWER: Step = ("s", 0, 1, 0, SYN | ACK)
THANK: Step = ("c", 1, 1, 0, ACK)
REQUEST: Step = ("c", 1, 1, 10, ACK)
RESPONSE: Step = ("s", 1, 11, 20, ACK)
CLIENT_FIN: Step = ("c", 11, 21, 0, FIN | ACK)
SERVER_FIN: Step = ("s", 21, 12, 0, FIN | ACK)
OPEN = [ASK, ANSWER, THANK]

CASES: dict[str, tuple[list[Step], str, str]] = {
    "attempt unanswered": ([ASK], "S0", "S"),
    "attempt sent again": ([ASK, ASK, ASK], "S0", "S"),
    "attempt rejected": ([ASK, ("s", 0, 1, 0, RST | ACK)], "REJ", "Sr"),
    "established": (OPEN, "S1", "ShA"),
    "established with data": ([*OPEN, REQUEST, RESPONSE], "S1", "ShADd"),
    "normal end": ([*OPEN, REQUEST, RESPONSE, CLIENT_FIN, SERVER_FIN], "SF", "ShADdFf"),
    "only the client closes": ([*OPEN, REQUEST, RESPONSE, CLIENT_FIN], "S2", "ShADdF"),
    "only the server closes": (
        [*OPEN, REQUEST, RESPONSE, ("s", 21, 11, 0, FIN | ACK)],
        "S3",
        "ShADdf",
    ),
    "client aborts": ([*OPEN, REQUEST, ("c", 11, 1, 0, RST | ACK)], "RSTO", "ShADR"),
    "server aborts": ([*OPEN, REQUEST, ("s", 1, 11, 0, RST | ACK)], "RSTR", "ShADr"),
    "SYN then RST of the client": ([ASK, ("c", 1, 0, 0, RST)], "RSTOS0", "SR"),
    "SYN then FIN of the client": ([ASK, ("c", 1, 0, 0, FIN)], "SH", "SF"),
    "SYN-ACK then RST, no SYN seen": ([ANSWER, ("s", 1, 1, 0, RST)], "RSTRH", "hr"),
    "SYN-ACK then FIN, no SYN seen": ([ANSWER, ("s", 1, 1, 0, FIN)], "SHR", "hf"),
    "midstream": ([REQUEST, RESPONSE], "OTH", "Dd"),
    "sent again": ([*OPEN, REQUEST, REQUEST], "S1", "ShADT"),
    "FIN and RST in one": ([*OPEN, ("c", 1, 1, 0, FIN | RST)], "RSTO", "ShAI"),
    "a FIN with data counts as FIN": ([*OPEN, ("c", 1, 1, 10, FIN | ACK)], "S2", "ShAF"),
}


@pytest.mark.parametrize("name", CASES)
def test_state_and_history(name: str, tmp_path: Path) -> None:
    steps, state, history = CASES[name]
    exchange = Exchange()
    for number, (side, seq, ack, length, flags) in enumerate(steps):
        send = exchange.c if side == "c" else exchange.s
        send(0.1 * number, seq, ack, length, flags=flags)
    connection = exchange.connection(tmp_path)
    assert (connection.state, connection.history) == (state, history)


def test_letters_that_repeat_stand_for_powers_of_ten(tmp_path: Path) -> None:
    exchange = Exchange().open()
    for number in range(13):
        exchange.c(0.1 + 0.3 * number, 1, 1, 10)
    assert exchange.connection(tmp_path).history == "ShADTT"


def test_a_shut_window_and_a_gap(tmp_path: Path) -> None:
    exchange = Exchange().open()
    exchange.s(0.1, 1, 1, 1000)
    exchange.c(0.1, 1, 1001, window=0)
    exchange.s(0.2, 2001, 1, 1000)
    exchange.c(0.2, 1, 3001)
    assert exchange.connection(tmp_path).history == "ShAdWg"


TRACES = CORPUS / "zeek+zeek" / "testing" / "btest" / "Traces"

# What Zeek's own test baselines say (core.tcp.large-file-reassembly, core.tcp.fin-retransmit:
# originator CLOSED, responder RESET). They are older than the letters for gaps.
ZEEK: dict[str, dict[int, tuple[str, str | None]]] = {
    "ftp/bigtransfer.pcap": {
        59762: ("SF", "ShAdDaFf"),
        59763: ("SF", "ShAdfFa"),
        59764: ("SF", "ShAdfFa"),
    },
    "tcp/fin_retransmission.pcap": {55344: ("RSTR", None)},
}


@needs_corpus
@pytest.mark.parametrize("name", ZEEK)
def test_zeek_says_the_same_of_its_own_captures(name: str) -> None:
    with captures.open(TRACES / name) as capture:
        found = {c.client.port: (c.state, c.history) for c in connections(capture)}
    assert set(found) == set(ZEEK[name])
    for port, (state, history) in ZEEK[name].items():
        assert found[port][0] == state
        if history is not None:
            assert found[port][1].replace("g", "") == history
