#!/usr/bin/env python3
"""What the documents quote exists: links, and code under <!-- all of FILE --> or <!-- from FILE -->."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUOTE = re.compile(r"<!-- (all of|from) (\S+) -->\n```[^\n]*\n(.*?)```\n", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def quote_faults(text):
    for extent, name, code in QUOTE.findall(text):
        source = ROOT / name
        if not source.is_file():
            yield f"quotes {name}, which does not exist"
        elif extent == "all of" and source.read_text() != code:
            yield f"its quotation is not {name}, byte for byte"
        elif code not in source.read_text():
            yield f"quotes lines that are not in {name}: {code.splitlines()[0]}"


def link_faults(document, text):
    for link in LINK.findall(FENCE.sub("", text)):
        if "://" not in link and not (document.parent / link).exists():
            yield f"links to {link}, which does not exist"


def main():
    documents = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/**/*.md")])
    faults = []
    for document in documents:
        text = document.read_text()
        for fault in (*quote_faults(text), *link_faults(document, text)):
            faults.append(f"{document.relative_to(ROOT)} {fault}")
    if "<!-- all of examples/embed/embed.cc -->" not in (ROOT / "README.md").read_text():
        faults.append("README.md does not quote examples/embed/embed.cc")
    print("\n".join(faults) or f"{len(documents)} documents")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
