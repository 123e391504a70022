"""Reports in, what is wrong with them out: the contract's names and promises, and their text."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

from diagnostics import contract
from diagnostics.verdict import Outcome, Role
from tests.diagnostics.test_report_json import CONTRACT, FINDING, TIME

_CODES = frozenset(cause.code for cause in contract.CAUSES)
_ROLES = frozenset(role.value for role in Role)
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class BrokenReport(Exception):
    """A report breaks a promise."""


def check_text(text: str) -> None:
    """No character of a report may steer a terminal, but line ends and our own colours."""
    text = _COLOR.sub("", text)
    for character in set(text):
        if character != "\n" and unicodedata.category(character) in _STEERING:
            raise BrokenReport(f"{character!r} in a report")


def check_json(text: str) -> dict[str, Any]:
    """Strict JSON in printable ASCII."""
    _ensure(text.isascii() and "\x7f" not in text, "JSON is not printable ASCII")
    value = json.loads(text, parse_constant=_refuse)
    _ensure(isinstance(value, dict), "JSON is no object")
    checked: dict[str, Any] = value
    return checked


def check_verdict(text: str, status: int) -> None:
    """badhop/verdict/1, its names and what docs/verdict.md says of them."""
    answer = check_json(text)
    _ensure(set(answer) == CONTRACT | {"background", "notes"}, "names of the verdict")
    _ensure(answer["schema"] == "badhop/verdict/1", "schema")
    _ensure(answer["outcome"] in _OUTCOMES, "outcome")
    root, outcome = answer["root_cause"], answer["outcome"]
    _ensure((root is None) == (outcome in ("healthy", "inconclusive")), "root without outcome")
    _ensure(status == {"healthy": 0, "inconclusive": 3}.get(outcome, 1), "exit status")
    packets = answer["capture"]["packets"]
    if root is not None:
        _check_finding(root, set(), packets)
        _ensure(answer["findings"][0]["id"] == root["id"], "the root is not the first finding")
    else:
        _ensure(bool(answer["reason"]), "no root and no reason")
    names = {found["id"] for found in answer["findings"]}
    _ensure(len(names) == len(answer["findings"]), "ids of findings")
    for found in answer["findings"] + answer["background"]:
        _check_finding(found, {"explained_by"}, packets)
    for found in answer["findings"]:
        _ensure(found["explained_by"] in names | {None}, "explained by nothing")
        _ensure(set(found["explains"]) <= names, "explains nothing")
    for hop in answer["path"]:
        _ensure(set(hop) == {"distance", "role", "address", "rtt_ms", "loss"}, "names of a hop")
        _ensure(hop["role"] in _ROLES, "role on the path")
        _ensure(hop["loss"] is None or 0 <= hop["loss"] <= 1, "loss")
        if hop["rtt_ms"] is not None:
            rtt = hop["rtt_ms"]
            _ensure(set(rtt) == {"min", "median", "p95"}, "names of round trips")
            _ensure(0 <= rtt["min"] <= rtt["median"] <= rtt["p95"], "order of round trips")
    _check_time(answer["time"])
    names = {"files", "packets", "bytes", "first", "last", "dropped"}
    _ensure(set(answer["capture"]) == names, "names of the capture")


def _check_finding(found: dict[str, Any], extra: set[str], packets: int) -> None:
    cause = found["cause"]
    _ensure(set(found) == FINDING | extra, f"names of {cause}")
    _ensure(cause in _CODES, f"no such cause: {cause}")
    _ensure(0 <= found["confidence"] <= 1, f"confidence of {cause}: {found['confidence']}")
    _ensure(found["impact_s"] >= 0, f"impact of {cause}: {found['impact_s']}")
    _ensure(bool(found["summary"]), f"{cause} without summary")
    hop = found["hop"]
    _ensure(set(hop) == {"role", "address", "name", "distance"}, f"names of the hop of {cause}")
    _ensure(hop["role"] in _ROLES, f"role of {cause}")
    if hop["distance"] is not None:
        low, high = hop["distance"]
        _ensure(0 <= low <= high <= 255, f"distance of {cause}: {low}, {high}")
    for piece in found["evidence"]:
        _ensure(set(piece) == {"frames", "stream", "filter", "text"}, f"evidence of {cause}")
        _ensure(all(1 <= frame <= packets for frame in piece["frames"]), f"frames of {cause}")
    for fix in found["fix"]:
        _ensure(set(fix) == {"text", "command"}, f"fix of {cause}")
        _ensure("\n" not in (fix["command"] or ""), f"command of {cause} has two lines")


def _check_time(time: dict[str, float]) -> None:
    _ensure(set(time) == TIME, "names of the time")
    _ensure(all(part >= 0 for part in time.values()), f"negative time: {time}")
    parts = math.fsum(part for name, part in time.items() if name != "total_s")
    slack = 1e-5 + 1e-9 * time["total_s"]
    _ensure(abs(parts - time["total_s"]) <= slack, f"the parts of time add up to {parts}: {time}")


def _ensure(holds: bool, what: str) -> None:
    if not holds:
        raise BrokenReport(what)


def _refuse(word: str) -> None:
    raise BrokenReport(f"{word} is not JSON")
