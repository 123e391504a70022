"""How true a verdict is: right, less specific, undecided, or false."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tests.lab.expectation import Expected, Words, compare


class Grade(StrEnum):
    """From the best to the worst."""

    RIGHT = "right"
    LESS_SPECIFIC = "less specific"
    """True, and says less than the whole recording would: a wider cause, "path", no distance."""
    INCONCLUSIVE = "inconclusive"
    MISSED = "missed"
    """Healthy, where what was lost by a slow download is no longer (or not yet) in the capture."""
    WRONG = "wrong"


WIDER_ROLES = ("path",)
"""Somewhere on the way: true of every box, link and router."""
_UNTRUSTED = ("tls.certificate_rejected",)
WIDER_CAUSES: Mapping[str, tuple[str, ...]] = {
    "dns.unreachable": ("dns.no_response",),
    "dns.half_answered": ("dns.no_response",),
    "tcp.unreachable": ("tcp.syn_timeout",),
    "path.mtu_blackhole": ("tcp.blackhole", "tls.client_hello_dropped"),
    "tls.sni_blocked": ("tls.client_hello_rejected", "tcp.reset_injected"),
    "tls.client_hello_rejected": ("tcp.reset_injected", "tcp.reset_by_server"),
    "tls.expired": _UNTRUSTED,
    "tls.not_yet_valid": _UNTRUSTED,
    "tls.self_signed": _UNTRUSTED,
    "tls.untrusted_issuer": _UNTRUSTED,
    "tls.chain_incomplete": _UNTRUSTED,
    "tls.name_mismatch": _UNTRUSTED,
    "tls.intercepted": _UNTRUSTED,
    "tls.client_certificate_required": ("tls.handshake_failure", "tcp.reset_by_server"),
    "tls.version_mismatch": ("tls.handshake_failure",),
    "tls.unrecognized_name": ("tls.handshake_failure",),
}
"""Causes that are true whenever the first one is, and say less."""


def grade(expected: Expected, verdict: Mapping[str, Any]) -> Grade:
    """Compare a verdict (badhop/verdict/1) on a part of the evidence with the whole truth."""
    if not compare(expected, verdict):
        return Grade.RIGHT
    outcome = verdict.get("outcome")
    if outcome == "inconclusive":
        return Grade.INCONCLUSIVE
    if outcome == "healthy" and "degraded" in _words(expected.outcome):
        return Grade.MISSED
    root = verdict.get("root_cause") or {}
    hop = root.get("hop") or {}
    wider = Expected(
        expected.outcome,
        _widened(expected.cause),
        None if expected.role is None else (*_words(expected.role), *WIDER_ROLES),
        expected.distance if hop.get("distance") else None,
    )
    return Grade.WRONG if compare(wider, verdict) else Grade.LESS_SPECIFIC


def _widened(cause: Words) -> tuple[str, ...]:
    narrow = _words(cause)
    return (*narrow, *(wide for one in narrow for wide in WIDER_CAUSES.get(one, ())))


def _words(words: Words) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words
