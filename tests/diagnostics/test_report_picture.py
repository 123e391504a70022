"""The path is drawn with the fault where the verdict has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.report.picture import draw
from diagnostics.report.style import Style
from diagnostics.verdict import Hop, PathHop, Role
from tests.diagnostics.handmadeverdicts import PATH

WIDE = Style(width=120)
HOPS = st.builds(
    Hop,
    st.sampled_from(Role),
    st.none() | st.just("10.3.0.2"),
    st.none(),
    st.none()
    | st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda ends: (min(ends), max(ends))),
)
PATHS = st.lists(
    st.builds(PathHop, st.none() | st.integers(0, 9), st.sampled_from(Role), st.just("10.3.0.2"))
)


@pytest.mark.parametrize(
    ("hop", "row"),
    [
        (None, "client ── gateway ────── … transit ─── server"),
        (
            Hop(Role.SERVER, "10.3.0.2", None, (4, 4)),
            "client ── gateway ────── … transit ─── ✗ server",
        ),
        (Hop(Role.TRANSIT, None, None, (3, 4)), "client ── gateway ────── … transit ──✗─ server"),
        (Hop(Role.PATH, None, None, (2, 3)), "client ── gateway ────────…✗…─ transit ─── server"),
        (Hop(Role.PATH, None, None, (1, 4)), "client ── gateway ────────…?…─ transit ──?─ server"),
        (Hop(Role.PATH), "client ─?─ gateway ────────…?…─ transit ──?─ server"),
        (
            Hop(Role.MIDDLEBOX, None, None, (2, 2)),
            "client ── gateway ───────── ✗ middlebox ── transit ─── server",
        ),
        (
            Hop(Role.MIDDLEBOX, None, None, (3, 3)),
            "client ── gateway ────── … ✗ middlebox ── server",
        ),
        (Hop(Role.RESOLVER, "10.2.0.53", None, (2, 2)), "client ── gateway ───────── ✗ resolver"),
        (Hop(Role.CLIENT, None, None, (0, 0)), "✗ client ── gateway ────── … transit ─── server"),
        (Hop(Role.UPSTREAM), "client ── gateway ────── … transit ─── server ───── … ✗ upstream"),
    ],
)
def test_where_the_cross_goes(hop: Hop | None, row: str) -> None:
    assert draw(PATH, hop, WIDE)[0] == row


def test_a_path_without_hops_is_not_drawn() -> None:
    assert draw((), None, WIDE) == []


def test_a_long_path_keeps_its_ends_and_its_fault() -> None:
    routers = [PathHop(n, Role.TRANSIT, f"10.0.{n}.1") for n in range(2, 20)]
    path = (PATH[0], PATH[1], *routers, PathHop(20, Role.SERVER, "10.3.0.2"))
    row = draw(path, Hop(Role.TRANSIT, "10.0.9.1", None, (9, 9)), Style(width=78))[0]
    assert row.startswith("client")
    assert row.endswith("server")
    assert "✗ transit" in row
    assert len(row) <= 78


@given(PATHS, HOPS, st.integers(40, 100))
def test_any_path_can_be_drawn_and_shows_its_fault(
    path: list[PathHop], hop: Hop, width: int
) -> None:
    drawn = draw(path, hop, Style(width=width))
    assert not drawn or "✗" in drawn[0] or "?" in drawn[0]
