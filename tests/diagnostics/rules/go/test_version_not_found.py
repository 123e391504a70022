"""Versions that a served module does not have, and 404s that say less."""

from __future__ import annotations

import pytest

from captures.session import Request, Session
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    NAME,
    OTHER,
    SERVER,
    Part,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    resolved,
    session,
)

CODE = "go.version_not_found"
MODULE = "/example.com/m"
MISSING = fetched_plain(1, 1.3, target=f"{MODULE}/@v/v1.9.9.info", status=404)


def after(target: str, status: int = 200) -> list[Part]:
    """First this is asked, then the version that is missing."""
    return [*resolved(SERVER), *fetched_plain(target=target, status=status), *MISSING]


@pytest.mark.parametrize(
    "target", [f"{MODULE}/@v/list", f"{MODULE}/@latest", f"{MODULE}/@v/v1.0.0.info"]
)
def test_the_module_is_served_in_other_versions(target: str) -> None:
    missing = facts(after(target), duration_s=4.0)
    finding = only(CODE, missing)
    assert place(finding) == (Role.SERVER, SERVER, (5, 5))
    assert "v1.9.9" in finding.summary
    assert frames(finding) == {frame_at(1.33), frame_at(1.35)}
    assert root_of(missing) == ("failed", CODE)


def test_inside_tls_gos_words_tell() -> None:
    url = f"https://{NAME}{MODULE}/@v/v1.9.9.info"
    recorded = session(
        f"go: example.com/m@v1.9.9: reading {url}: 404 Not Found",
        "\tserver response: not found: m@v1.9.9: invalid version: unknown revision v1.9.9",
        requests=(Request(url=url, status=404, duration_s=0.1),),
    )
    assert root_of(facts(resolved(SERVER), fetched(), session=recorded)) == ("failed", CODE)


NO_MATCH = 'go: errors parsing go.mod:\ngo.mod:6:2: no matching versions for query "v1.99"'


def test_a_query_that_no_version_of_the_list_matches() -> None:
    listed = fetched_plain(target=f"{MODULE}/@v/list")
    missing = facts(resolved(SERVER), listed, session=session(*NO_MATCH.split("\n")))
    finding = only(CODE, missing)
    assert '"v1.99"' in finding.summary
    assert root_of(missing) == ("failed", CODE)


@pytest.mark.parametrize(
    ("target", "status", "recorded"),
    [
        pytest.param(f"{MODULE}/@v/list", 200, session("go: exit"), id="go says something else"),
        pytest.param(f"{MODULE}/@v/list", 404, session(NO_MATCH), id="the list is not served"),
        pytest.param(f"{MODULE}/@v/v1.0.0.mod", 200, session(NO_MATCH), id="no list was asked"),
        pytest.param(
            f"{MODULE}/@v/list", 200, session(NO_MATCH, exit_code=0), id="go went on without it"
        ),
    ],
)
def test_words_about_another_query(target: str, status: int, recorded: Session) -> None:
    assert not found(
        CODE, facts(resolved(SERVER), fetched_plain(target=target, status=status), session=recorded)
    )


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(after("/"), id="nothing else of the module was asked"),
        pytest.param(after("/example.com/other/@v/list"), id="another module is served"),
        pytest.param(after(f"{MODULE}/@v/list", 404), id="the module is not there at all"),
        pytest.param(
            [
                *after(f"{MODULE}/@v/list"),
                *fetched_plain(
                    2, 2.5, address=OTHER, host="m.example", target=f"{MODULE}/@v/v1.9.9.info"
                ),
            ],
            id="the next entry has it",
        ),
    ],
)
def test_404s_that_say_less(parts: list[Part]) -> None:
    assert not found(CODE, facts(parts, duration_s=4.0))
