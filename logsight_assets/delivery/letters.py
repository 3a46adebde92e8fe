"""From a subject's records to the letter that a channel is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from logsight_assets.delivery.entries import Entry, EntryState
from logsight_assets.delivery.incident_message import incident_document, incident_facts, incident_news
from logsight_assets.delivery.message import Letter, News, Style
from logsight_assets.delivery.report_message import period_of, report_document, report_facts
from logsight_assets.delivery.routing import disclosure_in
from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.people import Cover, cover_of
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.state import IncidentState, fold
from logsight_assets.lake import PLATFORM, Lake, report_page_key
from logsight_assets.reports.store import standing

# The channel's clock and ours differ.
_CLOCKS = timedelta(minutes=10)


@dataclass(frozen=True)
class Silenced:
    """Nobody is to be told until the cover ends."""

    cover: Cover


@dataclass(frozen=True)
class Gone:
    """There is nothing to tell any more."""

    why: str


def letter_for(lake: Lake, entry: Entry, state: EntryState, wanted: int) -> Letter | Silenced | Gone:
    """What to deliver now.

    While an attempt may have arrived, it is that attempt's letter again, word for word: only so the channel can
    recognise it. What is newer is told after it.
    """
    revision = wanted if state.trying is None else state.trying
    if entry.subject.kind == "report":
        return _report_letter(lake, entry, state)
    return _incident_letter(lake, entry, state, revision)


def style_of(lake: Lake, entry: Entry) -> Style:
    settings, tenant = lake.settings, entry.subject.tenant
    disclosure = disclosure_in(settings, tenant, entry.channel)
    named = "" if tenant == PLATFORM else tenant
    return Style(disclosure, settings.time_zone_of(tenant), settings.delivery.base_url, named)


def _incident_letter(lake: Lake, entry: Entry, state: EntryState, revision: int) -> Letter | Silenced | Gone:
    subject = entry.subject
    records = IncidentRecords(lake, subject.tenant, subject.name).all()
    if not records:
        return Gone("the incident is not in the lake")
    now = fold(record for record in records if record.number <= revision)
    if state.trying is None:
        latest = fold(records)
        if cover := cover_of(lake, subject.tenant, latest):
            return Silenced(cover)
        if state.is_withheld and state.told is None and latest.state == "resolved":
            return Gone("it was over before anybody was to be told")
    return _of_incident(entry, state, now, revision, style_of(lake, entry))


def _of_incident(entry: Entry, state: EntryState, now: IncidentState, revision: int, style: Style) -> Letter:
    before = state.told.facts if state.told else None
    news = incident_news(before, now, style)
    return Letter(
        key=entry.key,
        subject=entry.subject,
        revision=revision,
        document=incident_document(entry.subject.name, now, style),
        news=news,
        facts=incident_facts(now),
        to=state.to,
        wrote=state.told.wrote if state.told else {},
        tried_since=_tried_since(state),
    )


def _report_letter(lake: Lake, entry: Entry, state: EntryState) -> Letter | Gone:
    subject, period = entry.subject, period_of(entry.subject.name)
    held = standing(lake.store, subject.tenant, period)
    try:
        page = lake.store.get(report_page_key(subject.tenant, period.kind, period.name))
    except ObjectMissing:
        return Gone("the report is not in the lake")
    return Letter(
        key=entry.key,
        subject=subject,
        revision=state.wanted,
        document=report_document(period, subject.tenant, held.lines, style_of(lake, entry)),
        news=(News("opened", "The report is there."),) if state.told is None else (),
        facts=report_facts(),
        to=state.to,
        wrote=state.told.wrote if state.told else {},
        tried_since=_tried_since(state),
        page=page if style_of(lake, entry).names else b"",
    )


def _tried_since(state: EntryState) -> datetime | None:
    return datetime.fromisoformat(state.tried_time) - _CLOCKS if state.tried_time else None
