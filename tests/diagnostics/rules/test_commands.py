"""Every command that a rule gives can be pasted, whatever names the packets hold.

The facts carry names that run a program wherever a shell reads them unquoted; a shell that has no
other program runs every command.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzers.facts import Facts, Side, TlsStage
from captures.session import Proxies, SystemProxy
from diagnostics.registry import load_all
from diagnostics.report.escape import shell_word
from diagnostics.verdict import Finding, Fix
from tests.analyzers.authority import leaf
from tests.diagnostics.findings import HOSTILE, HOSTILE_LABEL, assert_harmless
from tests.diagnostics.rules.tls.authorities import LONG_AGO, TO_COME, good, root, sub, trusting
from tests.diagnostics.rules.tls.authorities import sent as certificates
from tests.factories import (
    NAME,
    NOTHING_BACK,
    RESOLVER,
    SERVER,
    Part,
    alert,
    client_hello,
    closed,
    connect,
    connection,
    facts,
    failed_hello,
    fetched_plain,
    handshake,
    large_hello,
    query,
    question,
    refused_certificate,
    request,
    reset,
    resolved,
    response,
    sent,
    session,
    unanswered,
    unconnected,
)

BAD = HOSTILE.lower()
"""As names of lookups and connections are written."""
NAMED: dict[str, Any] = {"name": BAD}
LEAF = leaf(NAME, sub(), issuer_url=f"http://{HOSTILE_LABEL}/")
HALVES: dict[str, Any] = {
    "client": sent(200, 0.13) | closed(0.2),
    "server": sent(200, 0.15) | closed(0.16),
    "last_s": 0.2,
}


def said(name: str, number: int) -> Facts:
    stopped = handshake(
        sni=BAD, stage=TlsStage.CLIENT_HELLO, alerts=(alert(0.15, name, number, Side.SERVER),)
    )
    return facts(connection(**HALVES), stopped)


def tunnel(status: int | None) -> Facts:
    return facts(connection(port=3128, **HALVES), connect(status=status, to=HOSTILE))


def plain(status: int, target: str = f"/{HOSTILE_LABEL}/@v/v1.zip", **changes: Any) -> list[Part]:
    return [*fetched_plain(status=status, host=HOSTILE_LABEL, target=target, **changes)]


def recorded(*output: str, **changes: Any) -> Facts:
    told = session(*output, **changes)
    return facts(resolved(SERVER), unconnected(0.1, 1.1, 3.1), session=told, duration_s=30.0)


LATE = [response(2.0, SERVER, latency_s=2.0)]
HELLO: dict[str, Any] = {"hello": client_hello(0.13, BAD)}
CAPTURES: dict[str, Facts] = {
    "no answer": facts(unanswered(0.0, 5.0, **NAMED), duration_s=10.0),
    "nxdomain": facts(resolved(rcode="NXDOMAIN", **NAMED)),
    "servfail": facts(resolved(rcode="SERVFAIL", **NAMED)),
    "refused": facts(resolved(rcode="REFUSED", **NAMED)),
    "no address": facts(resolved(**NAMED)),
    "slow": facts(question([0.0], LATE, **NAMED)),
    "half": facts(
        question([0.0], [response(0.01, SERVER)], **NAMED),
        question([query(0.001), 5.001], qtype="AAAA", **NAMED),
        duration_s=10.0,
    ),
    "bogus": facts(resolved("0.0.0.0", **NAMED)),
    "dns over tcp": facts(
        question([0.0], [response(0.01, truncated=True)], **NAMED),
        unconnected(0.02, address=RESOLVER, port=53),
    ),
    "expired": facts(
        refused_certificate(name=BAD, chain=certificates(leaf("x", sub(), **LONG_AGO), sub()))
    ),
    "early": facts(
        refused_certificate(name=BAD, chain=certificates(leaf("x", sub(), **TO_COME), sub()))
    ),
    "other name": facts(refused_certificate(name=BAD, chain=certificates(good(), sub()))),
    "encrypted": facts(refused_certificate(name=BAD)),
    "incomplete": facts(refused_certificate(chain=certificates(LEAF)), session=trusting(root())),
    "no version": said("protocol_version", 70),
    "no cipher": said("handshake_failure", 40),
    "no name": said("unrecognized_name", 112),
    "not tls": facts(
        connection(**HALVES),
        handshake(sni=BAD, stage=TlsStage.CLIENT_HELLO, not_tls=HOSTILE, not_tls_frame=151),
    ),
    "sni": facts(failed_hello(ended_by=(reset(0.133, signs=("before_rtt",)),), **HELLO)),
    "silent": facts(failed_hello(acked=True, **HELLO)),
    "large": facts(failed_hello(hello=large_hello(0.13, BAD))),
    "slow handshake": facts(
        connection(), handshake(sni=BAD, first_server_record_s=5.0, first_server_record_frame=9)
    ),
    "syn": facts(resolved(SERVER, **NAMED), unconnected(0.1, 1.1, 3.1), duration_s=30.0),
    "rst": facts(
        resolved(SERVER, **NAMED),
        connection(resets=(reset(0.12),), **NOTHING_BACK),
    ),
    "407": tunnel(407),
    "403": tunnel(403),
    "502": tunnel(502),
    "no status": tunnel(None),
    "404": facts(plain(404), duration_s=3.0),
    "401": facts(plain(401), duration_s=3.0),
    "429": facts(plain(429), duration_s=3.0),
    "500": facts(plain(500), duration_s=3.0),
    "portal": facts(plain(200, body_start=b"<html>"), duration_s=3.0),
    "redirect": facts(
        plain(302, headers=(("location", f"http://{HOSTILE_LABEL}.example/{HOSTILE}"),)),
        connection(1, 1.0, port=80),
        request(1, 1.03, "/", host=f"{HOSTILE_LABEL}.example", body_start=b"<html>"),
    ),
    "version": facts(
        plain(200, f"/{HOSTILE_LABEL}/@v/list"),
        connection(1, 1.0, port=80, **HALVES),
        request(1, 1.03, f"/{HOSTILE_LABEL}/@v/v1.info", host=HOSTILE_LABEL, status=404),
        duration_s=4.0,
    ),
    "private": facts(plain(404, f"/lookup/{HOSTILE_LABEL}@v1"), duration_s=3.0),
    "goproxy": recorded(env={"GOPROXY": f"https://proxy.example.org,https://{HOSTILE}"}),
    "system proxy": recorded(system_proxy=SystemProxy(source="x", https=f"http://{HOSTILE}")),
    "proxy": recorded(proxies=Proxies(https=f"http://{HOSTILE}:443")),
}


def findings(capture: Facts) -> list[Finding]:
    return [f for rule in load_all() for f in rule.findings(capture)]


@pytest.mark.parametrize("capture", CAPTURES)
def test_commands_run_nothing_that_a_name_holds(capture: str, tmp_path: Path) -> None:
    found = findings(CAPTURES[capture])
    assert found
    assert_harmless(found, tmp_path)


def test_the_shell_would_have_run_it(tmp_path: Path) -> None:
    """Without quotes the names are no harmless ones: the test above can fail."""
    for number, name in enumerate((HOSTILE, HOSTILE_LABEL)):
        for command in (f"nslookup {name}", f'nslookup "{name}"'):
            place = tmp_path / f"{number}{len(command)}"
            place.mkdir()
            with pytest.raises(AssertionError):
                assert_harmless([_with(command)], place)
        (quoted := tmp_path / f"quoted{number}").mkdir()
        assert_harmless([_with(f"nslookup {shell_word(name)}")], quoted)


def _with(command: str) -> Finding:
    (finding,) = [f for f in findings(CAPTURES["nxdomain"]) if f.cause == "dns.nxdomain"]
    return replace(finding, fix=(Fix("x.", command),))


@pytest.mark.parametrize("capture", CAPTURES)
def test_commands_are_whole(capture: str) -> None:
    """Balanced quotes, no line ends: `sh -n` reads each as it stands."""
    for finding in findings(CAPTURES[capture]):
        for fix in finding.fix:
            if fix.command is not None:
                assert fix.command.isprintable(), fix.command
                subprocess.run(["/bin/sh", "-nc", fix.command], check=True, timeout=10)
