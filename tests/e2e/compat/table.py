"""The table of docs/support.md, made from what the compatibility suite has recorded."""

import argparse
import json
import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs/support.md"
MARKED = re.compile(r"(<!-- compatibility: begin [^\n]*-->\n).*?(<!-- compatibility: end -->)", re.DOTALL)
MATRIX = "test_compat_matrix.py"
WORDS = {"passed": "yes", "failed": "**no**", "skipped": "not tested"}


def load(folder):
    files = sorted(Path(folder).glob("*.json"))
    return [one for file in files for one in json.loads(file.read_text())]


def cell(result):
    if result is None:
        return ""
    return result["note"] if result["outcome"] == "passed" and result["note"] else WORDS[result["outcome"]]


def lines_of(rows):
    head, *body = rows
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body]]


def matrix(results):
    """A row for each claim, a column for each engine with each variant."""
    engines = list(dict.fromkeys(one["engine"] for one in results))
    found = {(one["claim"], one["engine"]): one for one in results}
    titles = ["Docker " + engine.replace(", ", "<br>") for engine in engines]
    return lines_of([["two hosts of the same kind", *titles]] + [
        [claim, *(cell(found.get((claim, engine))) for engine in engines)]
        for claim in dict.fromkeys(one["claim"] for one in results)])


def once(results):
    return lines_of([["further", "on", "holds"]] +
                    [[one["claim"], one["engine"], cell(one)] for one in results])


def table(results):
    same = [one for one in results if one["file"] == MATRIX]
    other = [one for one in results if one["file"] != MATRIX]
    parts = [matrix(same) if same else [], once(other) if other else []]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def is_whole(results):
    """Every file of the suite has said something, and the matrix is full."""
    said = {one["file"] for one in results}
    files = {path.name for path in Path(__file__).parent.glob("test_compat_*.py")}
    counts = {}
    for one in results:
        if one["file"] == MATRIX:
            counts[one["engine"]] = counts.get(one["engine"], 0) + 1
    return said == files and len(counts) == 6 and len(set(counts.values())) == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write-table", action="store_true")
    parser.add_argument("results", help="the folder the suite has written to")
    options = parser.parse_args()
    results = load(options.results)
    text = table(results)
    print(text)
    if not options.write_table:
        return 0
    if not is_whole(results):
        print("compat: not the whole suite ran: docs/support.md stays as it is", file=sys.stderr)
        return 1
    PAGE.write_text(MARKED.sub(lambda found: f"{found[1]}{text}{found[2]}", PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
