"""The generated parts of the documentation: `generate_docs.py` writes them, `generate_docs.py --check` proves them.

A page holds `<!-- generated: NAME -->` … `<!-- end of NAME -->`; what stands between comes from the code that says it:
tables, settings, source fields, reasons, faults, errors, commands. The JSON schemas of the configuration files are
generated whole. A new part gets a line in `SECTIONS`.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from logsight_assets.alarm_rules.backtest import Labels
from logsight_assets.alarm_rules.rule import DEFAULTS, AlarmRule
from logsight_assets.channel_settings import CHANNEL_MODELS, ChannelSettings, Route
from logsight_assets.cli.main import make_parser
from logsight_assets.intake.records import QUARANTINE_REASONS
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.intake.unpack import FAULTS
from logsight_assets.metrics.named_metric import NamedMetric
from logsight_assets.settings import Section, Settings, scalar_fields
from logsight_assets.slo.objective import Objective
from logsight_assets.table_model import Column, Table
from logsight_assets.tables import LEVELS, TABLES, TREND_NAMES

CODE = Path(__file__).absolute().parent.parent
ROOT = CODE  # where the pages are; tests put them elsewhere
SCHEMAS = Path("docs/schemas")
NONE = "-"
_MARKER = re.compile(r"<!-- generated: (?P<name>[a-z-]+) -->\n.*?<!-- end of (?P=name) -->", re.DOTALL)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a file is not what it would be")
    options = parser.parse_args(arguments)
    stale = [path for path, text in generated().items() if _held(path) != text]
    if options.check:
        for path in stale:
            print(f"{path} is not what the code says: run .venv/bin/python scripts/generate_docs.py", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        file = ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(generated()[path], encoding="utf-8")
        print(path)
    return 0


def generated() -> dict[Path, str]:
    """What every file with generated parts has to hold, by its path in the repository."""
    found = {}
    used = set()
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = file.read_text(encoding="utf-8")
        names = {match["name"] for match in _MARKER.finditer(text)}
        if names:
            used |= names
            found[file.relative_to(ROOT)] = _MARKER.sub(_section, text)
    if missing := set(SECTIONS) - used:
        raise SystemExit(f"no page has the generated part {', '.join(sorted(missing))}")
    return found | {SCHEMAS / f"{name}.schema.json": schema for name, schema in _schemas()}


def _held(path: Path) -> str | None:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else None


def _section(match: re.Match[str]) -> str:
    name = match["name"]
    if name not in SECTIONS:
        raise SystemExit(f"a page asks for a generated part {name!r}: there are {', '.join(sorted(SECTIONS))}")
    return f"<!-- generated: {name} -->\n{SECTIONS[name]().strip()}\n<!-- end of {name} -->"


# Markdown -------------------------------------------------------------------------------------------------------------


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(header)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(text: object) -> str:
    return f"`{text}`"


# Tables ---------------------------------------------------------------------------------------------------------------


def _tables() -> str:
    families = {f"{name}_{level}": name for name in (*TREND_NAMES, "template_counts") for level in LEVELS}
    done: set[str] = set()
    parts = []
    for table in TABLES.values():
        family = families.get(table.name)
        if family in done:
            continue
        if family is not None:
            done.add(family)
            parts.append(_family(family))
        else:
            parts.append(f"## {table.name}\n{table.description}\n\n{_layout(table)}\n\n{_columns(table.columns)}")
    return "\n\n".join(parts)


def _family(name: str) -> str:
    levels = [TABLES[f"{name}_{level}"] for level in LEVELS]
    description = levels[0].description.removesuffix(f", by {LEVELS[0]}.")
    places = _table(
        ("table", "first column", "an object for each", "key"),
        (
            (_code(t.name), _code(t.columns[0].name), ", ".join(map(_code, t.partition)), ", ".join(map(_code, t.key)))
            for t in levels
        ),
    )
    same = _columns(levels[0].columns[1:])
    return f"## {name}_minute, {name}_hour, {name}_day\n{description}.\n\n{places}\n\n{same}"


def _layout(table: Table) -> str:
    parts, key = (", ".join(map(_code, names)) for names in (table.partition, table.key))
    return f"In the path: {parts}. Key: {key}."


def _columns(columns: Iterable[Column]) -> str:
    rows = ((_code(c.name), c.type.value, c.type.athena, c.description) for c in columns)
    return _table(("column", "DuckDB", "Athena", "what"), rows)


# Settings and sources -------------------------------------------------------------------------------------------------


def _settings() -> str:
    rows = []
    single = {name for name, _ in scalar_fields()}
    for name, info in Settings.model_fields.items():
        if name not in single:
            rows.append((_code(name), _default(info), NONE, _said(info)))
    blocks = [_table(("setting", "default", "environment", "what"), rows)]
    for name in dict.fromkeys(section for section, _ in scalar_fields()):
        model = _model_of(Settings.model_fields[name])
        rows = [
            (_code(f"{name}.{field}"), _default(info), _code(f"LOGSIGHT_{name}_{field}".upper()), _said(info))
            for field, info in model.model_fields.items()
        ]
        blocks.append(f"## {name}\n{model.__doc__}\n\n" + _table(("setting", "default", "environment", "what"), rows))
    return "\n\n".join(blocks)


def _channel_fields() -> str:
    """A table for each type of channel, and one of rules."""
    shared = {"type", *ChannelSettings.model_fields}
    blocks = [
        f"### {get_args(model.model_fields['type'].annotation)[0]}\n{(model.__doc__ or '').strip()}\n\n"
        + _fields_table({name: info for name, info in model.model_fields.items() if name not in shared})
        for model in CHANNEL_MODELS
    ]
    rules = f"### A rule of routing\n{Route.__doc__}\n\n{_fields_table(Route.model_fields)}"
    return "\n\n".join([*blocks, f"### All of them\n{_fields_table(ChannelSettings.model_fields)}", rules])


def _fields_table(fields: Mapping[str, FieldInfo]) -> str:
    if not fields:
        return "It has no fields of its own."
    rows = ((_code(name), _type(info), _required_or_default(info), _said(info)) for name, info in fields.items())
    return _table(("field", "type", "default", "what"), rows)


def _required_or_default(info: FieldInfo) -> str:
    return "must be given" if info.is_required() else _default(info)


def _source_fields() -> str:
    return _fields_of(SourceDefinition)


def _fields_of(model: type[BaseModel]) -> str:
    """Fields of a file that is named for what it defines."""
    rows = []
    for name, info in model.model_fields.items():
        if _is_section(info):
            inner = _model_of(info)
            rows += [(_code(f"{name}.{f}"), _type(i), _default(i), _said(i)) for f, i in inner.model_fields.items()]
        else:
            default = "the file's name" if name == "name" else _default(info)
            rows.append((_code(name), _type(info), default, _said(info)))
    return _table(("field", "type", "default", "what"), rows)


def _is_section(info: FieldInfo) -> bool:
    return isinstance(info.annotation, type) and issubclass(info.annotation, Section)


def _model_of(info: FieldInfo) -> type[BaseModel]:
    model = info.annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return model


def _said(info: FieldInfo) -> str:
    if not info.description:
        raise SystemExit(f"a field without a description: {info}")
    bounds = [
        f"{sign} {getattr(each, name):,}"
        for each in info.metadata
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"))
        if getattr(each, name, None) is not None
    ]
    return info.description + (f" ({', '.join(bounds)})" if bounds else "")


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "must be given"
    value = info.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}):
        return NONE
    if isinstance(value, bool):
        return _code(str(value).lower())
    return ", ".join(map(_code, value)) if isinstance(value, tuple) else _code(value)


_TYPE_NAMES = {str: "text", int: "integer", float: "number", bool: "true or false"}


def _type(info: FieldInfo) -> str:
    return " or ".join(dict.fromkeys(_type_names(info.annotation)))


def _type_names(annotation: Any) -> Iterator[str]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in _TYPE_NAMES:
        yield _TYPE_NAMES[annotation]
    elif origin is tuple:
        yield "list"
    elif origin is dict:
        yield "mapping"
    elif annotation is not type(None):
        for each in inner:
            if isinstance(each, str):
                yield _code(each)
            else:
                yield from _type_names(each)


FILES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("logsight", "logsight.yaml", Settings),
    ("source", "a log source", SourceDefinition),
    ("objective", "an objective", Objective),
    ("alarm-rule", "an alarm rule", AlarmRule),
    ("metric", "a named metric", NamedMetric),
    ("backtest-labels", "known incidents, for a backtest", Labels),
)


def _schemas() -> Iterator[tuple[str, str]]:
    for name, title, model in FILES:
        schema = model.model_json_schema()
        schema["title"] = title
        # The file's own name says it.
        required = [field for field in schema.pop("required", []) if field != "name"]
        if required:
            schema["required"] = required
        document = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
        yield name, json.dumps(_without_titles(document), indent=1, ensure_ascii=False) + "\n"


def _without_titles(schema: Any, depth: int = 0) -> Any:
    """Pydantic repeats each field's name as its title: noise."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value, depth + 1)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str) and depth > 0)
        }
    return [_without_titles(each, depth + 1) for each in schema] if isinstance(schema, list) else schema


# Words ----------------------------------------------------------------------------------------------------------------


def _reasons() -> str:
    return _table(("reason", "meaning"), ((_code(name), text) for name, text in QUARANTINE_REASONS.items()))


def _faults() -> str:
    return _table(("fault", "meaning"), ((_code(name), text) for name, text in FAULTS.items()))


def _errors() -> str:
    parents = {name: parent for name, parent, _ in error_classes()}

    def is_a(name: str, *kinds: str) -> bool:
        return name in kinds or (name in parents and is_a(parents[name], *kinds))

    rows = []
    for name, parent, text in error_classes():
        code = "2" if is_a(name, "UsageError", "ConfigurationError") else "1"
        again = "may help" if is_a(name, "TransientError") else "cannot help"
        again = again if code == "2" or is_a(name, "PermanentError", "TransientError") else NONE
        rows.append((_code(name), _code(parent) if parent in parents else NONE, code, again, text))
    return _table(("error", "is a", "exit code", "trying again", "what"), rows)


def error_classes() -> list[tuple[str, str, str]]:
    """(name, parent, first line of what it says) of every error below LogSightError, by its source.

    From the source and not by `__subclasses__`, which knows only of modules that something has loaded.
    """
    found: dict[str, tuple[str, str, str]] = {}
    files = [CODE / "logsight_assets/errors.py"]
    files += [file for folder in ("resources", "logsight_assets", "sensors") for file in (CODE / folder).rglob("*.py")]
    for file in [files[0], *sorted(files[1:])]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
                parent = next((base for base in bases if base in found), None)
                if parent or node.name == "LogSightError":
                    said = (ast.get_docstring(node) or "").partition("\n")[0]
                    found[node.name] = (node.name, parent or "Exception", said)
    return list(found.values())


def _commands() -> str:
    rows = []
    for name, text, parser in _verbs(make_parser()):
        usages = []
        for action in parser._actions:  # noqa: SLF001
            if action.dest in ("help", "lake", "json", "flags"):
                continue
            shown = action.option_strings[0] if action.option_strings else action.dest.upper().rstrip("S")
            value = f" {action.metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 else ""
            more = " …" if action.nargs == "+" else ""
            usages.append(f"{_code(f'{shown}{value}{more}')} {action.help}")
        rows.append((_code(name), text, "; ".join(usages) or NONE))
    return _table(("verb", "does", "arguments"), rows)


def _verbs(parser: argparse.ArgumentParser, before: str = "") -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Name, text and parser of each verb; of a group, those of its verbs."""
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
    for pseudo in verbs._choices_actions:  # noqa: SLF001
        found, name = verbs.choices[pseudo.dest], f"{before}{pseudo.dest}"
        if any(isinstance(action, argparse._SubParsersAction) for action in found._actions):  # noqa: SLF001
            yield from _verbs(found, f"{name} ")
        else:
            yield name, str(pseudo.help), found


def _default_rules() -> str:
    rows = []
    for rule in DEFAULTS:
        periods = f"{rule.datapoints_to_alarm} of {rule.evaluation_periods} periods of {rule.period_minutes} minutes"
        when = f"{rule.metric} ≥ {rule.threshold:g} in {periods}, each of at least {rule.least_count} events"
        rows.append((_code(rule.name), rule.description, when))
    return _table(("rule", "tells that", "when"), rows)


SECTIONS: dict[str, Callable[[], str]] = {
    "alarm-rule-fields": lambda: _fields_of(AlarmRule),
    "default-rules": _default_rules,
    "metric-fields": lambda: _fields_of(NamedMetric),
    "objective-fields": lambda: _fields_of(Objective),
    "channel-fields": _channel_fields,
    "commands": _commands,
    "errors": _errors,
    "faults": _faults,
    "quarantine-reasons": _reasons,
    "settings": _settings,
    "source-fields": _source_fields,
    "tables": _tables,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
