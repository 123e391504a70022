"""What a proxy answers to CONNECT: which status is whose, and what is not the proxy's."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts
from captures.session import Proxies
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, healthy, only, place, root_of
from tests.factories import (
    NAME,
    SERVER,
    Part,
    closed,
    connect,
    connection,
    facts,
    failed_hello,
    fetched,
    frame_at,
    request,
    reset,
    resolved,
    sent,
    session,
)

CODES = ("proxy.auth_required", "proxy.denied", "proxy.bad_gateway", "proxy.no_answer")


def tunnel(status: int | None, *, last_s: float = 1.1, **changes: Any) -> Facts:
    """One CONNECT through the proxy at SERVER, whose name was looked up before."""
    answered: dict[str, Any] = {} if status is None else {"server": sent(200, 0.15) | closed(0.16)}
    halves = {"client": sent(120, 0.13) | closed(last_s)} | answered
    carried = connection(last_s=last_s, port=3128, **(halves | changes))
    return facts(resolved(SERVER, name="proxy.office.example"), carried, connect(status=status))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (407, "proxy.auth_required"),
        (400, "proxy.denied"),
        (403, "proxy.denied"),
        (405, "proxy.denied"),
        (429, "proxy.denied"),
        (302, "proxy.denied"),
        (307, "proxy.denied"),
        (511, "proxy.denied"),
        (500, "proxy.bad_gateway"),
        (502, "proxy.bad_gateway"),
        (503, "proxy.bad_gateway"),
        (504, "proxy.bad_gateway"),
    ],
)
def test_each_status_has_one_rule(status: int, code: str) -> None:
    answered = tunnel(status)
    assert [c for c in CODES if found(c, answered)] == [code]
    finding = only(code, answered)
    assert frames(finding) == {frame_at(0.13), frame_at(0.15)}
    assert NAME in finding.evidence[0].text
    assert str(status) in finding.evidence[0].text
    upstream = code == "proxy.bad_gateway"
    expected = (Role.UPSTREAM, None, None) if upstream else (Role.PROXY, SERVER, (5, 5))
    assert place(finding) == expected
    assert root_of(answered) == ("failed", code)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"last_s": 60.13}, id="nothing for a minute"),
        pytest.param(
            {"server": closed(5.0), "client": sent(120, 0.13) | closed(5.01)}, id="closed"
        ),
    ],
)
def test_no_status_at_all(changes: dict[str, Any]) -> None:
    silent = tunnel(None, **({"last_s": 5.1} | changes))
    assert [c for c in CODES if found(c, silent)] == ["proxy.no_answer"]
    assert place(only("proxy.no_answer", silent)) == (Role.PROXY, SERVER, (5, 5))
    assert root_of(silent) == ("failed", "proxy.no_answer")


def test_a_reset_instead_of_a_status_is_a_reset() -> None:
    cut = tunnel(None, last_s=0.3, client=sent(120, 0.13), resets=(reset(0.3),))
    assert root_of(cut) == ("failed", "tcp.reset_by_server")
    finding = only("tcp.reset_by_server", cut)
    assert place(finding) == (Role.PROXY, SERVER, (5, 5))
    assert finding.summary.startswith(f"The proxy {SERVER} resets")


def test_a_box_that_resets_what_asks_the_proxy_for_a_name() -> None:
    """CONNECT tells the name in clear, for boxes before the proxy too."""
    forged = reset(0.3, ttl=62, signs=("ttl_differs", "window_odd"))
    cut = tunnel(None, last_s=0.3, client=sent(120, 0.13), resets=(forged,))
    assert root_of(cut) == ("failed", "tcp.reset_injected")


def test_a_tunnel_that_opens_is_healthy() -> None:
    carried, shaken = fetched(port=3128)
    passed = facts(resolved(SERVER), carried, shaken, connect(at_s=0.11))
    assert not [c for c in CODES if found(c, passed)]
    healthy(passed)


def test_what_fails_inside_the_tunnel_is_not_the_proxys() -> None:
    inside = facts(failed_hello(acked=True, port=3128), connect(at_s=0.11))
    assert not [c for c in CODES if found(c, inside)]


def test_a_login_that_succeeds_at_the_second_try_is_no_failure() -> None:
    asked, answered = sent(120, 0.13) | closed(0.2), sent(200, 0.15) | closed(0.16)
    first = connection(0, 0.1, port=3128, last_s=0.2, client=asked, server=answered)
    carried, shaken = fetched(1, 0.3, port=3128)
    passed = facts(first, connect(status=407), carried, shaken, connect(1, 0.32))
    assert root_of(passed)[0] == "healthy"


def test_407_to_a_plain_request_through_the_proxy() -> None:
    asked, answered = sent(200, 0.13) | closed(0.2), sent(200, 0.15) | closed(0.16)
    plain = facts(
        connection(port=3128, last_s=0.2, client=asked, server=answered),
        request(target=f"http://{NAME}/m/@v/list", status=407),
    )
    assert place(only("proxy.auth_required", plain)) == (Role.PROXY, SERVER, (5, 5))


def test_several_destinations_are_one_finding_per_proxy() -> None:
    asked, answered = sent(120, 0.13) | closed(0.2), sent(200, 0.15) | closed(0.16)
    halves: dict[str, Any] = {"client": asked, "server": answered, "last_s": 0.2}
    both = facts(
        connection(0, 0.1, port=3128, **halves),
        connect(status=403),
        connection(1, 0.1, port=3128, **halves),
        connect(1, status=403, to="sum.example.org"),
    )
    finding = only("proxy.denied", both)
    assert finding.streams == {0, 1}
    assert "sum.example.org" in finding.evidence[0].text


def test_403_of_a_module_proxy_is_no_403_of_an_http_proxy() -> None:
    asked, answered = sent(200, 0.13) | closed(0.2), sent(200, 0.15) | closed(0.16)
    refused = facts(
        connection(port=80, last_s=0.2, client=asked, server=answered), request(status=403)
    )
    assert not [c for c in CODES if found(c, refused)]


def test_tunnels_refused_at_the_same_time_cost_it_once() -> None:
    said: dict[str, Any] = {"client": sent(120, 0.13), "server": sent(200, 0.15) | closed(0.16)}
    parts = [
        (connection(n, 0.1, port=3128, last_s=1.1, **said), connect(n, status=403))
        for n in range(3)
    ]
    finding = only("proxy.denied", facts(resolved(SERVER, name="proxy.office.example"), *parts))
    assert len(finding.attempts) == 3
    assert finding.impact_s < 1.2


SECURE = Proxies(http="", https="https://proxy.office.example:3129")


@pytest.mark.parametrize(
    ("phrase", "code", "role"),
    [
        ("Proxy Authentication Required", "proxy.auth_required", Role.PROXY),
        ("Forbidden", "proxy.denied", Role.PROXY),
        ("Bad Gateway", "proxy.bad_gateway", Role.UPSTREAM),
    ],
)
def test_what_a_proxy_says_inside_tls_go_prints(phrase: str, code: str, role: Role) -> None:
    words = f'go: m@v1: Get "https://{NAME}/m/@v/v1.info": {phrase}'
    parts: list[Part] = [
        *resolved(SERVER, name="proxy.office.example"),
        *fetched(name="proxy.office.example", port=3129),
    ]
    told = facts(parts, session=session(words, proxies=SECURE))
    finding = only(code, told)
    assert finding.hop.role is role and NAME in finding.summary
    assert root_of(told) == ("failed", code)
    assert not any(found(c, facts(parts, session=session(words))) for c in CODES)


def test_a_proxy_setting_that_is_no_url_names_no_proxy() -> None:
    """Sessions come from strangers, and so do their settings."""
    words = f'go: m@v1: Get "https://{NAME}/m/@v/v1.info": Forbidden'
    nonsense = session(words, proxies=Proxies(http="", https="https://[::1"))
    assert not any(found(c, facts(resolved(SERVER), fetched(), session=nonsense)) for c in CODES)
