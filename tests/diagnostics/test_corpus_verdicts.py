"""Verdicts on captures of other people: what each shows was read from its frames in Wireshark."""

from __future__ import annotations

import pytest

from diagnostics.engine import diagnose
from diagnostics.source import facts_of
from diagnostics.verdict import Outcome
from tests.corpus import CORPUS, needs_corpus

ZEEK = "zeek+zeek/testing/btest/Traces"

pytestmark = needs_corpus


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        # A CertificateRequest, an empty Certificate, handshake_failure.
        (f"{ZEEK}/tls/certificate-request-failed.pcap", "tls.client_certificate_required"),
        # A ClientHello to port 80, and "HTTP/1.1 400" for an answer.
        (f"{ZEEK}/tls/ssl-to-http-server.pcap", "tls.not_tls"),
        # The server answers a draft's version with protocol_version.
        (f"{ZEEK}/tls/tls13draft16-chrome55.0.2879.0-canary-aborted.pcap", "tls.version_mismatch"),
        (f"{ZEEK}/tls/tls13draft16-ff52.a01-aborted.pcap", "tls.version_mismatch"),
        # A RST answers the SYN, a SYN-ACK comes a second later.
        (f"{ZEEK}/tcp/rst-inject-rae.pcap", "tcp.reset_injected"),
    ],
)
def test_what_failed(path: str, cause: str) -> None:
    verdict = diagnose(facts_of(str(CORPUS / path)))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.root_cause is not None
    assert verdict.root_cause.cause == cause


@pytest.mark.parametrize(
    "path",
    [
        # Answers, then half a minute of nothing until the browser closes.
        f"{ZEEK}/http/206_example_b.pcap",
        f"{ZEEK}/http/pipelined-requests.pcap",
        f"{ZEEK}/http/iso-download.pcap",
        f"{ZEEK}/http/m57-long-49583-80.pcap",
        f"{ZEEK}/http-qinq-0.pcap",
        f"{ZEEK}/tcp/tcp-fast-open.pcap",
        f"{ZEEK}/tls/tls1_1.pcap",
        # A tap that has packets twice.
        f"{ZEEK}/tls/google-duplicate.pcap",
        # [::1] refuses, 127.0.0.1 answers at once.
        "brimdata+brimcap/cmd/brimcap/ztests/loopback.pcap",
    ],
)
def test_what_is_healthy(path: str) -> None:
    assert diagnose(facts_of(str(CORPUS / path))).outcome is Outcome.HEALTHY


@pytest.mark.parametrize(
    "path",
    [
        # unrecognized_name as a warning, then a ServerHello and data.
        f"{ZEEK}/tls/tls-early-alert.pcap",
        # A whole exchange in SSL 2.0.
        f"{ZEEK}/tls/ssl-v2.pcap",
        # The capture lacks the middle of an answer.
        f"{ZEEK}/http/content-range-gap-skip.pcap",
        f"{ZEEK}/empty.pcap",
    ],
)
def test_what_is_no_failure(path: str) -> None:
    assert diagnose(facts_of(str(CORPUS / path))).root_cause is None
