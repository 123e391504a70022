"""The JSON of a verdict has exactly the names that badhop/verdict/1 fixes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.report.json import document, render
from diagnostics.verdict import (
    CaptureSummary,
    Evidence,
    Finding,
    Fix,
    Hop,
    Outcome,
    PathHop,
    Role,
    RttSummary,
    TimeSpent,
    Verdict,
)
from tests.diagnostics import handmadeverdicts

NUMBERS = st.floats()
TEXTS = st.text(max_size=20)
OPTIONAL = st.none() | TEXTS
DISTANCES = st.none() | st.tuples(st.integers(0, 255), st.integers(0, 255))
HOPS = st.builds(Hop, st.sampled_from(Role), OPTIONAL, OPTIONAL, DISTANCES)
PIECES = st.builds(Evidence, TEXTS, st.lists(st.integers(1)).map(tuple), st.none() | st.integers(0))
FINDINGS = st.builds(
    Finding,
    hop=HOPS,
    summary=TEXTS,
    evidence=st.lists(PIECES, max_size=2).map(tuple),
    fix=st.lists(st.builds(Fix, TEXTS, OPTIONAL), max_size=2).map(tuple),
    confidence=NUMBERS,
    impact_s=NUMBERS,
    cause=TEXTS,
    id=TEXTS,
    explained_by=OPTIONAL,
    explains=st.lists(TEXTS, max_size=2).map(tuple),
)
RTTS = st.none() | st.builds(RttSummary, NUMBERS, NUMBERS, NUMBERS)
VERDICTS = st.builds(
    Verdict,
    outcome=st.sampled_from(Outcome),
    root_cause=st.none() | FINDINGS,
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    path=st.lists(
        st.builds(
            PathHop,
            st.none() | st.integers(0, 255),
            st.sampled_from(Role),
            OPTIONAL,
            OPTIONAL,
            RTTS,
            st.none() | NUMBERS,
        ),
        max_size=3,
    ).map(tuple),
    time=st.builds(TimeSpent, *[NUMBERS] * 8),
    capture=st.builds(
        CaptureSummary,
        st.lists(TEXTS, max_size=2).map(tuple),
        st.integers(0),
        st.integers(0),
        OPTIONAL,
        OPTIONAL,
        st.none() | st.integers(0),
    ),
    reason=OPTIONAL,
    background=st.lists(FINDINGS, max_size=1).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
)

FINDING = {
    "id",
    "cause",
    "hop",
    "confidence",
    "impact_s",
    "summary",
    "evidence",
    "fix",
    "explains",
}
TIME = {
    "total_s",
    "dns_s",
    "connect_s",
    "tls_s",
    "wait_s",
    "transfer_s",
    "stall_s",
    "client_s",
}
CONTRACT = {"schema", "outcome", "root_cause", "reason", "findings", "path", "time", "capture"}


def check_finding(found: dict[str, Any], extra: set[str]) -> None:
    assert set(found) == FINDING | extra
    assert set(found["hop"]) == {"role", "address", "name", "distance"}
    for piece in found["evidence"]:
        assert set(piece) == {"frames", "stream", "filter", "text"}
        assert isinstance(piece["filter"], str)
    for fix in found["fix"]:
        assert set(fix) == {"text", "command"}


@given(VERDICTS)
def test_names_are_the_contracts_and_nothing_else(verdict: Verdict) -> None:
    answer = json.loads(render(verdict))
    assert set(answer) == CONTRACT | {"background", "notes"}
    assert answer["schema"] == "badhop/verdict/1"
    if answer["root_cause"] is not None:
        check_finding(answer["root_cause"], set())
    for found in answer["findings"] + answer["background"]:
        check_finding(found, {"explained_by"})
    for hop in answer["path"]:
        assert set(hop) == {"distance", "role", "address", "rtt_ms", "loss"}
        assert hop["rtt_ms"] is None or set(hop["rtt_ms"]) == {"min", "median", "p95"}
    assert set(answer["time"]) == TIME
    assert set(answer["capture"]) == {"files", "packets", "bytes", "first", "last", "dropped"}


@given(VERDICTS)
def test_any_verdict_is_ascii_and_strict_json(verdict: Verdict) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    text = render(verdict)
    assert text.isascii()
    assert "\x7f" not in text
    json.loads(text, parse_constant=refuse)


def test_the_contracts_example() -> None:
    answer: Any = document(handmadeverdicts.FAILED)
    root = answer["root_cause"]
    assert root["hop"] == {
        "role": "server",
        "address": "10.3.0.2",
        "name": "proxy.example.org",
        "distance": [4, 4],
    }
    assert root["evidence"][0]["filter"] == "tcp.stream eq 2 && frame.number in {12,15}"
    assert root["impact_s"] == 1.25
    assert [found["explained_by"] for found in answer["findings"]] == [None, "F1", None]
    assert answer["path"][1]["rtt_ms"] == {"min": 0.4, "median": 0.61, "p95": 1.1}


def test_no_root_cause_comes_with_a_reason() -> None:
    answer: Any = document(handmadeverdicts.INCONCLUSIVE)
    assert answer["root_cause"] is None
    assert answer["reason"]
