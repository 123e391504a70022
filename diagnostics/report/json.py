"""A verdict in, the JSON of `badhop/verdict/1` out: numbers finite, times to the microsecond."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import fields
from typing import TypeAlias

from diagnostics.report.filters import evidence_filter
from diagnostics.verdict import (
    SCHEMA,
    CaptureSummary,
    Evidence,
    Finding,
    Hop,
    PathHop,
    TimeSpent,
    Verdict,
)

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def render(verdict: Verdict) -> str:
    """Write a verdict as ASCII JSON, so that no terminal can stumble over a name in it."""
    return json.dumps(document(verdict), indent=2, allow_nan=False)


def document(verdict: Verdict) -> dict[str, Json]:
    """The verdict as the contract lays it out, plus `background` and `notes`."""
    root = verdict.root_cause
    return {
        "schema": SCHEMA,
        "outcome": verdict.outcome.value,
        "root_cause": None if root is None else _finding(root),
        "reason": verdict.reason,
        "findings": _listed(verdict.findings),
        "path": [_path_hop(hop) for hop in verdict.path],
        "time": _time(verdict.time),
        "capture": _capture(verdict.capture),
        "background": _listed(verdict.background),
        "notes": list(verdict.notes),
    }


def _listed(findings: Iterable[Finding]) -> list[Json]:
    return [{**_finding(found), "explained_by": found.explained_by} for found in findings]


def _finding(found: Finding) -> dict[str, Json]:
    return {
        "id": found.id,
        "cause": found.cause,
        "hop": _hop(found.hop),
        "confidence": number(found.confidence),
        "impact_s": number(found.impact_s),
        "summary": found.summary,
        "evidence": [_evidence(piece) for piece in found.evidence],
        "fix": [{"text": fix.text, "command": fix.command} for fix in found.fix],
        "explains": list(found.explains),
    }


def _hop(hop: Hop) -> dict[str, Json]:
    return {
        "role": hop.role.value,
        "address": hop.address,
        "name": hop.name,
        "distance": None if hop.distance is None else [int(end) for end in hop.distance],
    }


def _evidence(piece: Evidence) -> dict[str, Json]:
    return {
        "frames": [int(frame) for frame in piece.frames],
        "stream": None if piece.stream is None else int(piece.stream),
        "filter": evidence_filter(piece),
        "text": piece.text,
    }


def _path_hop(hop: PathHop) -> dict[str, Json]:
    rtt = hop.rtt_ms
    return {
        "distance": None if hop.distance is None else int(hop.distance),
        "role": hop.role.value,
        "address": hop.address,
        "rtt_ms": None
        if rtt is None
        else {"min": number(rtt.min), "median": number(rtt.median), "p95": number(rtt.p95)},
        "loss": None if hop.loss is None else number(hop.loss),
    }


def _time(time: TimeSpent) -> dict[str, Json]:
    return {part.name: number(getattr(time, part.name)) for part in fields(time)}


def _capture(capture: CaptureSummary) -> dict[str, Json]:
    return {
        "files": list(capture.files),
        "packets": int(capture.packets),
        "bytes": int(capture.bytes),
        "first": capture.first,
        "last": capture.last,
        "dropped": None if capture.dropped is None else int(capture.dropped),
    }


def number(value: float) -> float:
    """Round to six digits (a microsecond); JSON has no word for what is not finite: 0."""
    return round(float(value), 6) if math.isfinite(value) else 0.0
