"""Alarm rules, evaluated while things happen: changes of state go to the inbox, where the alarms sensor takes them."""

import dagster as dg

from logsight_assets.alarm_rules.live import evaluate_rules
from logsight_assets.failures import Failures, telling_only_what_may_be_told
from logsight_assets.incidents.heartbeat import beat_of_rules
from logsight_assets.incidents.inbox import alarm_queue
from logsight_assets.lake import Lake
from logsight_assets.scratch import embedded_engine

NAME = "alarm_rules"


def alarm_rules_sensor() -> dg.SensorDefinition:
    """Asks for no run: the way from a sent alarm to its run is that of every alarm."""

    @dg.sensor(
        name=NAME,
        asset_selection=dg.AssetSelection.assets("alarms"),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Evaluates the alarm rules on what has just been counted; changes of state go to the inbox.",
    )
    def alarm_rules(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SkipReason:
        failures = Failures(lake)
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"), embedded_engine(lake) as engine:
            raised = evaluate_rules(lake, engine, alarm_queue(lake).send, failures)
            beat_of_rules(lake, len(failures.held))
            failures.check()
        context.log.info("%s rules, %s in alarm, %s sent", raised.rules, raised.alarms, raised.sent)
        return dg.SkipReason(f"{raised.rules} rules, {raised.alarms} in alarm, {raised.sent} sent to the inbox")

    return alarm_rules
