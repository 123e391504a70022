"""Addresses where the service cannot be, and odd addresses where it is."""

from __future__ import annotations

import pytest

from captures.session import Proxies, Session
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NOTHING_BACK,
    RESOLVER,
    SERVER,
    Part,
    connection,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    query,
    question,
    refused_certificate,
    reset,
    resolved,
    response,
    session,
    unconnected,
)

CODE = "dns.bogus_address"
PUBLIC = "proxy.golang.org"
INTERNAL = "goproxy.corp.example"


def refused_at(address: str) -> Part:
    return connection(address=address, last_s=0.101, resets=(reset(0.101, ttl=64),), **NOTHING_BACK)


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "127.0.0.1", "::", "::1", "169.254.1.1", "240.0.0.1"]
)
def test_an_address_that_is_nobodys_is_pinned_on_the_resolver(address: str) -> None:
    bogus = facts(resolved(address), refused_at(address))
    finding = only(CODE, bogus)
    assert place(finding) == (Role.RESOLVER, RESOLVER, (3, 3))
    assert address in finding.summary
    assert {frame_at(0.0), frame_at(0.01)} <= frames(finding)
    assert root_of(bogus) == ("failed", CODE)


def test_go_need_not_even_have_tried_it() -> None:
    assert root_of(facts(resolved("0.0.0.0"))) == ("failed", CODE)


@pytest.mark.parametrize("address", ["10.9.8.7", "192.168.1.1", "172.16.0.1", "fd00::1"])
def test_a_public_service_is_not_at_a_private_address(address: str) -> None:
    bogus = facts(
        resolved(address, name=PUBLIC),
        unconnected(0.1, 1.1, 3.1, address=address),
        duration_s=30.0,
    )
    assert root_of(bogus) == ("failed", CODE)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([*resolved("172.99.0.1"), refused_at("172.99.0.1")], id="172.99 is public"),
        pytest.param(
            [*resolved("10.9.8.7", name=PUBLIC), *fetched(name=PUBLIC, address="10.9.8.7")],
            id="a split horizon that works",
        ),
        pytest.param(
            [*resolved("10.9.8.7", name=INTERNAL), refused_at("10.9.8.7")],
            id="a private network",
        ),
        pytest.param(
            [*resolved("127.0.0.1", name="goproxy.localhost"), refused_at("127.0.0.1")],
            id="localhost",
        ),
        pytest.param(
            [*resolved("0.0.0.0", SERVER), *fetched()], id="a good address beside a bad one"
        ),
    ],
)
def test_odd_addresses_that_are_none_of_this(parts: list[Part]) -> None:
    assert not found(CODE, facts(parts))


SUMDB = [*resolved("198.51.100.99", at_s=5.0, name="sum.golang.org")]


@pytest.mark.parametrize(
    ("parts", "cause"),
    [
        pytest.param(
            fetched_plain(address="10.9.8.7", status=500, host=INTERNAL),
            "http.server_error",
            id="500",
        ),
        pytest.param(
            refused_certificate(name=INTERNAL, address="10.9.8.7"),
            "tls.certificate_rejected",
            id="certificate",
        ),
    ],
)
def test_an_internal_service_that_answers_badly_is_where_it_should_be(
    parts: list[Part], cause: str
) -> None:
    """Beside a public sumdb, an internal mirror has a private address all the same."""
    faulty = facts(resolved("10.9.8.7", name=INTERNAL), SUMDB, parts)
    assert root_of(faulty) == ("failed", cause)


def test_a_background_name_on_a_block_list_is_background() -> None:
    blocked = question([query(0.5, edns=None)], [response(0.51, "0.0.0.0")], name="ads.example")
    assert root_of(facts(resolved(SERVER), fetched(), blocked)) == ("healthy", None)


def test_a_page_of_another_site_at_the_private_address_is_not_the_service() -> None:
    """The block page's certificate is its own: nothing there has the name that was asked for."""
    elsewhere = facts(
        resolved("10.9.8.7", name=INTERNAL),
        SUMDB,
        refused_certificate(name=INTERNAL, address="10.9.8.7"),
        session=session(
            f"Get https://{INTERNAL}/: tls: failed to verify certificate: x509: certificate is "
            f"valid for block.example, not {INTERNAL}"
        ),
    )
    assert root_of(elsewhere) == ("failed", CODE)


@pytest.mark.parametrize(
    ("port", "told"),
    [(3128, None), (8080, session(proxies=Proxies(https=f"http://{INTERNAL}:8080")))],
    ids=["by its port", "by the environment"],
)
def test_the_proxy_of_a_company_has_a_private_address(port: int, told: Session | None) -> None:
    refused = connection(
        address="10.9.8.7", port=port, last_s=0.101, resets=(reset(0.101, ttl=64),), **NOTHING_BACK
    )
    captured = facts(resolved("10.9.8.7", name=INTERNAL), SUMDB, refused, session=told)
    assert root_of(captured) == ("failed", "tcp.refused")


def test_a_browsers_public_names_say_nothing_of_the_downloads_network() -> None:
    browsed = question([query(0.5, edns=None)], [response(0.51, "198.51.100.9")], name="www.test")
    refused = facts(resolved("10.9.8.7", name=INTERNAL), refused_at("10.9.8.7"), browsed)
    assert root_of(refused) == ("failed", "tcp.refused")
