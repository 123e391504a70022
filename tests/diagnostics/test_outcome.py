"""When no verdict can be given, and what is said about what the capture could not show."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts
from diagnostics.engine import diagnose
from diagnostics.needs import unanswered
from diagnostics.outcome import inconclusive_reason, notes, unseen_share
from diagnostics.scope import scope_of
from diagnostics.verdict import Outcome
from tests.factories import (
    NAME,
    SERVER,
    Part,
    connection,
    facts,
    fetched,
    fetched_plain,
    handshake,
    resolved,
    sent,
    session,
    unconnected,
)

NO_ROUTE = (
    'go: a@v1: Get "https://h/a": dial tcp: lookup h on 10.0.0.1:53: dial udp 10.0.0.1:53: '
    "connect: network is unreachable"
)
WORKS: list[Part] = [*resolved(SERVER), *fetched()]
BROKEN: list[Part] = [*resolved(SERVER), unconnected(0.1, 1.1, 3.1)]


def reason(captured: Facts) -> str | None:
    scope = scope_of(captured)
    mine = [captured.attempts[i] for i in sorted(scope.attempts)]
    return inconclusive_reason(captured, scope, unanswered(mine, captured))


def still_coming(**changes: Any) -> Facts:
    """The last data arrives with the capture's last packet, and nobody has closed anything."""
    open_one = connection(
        last_s=2.0, client=sent(1000, 0.13, 0.2), server=sent(9_000_000, 0.15, 1.99), **changes
    )
    return facts(resolved(SERVER), open_one, handshake(), duration_s=2.0)


@pytest.mark.parametrize(
    ("captured", "words"),
    [
        pytest.param(facts(), "no packets", id="empty"),
        pytest.param(facts(packets=9), "no name lookup", id="other traffic only"),
        pytest.param(facts(BROKEN, duration_s=30.0), "do not show why", id="a failure"),
        pytest.param(facts(WORKS, session=session()), "exit status 1", id="a failure elsewhere"),
        pytest.param(
            facts(WORKS, session=session("go: m@v1: git fetch: exit status 128:", "\tfatal: x.")),
            "git, which it called, says fatal: x",
            id="a failure of git's",
        ),
        pytest.param(
            facts(WORKS, session=session("go: a@v1: bad", "# get x")),
            "go: a@v1: bad",
            id="its words",
        ),
        pytest.param(facts(session=session(NO_ROUTE)), "ip route", id="no route"),
        pytest.param(
            facts(session=session("go: no such tool: x")), "no such tool", id="no network"
        ),
        pytest.param(facts(session=session()), "-i", id="nothing said"),
        pytest.param(
            facts(session=session("start", exit_code=None, interrupted=True)),
            "ended before it had looked",
            id="interrupted",
        ),
        pytest.param(
            facts(
                session=session("go mod downlod: unknown command", "Run 'go help mod' for usage.")
            ),
            "unknown command",
            id="mistyped",
        ),
        pytest.param(facts(session=session(exit_code=0)), "go clean -modcache", id="cached"),
        pytest.param(still_coming(), "stops while", id="cut off"),
        pytest.param(
            facts(connection(starts_midway=True, syn_frame=None)), "to its end", id="no step seen"
        ),
    ],
)
def test_reasons_that_say_what_is_missing(captured: Facts, words: str) -> None:
    assert words in (reason(captured) or "")


@pytest.mark.parametrize(
    "captured",
    [
        pytest.param(facts(WORKS), id="seen to its end"),
        pytest.param(facts(resolved(SERVER), fetched_plain()), id="in clear"),
        pytest.param(facts(WORKS, session=session(exit_code=0)), id="the command succeeded"),
        pytest.param(
            facts(BROKEN, session=session(exit_code=0), duration_s=30.0), id="whatever is seen"
        ),
    ],
)
def test_enough_to_judge(captured: Facts) -> None:
    assert reason(captured) is None


@pytest.mark.parametrize("how", [{"signal": 15}, {"interrupted": True}])
def test_a_command_that_was_ended_from_outside_is_not_healthy(how: dict[str, Any]) -> None:
    """Whoever pressed Ctrl-C was waiting for something."""
    ended = facts(WORKS, session=session(exit_code=None, **how))
    verdict = diagnose(ended)
    assert (verdict.outcome, verdict.root_cause) == (Outcome.INCONCLUSIVE, None)
    assert "ended before" in (verdict.reason or "")


def test_an_exit_status_that_is_not_known_is_no_interruption() -> None:
    assert diagnose(facts(WORKS, session=session(exit_code=None))).outcome is Outcome.HEALTHY


def test_what_it_was_waiting_for_is_named() -> None:
    slow: list[Part] = [*resolved(SERVER, took_s=2.0), *fetched(at_s=2.1)]
    verdict = diagnose(facts(slow, session=session(exit_code=None, signal=2)))
    assert verdict.outcome is Outcome.DEGRADED


def lossy(unseen: int, total: int = 100_000) -> Facts:
    """The capture never saw so many of the acknowledged bytes."""
    server = sent(total, 0.15, 0.8) | {"unseen_acked_bytes": unseen}
    return facts(resolved(SERVER), connection(client=sent(1000, 0.13), server=server), handshake())


def test_a_capture_that_lost_a_tenth_proves_nothing() -> None:
    assert "larger buffer" in (reason(lossy(20_000)) or "")
    assert "larger buffer" not in (reason(lossy(5_000)) or "")
    assert unseen_share(lossy(20_000)) == pytest.approx(20_000 / 101_000)
    assert unseen_share(facts()) == 0.0


def said(captured: Facts) -> str:
    return " ".join(notes(captured, scope_of(captured)))


@pytest.mark.parametrize(
    ("captured", "words"),
    [
        (facts(WORKS, cut="a packet ends behind the file's end"), "is cut: a packet ends"),
        (facts(WORKS, dropped=12), "lost 12 packets"),
        (facts(WORKS, truncated_packets=7), "7 packets were recorded cut short"),
        (lossy(500), "500 acknowledged bytes"),
        (facts(WORKS), "inside 1 TLS connection ("),
        (facts(WORKS, fetched(1, 0.2)), "inside 2 TLS connections ("),
        (facts(connection(server=sent(900, 0.2))), "recognisably go's"),
    ],
)
def test_notes(captured: Facts, words: str) -> None:
    assert words in said(captured)


def test_nothing_is_noted_of_a_capture_that_shows_all() -> None:
    assert said(facts(resolved(SERVER), fetched_plain(host=NAME))) == ""
    assert "TLS" not in said(facts(WORKS, session=session(exit_code=0)))
