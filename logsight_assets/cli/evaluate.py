"""Verbs about how good summaries are: what the cause was, cases of past incidents, models and prompts compared."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from logsight_assets.cli.verbs import Verbs, lake_of, many, show
from logsight_assets.errors import UsageError


def register(verbs: Verbs) -> None:
    parser = verbs.add("evaluate", _evaluate, "compare models and prompts on incidents whose cause is known")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder a case: evidence.json and truth.json")
    parser.add_argument(
        "--model", action="append", metavar="ID", help="a model to ask (default: those of the settings)"
    )
    parser.add_argument("--prompt", action="append", metavar="VERSION", help="of the prompt (default: of the settings)")
    parser.add_argument("--export", action="store_true", help="write the lake's own cases into DIR instead")
    parser.add_argument("--tenant", help="export this tenant's only")


def _evaluate(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.summary.configured import model_of
    from logsight_assets.incidents.summary.evaluate import score, score_first_answers
    from logsight_assets.incidents.summary.labelled import export_cases, read_cases
    from logsight_assets.incidents.summary.prompt import prompt_text

    lake = lake_of(options)
    if options.export:
        written = export_cases(lake, options.folder, options.tenant)
        return show(options, {"cases": written}, f"{many(written, 'case')} written to {options.folder}")
    cases = read_cases(options.folder)
    settings = lake.settings.model
    names, prompts = options.model or settings.ladder, options.prompt or [settings.prompt]
    model = model_of(lake)
    if names and model is None:
        raise UsageError("--model: name model.primary in the settings too, and where it is reached")
    for version in prompts:
        prompt_text(version)
    scored = [score_first_answers(cases)]
    scored += [score(lake, cases, model, name, version) for name in names for version in prompts if model]
    rows = [each.to_json() for each in scored]
    return show(options, {"scores": rows}, "\n".join(map(_line, rows)))


def _line(row: dict[str, Any]) -> str:
    kept = "" if row["kept_ratio"] is None else f", {row['kept_ratio']:.0%} of statements kept"
    return (
        f"{row['model']}{' with prompt ' + row['prompt'] if row['prompt'] else ''}: "
        f"right in {row['right_ratio']:.0%} of {row['cases']}, a wrong cause in {row['wrong_cause_ratio']:.0%}, "
        f"answered {row['answered_ratio']:.0%}{kept}, {row['cost_micro_usd'] / 1e6:.4f} USD"
    )
