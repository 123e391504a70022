"""Handshakes of other people's captures, against tshark: names, versions, suites, alerts."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

import captures.files
from analyzers.facts import ClientHello, TlsHandshake
from analyzers.http import exchanges
from analyzers.tcp import connections
from analyzers.tls import handshakes
from tests.corpus import CORPUS, needs_corpus

FILES = sorted(CORPUS.glob("zeek+zeek/**/tls/*.pcap")) if CORPUS.is_dir() else []

pytestmark = [
    needs_corpus,
    pytest.mark.skipif(not shutil.which("tshark"), reason="needs tshark: apt-get install tshark"),
]

FIELDS = (
    *("tcp.stream", "tls.handshake.type", "tls.handshake.extensions_server_name"),
    *("tls.handshake.ja3_full", "tls.handshake.ciphersuite", "tls.alert_message.desc"),
    *("tls.handshake.extensions.supported_version", "tls.handshake.version"),
    "frame.number",
)


def _tshark(path: Path) -> list[dict[str, str]]:
    """The rows that tshark gives for frames with TLS in clear."""
    command = [
        "tshark",
        "-r",
        str(path),
        "-Y",
        "tls.handshake or tls.alert_message",
        "-T",
        "fields",
    ]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [dict(zip(FIELDS, line.split("\t"), strict=False)) for line in done.stdout.splitlines()]


def _handshakes(path: Path) -> dict[int, TlsHandshake]:
    with captures.files.open(path) as capture:
        found = connections(capture)
        return {h.stream: h for h in handshakes(capture, found, exchanges(capture, found))}


def _ja3(hello: ClientHello) -> tuple[str, str, str]:
    """The parts of JA3 that the facts hold: suites, extensions, groups."""
    lists = (hello.ciphers, hello.extensions, hello.groups)
    suites, extensions, groups = ("-".join(map(str, values)) for values in lists)
    return suites, extensions, groups


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_hellos_and_alerts_are_those_tshark_sees(path: Path) -> None:
    rows = _tshark(path)
    ours = _handshakes(path)
    alerts: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        stream = int(row["tcp.stream"])
        kinds = row["tls.handshake.type"].split(",")
        if kinds[0] == "1" and row["tls.handshake.ja3_full"]:
            hello = ours[stream].client_hello
            assert hello is not None and hello.complete
            assert (hello.sni or "") == row["tls.handshake.extensions_server_name"].lower()
            assert _ja3(hello) == tuple(row["tls.handshake.ja3_full"].split(",")[1:4])
            assert int(row["frame.number"]) == hello.frames[-1]
        if "2" in kinds and "1" not in kinds:
            answer = ours[stream].server_hello
            assert answer is not None
            suite = row["tls.handshake.ciphersuite"].split(",")[0]
            assert answer.cipher == int(suite, 16)
        if row["tls.alert_message.desc"]:
            alerts[stream] += row["tls.alert_message.desc"].split(",")
    for stream, handshake in ours.items():
        clear = [str(a.description) for a in handshake.alerts if a.description is not None]
        assert clear == alerts[stream]


def test_the_chain_of_a_resigned_leaf_has_all_its_certificates() -> None:
    path = next(p for p in FILES if p.stem == "client-certificate")
    (handshake,) = _handshakes(path).values()
    assert handshake.chain is not None
    assert [len(c.der) for c in handshake.chain.certificates] == [1323, 1306, 1380]
    assert handshake.certificate_requested is True


def test_none_of_these_clients_is_go() -> None:
    for path in FILES:
        for handshake in _handshakes(path).values():
            assert handshake.client_hello is None or not handshake.client_hello.is_go
