"""DNS and HTTP in other people's captures, against tshark."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import dns.rcode
import pytest

import captures.files
from analyzers import dns as dns_analyzer
from analyzers import http as http_analyzer
from analyzers.tcp import connections
from tests.corpus import CORPUS, needs_corpus

DNS_FILES = (
    "DNS-OARC+dnscap/src/test/1qtcpnosyn.pcap",
    "DNS-OARC+dnscap/src/test/1qtcppadd.pcap",
    "DNS-OARC+dnscap/src/test/dnso1tcp-midmiss.pcap",
    "DNS-OARC+dnscap/src/test/dnsotcp-manyopkts.pcap",
    "DNS-OARC+dnscap/src/test/do1t-nosyn-1nolen.pcap",
    "DNS-OARC+dnscap/src/test/frags.pcap",
    "google+gopacket/pcap/test_dns.pcap",
    "seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/many_interfaces-1.pcapng",
    "the-tcpdump-group+tcpdump/tests/dns-badvers.pcap",
    "zeek+zeek/testing/btest/Traces/dns/long-connection.pcap",
    "zeek+zeek/testing/btest/Traces/ipv6-fragmented-dns.pcap",
    "zeek+zeek/testing/btest/Traces/wikipedia-filtered-plus-udp.pcap",
)
PORT_53 = "(udp.port == 53 or tcp.port == 53)"
HTTP_FILES = (
    "blitz+tcptrace/input/rawip.dmp",
    "google+gopacket/pcap/test_loopback.pcap",
    "seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/one_ipv6_http_stream.pcap",
    "seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/sll.pcap",
    "zeek+zeek/testing/btest/Traces/http-qinq-0.pcap",
    "zeek+zeek/testing/btest/Traces/http/206_example_c.pcap",
    "zeek+zeek/testing/btest/Traces/http/iso-download.pcap",
    "zeek+zeek/testing/btest/Traces/http/m57-long-49583-80.pcap",
    "zeek+zeek/testing/btest/Traces/http/pipelined-requests.pcap",
    "zeek+zeek/testing/btest/Traces/tcp/http-on-irc-port-missing-syn.pcapng",
    "zeek+zeek/testing/btest/Traces/tls/ocsp-revoked.pcap",
)

pytestmark = [
    needs_corpus,
    pytest.mark.skipif(not shutil.which("tshark"), reason="needs tshark: apt-get install tshark"),
]


def _tshark(path: Path, display_filter: str, *fields: str) -> list[list[list[str]]]:
    """All values of each field, row by row."""
    command = ["tshark", "-n", "-r", str(path), "-Y", display_filter, "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [
        [cell.split(",") if cell else [] for cell in line.split("\t")]
        for line in done.stdout.splitlines()
    ]


@pytest.mark.parametrize("name", DNS_FILES)
def test_dns_messages(name: str) -> None:
    path = CORPUS / name
    rows = _tshark(path, "dns", "frame.number", "dns.flags.response", "dns.id", "dns.flags.rcode")
    queries: Counter[tuple[int, int]] = Counter()
    responses: Counter[tuple[int, int, int]] = Counter()
    for (frame,), is_response, ident, rcode in rows:
        rcodes = iter(rcode)
        for answers, number in zip(is_response, ident, strict=True):
            if answers == "1":
                responses[int(frame), int(number, 16), int(next(rcodes))] += 1
            else:
                queries[int(frame), int(number, 16)] += 1
    with captures.files.open(path) as capture:
        found = dns_analyzer.exchanges(capture, connections(capture))
    assert queries == Counter((q.frame, q.transaction_id) for e in found for q in e.queries)
    assert responses == Counter(
        # tshark shows the four bits of the header, without those of the OPT record.
        (r.frame, r.transaction_id, int(dns.rcode.from_text(r.rcode)) & 15)
        for e in found
        for r in e.responses
    )


@pytest.mark.parametrize("name", DNS_FILES)
def test_unanswered_queries(name: str) -> None:
    path = CORPUS / name
    rows = _tshark(path, f"dns.flags.response == 0 and {PORT_53}", "dns.id")
    answered = _tshark(path, "dns.response_to", "dns.id")
    asked = {number for (numbers,) in rows for number in numbers}
    unanswered = asked - {number for (numbers,) in answered for number in numbers}
    with captures.files.open(path) as capture:
        found = dns_analyzer.exchanges(capture, connections(capture))
    assert {int(number, 16) for number in unanswered} == {
        q.transaction_id for e in found if not e.responses for q in e.queries
    }


@pytest.mark.parametrize("name", HTTP_FILES)
def test_http_exchanges(name: str) -> None:
    path = CORPUS / name
    requests = _tshark(path, "http.request", "http.request.method", "http.request.uri")
    told = _tshark(path, "http.response", "http.response.code", "http.content_length_header")
    with captures.files.open(path) as capture:
        found = http_analyzer.exchanges(capture, connections(capture))
    assert Counter(m for methods, _ in requests for m in methods) == Counter(
        e.method for e in found
    )
    assert Counter(int(c) for codes, _ in told for c in codes) == Counter(
        e.status for e in found if e.status is not None
    )
    assert Counter(int(n) for _, lengths in told for n in lengths) == Counter(
        e.announced_bytes for e in found if e.announced_bytes is not None
    )
    assert all(e.received_bytes == e.announced_bytes for e in found if e.announced_bytes)
