"""The model port over Amazon Bedrock: one Converse call, structured output, a guardrail on both sides.

The guardrail reads what stands in `guardContent` and what a model writes as text; it does not read the input of a tool.
So where the answer comes as one, it is given to ApplyGuardrail before anybody sees it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from botocore.exceptions import ReadTimeoutError as ReadTimeout

from logsight_assets.errors import ModelBusy, ModelDeclined
from resources.model import Output, Question, Reply, capability_of

_PIECE = 20_000  # characters of a text that one ApplyGuardrail takes for sure
_BUSY = {
    "ThrottlingException": "throttled",
    "TooManyRequestsException": "throttled",
    "ServiceQuotaExceededException": "throttled",
    "ModelNotReadyException": "unavailable",
    "ModelErrorException": "unavailable",
    "InternalServerException": "unavailable",
    "ServiceUnavailableException": "unavailable",
    "ModelTimeoutException": "timeout",
}
# An answer that only its tool tells from prose: a model that could call it and did not, declined.
_STOPS = {
    "guardrail_intervened": "intervened",
    "content_filtered": "filtered",
    "malformed_model_output": "malformed",
    "malformed_tool_use": "malformed",
    "max_tokens": "cut",
    "model_context_window_exceeded": "too_long",
    "refusal": "refused",
}
_ENDED = {"end_turn", "tool_use", "stop_sequence"}


def bedrock_client(region: str | None, endpoint_url: str | None, timeout_seconds: float) -> Any:
    """A client that tries once: who asks knows how long it may take and what else there is (see model_pace.py)."""
    config = Config(connect_timeout=5, read_timeout=timeout_seconds, retries={"total_max_attempts": 1})
    # A session of its own: the default one keeps the credentials that it found first.
    session = boto3.session.Session()
    return session.client("bedrock-runtime", region_name=region, endpoint_url=endpoint_url, config=config)


@dataclass(frozen=True)
class Guardrail:
    """A guardrail of the account, in a version."""

    id: str
    version: str


class BedrockModel:
    """Any model or inference profile that Converse serves."""

    def __init__(self, client: Any, guardrail: Guardrail | None = None, output: Output | None = None) -> None:
        self._client = client
        self._guardrail = guardrail
        self._output = output

    def ask(self, question: Question) -> Reply:
        output = self._output or capability_of(question.model).output
        with _faults(question.model):
            answer = self._client.converse(**self._request(question, output))
        usage = answer.get("usage", {})
        tokens = int(usage.get("inputTokens", 0)), int(usage.get("outputTokens", 0))
        stop = str(answer.get("stopReason", ""))
        if stop not in _ENDED:
            reason = _STOPS.get(stop, "malformed")
            raise ModelDeclined(f"model {question.model} stopped: {stop[:40] or 'without a reason'}", reason, *tokens)
        text = _answer_in(answer, question, output, tokens)
        if output != "json_schema":
            self._screen(question.model, text, tokens)
        return Reply(text, stop, *tokens)

    def _request(self, question: Question, output: Output) -> dict[str, Any]:
        data = {"guardContent": {"text": {"text": question.data}}} if self._guardrail else {"text": question.data}
        inference: dict[str, Any] = {"maxTokens": question.max_output_tokens}
        if capability_of(question.model).has_temperature:
            inference["temperature"] = 0.0
        request: dict[str, Any] = {
            "modelId": question.model,
            "system": [{"text": question.system}],
            "messages": [{"role": "user", "content": [{"text": question.before}, data, {"text": question.after}]}],
            "inferenceConfig": inference,
            "requestMetadata": dict(question.metadata),
            **_schema_for(question, output),
        }
        if self._guardrail:
            request["guardrailConfig"] = {
                "guardrailIdentifier": self._guardrail.id,
                "guardrailVersion": self._guardrail.version,
                "trace": "disabled",  # it would hold what was found
            }
        return request

    def _screen(self, model: str, text: str, tokens: tuple[int, int]) -> None:
        """Have the guardrail read what a tool was given; whatever it would change, nobody gets."""
        if self._guardrail is None:
            return
        for start in range(0, len(text), _PIECE):
            try:
                with _faults(model):
                    answer = self._client.apply_guardrail(
                        guardrailIdentifier=self._guardrail.id,
                        guardrailVersion=self._guardrail.version,
                        source="OUTPUT",
                        content=[{"text": {"text": text[start : start + _PIECE]}}],
                    )
            except (ModelBusy, ModelDeclined) as error:
                # Not asked again: the answer that nobody has read is paid for, and a second one would be too.
                raise ModelDeclined(f"{error} for the guardrail", error.reason, *tokens) from None
            if answer.get("action") != "NONE":
                raise ModelDeclined(f"model {model}: the guardrail intervened in its answer", "intervened", *tokens)


def _schema_for(question: Question, output: Output) -> dict[str, Any]:
    if output == "json_schema":
        schema = {"name": question.schema_name, "schema": json.dumps(question.schema)}
        return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}}
    tool = {
        "name": question.schema_name,
        "description": "Give the answer. It is the only way to answer.",
        "inputSchema": {"json": question.schema},
    }
    choice = {"tool": {"name": question.schema_name}} if output == "forced_tool" else {"auto": {}}
    return {"toolConfig": {"tools": [{"toolSpec": tool}], "toolChoice": choice}}


def _answer_in(answer: Mapping[str, Any], question: Question, output: Output, tokens: tuple[int, int]) -> str:
    """The JSON text of an answer; prose in place of a call of the tool is a refusal."""
    blocks = answer.get("output", {}).get("message", {}).get("content", ())
    if output == "json_schema":
        text = "".join(block["text"] for block in blocks if "text" in block)
        if text:
            return text
        raise ModelDeclined(f"model {question.model}: an empty answer", "malformed", *tokens)
    for block in blocks:
        if block.get("toolUse", {}).get("name") == question.schema_name:
            return json.dumps(block["toolUse"]["input"], ensure_ascii=False)
    raise ModelDeclined(f"model {question.model}: prose where an answer was asked for", "refused", *tokens)


@contextlib.contextmanager
def _faults(model: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _told(model, error) from None
    except ReadTimeout:
        raise ModelBusy(f"model {model}: no answer in time", "timeout") from None
    except (NoCredentialsError, PartialCredentialsError):
        raise ModelDeclined(f"model {model}: no credentials; see docs/settings.md", "denied") from None
    except BotoCoreError as error:
        raise ModelBusy(f"model {model}: {type(error).__name__}", "unavailable") from None


def _told(model: str, error: ClientError) -> ModelBusy | ModelDeclined:
    """A fault by its code; its text may hold what was sent, so it is read and not told."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    metadata = error.response.get("ResponseMetadata", {})
    if reason := _BUSY.get(code) or ("unavailable" if int(metadata.get("HTTPStatusCode", 0)) >= 500 else ""):
        return ModelBusy(f"model {model}: Bedrock answers {code}", reason, _seconds(metadata.get("HTTPHeaders", {})))
    return ModelDeclined(f"model {model}: Bedrock answers {code}", _permanent(code, str(error)))


def _permanent(code: str, text: str) -> str:
    text = text.lower()
    if code == "ResourceNotFoundException":
        return "gone"
    if code == "ValidationException":
        if "too long" in text or "too many" in text or "context" in text:
            return "too_long"
        if "model" in text and any(word in text for word in ("identifier", "end of its life", "legacy", "throughput")):
            return "gone"
        return "rejected"
    return "denied"


def _seconds(headers: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(headers.get("retry-after", "0")))
    except ValueError:  # a date: as good as nothing for waits of seconds
        return 0.0
