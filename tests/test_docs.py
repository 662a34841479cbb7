"""What the documents point at exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONFORMANCE = "\n".join(
    (ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("conformance.md", "threat-model.md")
)


@pytest.mark.parametrize(("file", "test"), sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", CONFORMANCE))))
def test_a_test_that_conformance_names_exists(file: str, test: str) -> None:
    assert f"def {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", sorted(set(re.findall(r"\| `([\w/]+\.py)` \|", CONFORMANCE))))
def test_a_test_file_that_conformance_names_exists(file: str) -> None:
    assert (ROOT / "tests" / file).is_file()


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda page: page.name
)
def test_a_link_between_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
