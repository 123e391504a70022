"""NXDOMAIN for a name that is needed, and the many that mean nothing."""

from __future__ import annotations

import pytest

from captures.session import Proxies
from diagnostics.engine import diagnose
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, healthy, only, place, root_of
from tests.factories import (
    NAME,
    RESOLVER,
    SERVER,
    facts,
    fetched,
    query,
    question,
    resolved,
    response,
    session,
)

CODE = "dns.nxdomain"


def test_a_denied_name_is_pinned_on_the_resolver() -> None:
    denied = facts(resolved(rcode="NXDOMAIN"))
    finding = only(CODE, denied)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert len(finding.evidence[0].frames) == 4
    assert root_of(denied) == ("failed", CODE)


def test_the_proxys_own_name_is_looked_for_in_the_environment() -> None:
    told = session(proxies=Proxies(https=f"http://{NAME}:3128"))
    commands = [
        fix.command for fix in only(CODE, facts(resolved(rcode="NXDOMAIN"), session=told)).fix
    ]
    assert commands[0] == "env | grep -i _proxy"
    assert not any("GOPROXY=" in (command or "") for command in commands)


def test_names_of_other_programs_are_not_the_downloads() -> None:
    tracker = question([query(0.5, edns=None)], [response(0.51, rcode="NXDOMAIN")], name="ads.test")
    verdict = diagnose(facts(resolved(rcode="NXDOMAIN"), tracker))
    assert verdict.root_cause is not None
    assert "ads.test" not in verdict.root_cause.summary
    assert any("ads.test" in finding.summary for finding in verdict.background)


def test_a_name_proper_that_fails_after_its_search_names_is_the_one_named() -> None:
    denied = facts(
        resolved(name=f"{NAME}.corp.example", rcode="NXDOMAIN"),
        resolved(name=NAME, at_s=0.02, rcode="NXDOMAIN"),
    )
    finding = only(CODE, denied)
    assert "corp.example" not in finding.summary
    assert NAME in finding.summary


@pytest.mark.parametrize("suffixes", [["corp.example"], ["ns.svc.cluster.local", "cluster.local"]])
def test_search_names_that_miss_are_no_finding(suffixes: list[str]) -> None:
    misses = [
        resolved(name=f"{NAME}.{suffix}", at_s=0.02 * i, rcode="NXDOMAIN")
        for i, suffix in enumerate(suffixes)
    ]
    passed = facts(*misses, resolved(SERVER, at_s=0.06), fetched())
    assert not found(CODE, passed)
    healthy(passed)


def test_a_miss_before_a_search_name_that_exists_is_no_finding() -> None:
    passed = facts(
        resolved(name="proxy", rcode="NXDOMAIN"),
        resolved(SERVER, name="proxy.corp.example", at_s=0.02),
        fetched(name="proxy"),
    )
    assert not found(CODE, passed)


def test_a_name_that_is_found_when_asked_again_is_no_finding() -> None:
    healthy(facts(resolved(rcode="NXDOMAIN"), resolved(SERVER, at_s=3.0), fetched(at_s=3.1)))


def test_a_name_that_another_program_asks_for_is_background() -> None:
    stray = question(
        [query(0.5, edns=None)], [response(0.51, rcode="NXDOMAIN")], name="wpad.example"
    )
    passed = facts(resolved(SERVER), fetched(), stray)
    assert [f.cause for f in diagnose(passed).background] == [CODE]
    healthy(passed)


def test_a_denial_that_go_gave_up_over_is_fatal_beside_lookups_that_worked() -> None:
    words = (
        f'go: m@v1: Get "https://{NAME}/m": dial tcp: lookup {NAME} on {RESOLVER}:53: no such host'
    )
    flapping = facts(
        resolved(SERVER),
        fetched(),
        resolved(at_s=0.5, rcode="NXDOMAIN"),
        session=session(words),
    )
    assert root_of(flapping) == ("failed", CODE)
