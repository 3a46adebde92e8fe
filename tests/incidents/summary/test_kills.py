"""A summary run, killed before and after each change of the store and each question to the model.

The next run asks at most once more, stores one summary, and the ledger holds every question that was asked.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
from pathlib import Path
from typing import Any

from logsight_assets.failures import Failures
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.summary.due import due_summaries
from logsight_assets.incidents.summary.ledger import ANSWERED, RESERVED
from logsight_assets.incidents.summary.summaries import summarize_due
from logsight_assets.lake import Lake
from resources.model import Question, Reply
from tests.doubles import HookedStore, nothing
from tests.incidents.summary.cases import answered
from tests.incidents.summary.test_summaries import SONNET, lake_with, with_incident
from tests.intake.lakes import make_lake, with_store
from tests.kills import killing_at

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.incidents.summary.test_kills"])
_READ, _WROTE = 1000, 200  # tokens of a call
_COST = _READ * 3 + _WROTE * 15  # millionths of a dollar, by the prices of `lake_with`


class CountedModel:
    """Answers well, writes down outside of the lake that it was asked, and calls back before that."""

    def __init__(self, asked: Path, count: Any = nothing) -> None:
        self._asked = asked
        self._count = count

    def ask(self, question: Question) -> Reply:
        self._count("ask", question.model)
        with self._asked.open("a") as file:
            file.write(f"{question.model}\n")
        return Reply(json.dumps(answered()), "end_turn", _READ, _WROTE)


def run(lake: Lake, model: CountedModel) -> None:
    failures = Failures(lake)
    summarize_due(lake, model, failures)
    failures.check()


def run_until_killed(root: Path, asked: Path, at: int) -> None:
    count = killing_at(at)
    lake = make_lake(root)
    run(with_store(lake, HookedStore(lake.store, before=count)), CountedModel(asked, count))


def lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def test_a_summary_run_killed_anywhere_leaves_one_summary_one_question_more_and_a_true_ledger(tmp_path: Path) -> None:
    template = tmp_path / "template"
    name = with_incident(lake_with(template)).incident_id
    kills, questions = 0, list[int]()
    while True:
        root, asked = tmp_path / f"killed-{kills}", tmp_path / f"asked-{kills}"
        shutil.copytree(template, root)
        process = _PROCESSES.Process(target=run_until_killed, args=(root, asked, kills + 1))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        before = lines_of(asked)
        lake = make_lake(root)
        is_stored = any(record.kind == "summary" for record in IncidentRecords(lake, "acme", name).all())
        run(lake, CountedModel(asked))
        made = [record.body for record in IncidentRecords(lake, "acme", name).all() if record.kind == "summary"]
        assert [(body["kind"], body["model"]) for body in made] == [("model", SONNET)]
        assert list(due_summaries(lake)) == []
        assert [entry.key for entry in lake.store.list("deliveries/due/") if name in entry.key]
        questions.append(len(lines_of(asked)))
        assert questions[-1] == len(before) + (not is_stored) <= 2
        calls = [json.loads(lake.store.get(entry.key)) for entry in lake.store.list("model_calls/")]
        # A question that was never asked may stand there, one that was asked never lacks.
        assert 0 <= len(calls) - questions[-1] <= 1
        assert all(call["cost_micro_usd"] >= _COST for call in calls)
        assert {call["outcome"] for call in calls} <= {ANSWERED, RESERVED}
        kills += 1
    assert set(questions) == {1, 2}
    assert kills >= 6
