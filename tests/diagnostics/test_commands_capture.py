"""`badhop capture`: its exit statuses, its one-line errors, and where the verdict goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import captures.record
from captures.errors import (
    CaptureError,
    CapturePermission,
    CommandNotExecutable,
    CommandNotFound,
    DiskFull,
)
from captures.record import Options, Recording
from captures.session import Session
from diagnostics.commands.capture import capture


@pytest.fixture
def recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Recording | CaptureError], list[Options]]:
    """Let recording end as given, and collect what it was asked for."""

    def prepare(outcome: Recording | CaptureError) -> list[Options]:
        asked: list[Options] = []

        def record(
            options: Options, environment: Mapping[str, str], warn: Callable[[str], None]
        ) -> Recording:
            asked.append(options)
            if isinstance(outcome, CaptureError):
                raise outcome
            return outcome

        monkeypatch.setattr(captures.record, "record", record)
        return asked

    return prepare


def invoke(*arguments: str) -> tuple[object, Result]:
    """Run the command, and give its status too, which the group above it turns into the exit."""
    result = CliRunner().invoke(capture, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.return_value, result


def recording(exit_code: int | None, signal: int | None = None) -> Recording:
    session = Session(exit_code=exit_code, signal=signal, packets_received=1234, duration_s=2.5)
    return Recording(Path("bundle"), session)


Prepare = Callable[[Recording | CaptureError], list[Options]]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (recording(0), 0),
        (recording(7), 7),
        (recording(None, 2), 130),
        (CommandNotFound("command not found: x", "Install it."), 127),
        (CommandNotExecutable("x is not executable"), 126),
        (CapturePermission("no permission to record packets", "Run sudo."), 125),
    ],
)
def test_exit_statuses(recorded: Prepare, outcome: Recording | CaptureError, status: int) -> None:
    recorded(outcome)
    given, result = invoke("--no-diagnose", "--", "go", "mod", "download")
    assert given == status
    (line,) = result.stderr.splitlines()
    assert line.startswith("badhop: ")
    assert result.stdout == ""


def test_error_and_advice_share_a_line(recorded: Prepare) -> None:
    recorded(CapturePermission("no permission to record packets", "Run sudo."))
    _, result = invoke("true")
    assert result.stderr == "badhop: no permission to record packets. Run sudo.\n"


def test_an_incomplete_recording_is_no_success(recorded: Prepare) -> None:
    whole = recording(0)
    recorded(Recording(whole.directory, whole.session, DiskFull("the disk is full")))
    status, result = invoke("--no-diagnose", "true")
    assert status == 125
    assert "badhop: recorded 1,234 packets in 2.5 s: bundle" in result.stderr
    assert "badhop: the disk is full" in result.stderr


def test_options_reach_the_recorder(recorded: Prepare) -> None:
    asked = recorded(recording(0))
    options = "-i lo -i eth0 -o out --snaplen 128 --redact --no-diagnose -f udp -- go get -x"
    invoke(*options.split())
    assert asked == [Options(("go", "get", "-x"), Path("out"), ("lo", "eth0"), 128, "udp", True)]


def test_options_after_the_command_are_the_commands(recorded: Prepare) -> None:
    asked = recorded(recording(0))
    invoke("--no-diagnose", "go", "get", "-i", "x", "--help")
    assert asked == [Options(("go", "get", "-i", "x", "--help"))]


@pytest.mark.parametrize(
    "arguments", [[], ["--nonsense", "--", "true"], ["--snaplen", "1", "true"]]
)
def test_wrong_usage_cannot_be_the_status_of_a_command(arguments: list[str]) -> None:
    result = CliRunner().invoke(capture, arguments)
    assert result.exit_code == 125
    assert result.stderr.startswith("badhop: ")
    assert len(result.stderr.splitlines()) == 1


def test_the_verdict_stays_out_of_a_pipeline(
    recorded: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diagnostics.report.terminal

    monkeypatch.setattr(
        diagnostics.report.terminal,
        "diagnose_and_print",
        lambda path: click.echo(f"verdict {path}"),
    )
    recorded(recording(1))
    status, result = invoke("true")
    assert status == 1
    assert result.stdout == ""
    assert "verdict bundle\n" in result.stderr


def test_a_diagnosis_that_fails_keeps_the_status(
    recorded: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diagnostics.report.terminal

    def fail(path: Path) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(diagnostics.report.terminal, "diagnose_and_print", fail)
    recorded(recording(3))
    status, result = invoke("true")
    assert status == 3
    assert "no diagnosis, internal error: ZeroDivisionError: oops" in result.stderr
    assert "badhop diagnose bundle" in result.stderr


def test_statuses_are_documented() -> None:
    text = CliRunner().invoke(capture, ["--help"]).output
    assert all(number in text for number in ("125", "126", "127", "128 + N"))
