"""The gauges port over CloudWatch's PutMetricData. Credentials are the SDK's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from logsight_assets.errors import ConfigurationError, StoreUnavailable
from resources.cloudwatch import cloudwatch_client, refused
from resources.gauges import Gauge

# Whoever tells has other work: CloudWatch gets a few seconds, and no value is worth more.
_SECONDS = 3.0


def gauges_client(region: str | None, endpoint_url: str | None) -> Any:
    """A client whose calls end soon."""
    config = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2})
    return cloudwatch_client(region, endpoint_url, config)


class CloudWatchGauges:
    """Metrics of a namespace."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def tell(self, told: Sequence[Gauge], moment: datetime) -> None:
        data = [
            {"MetricName": gauge.name, "Timestamp": moment, "Value": gauge.value, "Unit": gauge.unit} for gauge in told
        ]
        with self._faults():
            self._client.put_metric_data(Namespace=self._namespace, MetricData=data)

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        place = f"heartbeat.namespace {self._namespace!r}"
        try:
            yield
        except ClientError as error:
            raise refused(error, place, "PutMetricData") from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise ConfigurationError(f"{place}: {type(error).__name__}; give the SDK credentials") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"{place}: {type(error).__name__}") from error
