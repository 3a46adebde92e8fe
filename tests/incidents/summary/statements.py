"""True and false sentences about one incident, written before the rules that tell them apart.

The false ones play down, deny or misplace in time what the evidence says, in words as different as people's are; the
true ones are what a model says that wants to help. The rules were made with one half. With the other, unseen, they were
measured once: 21 of 22 false ones removed, 18 of 20 true ones kept. Then the three were mended too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from tests.incidents.summary.cases import AROUND, START, evidence, said


def is_unseen(statement: dict[str, Any]) -> bool:
    """Whether a sentence is of the half that the rules were measured with: chosen by its own words."""
    return crc32(statement["text"].encode()) % 2 == 1


def _template(number: int, text: str, service: str, change: str, before: int, during: int) -> dict[str, Any]:
    return {
        "template_id": f"t-{number}", "template": text, "service": service, "change": change, "strength": 0.9,
        "count_before": before, "count_during": during, "since_unix_nano": START + (3 + number) * 10**9,
        "example_event_ids": [],
    }  # fmt: skip


def _trend(service: str, *, incident: bool, minutes: int, events: int, errors: int, requests: int) -> dict[str, Any]:
    return {
        "service": service, "is_incident": int(incident), "minute_count": minutes, "event_count": events,
        "error_count": errors, "request_count": requests, "duration_count": 0, "duration_sum_ns": None,
        "duration_max_ns": None,
    }  # fmt: skip


def whole(**changed: Any) -> dict[str, Any]:
    """Evidence of every kind: payment fails, checkout and cart show it, search is well, mail gets better."""
    found = evidence(**AROUND)
    slower = "slower: half of its requests took up to 153.1 ms before and 1,526.7 ms now"
    found["first_answer"]["suspects"][0]["reasons"].append(slower)
    found["first_answer"]["templates"] += [
        _template(2, "could not open connection to <*>", "payment", "surging", 6, 24),
        _template(7, "payment captured order=<ID>", "payment", "stopped", 216, 0),
        _template(6, "charge declined", "cart", "surging", 16, 80),
    ]
    found["trends"] = {
        "sql": "select 1",
        "rows": [
            _trend("payment", incident=False, minutes=55, events=4200, errors=12, requests=900),
            _trend("payment", incident=True, minutes=5, events=1900, errors=340, requests=300),
            _trend("checkout", incident=False, minutes=55, events=3000, errors=9, requests=1000),
            _trend("checkout", incident=True, minutes=5, events=700, errors=90, requests=120),
            _trend("search", incident=False, minutes=55, events=500, errors=4, requests=250),
            _trend("search", incident=True, minutes=5, events=520, errors=0, requests=260),
            _trend("mail", incident=False, minutes=5, events=210, errors=20, requests=30),
            _trend("mail", incident=True, minutes=5, events=230, errors=2, requests=33),
        ],
    }
    found["metric"] = {
        "metric": "5xx", "statistic": "Sum", "unit": "Count", "threshold": 5.0, "value_at_alarm": 12.0,
        "baseline_points": 60, "baseline_median": 1.0, "baseline_max": 3.0, "period_seconds": 60,
        "points": [{"start_unix_nano": START, "value": 12.0}],
    }  # fmt: skip
    return found | changed


def ended(*services: str) -> dict[str, Any]:
    """Trends in which the errors of services come to an end: 12 in five minutes before, 2 in five minutes now."""
    rows = []
    for service in services:
        rows.append(_trend(service, incident=False, minutes=5, events=4200, errors=12, requests=900))
        rows.append(_trend(service, incident=True, minutes=5, events=1900, errors=2, requests=300))
    return {"sql": "select 1", "rows": rows}


_POOL = ("E1", "pool exhausted")
_BANK = ("E1", "503 from bank")
_DECLINED = ("E2", "charge declined")

TRUE: Sequence[dict[str, Any]] = (
    said("Lines of failed payments are new in payment, 1340 since 10:30:07.", "T1"),
    said("payment had 340 errors in the incident.", "R2"),
    said("Before the incident payment had 12 errors.", "R1"),
    said("The errors of payment rose from 12 before to 340 in the incident.", "R1", "R2"),
    said("Lines of captured payments stopped in payment.", "T3"),
    said("In payment 216 lines of captured payments came before, and 0 since 10:30:10.", "T3"),
    said("payment was deployed at 10:29, in version v2.4.1.", "C1"),
    said("1340 lines of payment are new after the deployment of v2.4.1 at 10:29.", "T1", "C1"),
    said("Half of the requests of payment took up to 1526.7 ms, and up to 153.1 ms before.", "S1"),
    said("payment could not get a connection from its pool.", "E1", quotes=[_POOL]),
    said("The bank answered payment with 503.", "E1", quotes=[_BANK]),
    said("The alarm checkout-5xx crossed its threshold of 5 with 12.", "A1"),
    said("search had 0 errors in the incident.", "R6"),
    said("search shows no errors in the incident.", "R6"),
    said("The errors of mail fell from 20 to 2.", "R7", "R8"),
    said("Of the failing events of payment 98% share zone b, of the others 30%.", "P1"),
    said("The error share of payment has been high since 08:00: 40%, where at most 10% is expected.", "N1"),
    said("The objective payment-up burns its budget at 14.5.", "O1"),
    said("12% of the budget of payment-up is left.", "O1"),
    said("In 20250501-0900-abcdef a person named bank as the cause.", "I1"),
    said("The first line of the failure in payment is of 10:30:07.", "E1"),
    said("cart reports declined charges at 10:30:03.", "E2", quotes=[_DECLINED]),
    said("payment is the first suspect with a score of 0.81.", "S1"),
    said("cart has a score of 0.2 and only passes on what payment failed to do.", "S1", "S2"),
    said("A line of payment surged from 6 to 24.", "T2"),
    said("The line came 24 times in payment, 6 times before.", "T2"),
    said("The logs of all sources are complete.", "K1"),
    said("checkout wrote 700 lines in the incident, 3000 before.", "R3", "R4"),
    said("Requests of checkout failed: 90 errors in the incident.", "R4"),
    said("The failing line of payment appears from 10:30:07 on.", "T1"),
    said("On host pay-1 payment reports an exhausted pool.", "E1", quotes=[_POOL]),
    said("Payments fail because payment finds no free connection in its pool.", "E1", "T1", quotes=[_POOL]),
    said("checkout calls payment and shows the failure.", "S1", "A1"),
    said("search is not affected: it had 0 errors in the incident.", "R6"),
    said("The lines of cart went up from 16 to 80 after 10:30:09.", "T4"),
    said("The description of the deployment of payment speaks of a smaller pool.", "C1"),
    said("payment fails when it calls the bank, which answers with 503.", "E1", quotes=[_BANK]),
    said("At the alarm the metric stood at 12, above the threshold of 5.", "M1"),
    said("payment served 300 requests in the incident.", "R2"),
    said("payment does not capture orders since 10:30:10: 216 lines before, 0 in the incident.", "T3"),
    said("90 of the 700 lines of checkout are errors in the incident, 9 of 3000 before.", "R3", "R4"),
    said("payment cannot reach the bank.", "E1", quotes=[_BANK]),
    said("Errors of payment began at 10:30:07, after its deployment at 10:29.", "E1", "C1"),
    said("Requests of payment take longer than before: half of them took up to 1526.7 ms.", "S1"),
    said("cart is hit as well, with 80 lines of declined charges.", "T4"),
    said("Version v2.4.1 of payment has a smaller pool.", "C1"),
    said("The budget of payment-up is nearly used up: 12% is left.", "O1"),
    said("checkout handled 120 requests in the incident, against 1000 before.", "R3", "R4"),
    said("payment lacks connections since 10:30:05: 24 lines, where 6 came before.", "T2"),
    said("The metric reached 12, while its median was 1 before.", "M1"),
)

FALSE: Sequence[dict[str, Any]] = (
    said("payment is back on its feet.", "T1"),
    said("The outage of payment is over.", "T1", "R2"),
    said("Things in payment look good now.", "T1"),
    said("payment works fine since 10:30:07.", "T1"),
    said("Customers of checkout did not notice anything.", "R4"),
    said("Not a single order of payment was affected.", "T1"),
    said("The 1340 lines of payment are harmless noise.", "T1"),
    said("The 340 errors of payment are a usual background level.", "R2"),
    said("A load drill of payment explains the 1340 lines.", "T1"),
    said("The lines of payment come from a rehearsal that the team announced.", "T1"),
    said("payment had 340 errors before the incident.", "R2"),
    said("In the incident payment had 12 errors.", "R1"),
    said("Before 10:30:07 the line came 1340 times in payment.", "T1"),
    said("The errors of payment went from 340 to 12.", "R1", "R2"),
    said("The 24 lines of payment stood there already before the alarm.", "T2"),
    said("The error count of checkout dropped to 90.", "R3", "R4"),
    said("payment failed after the deployment.", "T1"),
    said("The rollout of payment triggered 1340 lines.", "T1"),
    said("A changed setting of payment led to 1340 lines.", "T1"),
    said("Someone upgraded payment shortly before 10:30:07.", "T1"),
    said("payment can be left alone until Monday.", "T1"),
    said("There is no hurry with the 1340 lines of payment.", "T1"),
    said("The alarm checkout-5xx is overly sensitive.", "A1"),
    said("checkout-5xx fired by mistake.", "A1"),
    said("payment took no part in the failure.", "S1"),
    said("The failure of checkout did not originate in payment.", "S1", "A1"),
    said("The cause lies outside of payment.", "T1"),
    said("The 1340 lines of payment belong to yesterday.", "T1"),
    said("payment answers all requests as it did the week before.", "R2"),
    said("The 340 errors of payment cost nobody anything.", "R2"),
    said("The pool of payment has plenty of room.", "E1"),
    said("The errors of payment have been dealt with.", "R2"),
    said("The people of payment repaired it at 10:30:07.", "T1"),
    said("Retries of payment succeeded in the end.", "T1"),
    said("The 340 errors of payment come from one crawler alone.", "R2"),
    said("payment was already broken for weeks before 10:30:07.", "T1"),
    said("Only a handful of the 300 requests of payment were hit.", "R2"),
    said("The logs of payment are incomplete.", "T1", "K1"),
    said("The service checkout is merely slow.", "R4"),
    said("The lines of captured payments are still written by payment.", "T3"),
    said("Everything of payment runs smoothly again.", "T1"),
    said("payment has survived the 340 errors unharmed.", "R2"),
    said("The errors of payment vanished after 10:30:07.", "T1", "R2"),
    said("Since 10:30:10 payment captured 216 orders.", "T3"),
    said("The figures of payment correspond to a quiet night.", "R2"),
    said("Nobody was billed wrongly by payment.", "T1"),
    said("checkout hurt payment, which is a victim.", "S1", "A1"),
    said("A feature flag of payment was flipped at 10:30:07.", "T1"),
    said("Engineers of payment are already working on the 1340 lines.", "T1"),
    said("The error share of payment was 40% under normal conditions.", "N1"),
)
