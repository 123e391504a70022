"""`badhop compare`: what it prints, the exit status it leaves, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diagnostics import cli
from tests.analyzers.vantage.twopoints import Path as Way
from tests.analyzers.vantage.twopoints import Talk, download, files
from tests.samples import SAMPLES

PAIR = SAMPLES / "tcp.reset_injected-pair-nat"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.cli, ["compare", *map(str, arguments)])


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two captures of a healthy download."""
    near, far = files([download(Way(nat=True, clock_s=3600.0))])
    paths = tmp_path / "near.pcap", tmp_path / "far.pcap"
    paths[0].write_bytes(near)
    paths[1].write_bytes(far)
    return paths


def test_text_names_verdict_points_clocks_and_changes() -> None:
    result = run(PAIR / "capture.pcapng", PAIR / "far.pcapng")
    assert result.exit_code == 1
    assert result.stdout.startswith("FAILED  tcp.reset_injected")
    for words in ("It happens between", "3 routers between", "Clocks", "Forged", "client address"):
        assert words in result.stdout
    assert result.stderr == ""


def test_json_is_the_verdict_and_a_comparison() -> None:
    result = run(PAIR / "capture.pcapng", PAIR / "far.pcapng", "--json")
    verdict = json.loads(result.stdout)
    assert verdict["schema"] == "badhop/verdict/1"
    assert verdict["comparison"]["root_cause_is"] == "between"
    assert verdict["comparison"]["near"].endswith("capture.pcapng")
    assert len(verdict["capture"]["files"]) == 2
    assert {f["kind"] for f in verdict["comparison"]["forged"]} == {"reset"}
    assert result.stdout.isascii()


def test_a_directory_of_a_recording_is_taken_for_its_capture() -> None:
    result = run(PAIR, PAIR / "far.pcapng", "--json")
    assert json.loads(result.stdout)["comparison"]["root_cause_is"] == "between"


def test_clocks_hours_apart_are_told(pair: tuple[Path, Path]) -> None:
    verdict = json.loads(run(*pair, "--json").stdout)
    clock = verdict["comparison"]["clock"]
    assert abs(clock["offset_s"] - 3600.0) <= clock["error_s"] + 1e-5


def test_a_capture_twice_has_nothing_between(pair: tuple[Path, Path]) -> None:
    result = run(pair[0], pair[0])
    assert "the same point" in result.stdout


def test_nothing_in_common_is_one_clear_sentence(pair: tuple[Path, Path]) -> None:
    result = run(pair[0], SAMPLES / "healthy-tls12" / "capture.pcapng")
    assert result.exit_code == 3
    assert result.stdout.startswith("INCONCLUSIVE  these captures cannot tell")
    assert "no connection in common" in " ".join(result.stdout.split())


def test_unreadable_input_is_one_line_and_2(pair: tuple[Path, Path], tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"no capture")
    for arguments in ((junk, pair[0]), (pair[0], junk), (pair[0], tmp_path / "absent"), ("-", "-")):
        status = CliRunner().invoke(
            cli.cli, ["compare", *map(str, arguments)], standalone_mode=False
        )
        assert status.exception is not None


@pytest.mark.parametrize("count", [0, 1])
def test_two_captures_must_be_named(count: int) -> None:
    assert run(*["x.pcap"] * count).exit_code == 2


def test_text_from_packets_is_escaped(tmp_path: Path) -> None:
    # Given a file whose name would move the cursor
    near, far = files([Talk().open()])
    paths = tmp_path / "a\x1b[2Jb.pcap", tmp_path / "far.pcap"
    paths[0].write_bytes(near)
    paths[1].write_bytes(far)
    assert "\x1b" not in run(*paths).stdout
