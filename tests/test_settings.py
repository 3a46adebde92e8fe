"""Settings: whose word counts, and errors that name file and field. At the level of `load_settings`, which all use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from logsight_assets.errors import ConfigurationError
from logsight_assets.settings import Effective, Redaction, Settings, load_settings, read_yaml, scalar_fields

VARIABLE = "LOGSIGHT_ENGINE_MEMORY_MB"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logsight.yaml"


def load(
    file: Path, text: str, environment: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> Effective:
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environment or {}, flags)


def assert_refused(file: Path, text: str, *said: str, environment: Mapping[str, str] | None = None) -> None:
    """The message is one line for each fault, and each of `said` stands in it."""
    with pytest.raises(ConfigurationError) as raised:
        load(file, text, environment)
    for part in said:
        assert part in str(raised.value)


# Whose word counts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "environment", "flags", "value", "origin"),
    [
        ("", {}, {}, 512, "default"),
        ("engine: {memory_mb: 200}", {}, {}, 200, "file"),
        ("engine: {memory_mb: 200}", {VARIABLE: "300"}, {}, 300, "environment"),
        ("engine: {memory_mb: 200}", {VARIABLE: "300"}, {"engine.memory_mb": 400}, 400, "flag"),
        ("", {VARIABLE: "300"}, {}, 300, "environment"),
        ("", {}, {"engine.memory_mb": 400}, 400, "flag"),
        ("engine: {memory_mb: 200}", {}, {"engine.memory_mb": None}, 200, "file"),
        ("engine: {threads: 2}", {}, {}, 512, "default"),
    ],
    ids=["default", "file", "environment", "flag", "environment_alone", "flag_alone", "no_flag", "other_field"],
)
def test_flag_beats_environment_beats_file_beats_default(
    file: Path, text: str, environment: dict[str, str], flags: dict[str, Any], value: int, origin: str
) -> None:
    found = load(file, text, environment, flags)
    assert (found.settings.engine.memory_mb, found.origins["engine.memory_mb"]) == (value, origin)


def test_setting_one_field_leaves_its_neighbours(file: Path) -> None:
    found = load(file, "engine: {threads: 2, memory_mb: 200}", {VARIABLE: "300"}, {"engine.workers": 1})
    assert found.settings.engine.model_dump() == {"memory_mb": 300, "threads": 2, "workers": 1}
    origins = {field: found.origins[f"engine.{field}"] for field in ("memory_mb", "threads", "workers")}
    assert origins == {"memory_mb": "environment", "threads": "file", "workers": "flag"}


def test_every_field_has_an_origin_and_a_variable(file: Path) -> None:
    defaults = Settings()
    values = {(s, f): getattr(getattr(defaults, s), f) for s, f in scalar_fields()}
    environment = {f"LOGSIGHT_{s}_{f}".upper(): str(value) for (s, f), value in values.items()}
    found = load(file, "", environment)
    assert found.settings == defaults
    assert set(found.origins.values()) == {"environment"}
    assert len(found.origins) == len(environment) == len(values) > 25


def test_without_a_file_all_are_defaults(file: Path) -> None:
    for none in (None, file):
        found = load_settings(none, {})
        assert found.settings == Settings()
        assert set(found.origins.values()) == {"default"}


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "on"])
def test_a_variable_says_yes_in_the_usual_words(file: Path, word: str) -> None:
    assert load(file, "", {"LOGSIGHT_REDACTION_IP": word}).settings.redaction.ip


def test_settings_never_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().engine.memory_mb = 1  # type: ignore[misc]


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("engine: {memory_mb: 5}", ["engine.memory_mb", "128", "(is 5)"]),
        ("engine: {memory_mb: much}", ["engine.memory_mb", "integer", "(is 'much')"]),
        ("engine: {memory_mb: 200.5}", ["engine.memory_mb", "integer", "(is 200.5)"]),
        ("engine: {memori_mb: 200}", ["engine.memori_mb", "not permitted"]),
        ("engin: {memory_mb: 200}", ["engin", "not permitted"]),
        ("engine: 5", ["engine", "dictionary", "(is 5)"]),
        ("engine:", ["engine", "dictionary", "(is None)"]),
        ("reader: {max_seconds: .inf}", ["reader.max_seconds", "finite"]),
        ("serve: {dagster_port: 70000}", ["serve.dagster_port", "65535"]),
        ("redaction: {email: perhaps}", ["redaction.email", "boolean"]),
        ("tenants: {acme: {redaction: {emial: true}}}", ["tenants.acme.redaction.emial", "not permitted"]),
        ("tenants: {acme: {retention: {raw_days: -1}}}", ["tenants.acme.retention.raw_days", "(is -1)"]),
        ("partitions_start: June", ["partitions_start", "YYYY-MM-DD", "(is 'June')"]),
        ("partitions_start: '2025-02-30'", ["partitions_start", "(is '2025-02-30')"]),
        ("partitions_start: 2025-02-30", ["no valid YAML", "day is out of range"]),
        ("partitions_start: 2025-06-01 10:00:00", ["partitions_start", "YYYY-MM-DD"]),
        ("report_subscribers: ['@all']", ["report_subscribers.0", "an address", "(is '@all')"]),
        ("report_subscribers: ['#ops', '#ops']", ["report_subscribers", "each subscriber once"]),
        ("tenants: {acme: {report_subscribers: ops@localhost}}", ["tenants.acme.report_subscribers", "tuple"]),
        ("tenants: {acme: {report_subscribers: ['a b@x.org']}}", ["tenants.acme.report_subscribers.0", "an address"]),
        ("5: 6", ["5", "strings"]),
        ("- a list", ["must be a mapping of keys, is a list"]),
        ("engine: {", ["line 1", "no valid YAML"]),
        ("engine:\n  threads: 1\n bad", ["line 3", "no valid YAML"]),
        ("engine: {threads: 1}\nengine: {workers: 1}", ["line 2", "engine stands twice"]),
        ("engine:\n  threads: 1\n  threads: 2", ["line 3", "threads stands twice"]),
        ("a: \x07", ["no valid YAML", "#x0007"]),
        ("[" * 3000, ["no valid YAML"]),
    ],
)
def test_an_error_names_the_file_the_field_and_the_value(file: Path, text: str, said: list[str]) -> None:
    assert_refused(file, text, str(file), *said)


def test_each_fault_has_a_line_of_its_own(file: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(file, "engine: {memory_mb: 5, threads: -1}\nnothing: 1")
    lines = str(raised.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{file}: ") for line in lines)


def test_a_wrong_variable_is_named_and_not_the_file(file: Path) -> None:
    assert_refused(file, "", f"environment variable {VARIABLE}", "(is 'lots')", environment={VARIABLE: "lots"})


def test_a_wrong_flag_is_named(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"flag: engine\.memory_mb.*\(is 1\)"):
        load(file, "", {}, {"engine.memory_mb": 1})


def test_a_flag_that_names_no_setting_is_refused(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"flag: engine\.memory names no setting"):
        load(file, "", {}, {"engine.memory": 1})


def test_a_long_value_is_cut(file: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(file, f"engine: {{memory_mb: {'x' * 5000}}}")
    assert len(str(raised.value)) < 500


def test_a_file_that_is_no_text_or_no_file_is_a_clear_error(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"engine: \xff")
    with pytest.raises(ConfigurationError, match=re.escape(f"{file}: cannot be read")):
        load_settings(file, {})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch {path}']",
        "!!python/object/new:subprocess.Popen [['touch', '{path}']]",
        "!!python/name:os.system",
        "!!python/module:os",
        "!unknown tag",
    ],
)
def test_yaml_that_would_run_something_is_refused(file: Path, tmp_path: Path, value: str) -> None:
    ran = tmp_path / "ran"
    assert_refused(file, f"engine: {value.format(path=ran)}", str(file), "line 1", "no valid YAML")
    assert not ran.exists()


def test_aliases_are_plain_yaml(file: Path) -> None:
    found = load(file, "tenants:\n  acme: &same {redaction: {ip: true}}\n  globex: *same")
    assert found.settings.redaction_of("globex").ip


def test_an_empty_file_is_an_empty_mapping(file: Path) -> None:
    for text in ("", "# nothing\n", "---\n"):
        file.write_text(text)
        assert read_yaml(file) == {}


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["partitions_start: 2025-06-01", "partitions_start: '2025-06-01'"])
def test_a_day_is_read_with_and_without_quotes(file: Path, text: str) -> None:
    assert load(file, text).settings.partitions_start == "2025-06-01"


@pytest.mark.parametrize("name", ["a", "0", "acme", "acme-eu.prod_1", "x" * 63])
def test_a_tenants_name(file: Path, name: str) -> None:
    assert name in load(file, yaml.safe_dump({"tenants": {name: {}}})).settings.tenants


@pytest.mark.parametrize(
    "name", ["Acme", "", "-a", ".a", "_mixed", "a/b", "..", "a b", "ä", "x" * 64, "a\n", "a~b", "a=b"]
)
def test_what_is_no_tenants_name_is_refused(file: Path, name: str) -> None:
    assert_refused(file, yaml.safe_dump({"tenants": {name: {}}}, allow_unicode=True), "tenants", "must match")


def test_a_tenant_differs_from_the_lake_in_what_it_names_alone(file: Path) -> None:
    found = load(file, "redaction: {email: false, ip: true}\ntenants: {acme: {redaction: {ip: false}}, globex: {}}")
    settings = found.settings
    assert settings.redaction_of("acme") == Redaction(email=False, ip=False)
    assert settings.redaction_of("globex") == settings.redaction_of("unknown") == settings.redaction
    assert settings.retention_of("acme") == settings.retention


def test_subscribers_are_of_the_tenant_alone(file: Path) -> None:
    text = "report_subscribers: ['#ops']\ntenants: {acme: {report_subscribers: [sre+logs@acme.example, '#acme-ops']}}"
    settings = load(file, text).settings
    assert settings.report_subscribers == ("#ops",)
    assert settings.report_subscribers_of("acme") == ("sre+logs@acme.example", "#acme-ops")
    assert settings.report_subscribers_of("globex") == ()
