"""One input in, taken from its file to all of its reports; what is wrong with them out."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from captures.errors import CaptureError
from captures.session import CAPTURE_NAME, SESSION_NAME
from diagnostics.between.verdict import judge
from diagnostics.engine import diagnose
from diagnostics.report import between_json, between_text, facts_json, facts_text, json, terminal
from diagnostics.report.style import Style
from diagnostics.source import comparison_of, facts_of
from diagnostics.tables import jsonl
from tests.fuzz.contract import BrokenReport, check_json, check_text, check_verdict
from tests.fuzz.make import Made

_OTHER_NAME = "other.pcapng"
PROJECT = ("captures", "analyzers", "diagnostics")

_STYLES = (Style(), Style(width=40, unicode=False), Style(width=100, color=True))


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, and a signature by which the same mistake is known again."""

    signature: str
    text: str


def run(made: Made, directory: Path) -> Failure | None:
    """Put an input into a directory, take it through the pipeline, and say what broke."""
    place(made, directory)
    try:
        with _strictly():
            path = directory if made.session is not None else directory / CAPTURE_NAME
            _pipeline(path, made)
            if made.other is not None:
                _compare(path, directory / _OTHER_NAME, made)
    except CaptureError as error:
        # Refused: in one line, which the command line escapes.
        return None if "\n" not in error.hint else Failure("hint of two lines", error.hint)
    except Exception as error:
        return Failure(signature(error), traceback.format_exc())
    return None


def place(made: Made, directory: Path) -> None:
    """Write an input as `badhop capture` writes a recording."""
    (directory / CAPTURE_NAME).write_bytes(made.capture)
    if made.other is not None:
        (directory / _OTHER_NAME).write_bytes(made.other)
    session = directory / SESSION_NAME
    if made.session is not None:
        session.write_bytes(made.session)
    else:
        session.unlink(missing_ok=True)


def signature(error: BaseException) -> str:
    """Kind of error and the last lines of the project that it came through."""
    if isinstance(error, BrokenReport):
        return f"BrokenReport: {''.join(c for c in str(error) if not c.isdigit())[:60]}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _ours(f.filename)]
    if not frames:
        return f"{type(error).__name__} outside"
    last = frames[-1]
    return f"{type(error).__name__} in {Path(last.filename).stem}.{last.name}"


def _ours(name: str) -> bool:
    return any(part in PROJECT for part in Path(name).parts) and "site-packages" not in name


def _pipeline(path: Path, made: Made) -> None:
    facts = facts_of(str(path))
    verdict = diagnose(facts)
    style = _STYLES[made.number % len(_STYLES)]
    check_verdict(json.render(verdict), verdict.exit_status)
    check_text(terminal.render(verdict, style))
    check_text(facts_text.render(facts, None, (20, 0)[made.number % 2], style))
    check_json(facts_json.render(facts, None))
    for line in jsonl.lines(facts, None):
        check_json(line)


def _compare(path: Path, other: Path, made: Made) -> None:
    """Both ways round: which of the two is damaged makes a difference."""
    for pair in ((path, other), (other, path)):
        judged = judge(comparison_of(str(pair[0]), str(pair[1])))
        check_json(between_json.render(judged))
        check_text(between_text.render(judged, _STYLES[made.number % len(_STYLES)]))


@contextmanager
def _strictly() -> Iterator[None]:
    """Make warnings errors, and raise at the end what a destructor could not."""
    unraised: list[BaseException] = []

    def remember(hook: sys.UnraisableHookArgs) -> None:
        if hook.exc_value is not None:
            unraised.append(hook.exc_value)

    before, sys.unraisablehook = sys.unraisablehook, remember
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        sys.unraisablehook = before
    for error in unraised:
        raise error
