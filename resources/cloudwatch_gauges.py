"""The gauges port over CloudWatch's PutMetricData. Credentials are the SDK's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from logsight_assets.errors import ConfigurationError, PermanentError, StoreUnavailable
from resources.gauges import Gauge

# Whoever tells has other work: CloudWatch gets a few seconds, and no value is worth more.
_SECONDS = 3.0
_FORBIDDEN, _FAULTY = 403, 500  # HTTP


def gauges_client(region: str | None, endpoint_url: str | None) -> Any:
    """A client whose calls end soon."""
    config = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2})
    # A session of its own: the default one keeps the credentials that it found first.
    return boto3.session.Session().client("cloudwatch", region_name=region, endpoint_url=endpoint_url, config=config)


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
            code = str(error.response.get("Error", {}).get("Code", ""))[:60]
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if status == _FORBIDDEN or "AccessDenied" in code:
                raise ConfigurationError(
                    f"{place}: CloudWatch answers {code}; allow cloudwatch:PutMetricData to these credentials"
                ) from error
            if status >= _FAULTY or "Throttling" in code:
                raise StoreUnavailable(f"{place}: CloudWatch answers {code}") from error
            raise PermanentError(f"{place}: CloudWatch refuses PutMetricData: {code}") from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise ConfigurationError(f"{place}: {type(error).__name__}; give the SDK credentials") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"{place}: {type(error).__name__}") from error
