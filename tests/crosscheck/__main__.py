"""Compare badhop with tcptrace, tshark and the lab's truth; write docs/crosschecks.md.

`python -m tests.crosscheck` writes the page; `python -m tests.crosscheck record DIRECTORY [SEED]`
records the lab's part anew (needs root and BADHOP_LAB=1).
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.corpus import CORPUS, captures_of_corpus
from tests.crosscheck import page, tcptrace, tshark
from tests.crosscheck.corpus import RECORDINGS, lab
from tests.crosscheck.lab.courses import COURSES
from tests.crosscheck.lab.recording import record
from tests.crosscheck.lab.score import score

PAGE = Path(__file__).parents[2] / "docs" / "crosschecks.md"


def main(words: list[str]) -> None:
    """Write the page, or record."""
    if words[:1] == ["record"]:
        seed = int(words[2]) if len(words) > 2 else 1
        for course in COURSES:
            status = record(course, seed, Path(words[1]) / course.name)
            print(f"{course.name}: the download ended with {status}")
        return
    PAGE.write_text("\n".join(_sections()), "utf-8")


def _sections() -> list[str]:
    sections = [page.HEAD, "## tcptrace\n"]
    if CORPUS.is_dir():
        ways = list(tcptrace.baselines())
        sections.append(_tcptrace("Corpus: tcptrace's own captures and baselines", ways))
    ways = [way for path in lab() for way in tcptrace.run(path)]
    sections.append(_tcptrace("Lab: tcptrace 6 run on each capture", ways))
    sections.append("## tshark\n")
    if CORPUS.is_dir():
        sections.append(page.tshark_section("Corpus", tshark.compare(captures_of_corpus())))
    sections.append(page.tshark_section("Lab", tshark.compare(lab())))
    directories = sorted(path for path in RECORDINGS.iterdir() if path.is_dir())
    sections.append("## The lab's truth\n")
    sections.append(page.truth_section([d.name for d in directories], score(directories)))
    return sections


def _tcptrace(title: str, ways: list[tcptrace.Way]) -> str:
    found = [difference for way in ways for difference in tcptrace.differences(way)]
    return page.tcptrace_section(title, ways, found)


if __name__ == "__main__":
    main(sys.argv[1:])
