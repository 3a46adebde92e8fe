"""`logsight doctor`: effective settings with their origin, and a line for each thing that LogSight depends on.

Each adapter that needs something of its surroundings adds a check to `CHECKS`.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from logsight_assets.alarm_rules.binding import bound_rules
from logsight_assets.alarm_rules.rule import FOLDER as RULES_FOLDER
from logsight_assets.delivery.channels import channels_of
from logsight_assets.errors import LogSightError
from logsight_assets.incidents.change_rules import load_rules
from logsight_assets.incidents.heartbeat import gauges_of, path_gauges, path_state
from logsight_assets.incidents.inbox import INBOX, alarm_queue
from logsight_assets.incidents.runbooks import FOLDER, load_runbooks
from logsight_assets.incidents.summary.configured import rests_of
from logsight_assets.incidents.summary.prompt import prompt_text
from logsight_assets.intake.arrivals import unreachable
from logsight_assets.intake.keys import load_keys
from logsight_assets.intake.raw import MISNAMED, misnamed
from logsight_assets.intake.run import declared_sources, stale_objects
from logsight_assets.lake import Lake
from logsight_assets.metrics.fetch import metric_source
from logsight_assets.metrics.named_metric import FOLDER as METRICS_FOLDER
from logsight_assets.metrics.named_metric import load_metrics
from logsight_assets.model_settings import price_on
from logsight_assets.scratch import embedded_engine
from logsight_assets.settings import scalar_fields
from logsight_assets.slo.objective import FOLDER as OBJECTIVES_FOLDER
from logsight_assets.slo.objective import load_objectives
from logsight_assets.visible import visible

_LOW_DISK = 1 << 30
_NAMED = 5  # folders that a line names


@dataclass(frozen=True)
class Check:
    """One line of the doctor."""

    name: str
    is_ok: bool
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def examine(lake: Lake) -> Iterator[Check]:
    """Run every check; one that fails never stops the others."""
    channels = {f"channel {name}": partial(_channel, name=name) for name in lake.settings.channels}
    for name, check in (CHECKS | channels).items():
        try:
            yield check(lake)
        except (LogSightError, OSError) as error:
            yield Check(name, False, str(error), "see the message")
        except Exception as error:  # noqa: BLE001 - whatever a check stumbles over is what it has found
            yield Check(name, False, f"{type(error).__name__}: {error}", "see the message")


def effective_values(lake: Lake) -> list[dict[str, Any]]:
    """Each setting with its value and origin. Secrets are references, so nothing has to be hidden here."""
    settings = lake.settings
    return [
        {
            "setting": f"{section}.{field}",
            "value": getattr(getattr(settings, section), field),
            "origin": lake.effective.origins[f"{section}.{field}"],
        }
        for section, field in scalar_fields()
    ]


def _python(_: Lake) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), f"Python {version}", "install Python 3.11 or newer")


def _packages(_: Lake) -> Check:
    found = {name: importlib.metadata.version(name) for name in ("dagster", "duckdb", "pyarrow")}
    is_ok = found["duckdb"].startswith("1.5.") and found["dagster"].startswith("1.13.")
    detail = ", ".join(f"{name} {version}" for name, version in found.items())
    return Check("packages", is_ok, detail, "make setup installs the locked versions")


def _store(lake: Lake) -> Check:
    key = f"doctor/{uuid.uuid4().hex}"
    is_ok = lake.store.put_if(key, b"x", None) and not lake.store.put_if(key, b"y", None)
    lake.store.delete(key)
    root = lake.store.uri("lake").removesuffix("/lake")
    return Check("object store", is_ok, f"{root}: writes, conditional writes, deletes", "check who may write there")


def _disk(lake: Lake) -> Check:
    free = shutil.disk_usage(lake.state).free
    return Check("disk", free > _LOW_DISK, f"{free / (1 << 30):.1f} GiB free for {lake.state}", "free some disk space")


def _state(lake: Lake) -> Check:
    is_ok = os.access(lake.state, os.W_OK)
    return Check("state folder", is_ok, str(lake.state), "make it writable, or set LOGSIGHT_STATE")


def _sources(lake: Lake) -> Check:
    sources = declared_sources(lake).whole()
    missing = unreachable(sources)
    detail = f"{len(sources)} defined in {lake.config / 'sources'}"
    detail += "".join(f"; source {name}: {why}" for name, why in missing.items())
    return Check("sources", not missing, detail, "mount the folder, or correct the source's location")


def _raw(lake: Lake) -> Check:
    wrong = misnamed(lake.store)
    named = ", ".join(map(visible, wrong[:_NAMED])) + (", …" if len(wrong) > _NAMED else "")
    detail = f"{named}: {MISNAMED}" if wrong else "every folder has a name of the layout"
    return Check("raw", not wrong, detail, "rename the folders")


def _staleness(lake: Lake) -> Check:
    stale = stale_objects(lake)
    total = sum(stale.values())
    detail = f"{total:,} raw objects were read under other rules than today's" if total else "every object is current"
    detail += "".join(f"; {count:,} of source {name}" for name, count in sorted(stale.items()))
    return Check("staleness", True, detail + (": `logsight build --replay` reads them again" if total else ""))


def _keys(lake: Lake) -> Check:
    keys = load_keys(lake.state)
    mode = (lake.state / "keys.json").stat().st_mode & 0o077
    detail = f"redaction key version {keys.ring.current}, {len(keys.ring.masters)} in all"
    return Check("keys", mode == 0, detail, f"chmod 600 {lake.state / 'keys.json'}")


def _alarms(lake: Lake) -> Check:
    """Whether alarms can come: the queue answers, and knows where to put what is no alarm."""
    aside = len(alarm_queue(lake).quarantined())
    place = lake.settings.alarms.queue_url or f"folder {INBOX}/"
    detail = f"from {place}" + (f"; {aside} or more messages are set aside, being no alarms" if aside else "")
    return Check("alarms", True, detail)


def _heartbeat(lake: Lake) -> Check:
    """Whether CloudWatch takes the numbers; what they are now is told, because nothing less is an answer."""
    gauges, namespace = gauges_of(lake), lake.settings.heartbeat.namespace
    if gauges is None:
        return Check("heartbeat", True, "told to no CloudWatch namespace; the checks alarm_path and outbox show it")
    gauges.tell(list(path_gauges(path_state(lake))), lake.clock())
    return Check("heartbeat", True, f"CloudWatch takes it in namespace {namespace}")


def _metrics(lake: Lake) -> Check:
    """Whether named metrics are right, and where they come from; asking costs, so no value is asked for."""
    folder = lake.config / METRICS_FOLDER
    found = load_metrics(folder).values()
    asked = sum(bool(metric.namespace) for metric in found)
    live = f"CloudWatch is asked for {asked} of them" if metric_source(lake) else "metric files are all that is read"
    return Check("metrics", True, f"{len(found)} named in {folder}; {live}")


def _objectives(lake: Lake) -> Check:
    folder = lake.config / OBJECTIVES_FOLDER
    return Check("objectives", True, f"{len(load_objectives(folder))} defined in {folder}")


def _alarm_rules(lake: Lake) -> Check:
    """Whether each rule is right by itself and with the objective that it names."""
    rules = bound_rules(lake)
    return Check("alarm rules", True, f"{len(rules)} hold, by {lake.config / RULES_FOLDER} and by default")


def _change_rules(lake: Lake) -> Check:
    folder = lake.config / "change_rules"
    return Check("change rules", True, f"{len(load_rules(folder))} defined in {folder}")


def _runbooks(lake: Lake) -> Check:
    folder = lake.config / FOLDER
    runbooks = load_runbooks(folder)
    drafts = sum(not runbook.is_approved for runbook in runbooks)
    return Check("runbooks", True, f"{len(runbooks) - drafts} approved in {folder}, {drafts} drafts")


def _model(lake: Lake) -> Check:
    """Whether summaries can be asked for, by the settings; asking would cost, so nobody is."""
    settings = lake.settings.model
    if not settings.ladder:
        return Check("model", True, "none is configured: the first answer stands")
    prompt_text(settings.prompt)
    today = lake.clock().date()
    unpriced = [name for name in settings.ladder if price_on(lake.settings.prices, name, today) is None]
    detail = f"{', then '.join(settings.ladder)}, prompt {settings.prompt}"
    if unpriced:
        detail += f"; without a price: {', '.join(unpriced)}"
    detail += "".join(f"; {name} rests until {until:%H:%M:%S} UTC" for name, until in rests_of(lake).items())
    return Check("model", not unpriced, detail, "give each model a price in `prices`: without one it is not asked")


def _channel(lake: Lake, name: str) -> Check:
    """Whether a channel knows us; what cannot be asked without sending something is not asked."""
    return Check(f"channel {name}", True, f"{lake.settings.channels[name].type}: {channels_of(lake)[name].check()}")


def _engine(lake: Lake) -> Check:
    with embedded_engine(lake) as engine, engine.session() as session:
        rows = session.fetch("select 1 as one").num_rows
    return Check("query engine", rows == 1, f"DuckDB, {lake.settings.engine.memory_mb} MiB")


CHECKS: dict[str, Callable[[Lake], Check]] = {
    "python": _python,
    "packages": _packages,
    "state folder": _state,
    "disk": _disk,
    "object store": _store,
    "query engine": _engine,
    "keys": _keys,
    "sources": _sources,
    "raw": _raw,
    "alarms": _alarms,
    "heartbeat": _heartbeat,
    "metrics": _metrics,
    "objectives": _objectives,
    "alarm rules": _alarm_rules,
    "change rules": _change_rules,
    "runbooks": _runbooks,
    "model": _model,
    "staleness": _staleness,
}
