"""One rule asked about facts, its finding checked, and its commands given to a real shell."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from analyzers.facts import Facts
from diagnostics import contract, registry
from diagnostics.engine import diagnose
from diagnostics.verdict import Finding, Outcome, Role, Verdict

HOSTILE = "x$(pwned)`pwned`;pwned|pwned&&pwned'pwned'\"pwned\"\npwned #.example"
"""A name that runs `pwned` wherever a command takes it unquoted, or quoted by halves."""
HOSTILE_LABEL = "x$(pwned)`pwned`;pwned&pwned"
"""The same without blanks and quotes, for what must remain one word of a URL."""


def found(code: str, facts: Facts) -> list[Finding]:
    """What one rule finds."""
    return list(registry.load(code).findings(facts))


def only(code: str, facts: Facts) -> Finding:
    """The one finding of a rule, its form checked."""
    (finding,) = found(code, facts)
    assert finding.summary.endswith(".") and "\n" not in finding.summary
    assert finding.evidence and finding.fix
    assert 0.0 < finding.confidence <= 1.0
    assert finding.impact_s >= 0.0
    assert contract.cause(finding.cause) is not None
    return finding


def place(finding: Finding) -> tuple[Role, str | None, tuple[int, int] | None]:
    """Where a finding is pinned: role, address and distance."""
    return finding.hop.role, finding.hop.address, finding.hop.distance


def frames(finding: Finding) -> set[int]:
    """All frames of its evidence."""
    return {f for e in finding.evidence for f in e.frames}


def root_of(facts: Facts) -> tuple[str, str | None]:
    """Outcome and root cause of the whole verdict, as words."""
    verdict = diagnose(facts)
    return verdict.outcome.value, verdict.root_cause.cause if verdict.root_cause else None


def with_session_ended(facts: Facts, exit_code: int) -> Facts:
    """The same facts with another exit status of the command."""
    assert facts.session is not None
    return replace(facts, session=replace(facts.session, exit_code=exit_code))


def healthy(facts: Facts) -> Verdict:
    """The verdict, which must be healthy and without any finding that costs time."""
    verdict = diagnose(facts)
    assert verdict.outcome is Outcome.HEALTHY, (verdict.outcome, verdict.root_cause)
    assert verdict.root_cause is None
    assert not [f.cause for f in verdict.findings if f.impact_s > 0.0]
    return verdict


def assert_harmless(findings: Iterable[Finding], directory: Path) -> None:
    """Paste every command into a shell that has no program but `pwned`, which must not run."""
    marker, program = directory / "marker", directory / "bin" / "pwned"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n: > {marker}\n")
    program.chmod(0o755)
    commands = [fix.command for f in findings for fix in f.fix if fix.command is not None]
    assert commands
    for command in commands:
        subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=directory,
            env={"PATH": str(program.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=10,
        )
        assert not marker.exists(), command
