"""The ClientHello arrives and is answered by a reset, for what it carries.

What it means
-------------
The whole hello is acknowledged, then the connection is reset or closed. Not the name is to blame:
a smaller or older hello to the same name passes.

Why it happens
--------------
Inspection devices that choke on a large hello, on post-quantum key shares, or on the ML-DSA
signature schemes that go 1.27 offers; servers with the same defects.

How it is recognised
--------------------
RST, FIN or silence after a fully acknowledged ClientHello, while another hello with the same name
is answered, or every name that was tried with this kind of hello fails alike.

Fix
---
Leave out what the device cannot stand, and have it updated.

References
----------
golang/go issues 71257, 79626 and 81199; tldr.fail.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.facts import Facts
from diagnostics.helloends import End
from diagnostics.hellofindings import hello_findings, small_hello_fix, tls_hop
from diagnostics.hellos import Cause, FailedHello, box_hop
from diagnostics.verdict import Finding, Hop

EXPLAINS = (
    "tls.certificate_rejected",
    "tcp.reset_injected",
    "tcp.reset_by_server",
    "tls.handshake_timeout",
)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per name whose hello is rejected for its contents."""
    return hello_findings(facts, Cause.REJECTED, _words, small_hello_fix, _confidence, _hop)


def _hop(facts: Facts, failed: FailedHello) -> Hop:
    """The server, when what ended it comes from where its SYN-ACK came from and nothing about it
    is foreign; else a box on the way."""
    server = failed.connection.server
    reset = failed.connection.server_reset
    ttls = {End.RESET: reset.ttl if reset is not None else None, End.CLOSED: server.fin_ttl}
    ttl = ttls.get(failed.end)
    if not failed.forged and ttl is not None and ttl == server.ttl_syn:
        return tls_hop(facts, failed)
    return box_hop(facts, failed)


def _words(failed: FailedHello) -> str:
    wanted = failed.hello.sni or failed.attempt.address
    return (
        f"The ClientHello for {wanted} arrives and is answered by "
        f"{failed.end.value}: something there cannot stand what it carries."
    )


def _confidence(failed: FailedHello) -> float:
    return 0.9 if failed.why else 0.6
