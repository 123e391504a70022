"""The commands: what they print and the exit status they leave."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from captures.errors import TooLarge, UnreadableCapture
from diagnostics import cli, contract, engine, registry, source
from diagnostics.verdict import Verdict
from tests.diagnostics import handmade, handmadeverdicts


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, arguments)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[[Verdict], None]:
    """Make every capture get the given verdict."""

    def answer(verdict: Verdict) -> None:
        monkeypatch.setattr(source, "facts_of", lambda *_: handmade.facts())
        monkeypatch.setattr(engine, "diagnose", lambda _: verdict)

    return answer


def fails_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(source, "facts_of", fail)


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (handmadeverdicts.HEALTHY, 0),
        (handmadeverdicts.FAILED, 1),
        (handmadeverdicts.DEGRADED, 1),
        (handmadeverdicts.INCONCLUSIVE, 3),
    ],
    ids=lambda value: str(getattr(value, "outcome", value)),
)
def test_exit_status_of_diagnose(
    judged: Callable[[Verdict], None], verdict: Verdict, status: int
) -> None:
    judged(verdict)
    plain, as_json = run("diagnose", "x.pcap"), run("diagnose", "x.pcap", "--json")
    assert plain.exit_code == as_json.exit_code == status
    assert plain.stdout.startswith(verdict.outcome.upper())
    assert json.loads(as_json.stdout)["outcome"] == verdict.outcome
    assert plain.stderr == as_json.stderr == ""


def test_analyze_prints_tables_and_json(judged: Callable[[Verdict], None]) -> None:
    judged(handmadeverdicts.HEALTHY)
    plain = run("analyze", "x.pcap")
    assert plain.exit_code == 0
    assert "TCP connections (1)" in plain.stdout
    one = run("analyze", "x.pcap", "dns")
    assert "TCP connections" not in one.stdout
    answer = json.loads(run("analyze", "x.pcap", "--json", "tls").stdout)
    assert answer["handshakes"][0]["client_hello"]["sni"] == "proxy.example.org"
    assert run("analyze", "--json", "x.pcap").exit_code == 0


def test_rules_lists_the_whole_contract() -> None:
    plain = run("rules")
    assert plain.exit_code == 0
    for cause in contract.CAUSES:
        mark = "+" if cause.code in registry.codes() else "-"
        assert f"{mark} {cause.code} " in plain.stdout
    answer = json.loads(run("rules", "--json").stdout)
    assert answer["schema"] == "badhop/rules/1"
    assert [rule["code"] for rule in answer["rules"]] == [c.code for c in contract.CAUSES]
    done = {rule["code"] for rule in answer["rules"] if rule["implemented"]}
    assert done == set(registry.codes())


def test_rule_prints_its_manual_page() -> None:
    code = registry.codes()[0]
    page = run("rule", code)
    assert page.exit_code == 0
    assert page.stdout.startswith(f"{code}: ")
    for heading in registry.SECTIONS:
        assert f"\n{heading}\n{'-' * len(heading)}\n" in page.stdout


def test_rule_of_a_code_that_no_rule_finds_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "codes", lambda: ())
    page = run("rule", "tls.expired")
    assert page.exit_code == 0
    assert "No rule recognises it yet" in page.stdout


def test_an_unknown_rule_is_one_line_with_the_nearest_codes() -> None:
    result = run("rule", "tls.expird\x1b[2J")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "tls.expired" in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["diagnose"], ["diagnose", "a", "b"], ["analyze", "a", "udp"], ["--nonsense"]],
)
def test_wrong_usage_is_two_lines_and_status_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    message, hint = result.stderr.splitlines()
    assert message.startswith("badhop: ")
    assert "--help" in hint


def test_no_arguments_show_the_help_as_a_usage_error() -> None:
    result = run()
    assert result.exit_code == 2
    assert "Commands:" in result.stderr


def test_help_names_each_command_as_its_own_help_does() -> None:
    text = run("--help").stdout
    for name, short in cli.COMMANDS.items():
        assert f"{name:10}{short}" in text
        assert run(name, "--help").exit_code == 0
        command = cli.cli.get_command(click.Context(cli.cli), name)
        assert command is not None
        assert command.name == name


def test_version() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("badhop ")


def test_unreadable_input_is_one_line_and_its_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(monkeypatch, UnreadableCapture("x\x1b.pcap is no capture"))
    result = run("diagnose", "x.pcap")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "badhop: x\\x1b.pcap is no capture",
        UnreadableCapture.hint,
    ]


def test_a_refusal_of_the_system_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(monkeypatch, PermissionError(errno.EACCES, "Permission denied", "x.pcap"))
    result = run("diagnose", "x.pcap")
    assert result.exit_code == 2
    assert result.stderr == "badhop: x.pcap: Permission denied\n"


def test_a_lack_of_memory_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(monkeypatch, MemoryError())
    result = run("diagnose", "x.pcap")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == ["badhop: out of memory", TooLarge.hint]


def test_a_defect_asks_for_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BADHOP_DEBUG", raising=False)
    fails_with(monkeypatch, KeyError("\x1bx"))
    result = run("diagnose", "x.pcap")
    assert result.exit_code == cli.EXIT_BUG
    message, hint = result.stderr.splitlines()
    assert message.startswith("badhop: internal error: KeyError: ")
    assert "BADHOP_DEBUG=1" in hint
    assert "Traceback" not in result.stderr


def test_a_defect_shows_its_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BADHOP_DEBUG", "1")
    fails_with(monkeypatch, RecursionError("too deep"))
    result = run("diagnose", "x.pcap")
    assert result.exit_code == cli.EXIT_BUG
    assert "Traceback (most recent call last)" in result.stderr


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_status_130(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    fails_with(monkeypatch, error)
    result = run("diagnose", "x.pcap")
    assert result.exit_code == 130
    assert result.stderr.strip() == "badhop: interrupted"


def test_an_exit_status_of_a_command_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(monkeypatch, SystemExit(7))
    assert run("diagnose", "x.pcap").exit_code == 7


def test_programs_can_call_it_without_losing_their_process(
    judged: Callable[[Verdict], None],
) -> None:
    judged(handmadeverdicts.FAILED)
    result: Any = cli.cli.main(["diagnose", "x.pcap"], standalone_mode=False)
    assert result == 1
