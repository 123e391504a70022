"""Log-in pages in a module proxy's place, and pages and redirects that are none."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Facts
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NAME,
    OTHER,
    SERVER,
    Part,
    connection,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    request,
    resolved,
    sent,
    session,
)

CODE = "http.captive_portal"
PAGE = b"<!DOCTYPE html><html><title>Log in</title>"
FILE = "/m/@v/v1.info"
LOGIN = (("location", "http://login.hotel.example/?u=1"),)


def answered(ttl: int = 64, **changes: Any) -> Facts:
    carried = connection(
        port=80, ttl=ttl, last_s=0.5, client=sent(200, 0.13), server=sent(2000, 0.15)
    )
    return facts(resolved(SERVER), carried, request(**changes), duration_s=3.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body_start": PAGE}, "web page"),
        ({"body_start": b"\n <HTML><head>"}, "web page"),
        ({"status": 511, "body_start": PAGE}, "web page"),
    ],
)
def test_a_page_where_a_module_was_asked(changes: dict[str, Any], words: str) -> None:
    portal = answered(**changes)
    finding = only(CODE, portal)
    assert place(finding) == (Role.GATEWAY, None, (1, 1))
    assert words in finding.evidence[0].text
    assert frames(finding) == {frame_at(0.13), frame_at(0.15)}
    assert root_of(portal) == ("failed", CODE)


def test_farther_away_it_is_a_box_on_the_way() -> None:
    assert place(only(CODE, answered(62, body_start=PAGE))) == (Role.MIDDLEBOX, None, (3, 3))


def redirected(landed: dict[str, Any], location: str = LOGIN[0][1]) -> list[Part]:
    moved = fetched_plain(0, 0.1, status=302, headers=(("location", location),))
    there = fetched_plain(1, 1.3, address=OTHER, host="login.hotel.example", **landed)
    return [*resolved(SERVER), *moved, *there]


def test_a_redirect_that_ends_at_a_log_in_page() -> None:
    portal = facts(redirected({"target": "/?u=1", "body_start": PAGE}), duration_s=4.0)
    finding = only(CODE, portal)
    assert "login.hotel.example" in finding.evidence[0].text
    assert root_of(portal) == ("failed", CODE)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            redirected({"target": "/v1.0.0.zip"}), id="a redirect to storage that delivers"
        ),
        pytest.param(
            [*resolved(SERVER), *fetched_plain(status=302, headers=LOGIN)],
            id="a redirect of which the rest is not seen",
        ),
        pytest.param(
            [
                *resolved(SERVER),
                *fetched_plain(status=301, headers=(("location", f"http://{NAME}/x"),)),
                *fetched_plain(1, 1.3, target="/x", status=404),
            ],
            id="a redirect on one host",
        ),
        pytest.param(
            [*resolved(SERVER), *fetched_plain(status=404, body_start=PAGE)],
            id="an error page",
        ),
        pytest.param(
            [*resolved(SERVER), *fetched_plain(target="/", body_start=PAGE, user_agent="curl/8")],
            id="a page where a page was asked",
        ),
        pytest.param([*resolved(SERVER), *fetched_plain(body_start=b"v1.0.0\n")], id="a list"),
    ],
)
def test_other_pages_and_redirects(parts: list[Part]) -> None:
    assert not found(CODE, facts(parts, duration_s=4.0))


@pytest.mark.parametrize("target", ["/example.com/m?go-get=1", "/m?go-get=1"])
def test_go_get_discovery_answers_with_a_page_by_design(target: str) -> None:
    """The go-import meta tag is HTML (go.dev/ref/mod#vcs-find)."""
    passed = facts(resolved(SERVER), fetched_plain(target=target, body_start=PAGE))
    assert not found(CODE, passed)


def test_inside_tls_gos_words_tell() -> None:
    url = f"https://{NAME}/m/@v/v1.info"
    words = f"go: m@v1: {url}: invalid character '<' looking for beginning of value"
    portal = facts(resolved(SERVER), fetched(), session=session(words))
    assert only(CODE, portal).confidence < 0.9
    assert root_of(portal) == ("failed", CODE)


def moved(stream: int, target: str, location: str) -> tuple[Part, ...]:
    return fetched_plain(
        stream, 0.1 + stream, target=target, status=302, headers=(("location", location),)
    )


def test_two_files_cannot_be_one_page() -> None:
    """Where that page is inside TLS nobody sees it, but it is no module."""
    page = f"https://{OTHER}/login"
    sent_there = facts(resolved(SERVER), moved(0, "/m/@v/v1.mod", page), moved(1, FILE, page))
    assert "/login" in only(CODE, sent_there).evidence[0].text
    assert root_of(sent_there) == ("failed", CODE)


def test_each_file_has_its_place_in_storage() -> None:
    there = [
        moved(0, "/m/@v/v1.mod", "https://cdn.example/1"),
        moved(1, FILE, "https://cdn.example/2"),
    ]
    assert not found(CODE, facts(resolved(SERVER), *there))


def test_one_file_asked_twice_is_at_one_place() -> None:
    there = [moved(n, FILE, "https://cdn.example/1") for n in range(2)]
    assert not found(CODE, facts(resolved(SERVER), *there))


def test_a_page_taken_for_a_go_mod() -> None:
    words = "go: m@v1: parsing go.mod: missing module line"
    portal = facts(resolved(SERVER), fetched(), session=session(words))
    assert root_of(portal) == ("failed", CODE)
