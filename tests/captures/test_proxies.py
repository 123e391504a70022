"""`captures.proxies`: go's reading of the proxy variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.proxies import address_of, is_excluded, proxies_of, proxy_for
from captures.redact import Redactor


@pytest.mark.parametrize(
    ("host", "no_proxy", "expected"),
    [
        ("localhost", "", True),
        ("127.9.9.9", "", True),
        ("::1", "", True),
        ("a.example", "", False),
        ("a.example", "*", True),
        ("a.example", "example", True),
        ("a.example", "a.example", True),
        ("x.a.example", "a.example", True),
        ("a.example", ".a.example", False),
        ("x.a.example", ".a.example", True),
        ("x.a.example", "*.a.example", True),
        ("ba.example", "a.example", False),
        ("a.example", "b, A.Example ,c", True),
        ("a.example", "a.example:443", True),
        ("a.example", "a.example:80", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("2001:db8::5", "2001:db8::/32", True),
        ("2001:db8::5", "2001:db8::5", True),
        ("a.example", "10.0.0.0/99", False),
    ],
)
def test_no_proxy_is_read_as_go_reads_it(host: str, no_proxy: str, expected: bool) -> None:
    assert is_excluded(host, 443, no_proxy) is expected


@given(st.text(max_size=20), st.text(max_size=30))
def test_no_list_is_too_strange(host: str, no_proxy: str) -> None:
    is_excluded(host, 443, no_proxy)


def test_the_scheme_chooses_the_variable() -> None:
    environment = {"HTTPS_PROXY": "http://s:1", "http_proxy": "p:2", "ALL_PROXY": "http://a:3"}
    assert proxy_for("https", "a.example", 443, environment) == "http://s:1"
    assert proxy_for("http", "a.example", 80, environment) == "http://p:2"
    assert proxy_for("https", "a.example", 443, {"ALL_PROXY": "http://a:3"}) is None
    assert proxy_for("https", "a.example", 443, {**environment, "NO_PROXY": "a.example"}) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", ("a.example", 443)),
        ("http://a.example", ("a.example", 80)),
        ("http://u:p@a.example:3128", ("a.example", 3128)),
        ("https://[2001:db8::1]:8443/", ("2001:db8::1", 8443)),
        ("socks5://s", ("s", 1080)),
        ("http://a:b:c", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_addresses_of_urls(url: str, expected: tuple[str, int] | None) -> None:
    assert address_of(url) == expected


def test_kept_proxies_have_no_credentials() -> None:
    environment = {"https_proxy": "http://u:p@p:1", "HTTP_PROXY": "u:p@q:2", "no_proxy": "x"}
    kept = proxies_of(environment, Redactor(environment))
    assert (kept.http, kept.https, kept.no_proxy) == ("q:2", "http://p:1", "x")
