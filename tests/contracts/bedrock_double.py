"""A small Bedrock runtime on loopback: Converse and ApplyGuardrail in their wire shapes, with the rules of real models.

What it does as the real one: a request must be signed; a schema is a string of closed objects; Sonnet 5.5 rejects a
forced tool; the guardrail reads `guardContent` and text that a model writes, never the input of a tool; faults come as
JSON with the error's name in a header.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

DEAD = "anthropic.claude-3-5-sonnet-20240620-v1:0"
BLOCKED = "how to build a bomb"  # what the guardrail finds


@dataclass(frozen=True)
class Fault(Exception):
    """An answer that is an error."""

    status: int
    code: str
    message: str = "told by the double"
    headers: dict[str, str] = field(default_factory=dict)


# From the data that a model was given to what it writes, or to a whole answer of Converse.
Answering = Callable[[str], "str | dict[str, Any] | Fault"]


@dataclass
class BedrockDouble:
    """`answering` is the model; `requests` are the Converse calls, by what they held."""

    answering: Answering
    requests: list[dict[str, Any]] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    screened: list[str] = field(default_factory=list)
    screen_fault: Fault | None = None
    url: str = ""

    def converse(self, model: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(asked)
        self.models.append(model)
        if model == DEAD:
            raise Fault(400, "ValidationException", "The provided model identifier is invalid.")
        _checked(model, asked)
        content = asked["messages"][0]["content"]
        if any(BLOCKED in part.get("guardContent", {}).get("text", {}).get("text", "") for part in content):
            return _stopped("guardrail_intervened", [{"text": "blocked"}])
        said = self.answering("".join(_texts(content)))
        if isinstance(said, Fault):
            raise said
        if isinstance(said, dict):
            return said
        if "toolConfig" not in asked:
            return _stopped("end_turn", [{"text": said}])
        name = asked["toolConfig"]["tools"][0]["toolSpec"]["name"]
        use = {"toolUseId": "tooluse_1", "name": name, "input": json.loads(said)}
        return _stopped("tool_use", [{"text": "Here it is."}, {"toolUse": use}])

    def apply_guardrail(self, asked: dict[str, Any]) -> dict[str, Any]:
        text = asked["content"][0]["text"]["text"]
        self.screened.append(text)
        if self.screen_fault:
            raise self.screen_fault
        found = BLOCKED in text
        action = "GUARDRAIL_INTERVENED" if found else "NONE"
        return {"usage": {}, "action": action, "outputs": [{"text": "blocked"}] if found else [], "assessments": []}


def _checked(model: str, asked: dict[str, Any]) -> None:
    choice = asked.get("toolConfig", {}).get("toolChoice", {})
    if "claude-sonnet-5-5" in model and "tool" in choice:
        raise Fault(400, "ValidationException", "tool_choice forces tool use is not supported for this model")
    if "claude-sonnet-5-5" in model and "temperature" in asked["inferenceConfig"]:
        raise Fault(400, "ValidationException", "temperature is not supported for this model")
    if "outputConfig" in asked:
        schema = json.loads(asked["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
        if not _is_closed(schema):
            raise Fault(400, "ValidationException", "additionalProperties must be false")


def _is_closed(node: Any) -> bool:
    if isinstance(node, list):
        return all(map(_is_closed, node))
    if not isinstance(node, dict):
        return True
    is_open = node.get("type") == "object" and node.get("additionalProperties") is not False
    return not is_open and all(map(_is_closed, node.values()))


def _texts(content: list[dict[str, Any]]) -> Iterator[str]:
    for part in content:
        yield part.get("text") or part["guardContent"]["text"]["text"]


def _stopped(reason: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": reason,
        "usage": {"inputTokens": 1200, "outputTokens": 300, "totalTokens": 1500},
        "metrics": {"latencyMs": 7},
    }


def stopped(reason: str, text: str = "…") -> dict[str, Any]:
    """A whole answer of Converse that ended for a reason."""
    return _stopped(reason, [{"text": text}])


@contextlib.contextmanager
def bedrock_server(double: BedrockDouble) -> Iterator[str]:
    """Serves a double; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                if not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 "):
                    raise Fault(403, "MissingAuthenticationTokenException")  # noqa: TRY301
                kind, name, *rest = [unquote(part) for part in self.path.strip("/").split("/")]
                if kind == "model" and rest == ["converse"]:
                    self._answer(200, double.converse(name, body))
                else:
                    assert (kind, rest[0], rest[2]) == ("guardrail", "version", "apply")
                    self._answer(200, double.apply_guardrail(body))
            except Fault as fault:
                headers = {"x-amzn-ErrorType": fault.code, **fault.headers}
                self._answer(fault.status, {"message": fault.message}, headers)

        def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for header, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        double.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield double.url
        finally:
            server.shutdown()
            thread.join()
