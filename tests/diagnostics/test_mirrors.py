"""What go is told to ask in place of a service that failed."""

from __future__ import annotations

import pytest

from diagnostics.mirrors import elsewhere

MIRRORS = ("goproxy.cn", "proxy.golang.org", "goproxy.io")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("proxy.golang.org", "GOPROXY=https://goproxy.cn|https://goproxy.io|direct"),
        ("goproxy.cn", "GOPROXY=https://proxy.golang.org|https://goproxy.io|direct"),
        (None, "GOPROXY=https://goproxy.cn|https://proxy.golang.org|direct"),
    ],
)
def test_what_failed_is_not_advised(name: str | None, command: str) -> None:
    (fix,) = elsewhere(name, "Use another.", *MIRRORS)
    assert fix.text == "Use another."
    assert fix.command == f"go env -w '{command}'"


@pytest.mark.parametrize(
    ("name", "other"),
    [("sum.golang.org", "sum.golang.google.cn"), ("sum.golang.google.cn", "sum.golang.org")],
)
def test_the_checksum_database_is_no_module_proxy(name: str, other: str) -> None:
    (fix,) = elsewhere(name, "Use another.", *MIRRORS, checksums="sum.golang.google.cn")
    assert fix.command == f"go env -w GOSUMDB={other}"


def test_a_companys_proxy_may_hold_what_the_public_must_not_know() -> None:
    (fix,) = elsewhere("goproxy.corp.example", "Use another.", *MIRRORS, checksums="sum.example")
    assert "Only for public modules" in fix.text
    assert fix.command is not None
    assert fix.command.endswith(" GOSUMDB=sum.example")
