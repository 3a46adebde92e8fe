"""An incident's evidence, and answers of a model about it, for tests of what becomes of them."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from logsight_assets.incidents.runbooks import FrontMatter, Runbook
from logsight_assets.incidents.summary.check import Checked, Known, check
from logsight_assets.incidents.summary.facts import facts_of
from logsight_assets.incidents.summary.schema import Answer
from tests.intake.lakes import HOUR

START = HOUR.start_nano + 30 * 60 * 10**9  # 10:30
RUNBOOK = Runbook(
    "payment-pool",
    FrontMatter(
        title="Pool of payment is exhausted", services=("payment",), approved_by="Ada", approved=date(2025, 5, 1)
    ),
    ("Look at the pool's size.", "Restart one instance of payment."),
    "0123456789abcdef",
)


def evidence(
    body: str = "payment of order 77 failed: pool exhausted after 503 from bank", **changed: Any
) -> dict[str, Any]:
    """The body of a record `evidence` as an investigation stores it; `body` is the line of E1."""
    return copy.deepcopy(_EVIDENCE) | {"evidence": [_event(1, body), _event(2, "charge declined", "cart", 3)]} | changed


def _event(number: int, body: str, service: str = "payment", second: int = 7) -> dict[str, Any]:
    return {
        "number": number,
        "kind": "event",
        "change": "new",
        "template_id": "t-1",
        "event_id": f"e{number}",
        "service": service,
        "time_unix_nano": START + second * 10**9,
        "host": "pay-1",
        "severity_text": "ERROR",
        "body": body,
        "attributes": "{}",
        "trace_id": "ab" * 16,
    }


_EVIDENCE: dict[str, Any] = {
    "alarm": {
        "name": "checkout-5xx",
        "description": "errors of checkout",
        "reason": "Threshold crossed",
        "state_change_nano": START + 60 * 10**9,
        "window_seconds": 300,
        "threshold": 5.0,
        "recent_datapoints": [12.0],
        "metrics": [{"namespace": "Shop", "name": "5xx", "dimensions": [["ServiceName", "checkout"]]}],
    },
    "first_answer": {
        "verdict": "explained",
        "suspects": [
            {"service": "payment", "score": 0.81, "reliability": 0.7, "reasons": ["new: pool exhausted"]},
            {"service": "cart", "score": 0.2, "reliability": 0.1, "reasons": ["surging: charge declined"]},
        ],
        "templates": [
            {
                "template_id": "t-1",
                "template": "payment of order <NUM> failed: <*>",
                "service": "payment",
                "change": "new",
                "strength": 0.9,
                "count_before": 0,
                "count_during": 1340,
                "since_unix_nano": START + 7 * 10**9,
                "example_event_ids": ["e1"],
            }
        ],
        "shared_attributes": [{"name": "zone", "value": "b", "failing_share": 0.98, "healthy_share": 0.3}],
    },
    "completeness": {"is_complete": True, "sources": [{"source": "shop", "state": "complete"}]},
    "changes": [
        {
            "change_id": "c",
            "time_unix_micro": START // 1000 - 60_000_000,
            "kind": "deployment",
            "service": "payment",
            "version": "v2.4.1",
            "description": "smaller pool",
        }
    ],
}

# What stands around an incident, as investigations store it beside the first answer.
AROUND: dict[str, Any] = {
    "trends": {
        "sql": "select 1",
        "rows": [{"service": "payment", "is_incident": 1, "minute_count": 5, "event_count": 4200, "error_count": 340,
                  "request_count": 700, "duration_count": 0, "duration_sum_ns": None, "duration_max_ns": None}],
    },
    "anomalies": [
        {"episode_id": "a", "service": "payment", "template_id": "", "template": "", "metric": "error_ratio",
         "direction": "high", "state": "standing", "since_unix_nano": (HOUR - 2).start_nano,
         "last_hour_unix_nano": (HOUR - 1).start_nano,
         "score": 8.5, "observed": 0.4, "expected_low": 0.0, "expected_high": 0.1, "baseline_size": 24,
         "reason": "40.0% errors; 0.0% to 10.0% errors expected from the last 24 usable hours"}
    ],
    "objectives": [
        {"objective": "payment-up", "service": "payment", "kind": "availability", "state": "burning", "target": 0.99,
         "hour_unix_nano": (HOUR - 1).start_nano, "budget_left_ratio": 0.12, "burn_rate_1h": 14.5}
    ],
    "earlier_incidents": [
        {"incident_id": "20250501-0900-abcdef", "state": "resolved", "opened_unix_nano": (HOUR - 700).start_nano,
         "resolved_unix_nano": None, "alarm": "checkout-5xx", "service": "checkout", "verdict": "explained",
         "suspect": "bank", "suspect_score": 0.7, "cause_named": True, "cause": "bank"}
    ],
}  # fmt: skip


def said(text: str, *cited: str, quotes: list[tuple[str, str]] | None = None) -> dict[str, Any]:
    """A statement."""
    told = [{"fact": fact, "text": words} for fact, words in quotes or []]
    return {"text": text, "evidence": list(cited), "quotes": told}


def answered(**parts: Any) -> dict[str, Any]:
    """An answer all of whose statements stand, but for the parts that are given."""
    cause = said("Its pool was exhausted.", "E1", "T1", quotes=[("E1", "pool exhausted")])
    return {
        "summary": [said("Lines of failed payments are new, 1340 since 10:30:07.", "T1")],
        "probable_cause": {"service": "payment", "statement": cause},
        "severity": {"level": "high", "statement": said("All of 1340 lines say that a payment failed.", "T1")},
        "confidence": "high",
        "excluded_causes": [
            {"service": "cart", "statement": said("It only passes on what was declined.", "E2")},
        ],
        "claims": [],
        "runbook_steps": [{"runbook": "payment-pool", "step": 1}],
        "look_at": [{"what": "capacity", "service": "payment", "evidence": ["T1"]}],
        "missing_data": [{"what": "metrics", "service": "payment"}],
        **parts,
    }


def checked(answer: dict[str, Any], found: dict[str, Any] | None = None, severity: str = "high") -> Checked:
    """What is left of an answer."""
    known = Known.of(facts_of(found or evidence()), [RUNBOOK], severity)
    return check(Answer.model_validate(answer), known)
