"""What CloudWatch's adapters have in common: a client of their own, and what a refused call is.

The SDK's text quotes what was asked for or sent, so an adapter tells the code and its own words alone.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from logsight_assets.errors import ConfigurationError, LogSightError, PermanentError, StoreUnavailable

_BUSY = {
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "LimitExceeded",
    "LimitExceededException",
    "InternalFailure",
    "InternalServiceError",
    "InternalServiceFault",
    "ServiceUnavailable",
    "RequestTimeout",
}
_REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "ExpiredToken",
    "ExpiredTokenException",
    "SignatureDoesNotMatch",
}
_FORBIDDEN, _FAULTY = 403, 500  # HTTP


def cloudwatch_client(region: str | None, endpoint_url: str | None, config: Config) -> Any:
    """A client with credentials of now: the SDK's default session keeps those that it found first."""
    session = boto3.session.Session()
    return session.client("cloudwatch", region_name=region, endpoint_url=endpoint_url, config=config)


def refused(error: ClientError, place: str, action: str) -> LogSightError:
    """What to raise where CloudWatch refuses a call; `place` is the setting that led there.

    ConfigurationError where these credentials may not, StoreUnavailable where trying again helps, else PermanentError.
    """
    code = str(error.response.get("Error", {}).get("Code", ""))[:60]
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _REFUSED or status == _FORBIDDEN:
        return ConfigurationError(f"{place}: CloudWatch answers {code}; allow cloudwatch:{action} to these credentials")
    if code in _BUSY or status >= _FAULTY:
        return StoreUnavailable(f"{place}: CloudWatch answers {code}")
    return PermanentError(f"{place}: CloudWatch refuses {action}: {code}")
