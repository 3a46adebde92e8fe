"""Which service an alarm names, by namespace."""

from __future__ import annotations

from typing import Any

import pytest

from logsight_assets.incidents.alarm import parse_alarm
from logsight_assets.incidents.symptom import services_of, tenant_of
from tests.incidents.events import alarm_event

KNOWN = ("checkout", "checkout-worker", "payment", "orders-db", "datanode-3")


def alarm(namespace: str, dimensions: dict[str, Any], name: str = "a", description: str = "") -> Any:
    metric = {"namespace": namespace, "name": "m", "dimensions": dimensions}
    configuration = {"description": description, "metrics": [{"metricStat": {"metric": metric, "period": 60}}]}
    return parse_alarm(alarm_event(name, configuration=configuration))


@pytest.mark.parametrize(
    ("namespace", "dimensions", "service"),
    [
        ("AWS/ApplicationELB", {"TargetGroup": "targetgroup/payment/4665c85", "LoadBalancer": "app/x/87"}, "payment"),
        ("AWS/ECS", {"ServiceName": "checkout", "ClusterName": "payment"}, "checkout"),
        ("ECS/ContainerInsights", {"ServiceName": "Checkout", "ClusterName": "shop"}, "checkout"),
        ("AWS/Lambda", {"FunctionName": "prod-payment-blue"}, "payment"),
        ("AWS/Logs", {"LogGroupName": "/aws/ecs/checkout-worker"}, "checkout-worker"),
        ("AWS/ApiGateway", {"ApiName": "payment-api", "Stage": "prod"}, "payment"),
        ("AWS/RDS", {"DBInstanceIdentifier": "orders-db"}, "orders-db"),
        ("AWS/EC2", {"InstanceId": "i-0abc"}, "payment"),
        ("ContainerInsights", {"PodName": "payment", "Namespace": "checkout"}, "payment"),
        ("Shop/Custom", {"service.name": "payment", "Region": "eu"}, "payment"),
        ("Shop/Custom", {"host": "ip-10-0-0-7"}, "datanode-3"),
    ],
)  # fmt: skip
def test_a_dimension_names_the_service(namespace: str, dimensions: dict[str, str], service: str) -> None:
    hosts = {"ip-10-0-0-7": "datanode-3", "i-0abc": "payment"}
    assert [each.service for each in services_of(alarm(namespace, dimensions), KNOWN, hosts)] == [service]


def test_the_longest_name_in_a_row_of_words_wins() -> None:
    found = services_of(alarm("AWS/ECS", {"ServiceName": "prod-checkout-worker-2"}), KNOWN)
    assert [each.service for each in found] == ["checkout-worker"]


def test_a_name_within_a_word_names_nothing() -> None:
    assert services_of(alarm("AWS/ECS", {"ServiceName": "prepayments"}, "alarm"), KNOWN) == []


@pytest.mark.parametrize(("name", "description"), [("high-5xx-payment", ""), ("a", "errors of payment")])
def test_without_a_dimension_the_alarms_own_words_name_it(name: str, description: str) -> None:
    found = services_of(alarm("Shop", {}, name, description), KNOWN)
    assert [each.service for each in found] == ["payment"]


def test_a_composite_alarm_is_about_what_set_it_off() -> None:
    event = alarm_event("anything-red", configuration={"alarmRule": "ALARM(a)"})
    event["detail"]["state"]["reason"] = "arn:aws:cloudwatch:eu-west-1:1:alarm:payment-5xx transitioned to ALARM"
    assert [each.service for each in services_of(parse_alarm(event), KNOWN)] == ["payment"]


def test_the_tenant_is_a_dimension_or_none() -> None:
    assert tenant_of(alarm("Shop", {"tenant": "acme"}), ["acme", "globex"]) == "acme"
    assert tenant_of(alarm("Shop", {"Tenant": "initech"}), ["acme", "globex"]) is None
    assert tenant_of(alarm("Shop", {}), ["acme"]) is None
