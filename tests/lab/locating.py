"""Faults that `badhop locate` must place: which scenario, what is asked, what is true."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.bench import bench, record
from tests.lab.scenarios import catalogue

_SERVER = ("{server4}", "--sni", "{host}")


@dataclass(frozen=True, slots=True)
class Case:
    """One run of `badhop locate` in the network of a scenario, while nothing else happens."""

    scenario: str
    #: Words after `badhop locate`; braces as in scenarios.
    words: tuple[str, ...]
    #: The exit status.
    status: int = 1
    #: What fails ("syn", "hello", "query") and how, "" for nothing.
    step: str = ""
    how: str = ""
    #: Where the fault is: a node at hop k is (k, k), the link behind it (k, k+1).
    truth: tuple[int, int] = (0, 0)
    #: How wide the answer may be.
    width: int = 1
    #: What a diagnosis of the recorded probes must find; any of them will do.
    cause: tuple[str, ...] = ()


def _hello(scenario: str, how: str, truth: tuple[int, int], *cause: str, width: int = 1) -> Case:
    return Case(scenario, _SERVER, 1, "hello", how, truth, width, cause)


CASES = (
    Case("healthy-tls13", _SERVER, 0),
    Case("healthy-far", _SERVER, 0),
    Case("far-healthy-12-hops", _SERVER, 0),
    Case("healthy-ipv6", ("[{server6}]:443", "--sni", "{host}"), 0),
    _hello("tls-sni-reset", "reset", (2, 2), "tls.sni_blocked", width=0),
    _hello("tls-sni-reset-transit", "reset", (3, 3), "tls.sni_blocked", width=0),
    _hello("tls-sni-reset-mimic", "reset", (2, 2), "tls.sni_blocked"),
    _hello("box-sni-reset-late", "reset", (5, 5), "tls.sni_blocked", width=0),
    _hello("far-reset-hop9-ttl255", "reset", (9, 9), "tls.sni_blocked", width=0),
    _hello("box-sni-fin", "closed", (2, 2), "tls.sni_blocked", width=0),
    _hello("tls-sni-silent", "silence", (1, 2), "tls.sni_blocked"),
    _hello("tls-hello-dropped", "silence", (2, 2), "tls.client_hello_dropped"),
    _hello(
        *("path-mtu-both-ways", "silence", (2, 3)),
        *("path.mtu_blackhole", "tls.client_hello_dropped"),
    ),
    _hello("box-hello-server-reset", "reset", (4, 4), "tcp.reset_by_server", width=0),
    Case(
        *("tcp-syn-dropped-firewall", _SERVER, 1, "syn", "silence", (2, 2), 1),
        ("tcp.syn_timeout",),
    ),
    Case(
        *("tcp-syn-dropped-transit", _SERVER, 1, "syn", "silence", (3, 3), 1),
        ("tcp.syn_timeout",),
    ),
    Case("healthy-tls12", ("{resolver4}", "--dns", "{host}"), 0),
    Case(
        *("dns-forged", ("{mirror4}", "--dns", "{host}"), 1, "query", "answered", (2, 2), 0),
        ("dns.forged",),
    ),
    Case(
        *("dns-forged-transit", ("{mirror4}", "--dns", "{host}"), 1, "query", "answered"),
        *((3, 3), 0, ("dns.forged",)),
    ),
    Case(
        *("dns-forged-mimic", ("{mirror4}", "--dns", "{host}"), 1, "query", "answered"),
        *((2, 2), 1, ("dns.forged",)),
    ),
)


def run_case(case: Case, seed: int) -> list[str]:
    """Run it and name everything that is not as it must be."""
    badhop = str(Path(sys.executable).with_name("badhop"))
    with bench(catalogue()[case.scenario], seed) as stand:
        file = stand.run.directory / "locate.pcapng"
        words = [word.format(**stand.plan.names()) for word in case.words]
        started = time.monotonic()
        command = [badhop, "locate", *words, "--json", "-o", str(file)]
        status, output = stand.execute(*command)
        seconds = time.monotonic() - started
        _, verdict = stand.execute(badhop, "diagnose", "--json", str(file))
    found = _json(output)
    if found is None:
        return [f"status {status}: {output[-300:]}"]
    wrong = [] if status == case.status else [f"status: expected {case.status}, got {status}"]
    if seconds > 60:
        wrong.append(f"it took {seconds:.0f} s")
    return wrong + _compare(case, found) + _judged(case, _json(verdict) or {})


def run_merged(case: Case, seed: int) -> list[str]:
    """Record the failing download, then the probes, and diagnose both as one capture."""
    badhop = str(Path(sys.executable).with_name("badhop"))
    with bench(catalogue()[case.scenario], seed) as stand:
        files = [str(stand.run.directory / f"{name}.pcapng") for name in ("go", "probes", "both")]
        record(stand, Path(files[0]))
        words = [word.format(**stand.plan.names()) for word in case.words]
        stand.execute(badhop, "locate", *words, "-o", files[1])
        stand.execute("mergecap", "-w", files[2], *files[:2])
        _, output = stand.execute(badhop, "diagnose", "--json", files[2])
    root = (_json(output) or {}).get("root_cause") or {}
    wrong = [] if root.get("cause") in case.cause else [f"cause: {root.get('cause')}"]
    return wrong + _misplaced(case, (root.get("hop") or {}).get("distance"))


def _json(output: str) -> dict[str, Any] | None:
    start = output.find("{\n")
    try:
        found: dict[str, Any] = json.loads(output[start:]) if start >= 0 else {}
    except json.JSONDecodeError:
        return None
    return found or None


def _compare(case: Case, found: Mapping[str, Any]) -> list[str]:
    faults = found["faults"]
    if not case.step:
        return [f"a fault where there is none: {faults[0]['text']}"] if faults else []
    if not faults:
        return ["nothing found"]
    wrong = []
    for fault in faults:
        if (fault["step"], fault["how"]) != (case.step, case.how):
            wrong.append(f"expected {case.step} {case.how}, got {fault['step']} {fault['how']}")
        wrong += _misplaced(case, fault["distance"])
    return wrong


def _misplaced(case: Case, interval: list[int] | None) -> list[str]:
    low, high = interval or (0, 99)
    if low > case.truth[1] or high < case.truth[0]:
        return [f"distance: expected {case.truth}, got {interval}"]
    return [f"too wide: {interval}"] if high - low > case.width else []


def _judged(case: Case, verdict: Mapping[str, Any]) -> list[str]:
    """The probes' own recording holds no download, but what failed in it is found and placed."""
    root = verdict.get("root_cause") or {}
    if not case.step:
        return [f"diagnosis of the probes: {root['cause']}"] if root else []
    found = [f for f in verdict.get("findings", ()) if f["cause"] in case.cause]
    if not found:
        return [f"diagnosis of the probes: {verdict.get('outcome')} {root.get('cause')}"]
    distance = found[0]["hop"].get("distance")
    return [f"diagnosis of the probes: {text}" for text in _misplaced(case, distance)]
