"""Chains from a leaf to a trusted root, built and refused as Go's Certificate.Verify does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum

from analyzers.pki.constraints import check_constraints
from analyzers.pki.keys import check_signature_from
from analyzers.pki.trust import TrustStore
from analyzers.pki.x509 import X509
from captures.lazyclass import dataclass

#: Go gives up after this many candidate issuers (maxChainSignatureChecks).
MAX_SIGNATURE_CHECKS = 100

_ANY_USAGE, _SERVER_AUTH = "2.5.29.37.0", "1.3.6.1.5.5.7.3.1"


class ProblemKind(StrEnum):
    """Why a client like Go does not accept a chain."""

    MALFORMED = "malformed"
    """A certificate cannot be read."""
    KEY_TOO_LARGE = "key_too_large"
    UNHANDLED_CRITICAL = "unhandled_critical_extension"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NAME_MISMATCH = "name_mismatch"
    LEGACY_COMMON_NAME = "legacy_common_name"
    """No alternative names; the common name, which Go ignores, would have matched."""
    UNKNOWN_AUTHORITY = "unknown_authority"
    NOT_A_CA = "not_a_ca"
    """A certificate above the leaf may not sign."""
    PATH_TOO_LONG = "path_too_long"
    SIGNATURE_LIMIT = "signature_limit"
    NAME_CONSTRAINED = "name_constrained"
    INCOMPATIBLE_USAGE = "incompatible_usage"


@dataclass(frozen=True, slots=True)
class Failure:
    """One error of Go's verifier."""

    kind: ProblemKind
    text: str
    """Go's words."""
    certificate: X509
    """The certificate it speaks of."""
    hint: Failure | None = None
    """Why a candidate issuer of an unknown authority was passed over."""


def check_validity(
    certificate: X509, below: Sequence[X509], is_sent: bool, at: datetime
) -> Failure | None:
    """What Go's isValid finds on a certificate that continues the chain `below` it.

    `below` runs from the leaf up and is empty for the leaf itself; `is_sent` tells an
    intermediate from a root.
    """
    extensions = certificate.extensions
    if extensions.unhandled_critical:
        return Failure(
            ProblemKind.UNHANDLED_CRITICAL, "x509: unhandled critical extension", certificate
        )
    outside = check_dates(certificate, at)
    if outside is not None:
        return outside
    if below and is_sent and not (extensions.has_basic_constraints and extensions.is_ca):
        text = "x509: certificate is not authorized to sign other certificates"
        return Failure(ProblemKind.NOT_A_CA, text, certificate)
    if 0 <= extensions.max_path_length < len(below) - 1:
        text = "x509: too many intermediates for path length constraint"
        return Failure(ProblemKind.PATH_TOO_LONG, text, certificate)
    return None


def check_dates(certificate: X509, at: datetime) -> Failure | None:
    """Whether `at` lies outside the certificate's validity, both ends included in it."""
    words = "x509: certificate has expired or is not yet valid: current time"
    if at < certificate.not_before:
        text = f"{words} {_rfc3339(at)} is before {_rfc3339(certificate.not_before)}"
        return Failure(ProblemKind.NOT_YET_VALID, text, certificate)
    if at > certificate.not_after:
        text = f"{words} {_rfc3339(at)} is after {_rfc3339(certificate.not_after)}"
        return Failure(ProblemKind.EXPIRED, text, certificate)
    return None


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


@dataclass(slots=True)
class Builder:
    """One verification: the roots, the sent certificates, and the work done so far."""

    roots: TrustStore
    sent: Sequence[X509]
    at: datetime
    checks: int = 0
    signatures: dict[tuple[bytes, bytes], str | None] = field(default_factory=dict)

    def verify(self, leaf: X509) -> Failure | None:
        """Build every chain and keep those that may be used; None when one is left."""
        if leaf.der in self.roots:
            return _refuse_all([[leaf]])
        chains, failure = self._build(leaf, [leaf])
        return _refuse_all(chains) if chains else failure

    def _build(self, child: X509, chain: list[X509]) -> tuple[list[list[X509]], Failure | None]:
        """Chains that continue `chain`, and the error that Go gives when there is none."""
        chains: list[list[X509]] = []
        error: Failure | None = None
        hint: Failure | None = None
        for candidate, is_sent in self._candidates(child):
            self.checks += 1
            if self.checks > MAX_SIGNATURE_CHECKS:
                text = (
                    "x509: signature check attempts limit reached while verifying certificate chain"
                )
                error = Failure(ProblemKind.SIGNATURE_LIMIT, text, child)
                break
            if _already_in(candidate, chain):
                continue
            refused = self.signature_problem(child, candidate)
            if refused is not None:
                hint = hint or Failure(ProblemKind.UNKNOWN_AUTHORITY, refused, candidate)
                continue
            # Go's error is that of the last candidate that came this far.
            error = check_validity(candidate, chain, is_sent, self.at)
            if error is not None:
                hint = hint or error
            elif is_sent:
                longer, error = self._build(candidate, [*chain, candidate])
                chains += longer
            else:
                chains.append([*chain, candidate])
        return chains, error or _unknown_authority(child, hint)

    def _candidates(self, child: X509) -> list[tuple[X509, bool]]:
        """Possible issuers: trusted before sent, and those with the right key identifier first."""
        sent = [c for c in self.sent if c.subject == child.issuer]
        return [
            *((c, False) for c in _by_key_id(self.roots.named(child.issuer), child)),
            *((c, True) for c in _by_key_id(sent, child)),
        ]

    def signature_problem(self, child: X509, parent: X509) -> str | None:
        """Go's complaint about `parent` as the signer of `child`, asked for once each."""
        key = (child.der, parent.der)
        if key not in self.signatures:
            self.signatures[key] = check_signature_from(child, parent)
        return self.signatures[key]


def _unknown_authority(child: X509, hint: Failure | None) -> Failure:
    text = "x509: certificate signed by unknown authority"
    if hint is not None:
        text += (
            f" (possibly because of {_quoted(hint.text)} while trying to verify candidate "
            f"authority certificate {_quoted(hint.certificate.label)})"
        )
    return Failure(ProblemKind.UNKNOWN_AUTHORITY, text, child, hint)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _by_key_id(candidates: Sequence[X509], child: X509) -> list[X509]:
    """A key identifier that differs does not rule an issuer out (golang/go#40679)."""
    wanted = child.extensions.authority_key_id

    def rank(candidate: X509) -> int:
        held = candidate.extensions.subject_key_id
        if held == wanted:
            return 0
        return 1 if not held or not wanted else 2

    return sorted(candidates, key=rank)


def _already_in(candidate: X509, chain: Sequence[X509]) -> bool:
    """Same subject, key and names as one of the chain: a loop of cross-signatures."""
    return any(
        (candidate.subject, candidate.spki, candidate.extensions.names)
        == (other.subject, other.spki, other.extensions.names)
        for other in chain
    )


def _refuse_all(chains: Sequence[Sequence[X509]]) -> Failure | None:
    """Why none of the chains may be used; None when one may."""
    usage: Failure | None = None
    constrained: Failure | None = None
    for chain in chains:
        leaf = chain[0]
        if not _usage_allows(chain):
            text = "x509: certificate specifies an incompatible key usage"
            usage = usage or Failure(ProblemKind.INCOMPATIBLE_USAGE, text, leaf)
            continue
        refused = check_constraints(chain)
        if refused is None:
            return None
        text = (
            "x509: a root or intermediate certificate is not authorized to sign for this name: "
            + refused
        )
        constrained = constrained or Failure(ProblemKind.NAME_CONSTRAINED, text, leaf)
    return constrained or usage


def _usage_allows(chain: Sequence[X509]) -> bool:
    """Every certificate that lists extended key usages allows server authentication."""
    return all(
        not certificate.extensions.usages
        or not {_ANY_USAGE, _SERVER_AUTH}.isdisjoint(certificate.extensions.usages)
        for certificate in chain
    )
