"""What a message says, and that text of strangers is text in every form of it."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.delivery import jira_document, slack_blocks
from logsight_assets.delivery.entries import Subject
from logsight_assets.delivery.incident_message import incident_document, incident_facts, incident_news
from logsight_assets.delivery.message import Document, Item, Letter, News, Part, Style, defanged, moment, shown
from logsight_assets.delivery.page import page
from logsight_assets.delivery.pagerduty import event
from logsight_assets.delivery.plain import markdown, plain_text
from logsight_assets.delivery.report_message import period_of, report_document, report_name
from logsight_assets.delivery.servicenow import texts
from logsight_assets.incidents.state import ActionState, AlarmState, IncidentState
from logsight_assets.incidents.surroundings import told_of_budget
from logsight_assets.reports.period import Period
from tests.delivery.servers import adf_fault, blocks_fault, description_fault

SNAPSHOT = Path(__file__).with_name("slack_message.json")
WRITE = bool(os.environ.get("WRITE_SNAPSHOT"))
HOSTILE = [
    "<!channel> <!here> <@U012> <https://evil.example|click>",
    "@channel @here @everyone",
    "*bold* _it_ ~s~ `code` ```block``` > quote",
    "[click](https://evil.example) ![x](http://evil.example/p.png)",
    "https://evil.example/login?x=1 HTTP://EVIL.example www.evil.example evil.example/login",
    "javascript:alert(1) data:text/html,x mailto:a@evil.example",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "&lt;script&gt; &#60;",
    "{{ 7 * 7 }} {% raw %} ${jndi:ldap://evil.example/a}",
    "\u202eevil\u202c \u200b\u2066x\u2069",
    "\x1b[31mred\x1b[0m \x07\x00\r\n# heading\n- item",
    "[code]<b>x</b>[/code]",
    "|a|b|\n|-|-|",
    ":rotating_light: :+1:",
    "x" * 5000,
    "",
]
STYLE = Style("quotes", "Europe/Berlin", "https://logs.acme.example", "acme")


def state_with(text: str, **more: Any) -> IncidentState:
    """An incident in which a stranger has written everywhere."""
    evidence = {
        "number": 1,
        "service": text,
        "body": text,
        "change": "new",
        "time_unix_nano": 1_748_773_800_000_000_000,
        "trace_id": text,
    }
    template = {"template": text, "service": text, "change": "new", "count_before": 0, "count_during": 7}
    change = {
        "kind": text,
        "service": text,
        "version": text,
        "description": text,
        "time_unix_micro": 1_748_773_000_000_000,
    }
    said = {"text": text, "evidence": ["E1"], "quotes": [{"fact": "E1", "text": text}]}
    runbook = {
        "name": "pay-errors",
        "front": {
            "title": "Pay",
            "approved_by": "jo",
            "actions": [
                {"name": name, "step": 2, "type": "scale_service", "service": "payment", "count": count}
                for name, count in (("more", 4), ("fewer", 1))
            ],
        },
        "steps": ["Look at the queue.", "Wait."],
        "hash": "0" * 64,
    }
    summary = {
        "summary": [said],
        "probable_cause": {"service": text, "statement": said},
        "confidence": "high",
        "severity": {"level": "high", "statement": said},
        "excluded_causes": [{"service": text, "statement": said}],
        "claims": [said],
        "runbook_steps": [{"runbook": "pay-errors", "step": 2}],
        "look_at": [{"what": "lines", "service": text, "evidence": ["E1"]}],
        "missing_data": [{"what": "logs", "service": text}],
    }
    return IncidentState(
        opened_ms=1_748_773_800_000,
        summary={"kind": "model", "model": "a.model-v1", "removed": 1, "runbooks": [runbook], "summary": summary},
        alarms={"a": AlarmState(text, "ALARM", 1_748_773_800_000, (text,)), "b": AlarmState(text, "OK", 1, (text,))},
        episodes=2,
        evidence={
            "evidence": [evidence],
            "runbooks": [runbook],
            "changes": [change],
            "objectives": [
                {"objective": text, "service": text, "state": "burning", "budget_left_ratio": 0.2, "burn_rate_1h": 14.4}
            ],
            "anomalies": [
                {"template": text, "service": text, "metric": "error_ratio", "reason": text,
                 "since_unix_nano": 1_748_773_000_000_000_000}
            ],
            "earlier_incidents": [
                {"incident_id": "20250501-1030-abcdef", "alarm": text, "cause_named": True, "cause": text},
                {"incident_id": "20250401-1030-abcdef", "alarm": text, "cause_named": False, "suspect": text,
                 "verdict": None},
            ],
            "completeness": {"is_complete": False, "missing": [text], "sources": [
                {"source": text, "state": "open", "watermark_unix_nano": 1_748_773_700_000_000_000}
            ]},
        },
        answer={
            "verdict": "explained",
            "suspects": [{"service": text, "score": 0.8, "reasons": [text]}],
            "templates": [template],
            "shared_attributes": [{"name": text, "value": text}],
        },
        answers=1,
        acknowledged_by=text,
        assigned_to=text,
        actions={
            "action:pay-errors:more": ActionState("failed", text, text),
            "action:other:restart": ActionState("begun", text),
        },
        **more,
    )  # fmt: skip


def letter_with(text: str, style: Style = STYLE) -> Letter:
    state = state_with(text)
    before = {**incident_facts(state), "acknowledged_by": None, "verdict": "incomplete", "severity": "low"}
    return Letter(
        "logsight-0123",
        Subject("acme", "incident", "20250601-1030-abcdef"),
        7,
        incident_document("20250601-1030-abcdef", state, style),
        incident_news(before, state, style),
        incident_facts(state),
    )


def forms(letter: Letter) -> dict[str, str]:
    """The letter in every form, as text."""
    document, news = letter.document, letter.news
    return {
        "slack": json.dumps(
            [slack_blocks.everything(document, news), slack_blocks.details(document)], ensure_ascii=False
        ),
        "jira": json.dumps([jira_document.description(document), jira_document.comment(news)], ensure_ascii=False),
        "servicenow": json.dumps(texts(letter), ensure_ascii=False),
        "pagerduty": json.dumps(event(letter, "trigger"), ensure_ascii=False),
        "html": page(document, news),
        "markdown": markdown(document),
        "plain": plain_text(document, news),
    }


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_form_holds_a_link_of_strangers_or_anything_invisible(text: str) -> None:
    for name, form in forms(letter_with(text)).items():
        assert not re.search(r"(?<!hxxp)(?<!hxxps)://evil", form, re.IGNORECASE), name
        assert "evil.example/" not in form, name
        assert "javascript:alert" not in form, name
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x07\x1b]", form), name


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_slack_takes_the_blocks_and_strangers_stand_in_plain_text_alone(text: str) -> None:
    letter = letter_with(text)
    for message in (
        slack_blocks.summary(letter.document),
        slack_blocks.details(letter.document),
        slack_blocks.note(letter.news),
        slack_blocks.everything(letter.document, letter.news),
    ):
        assert blocks_fault(message) is None
        assert not re.search(r"<(?!$)", message["text"]), "the fallback is escaped"
        for block in message["blocks"]:
            for each in block.get("elements", [block.get("text")]):
                if each["type"] == "mrkdwn":
                    assert re.fullmatch(
                        r"<https://logs\.acme\.example/\S+\|Open in LogSight>|\*[\w ,;.-]+\*", each["text"]
                    )
                else:
                    assert each["emoji"] is False


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_jira_takes_the_document_and_only_our_link_is_one(text: str) -> None:
    letter = letter_with(text)
    for document in (jira_document.description(letter.document), jira_document.comment(letter.news)):
        assert adf_fault(document) is None
        assert set(re.findall(r'"href": "([^"]*)"', json.dumps(document))) <= {letter.document.link}
    assert len(jira_document.summary_line(letter.document)) <= 255


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_page_runs_and_loads_nothing_and_has_our_link_alone(text: str) -> None:
    html = page(letter_with(text).document)
    assert set(re.findall(r"<(\w+)", html)) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "table", "tr", "th", "td", "ul", "ol", "li",
        "br", "code", "p", "a",
    }  # fmt: skip
    assert re.findall(r'(?:href|src)="([^"]*)"', html) == [letter_with("x").document.link]
    assert "default-src" in html


@given(st.text(max_size=400))
def test_shown_text_is_one_line_visible_and_short(text: str) -> None:
    found = shown(text, 120)
    assert len(found) <= 120
    assert all(c.isprintable() or unicodedata.category(c) == "Zs" for c in found)
    assert not re.search(r"[A-Za-z][A-Za-z0-9+.-]*(?<!hxxp)(?<!hxxps)(?<!fxp)://", found)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("see https://evil.example/a.b?c", "see hxxps://evil[.]example/a.b?c"),
        ("cause:http://x.org", "cause:hxxp://x[.]org"),
        ("ldap://x.org/a", "ldap[:]//x[.]org/a"),
        ("at Payment.call(Payment.java:42)", "at Payment.call(Payment.java:42)"),
        ("java.net.SocketTimeoutException: Read timed out", "java.net.SocketTimeoutException: Read timed out"),
        ("GET /cart/17 200 in 12.5 ms", "GET /cart/17 200 in 12.5 ms"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("evil.example/login", "evil[.]example/login"),
    ],
)
def test_addresses_are_defanged_and_the_rest_is_as_it_was(text: str, safe: str) -> None:
    assert defanged(text) == safe


# What is said ---------------------------------------------------------------------------------------------------------


def test_the_first_five_lines_say_what_since_when_why_what_next_and_what_is_missing() -> None:
    state = dataclasses.replace(
        state_with("payment"),
        alarms={"a": AlarmState("checkout-5xx", "ALARM", 1, ("checkout",))},
        summary={},
        evidence={"completeness": {"is_complete": False, "missing": [], "sources": [
            {"source": "shop", "state": "open", "watermark_unix_nano": 1_748_773_700_000_000_000}
        ]}},
    )  # fmt: skip
    document = incident_document("20250601-1030-abcdef", state, STYLE)
    assert document.title == "HIGH: checkout of acme · 20250601-1030-abcdef"
    assert document.lines == (
        ("What", "alarm checkout-5xx is on, severity high; acknowledged by payment, assigned to payment"),
        ("Since", "2025-06-01 12:30 Europe/Berlin (10:30 UTC)"),
        ("Cause", "payment (score 0.80): payment"),
        ("Next", "no runbook fits; look at payment first: https://logs.acme.example/incidents/20250601-1030-abcdef"),
        ("Missing", "logs after 2025-06-01 12:28 Europe/Berlin (10:28 UTC) of shop"),
    )
    assert all(len(label) + len(text) < 150 for label, text in document.lines)


def test_the_next_step_is_the_first_of_the_runbook_and_a_summary_of_another_mind_is_said() -> None:
    state = state_with("payment")
    state.summary["summary"]["probable_cause"]["service"] = "cart"
    document = incident_document("i", state, STYLE)
    assert dict(document.lines)["Next"] == "Look at the queue. (runbook pay-errors, step 1 of 2)"
    assert dict(document.lines)["Cause"] == "payment (score 0.80): payment; the summary says cart"
    summary, runbook, *_ = document.parts
    assert summary.title == "Summary by a.model-v1; its numbers, names, times and quotes were checked"
    assert "Runbook pay-errors, step 2: Wait." in [item.text for item in summary.items]
    assert runbook.title == "Runbook pay-errors, approved by jo"


@pytest.mark.parametrize(("reason", "says"), [("budget", True), ("no_model", False)])
def test_a_summary_that_is_missing_is_said_unless_nobody_wanted_one(reason: str, says: bool) -> None:
    state = dataclasses.replace(state_with("x"), summary={"kind": "first_answer", "reason": reason, "removed": 0})
    titles = [part.title for part in incident_document("i", state, STYLE).parts]
    assert ("Summary" in titles) == says


def test_a_line_that_came_often_is_quoted_once() -> None:
    state = state_with("x")
    fact = {**state.evidence["evidence"][0], "number": 2}
    state.evidence["evidence"].extend([fact, {**fact, "number": 3, "body": "another"}])
    (lines,) = [part for part in incident_document("i", state, STYLE).parts if part.title == "Lines"]
    assert [(item.text[:3], item.quote) for item in lines.items] == [("[1]", "x"), ("[3]", "another")]


def test_without_a_base_url_the_command_is_named() -> None:
    state = dataclasses.replace(state_with("x"), evidence={})
    document = incident_document("20250601-1030-abcdef", state, Style("templates", "UTC", tenant="acme"))
    assert (document.link, document.command) == ("", "logsight incidents show 20250601-1030-abcdef")
    assert dict(document.lines)["Next"].endswith(document.command)


@pytest.mark.parametrize(("disclosure", "holds"), [("links", 0), ("templates", 1), ("quotes", 2)])
def test_a_message_shows_no_more_than_the_tenant_lets_it(disclosure: Any, holds: int) -> None:
    """Names, and masked lines from `templates` on; a line itself in `quotes` alone."""
    state = state_with("stranger")
    state.evidence["evidence"][0]["body"] = "a whole line"  # type: ignore[index]
    for name, form in forms(
        Letter(
            "logsight-0123",
            Subject("acme", "incident", "20250601-1030-abcdef"),
            1,
            incident_document("20250601-1030-abcdef", state, Style(disclosure, "UTC", tenant="acme")),
            incident_news(
                {**incident_facts(state), "verdict": "incomplete"}, state, Style(disclosure, "UTC", tenant="acme")
            ),
            {},
        )
    ).items():
        assert ("a whole line" in form) == (holds == 2), name
        assert ("stranger" in form) == (holds >= 1), name


def test_a_report_says_its_lines_or_only_where_it_is() -> None:
    period = Period.week("2025-W22")
    lines = [{"text": "errors of payment rose", "quote": "payment of order <*> failed"}, {"text": "calm", "quote": ""}]
    open_, closed = (report_document(period, "acme", lines, Style(d, "UTC")) for d in ("templates", "links"))
    assert open_.lines[0] == ("1", "errors of payment rose payment of order <*> failed")
    assert "payment" not in str(closed)
    assert closed.command == "logsight report --week 2025-W22 --tenant acme"
    assert period_of(report_name(period)) == period
    assert period_of("daily-2025-06-01") == Period.day("2025-06-01")


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "2025-06-01 10:30 UTC"),
        ("Asia/Tokyo", "2025-06-01 19:30 Asia/Tokyo (10:30 UTC)"),
        ("Pacific/Auckland", "2025-06-01 22:30 Pacific/Auckland (10:30 UTC)"),
        ("Pacific/Kiritimati", "2025-06-02 00:30 Pacific/Kiritimati (2025-06-01 10:30 UTC)"),
    ],
)
def test_a_time_has_its_zone_and_utc(zone: str, said: str) -> None:
    assert moment(1_748_773_800_000, zone) == said


def test_details_of_any_size_fit_slack() -> None:
    parts = tuple(Part(f"Part {n}", tuple(Item("t" * 300, "q" * 300) for _ in range(30))) for n in range(30))
    document = Document("title", (("What", "x"),), parts)
    assert blocks_fault(slack_blocks.details(document)) is None
    assert blocks_fault(slack_blocks.everything(document, [News("opened", "x")])) is None


def test_the_slack_message_is_the_one_in_the_file() -> None:
    """After a change that is meant: WRITE_SNAPSHOT=1, then look at the diff."""
    letter = letter_with("payment")
    held = {"summary": slack_blocks.summary(letter.document), "details": slack_blocks.details(letter.document)}
    text = json.dumps(held, ensure_ascii=False, indent=1) + "\n"
    if WRITE:
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text(encoding="utf-8")


def test_what_the_lake_knows_around_an_incident_is_said_with_who_says_so() -> None:
    titles = {part.title: part for part in incident_document("i", state_with("pay"), STYLE).parts}
    assert [item.text for item in titles["Objectives"].items] == [
        "pay of pay: burning, budget 20% left, burning at 14.4 in the last hour"
    ]
    assert titles["Out of the ordinary before"].items[0].text == (
        "pay, error_ratio, since 2025-06-01 12:16 Europe/Berlin (10:16 UTC)"
    )
    assert [item.text for item in titles["Incidents like it"].items] == [
        "20250501-1030-abcdef: the cause was pay, as a person said",
        "20250401-1030-abcdef: first suspect pay",
    ]


def test_lines_of_one_template_are_quoted_once() -> None:
    state = state_with("x")
    fact = {**state.evidence["evidence"][0], "template_id": "t-1"}
    state.evidence["evidence"][:] = [fact, {**fact, "number": 2, "body": "order 2"}, {**fact, "template_id": "t-2"}]
    (lines,) = [part for part in incident_document("i", state, STYLE).parts if part.title == "Lines"]
    assert len(lines.items) == 2


@pytest.mark.parametrize(
    ("alarms", "says"),
    [
        ({"a": "ALARM"}, "alarm a is on, severity high"),
        ({"a": "ALARM", "b": "ALARM"}, "2 alarms on, severity high: a, b"),
        ({"a": "ALARM", "b": "OK"}, "1 of 2 alarms on, severity high: a"),
        ({"a": "OK"}, "alarm a is over"),
        ({"a": "OK", "b": "OK"}, "all 2 alarms are over: a, b"),
    ],
)
def test_what_is_wrong_is_said_in_words(alarms: dict[str, str], says: str) -> None:
    held = {name: AlarmState(name, state, 1, ("pay",)) for name, state in alarms.items()}
    state = dataclasses.replace(state_with("x"), alarms=held, acknowledged_by=None, assigned_to=None)
    assert dict(incident_document("i", state, STYLE).lines)["What"] == says


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({}, "alarm a is on, without data since 2025-06-01 10:40 UTC, severity high"),
        ({"b": "ALARM"}, "2 alarms on, 1 of them without data, severity high: a, b"),
        ({"b": "OK"}, "1 of 2 alarms on, 1 of them without data, severity high: a"),
    ],
)
def test_an_alarm_whose_metric_is_missing_is_on_and_says_so(others: dict[str, str], says: str) -> None:
    gone = AlarmState("a", "ALARM", 1_748_773_800_000, ("pay",), missing_ms=1_748_774_400_000)
    held = {"a": gone} | {name: AlarmState(name, state, 1, ("pay",)) for name, state in others.items()}
    state = dataclasses.replace(state_with("x"), alarms=held, acknowledged_by=None, assigned_to=None)
    document = incident_document("i", state, dataclasses.replace(STYLE, zone="UTC"))
    assert dict(document.lines)["What"] == says
    if others:
        (alarms,) = [part for part in document.parts if part.title == "Alarms"]
        assert alarms.items[0].text == "ALARM since 2025-06-01 10:30 UTC, without data since 2025-06-01 10:40 UTC"


@pytest.mark.parametrize(
    ("by", "to", "disclosure", "says"),
    [
        ("jo", None, "templates", "; acknowledged by jo"),
        (None, "sam", "templates", "; assigned to sam"),
        ("jo", "sam", "templates", "; acknowledged by jo, assigned to sam"),
        ("jo", "sam", "links", "; acknowledged, assigned"),
        (None, None, "templates", ""),
    ],
)
def test_who_has_seen_it_and_deals_with_it_stands_in_the_first_line(
    by: str | None, to: str | None, disclosure: Any, says: str
) -> None:
    alarms = {"a": AlarmState("a", "ALARM", 1, ("pay",))}
    state = dataclasses.replace(state_with("x"), alarms=alarms, acknowledged_by=by, assigned_to=to)
    what = dict(incident_document("i", state, Style(disclosure, "UTC")).lines)["What"]
    assert what.partition("severity high")[2] == says


def test_actions_say_what_they_do_how_far_they_are_and_what_came_of_them() -> None:
    state = state_with("ada")
    (actions,) = [part for part in incident_document("i", state, STYLE).parts if part.title == "Actions"]
    assert [(item.text, item.quote) for item in actions.items] == [
        ("pay-errors/more, scale payment to 4: failed, approved by ada", "ada"),
        ("other/restart: begun, whether it was done is not known, approved by ada", ""),
        ("pay-errors/fewer, scale payment to 1: proposed", ""),
    ]


def test_times_of_quoted_lines_have_the_zone_of_all_other_times() -> None:
    (lines,) = [part for part in incident_document("i", state_with("x"), STYLE).parts if part.title == "Lines"]
    assert lines.items[0].text == "[1] x, 2025-06-01 12:30 Europe/Berlin (10:30 UTC)"


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (0.2, "burning, budget 20% left"),
        (0.0, "burning, budget 0% left"),
        (-0.3, "burning, budget overspent 1.3 times"),
        (-224.81, "burning, budget overspent 226 times"),
        (-2_248_100.0, "burning, budget overspent 2,248,101 times"),
        (None, "burning, budget nothing measured"),
    ],
)
def test_a_budget_that_is_overspent_says_how_many_times(left: float | None, says: str) -> None:
    assert told_of_budget({"state": "burning", "budget_left_ratio": left, "burn_rate_1h": None}) == says


def test_a_description_of_any_size_fits_jira_with_the_five_lines_and_the_link() -> None:
    runbooks = [
        {"name": name, "front": {"title": "t", "approved_by": "jo"}, "steps": ["x" * 250] * 99, "hash": "0" * 64}
        for name in ("a", "b")
    ]
    state = state_with("payment")
    state.evidence["runbooks"][:] = runbooks  # type: ignore[index]
    document = incident_document("i", state, STYLE)
    found = jira_document.description(document)
    assert adf_fault(found) is None
    assert description_fault(found) is None
    text = jira_document.text_of(found)
    assert text.startswith("".join(f"{label}: {said}\n" for label, said in document.lines))
    assert text.endswith("The rest does not fit here.\nOpen in LogSight\n")
    assert "Summary by a.model-v1" in text
    assert len(text) > 15_000


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 300), st.integers(0, 300)), max_size=40))
def test_what_is_cut_from_a_description_is_cut_from_its_end(sizes: list[tuple[int, int, int]]) -> None:
    parts = tuple(
        Part(f"Part {n}", tuple(Item(f"{n}.{i} " + "é" * text, "q" * quote) for i in range(count)))
        for n, (count, text, quote) in enumerate(sizes)
    )
    document = Document("title", (("What", "x"),), parts, command="logsight incidents show i")
    found = jira_document.description(document)
    assert description_fault(found) is None
    assert adf_fault(found) is None
    whole = [item.text for part in parts for item in part.items]
    held = [
        node["content"][0]["content"][0]["text"]
        for block in found["content"]
        if block["type"] == "bulletList"
        for node in block["content"]
    ]
    assert held == whole[: len(held)]
    assert (len(held) < len(whole)) == ("The rest does not fit here." in jira_document.text_of(found))


def test_sources_that_are_not_read_to_the_end_are_one_sentence() -> None:
    sources = [
        {"source": "shop", "state": "open", "watermark_unix_nano": 1_748_773_700_000_000_000},
        {"source": "edge", "state": "behind", "watermark_unix_nano": 1_748_773_600_000_000_000},
        {"source": "late", "state": "open", "watermark_unix_nano": None},
        {"source": "done", "state": "complete", "watermark_unix_nano": 1},
    ]
    told = {"is_complete": False, "missing": [], "sources": sources}
    state = dataclasses.replace(state_with("x"), evidence={"completeness": told})
    style = dataclasses.replace(STYLE, zone="UTC")
    assert dict(incident_document("i", state, style).lines)["Missing"] == (
        "logs after 2025-06-01 10:26 UTC of shop, edge; all logs of late"
    )


def test_steps_are_numbered_once_in_every_form() -> None:
    (steps,) = [part for part in letter_with("x").document.parts if part.title.startswith("Runbook")]
    assert [item.text for item in steps.items] == ["Look at the queue.", "Wait."]
    document = Document("title", (("What", "x"),), (steps,))
    assert "\n1. Look at the queue.\n2. Wait.\n" in plain_text(document)
    assert "\n1. Look at the queue.\n2. Wait.\n" in markdown(document)
    assert "1. Look at the queue.\n2. Wait." in slack_blocks.details(document)["blocks"][1]["text"]["text"]
    assert re.search(r"<ol>\s*<li>Look at the queue.</li>\s*<li>Wait.</li>\s*</ol>", page(document))
    assert [node["type"] for node in jira_document.description(document)["content"]][2] == "orderedList"


@pytest.mark.parametrize(("count", "says"), [(0, "0 times"), (1, "once"), (1234, "1,234 times")])
def test_a_line_says_how_often_it_came(count: int, says: str) -> None:
    state = state_with("pay")
    state.answer["templates"][0]["count_during"] = count
    (lines,) = [part for part in incident_document("i", state, STYLE).parts if part.title == "Lines that changed"]
    assert lines.items[0].text == f"new in pay: {says} in the window, 0 in the hours before"


def test_a_cause_says_as_of_when_it_is_if_an_alarm_went_off_after_that() -> None:
    at_half_past = 1_748_773_800_000
    read_until = {"basis": {"window": {"as_of": (at_half_past + 60_000) * 1_000_000}}}
    state = IncidentState(latest_ms=at_half_past, evidence=read_until, answer={"verdict": "not_in_logs"}, answers=1)
    later = dataclasses.replace(state, latest_ms=at_half_past + 3_600_000)
    causes = [dict(incident_document("i", each, STYLE).lines)["Cause"] for each in (state, later)]
    told = "the logs are complete and do not show it"
    assert causes == [told, f"{told} (as of 2025-06-01 12:31 Europe/Berlin (10:31 UTC))"]
