"""The model port over the real SDK, against a server that speaks Bedrock's wire shapes."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from logsight_assets.errors import ModelBusy, ModelDeclined
from resources.bedrock import BedrockModel, Guardrail, bedrock_client
from resources.model import LEAST, Question, capability_of
from resources.model_pace import PacedModel
from resources.pace_keeper import MemoryKeeper
from resources.pace_state import Pace
from tests.contracts.bedrock_double import BLOCKED, DEAD, BedrockDouble, Fault, bedrock_server, stopped

SONNET, HAIKU, OLD = "eu.anthropic.claude-sonnet-5-5", "eu.anthropic.claude-haiku-5-5", "anthropic.claude-haiku-4-5"
SCHEMA = {
    "type": "object",
    "properties": {"cause": {"type": "string"}},
    "required": ["cause"],
    "additionalProperties": False,
}
ANSWER = '{"cause": "payment"}'


def question(model: str = SONNET, data: str = "facts") -> Question:
    return Question(model, "Say why.", "DATA 7\n", data, "\nEND 7\n", SCHEMA, "answer", 500, {"tenant": "acme"})


@contextmanager
def asked(double: BedrockDouble, guardrail: Guardrail | None = None) -> Iterator[BedrockModel]:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    with bedrock_server(double) as url, closing(bedrock_client("eu-central-1", url, 5)) as client:
        yield BedrockModel(client, guardrail)


@pytest.mark.parametrize("model", [SONNET, HAIKU, OLD, "somebody.new-model"])
def test_every_model_answers_in_the_schema_in_its_own_way(model: str) -> None:
    double = BedrockDouble(lambda _: ANSWER)
    with asked(double) as bedrock:
        reply = bedrock.ask(question(model))
    assert json.loads(reply.text) == {"cause": "payment"}
    assert (reply.input_tokens, reply.output_tokens) == (1200, 300)
    (request,) = double.requests
    assert ("outputConfig" in request) == (capability_of(model).output == "json_schema")
    assert request["requestMetadata"] == {"tenant": "acme"}


def test_a_model_that_nobody_knows_is_asked_for_least() -> None:
    assert capability_of("somebody.new-model") == LEAST


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("guardrail_intervened", "intervened"),
        ("content_filtered", "filtered"),
        ("malformed_model_output", "malformed"),
        ("malformed_tool_use", "malformed"),
        ("max_tokens", "cut"),
        ("model_context_window_exceeded", "too_long"),
        ("refusal", "refused"),
        ("a_reason_of_tomorrow", "malformed"),
    ],
)
def test_every_reason_to_stop_is_told_apart_and_its_cost_is_known(stop: str, reason: str) -> None:
    with asked(BedrockDouble(lambda _: stopped(stop, ANSWER))) as bedrock, pytest.raises(ModelDeclined) as declined:
        bedrock.ask(question())
    assert (declined.value.reason, declined.value.input_tokens) == (reason, 1200)


def test_prose_in_place_of_the_tool_is_a_refusal() -> None:
    prose = stopped("end_turn", "I would rather not.")
    with asked(BedrockDouble(lambda _: prose)) as bedrock, pytest.raises(ModelDeclined) as declined:
        bedrock.ask(question(HAIKU))
    assert declined.value.reason == "refused"
    assert "rather" not in str(declined.value)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(429, "ThrottlingException", headers={"Retry-After": "7"}), "throttled"),
        (Fault(429, "ModelNotReadyException"), "unavailable"),
        (Fault(408, "ModelTimeoutException"), "timeout"),
        (Fault(424, "ModelErrorException"), "unavailable"),
        (Fault(500, "InternalServerException"), "unavailable"),
        (Fault(503, "ServiceUnavailableException"), "unavailable"),
        (Fault(502, "SomethingElse"), "unavailable"),
    ],
    ids=lambda value: value.code if isinstance(value, Fault) else "",
)
def test_faults_that_pass_are_busy(fault: Fault, reason: str) -> None:
    with asked(BedrockDouble(lambda _: fault)) as bedrock, pytest.raises(ModelBusy) as busy:
        bedrock.ask(question())
    assert busy.value.reason == reason
    assert busy.value.seconds == (7 if fault.headers else 0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(403, "AccessDeniedException"), "denied"),
        (Fault(404, "ResourceNotFoundException", "model has reached the end of its life"), "gone"),
        (Fault(400, "ValidationException", "This model version has reached the end of its life."), "gone"),
        (Fault(400, "ValidationException", "Input is too long for requested model."), "too_long"),
        (Fault(400, "ValidationException", "something else"), "rejected"),
    ],
    ids=["denied", "missing", "end of life", "too long", "else"],
)
def test_faults_that_stay_are_declined_and_their_text_is_not_told(fault: Fault, reason: str) -> None:
    with asked(BedrockDouble(lambda _: fault)) as bedrock, pytest.raises(ModelDeclined) as declined:
        bedrock.ask(question())
    assert declined.value.reason == reason
    assert fault.message not in str(declined.value)


def test_a_dead_model_is_gone() -> None:
    with asked(BedrockDouble(lambda _: ANSWER)) as bedrock, pytest.raises(ModelDeclined) as declined:
        bedrock.ask(question(DEAD))
    assert declined.value.reason == "gone"


def test_nobody_there_is_unavailable_and_silence_is_a_timeout() -> None:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with closing(bedrock_client("eu-central-1", url, 0.2)) as client, pytest.raises(ModelBusy) as busy:
            BedrockModel(client).ask(question())
    assert busy.value.reason == "timeout"
    with closing(bedrock_client("eu-central-1", url, 0.2)) as client, pytest.raises(ModelBusy) as busy:
        BedrockModel(client).ask(question())
    assert busy.value.reason == "unavailable"


def test_without_credentials_nobody_is_asked() -> None:
    double = BedrockDouble(lambda _: ANSWER)
    with (
        bedrock_server(double) as url,
        closing(bedrock_client("eu-central-1", url, 5)) as client,
        pytest.raises(ModelDeclined) as declined,
    ):
        BedrockModel(client).ask(question())
    assert (declined.value.reason, double.requests) == ("denied", [])


# The guardrail --------------------------------------------------------------------------------------------------------


def test_the_guardrail_reads_the_data_alone_and_on_the_other_side_what_a_tool_was_given() -> None:
    double = BedrockDouble(lambda _: ANSWER)
    with asked(double, Guardrail("gr1", "3")) as bedrock:
        bedrock.ask(question(SONNET))
        bedrock.ask(question(OLD))
    guarded = [part for part in double.requests[0]["messages"][0]["content"] if "guardContent" in part]
    assert guarded == [{"guardContent": {"text": {"text": "facts"}}}]
    assert double.requests[0]["guardrailConfig"]["guardrailIdentifier"] == "gr1"
    assert double.screened == [ANSWER], "text is read by Converse, a tool's input is not"


def test_what_the_guardrail_finds_on_either_side_is_no_answer() -> None:
    for model, data, answer in ((SONNET, BLOCKED, ANSWER), (OLD, "facts", json.dumps({"cause": BLOCKED}))):
        double = BedrockDouble(lambda _, answer=answer: answer)  # type: ignore[misc]
        with asked(double, Guardrail("gr1", "3")) as bedrock, pytest.raises(ModelDeclined) as declined:
            bedrock.ask(question(model, data))
        assert declined.value.reason == "intervened"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(429, "ThrottlingException", "slow down"), "throttled"),
        (Fault(403, "AccessDeniedException", "no"), "denied"),
    ],
)
def test_an_answer_that_the_guardrail_could_not_read_is_none_is_paid_for_and_not_asked_for_again(
    fault: Fault, reason: str
) -> None:
    double = BedrockDouble(lambda _: ANSWER, screen_fault=fault)
    with asked(double, Guardrail("gr1", "3")) as bedrock, pytest.raises(ModelDeclined) as declined:
        PacedModel(bedrock, Pace(60, attempts=3), MemoryKeeper()).ask(question(OLD))
    assert (declined.value.reason, len(double.requests)) == (reason, 1)
    assert declined.value.input_tokens > 0
    assert "slow down" not in str(declined.value)
