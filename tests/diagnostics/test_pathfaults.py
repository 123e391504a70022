"""Where walks show a step to fail, and findings that they narrow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers.facts import Facts, Hop, PathProbe, ProbeEnding, ProbeStep
from diagnostics.hops import lasting_loss
from diagnostics.narrowing import narrowed
from diagnostics.pathfaults import How, path_faults
from diagnostics.verdict import Finding, Role
from diagnostics.verdict import Hop as Place
from tests.factories import NAME, SERVER, facts, fetched, resolved

ROUTERS = {1: "10.1.0.1", 2: "198.51.100.1", 3: "198.51.100.2"}
END = 4
"""Distance of the server."""


def probe(
    ttl: int,
    step: ProbeStep = ProbeStep.HELLO,
    name: str | None = NAME,
    ending: ProbeEnding | None = None,
    ending_ttl: int | None = None,
    silent: bool = False,
    copies: int = 2,
    size: int = 309,
) -> PathProbe:
    """One that a router reports expired, unless it is silent or met something."""
    expired = ROUTERS.get(ttl) if not silent and ending is None else None
    return PathProbe(
        step=step,
        destination=SERVER,
        port=None if step is ProbeStep.ECHO else 443,
        name=name if step in (ProbeStep.HELLO, ProbeStep.QUERY) else None,
        size=size,
        ttl=ttl,
        time_s=float(ttl),
        copies=copies,
        stream=None,
        frames=(900 + ttl,),
        expired_at=expired,
        ending=ending,
        ending_from=SERVER if ending else None,
        ending_ttl=ending_ttl,
    )


def seen(*probes: PathProbe) -> Facts:
    return replace(facts(resolved(SERVER), fetched()), probes=probes)


def place(*probes: PathProbe) -> tuple[How, int, int | None] | None:
    found = path_faults(seen(*probes))
    if not found:
        return None
    (fault,) = found
    return fault.how, fault.low, fault.high


def test_a_reset_comes_from_between_two_probes() -> None:
    met = probe(3, ending=ProbeEnding.RESET, ending_ttl=40)
    assert place(probe(1), probe(2), met) == (How.RESET, 2, 3)


@pytest.mark.parametrize(
    ("ttl", "interval"),
    [(62, (3, 3)), (63, (2, 2)), (61, (2, 3)), (64, (2, 3)), (126, (3, 3))],
)
def test_a_ttl_that_agrees_names_the_hop(ttl: int, interval: tuple[int, int]) -> None:
    met = probe(3, ending=ProbeEnding.RESET, ending_ttl=ttl)
    assert place(probe(1), probe(2), met) == (How.RESET, *interval)


def test_without_nearer_probes_it_may_be_anywhere_before() -> None:
    met = probe(3, ending=ProbeEnding.RESET, ending_ttl=40)
    assert place(met) == (How.RESET, 0, 3)


def test_silence_ends_where_other_probes_are_answered() -> None:
    lost = (probe(1), probe(2), probe(3, silent=True), probe(4, silent=True))
    control = probe(3, name="other.example")
    assert place(*lost, control) == (How.SILENCE, 2, 3)


def test_silence_without_anything_to_compare_has_no_far_end() -> None:
    lost = (probe(1), probe(2), probe(3, silent=True), probe(4, silent=True))
    assert place(*lost) == (How.SILENCE, 2, None)


def test_a_silent_router_is_passed_over() -> None:
    lost = (probe(1), probe(2), probe(3, silent=True), probe(4, silent=True))
    control = probe(4, ProbeStep.SYN, ending=ProbeEnding.ANSWERED, ending_ttl=61)
    assert place(*lost, control) == (How.SILENCE, 2, 4)


def test_one_lost_probe_is_no_silence() -> None:
    lost = (probe(1), probe(2), probe(3, silent=True, copies=1))
    control = probe(3, name="other.example")
    assert place(*lost, control) == (How.SILENCE, 2, None)


def test_a_walk_that_arrives_has_no_fault() -> None:
    arrived = probe(4, ending=ProbeEnding.ANSWERED, ending_ttl=61)
    assert place(probe(1), probe(2, silent=True), probe(3), arrived) is None


def test_what_the_server_takes_and_does_not_answer_is_not_lost_on_the_way() -> None:
    taken = probe(4, ending=ProbeEnding.ACKNOWLEDGED, ending_ttl=61)
    assert place(probe(1), probe(2), probe(3), taken) is None


def test_an_answer_before_the_resolver_is_forged() -> None:
    control = [probe(n, ProbeStep.QUERY, ".") for n in (1, 2, 3)]
    control.append(probe(4, ProbeStep.QUERY, ".", ProbeEnding.ANSWERED, 61))
    walk = [probe(1, ProbeStep.QUERY), probe(2, ProbeStep.QUERY, NAME, ProbeEnding.ANSWERED, 62)]
    assert place(*control, *walk) == (How.FORGED, 1, 2)


def test_an_answer_of_the_resolver_is_not() -> None:
    both = [probe(n, ProbeStep.QUERY, name) for n in (1, 2, 3) for name in (".", NAME)]
    both += [probe(4, ProbeStep.QUERY, n, ProbeEnding.ANSWERED, 61) for n in (".", NAME)]
    assert place(*both) is None


def test_large_and_small_hellos_are_two_walks() -> None:
    large = [probe(n, size=1500, silent=n > 1) for n in (1, 2, 3)]
    small = [probe(n) for n in (1, 2, 3)] + [probe(4, ending=ProbeEnding.ANSWERED)]
    (fault,) = path_faults(seen(*large, *small))
    assert (fault.large, fault.distance) == (True, (1, 2))


def finding(
    cause: str = "tls.sni_blocked",
    role: Role = Role.MIDDLEBOX,
    distance: tuple[int, int] | None = (1, END),
) -> Finding:
    return Finding(
        hop=Place(role, None, None, distance),
        summary="",
        evidence=(),
        fix=(),
        confidence=0.9,
        impact_s=1.0,
        attempts=frozenset((0,)),
        cause=cause,
    )


def judged(found: Finding, *probes: PathProbe) -> Finding:
    known = seen(*probes)
    return narrowed(found, known, path_faults(known))


RESET = (probe(1), probe(2), probe(3, ending=ProbeEnding.RESET, ending_ttl=40))


def test_a_finding_is_narrowed_and_says_why() -> None:
    better = judged(finding(), *RESET)
    assert better.hop.distance == (2, 3)
    assert better.evidence[-1].frames == (902, 903)


def test_a_narrower_finding_stays_as_it_is() -> None:
    assert judged(finding(distance=(3, 3)), *RESET).hop.distance == (3, 3)


def test_probes_are_believed_more_than_a_ttl() -> None:
    assert judged(finding(distance=(1, 1)), *RESET).hop.distance == (2, 3)


def test_who_answers_before_the_server_is_not_the_server() -> None:
    accused = finding("tls.client_hello_rejected", Role.SERVER, (END, END))
    assert judged(accused, *RESET).hop == Place(Role.MIDDLEBOX, None, None, (2, 3))


@pytest.mark.parametrize(
    "found",
    [
        finding("tls.expired", Role.SERVER, (END, END)),
        finding("tcp.syn_timeout", Role.PATH, (0, END)),
        finding("dns.forged", Role.MIDDLEBOX, (1, 2)),
        finding("tls.client_hello_dropped", Role.MIDDLEBOX, (1, 2)),
    ],
    ids=lambda found: found.cause,
)
def test_other_causes_are_left_alone(found: Finding) -> None:
    assert judged(found, *RESET) == found


def test_another_name_is_another_matter() -> None:
    walk = [replace(p, name="other.example") for p in RESET]
    assert judged(finding(), *walk) == finding()


def test_a_large_hello_dies_with_any_name() -> None:
    large = [probe(n, name="b.example", size=1500, silent=n > 1) for n in (1, 2, 3, 4)]
    small = [probe(n, name="b.example") for n in (1, 2, 3)]
    dropped = finding("tls.client_hello_dropped")
    assert judged(dropped, *large, *small).hop.distance == (1, 2)
    assert judged(finding(), *large, *small) == finding()


def hop(distance: int, sent: int, answered: int, reached: bool = False) -> Hop:
    return Hop(
        destination=SERVER,
        distance=distance,
        address=SERVER if reached else ROUTERS[distance],
        sent=sent,
        answered=answered,
        rtts_s=(0.01,) * answered,
        frames=(900 + distance,),
        reached=reached,
        protocol="icmp",
    )


@pytest.mark.parametrize(
    ("walk", "losses"),
    [
        pytest.param(
            [hop(1, 100, 100), hop(2, 100, 20), hop(3, 100, 100), hop(4, 100, 100, True)],
            [0.0, 0.0, 0.0, 0.0],
            id="a router that answers one in five loses nothing",
        ),
        pytest.param(
            [hop(1, 100, 100), hop(2, 100, 90), hop(3, 100, 85), hop(4, 100, 90, True)],
            [0.0, 0.1, 0.1, 0.1],
            id="loss that lasts to the end",
        ),
        pytest.param(
            [hop(1, 100, 100), hop(2, 100, 40)],
            [0.0, None],
            id="the last that is known may be reluctant",
        ),
        pytest.param([hop(1, 100, 100), hop(2, 100, 0)], [0.0, None], id="silent"),
    ],
)
def test_loss_of_hops(walk: list[Hop], losses: list[float | None]) -> None:
    known = replace(facts(resolved(SERVER), fetched()), hops=tuple(walk))
    found = [lasting_loss(known, h) for h in walk]
    assert found == pytest.approx(losses)
