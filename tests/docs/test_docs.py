"""The documentation says what the code says: generated parts, links, paths, words that must be explained."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest
import yaml

from logsight_assets import errors
from logsight_assets.alarm_rules.rule import AlarmRule
from logsight_assets.intake.formats import FORMATS
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.metrics.named_metric import NamedMetric
from logsight_assets.sections import Section
from logsight_assets.settings import Settings, validated
from logsight_assets.slo.objective import Objective

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def script(name: str) -> ModuleType:
    """A script of `scripts/`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# What is generated ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return script("generate_docs")


def test_generated_parts_are_what_the_code_says(generator: ModuleType) -> None:
    stale = [str(path) for path, text in generator.generated().items() if (ROOT / path).read_text("utf-8") != text]
    assert stale == [], "run .venv/bin/python scripts/generate_docs.py"


def test_an_edited_generated_part_is_found(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for page in PAGES:
        copy = tmp_path / page.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(page.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(generator, "ROOT", tmp_path)
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    edited = tmp_path / "docs/tables.md"
    edited.write_text(edited.read_text("utf-8").replace("| `body` | VARCHAR |", "| `body` | TEXT |"), "utf-8")
    assert generator.main(["--check"]) == 1
    assert "docs/tables.md" in capsys.readouterr().err


def test_the_picture_is_the_lineage_of_the_real_definitions() -> None:
    drawing = script("draw_lineage")
    assets, starters = drawing.definitions()
    text = drawing.PICTURE.read_text("utf-8")
    assert text == drawing.picture(assets, starters), "run .venv/bin/python scripts/draw_lineage.py"
    shown = {element.text for element in ET.fromstring(text).iter() if element.tag.endswith("text")}
    assert {asset.name for asset in assets} <= shown


# What must be explained -----------------------------------------------------------------------------------------------


def test_every_error_is_documented_with_a_sentence(generator: ModuleType) -> None:
    page = (ROOT / "docs/errors.md").read_text("utf-8")
    held = {name: text for name, _, text in generator.error_classes()}
    assert {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type)} <= held.keys()
    assert [name for name, text in held.items() if f"`{name}`" not in page or not text] == []


def test_every_format_is_documented() -> None:
    page = (ROOT / "docs/formats.md").read_text("utf-8")
    assert [name for name in FORMATS if f"| `{name}` |" not in page] == []
    assert f"{len(FORMATS)} formats" in (ROOT / "README.md").read_text("utf-8")


def test_every_attribute_that_becomes_a_column_is_documented() -> None:
    text = (ROOT / "sql/intake/events.sql").read_text("utf-8")
    names = {quoted or plain for quoted, plain in re.findall(r'\b(?:marks|facts)\.(?:"([^"]+)"|(\w+))', text)}
    page = (ROOT / "docs/sources.md").read_text("utf-8")
    assert {"duration_ms", "service.name", "log.sample_weight"} <= names
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_every_example_of_a_source_is_one() -> None:
    page = (ROOT / "docs/sources.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 4
    for example in examples:
        validated(SourceDefinition, {"name": "example"} | yaml.safe_load(example), "docs/sources.md")


def test_every_example_of_settings_is_one() -> None:
    page = (ROOT / "docs/settings.md").read_text("utf-8")
    for example in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        validated(Settings, yaml.safe_load(example), "docs/settings.md")


@pytest.mark.parametrize(
    ("page", "model"), [("objectives", Objective), ("alarm-rules", AlarmRule), ("metrics", NamedMetric)]
)
def test_every_example_of_a_file_of_its_own_is_one(page: str, model: type[Section]) -> None:
    examples = re.findall(r"```yaml\n# (?!incidents)(.*?)```", (ROOT / f"docs/{page}.md").read_text("utf-8"), re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        validated(model, {"name": "example"} | yaml.safe_load(f"# {example}"), f"docs/{page}.md")


def test_schemas_name_every_field(generator: ModuleType) -> None:
    for name, _, model in generator.FILES:
        schema = json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text("utf-8"))
        assert set(schema["properties"]) == set(model.model_fields)
        assert schema["additionalProperties"] is False


# What is linked and named ---------------------------------------------------------------------------------------------


def targets(page: Path) -> Iterator[tuple[str, str]]:
    """(path, anchor) of each link of a page into the repository."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in targets(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)} links to {path}"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)} links to {path}#{anchor}"


def test_the_index_leads_to_every_page() -> None:
    linked = {(ROOT / "docs" / path).resolve() for path, _ in targets(ROOT / "docs/index.md")}
    assert [page.name for page in sorted((ROOT / "docs").glob("*.md")) if page.resolve() not in linked] == ["index.md"]


def rows(page: Path) -> list[list[str]]:
    """Cells of the body rows of all tables of a page."""
    lines = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if not line.startswith("| ---")]


ARCHITECTURE = ROOT / "docs/architecture.md"
ITEMS = [row for row in rows(ARCHITECTURE) if row[0] != "plan"]


@pytest.mark.parametrize("row", ITEMS, ids=lambda row: row[0][:40])
def test_each_item_of_the_plan_is_somewhere_or_not_yet(row: list[str]) -> None:
    _, here, why = row
    paths = re.findall(r"`([^`]+)`", here)
    assert paths or re.fullmatch(r"not yet \([A-Za-z ]+\)", here), f"{here!r} is neither a path nor 'not yet (part)'"
    named = [*paths, *(path for path in re.findall(r"`([\w.]+/[\w./]*)`", why))]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_kind_of_item_of_the_plan_has_rows() -> None:
    heads = re.findall(r"^## (.+)$", ARCHITECTURE.read_text("utf-8"), re.MULTILINE)
    assert heads == [
        "The diagram",
        "Components",
        "Data flow",
        "AWS services and configuration",
        "Security and compliance",
        "Scalability and resilience",
        "Cost",
        "Extensibility",
    ]
    assert len(ITEMS) == 11 + 12 + 9 + 6 + 5 + 3 + 3


@pytest.mark.parametrize("page", [p for p in PAGES if p.parent.name == "decisions"], ids=name_of)
def test_a_decision_is_a_page_of_context_decision_and_consequences(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.startswith(f"# {page.name[:4]} ")
    assert len(text.splitlines()) <= 60
    if page.name[:4] != "0002":  # of several pins, each with its own why, price and way out
        assert [head for head in ("## Context", "## Decision", "## Consequences") if head not in text] == []


# What must not be in the repository -----------------------------------------------------------------------------------

# Registries are named by a machine's own configuration, and paths of a machine say nothing to a reader.
FORBIDDEN = re.compile(
    r"https?://[\w.]*(?:pypi|pythonhosted|npmjs|registry|nexus|artifactory|proxy\.golang|repo1?\.maven)[\w./]*"
    r"|(?<![\w.])/(?:work|root|farm|workspace)/|\bsub-?agents?\b|\bshared/(?:notes|seed)\b|\bDESIGN\.md\b",
    re.IGNORECASE,
)


def test_no_file_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no repository: what is tracked is not known")
    found = {}
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        if file.is_file() and (hits := FORBIDDEN.findall(file.read_text("utf-8", errors="replace"))):
            found[name] = hits
    assert found == {}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_registry_or_a_machine(page: Path) -> None:
    assert FORBIDDEN.findall(page.read_text("utf-8")) == []
