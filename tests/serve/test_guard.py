"""The guard against the real web server of Dagster, in process: the attacks that work on it unguarded must not pass.

The real server, because the holes are in what it accepts (a GET that launches, a substring for a content type).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance
from dagster._core.test_utils import instance_for_test
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import PythonFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from logsight_assets.serve.guard import MAX_BODY_BYTES, Guard
from logsight_assets.serve.webserver import guarded_app

pytestmark = pytest.mark.xdist_group("guard")

SERVER = "http://127.0.0.1:3000"
SOCKET_SERVER = "ws://127.0.0.1:3000"
EVIL = "https://evil.example"
LOCATION = Path(__file__).parent / "tiny_location.py"
LAUNCH = (
    'mutation { launchRun(executionParams: {runConfigData: {}, selector: {jobName: "everything", '
    'repositoryName: "__repository__", repositoryLocationName: "tiny"}}) { __typename } }'
)
ADD_PARTITION = (
    'mutation { addDynamicPartition(partitionsDefName: "tenants", partitionKey: "stolen", repositorySelector: '
    '{repositoryName: "__repository__", repositoryLocationName: "tiny"}) { __typename } }'
)
WIPE = 'mutation { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["answer"]}}]) { __typename } }'
JSON = "application/json"


@pytest.fixture(scope="module")
def context() -> Iterator[WorkspaceProcessContext]:
    target = PythonFileTarget(
        python_file=str(LOCATION), attribute=None, working_directory=str(LOCATION.parent), location_name="tiny"
    )
    with (
        instance_for_test(overrides={"telemetry": {"enabled": False}}) as instance,
        WorkspaceProcessContext(instance, version="of the test", workspace_load_target=target) as workspace,
    ):
        yield workspace


@pytest.fixture
def instance(context: WorkspaceProcessContext) -> Iterator[DagsterInstance]:
    """The instance, with whatever a test changed in it taken back."""
    yield context.instance
    context.instance.delete_dynamic_partition("tenants", "stolen")
    context.instance.wipe_assets([AssetKey("answer")])
    for run_id in context.instance.get_run_ids():
        context.instance.delete_run(run_id)


@pytest.fixture
def guarded(context: WorkspaceProcessContext) -> TestClient:
    return TestClient(guarded_app(context, ["logs.example"]), base_url=SERVER)


@pytest.fixture
def unguarded(context: WorkspaceProcessContext) -> TestClient:
    return TestClient(create_app_from_workspace_process_context(context), base_url=SERVER)


def changes(instance: DagsterInstance) -> list[str]:
    """What an attack left: everything that a mutation of this file would."""
    runs = [f"run {run_id}" for run_id in instance.get_run_ids()]
    partitions = [f"partition {key}" for key in instance.get_dynamic_partitions("tenants")]
    event = instance.get_latest_materialization_event(AssetKey("answer"))
    return [*runs, *partitions, *(["materialization"] if event else [])]


def assert_refused(response: Any) -> None:
    assert response.status_code == 403, response.text
    assert response.headers["content-type"] == JSON
    assert response.json()["reason"]


CHANGING = {
    "add a partition by a link": {"method": "GET", "url": "/graphql", "params": {"query": ADD_PARTITION}},
    "launch a run by a link": {"method": "GET", "url": "/graphql", "params": {"query": LAUNCH}},
    "post a form of plain text": {
        "method": "POST",
        "url": "/graphql",
        "params": {"query": ADD_PARTITION},
        "headers": {"content-type": "text/plain"},
    },
    "name JSON inside another content type": {
        "method": "POST",
        "url": "/graphql",
        "json": {"query": ADD_PARTITION},
        "headers": {"content-type": "text/plain; application/json"},
    },
    "post a multipart form": {
        "method": "POST",
        "url": "/graphql",
        "params": {"query": ADD_PARTITION},
        "files": {"file": b"x"},
    },
    "post a form": {"method": "POST", "url": "/graphql", "params": {"query": ADD_PARTITION}, "data": {"a": "b"}},
    "post a GraphQL document": {
        "method": "POST",
        "url": "/graphql",
        "content": ADD_PARTITION,
        "headers": {"content-type": "application/graphql"},
    },
    "report a materialization without a content type": {
        "method": "POST",
        "url": "/report_asset_materialization/answer",
    },
    "rebind a name": {
        "method": "POST",
        "url": "/graphql",
        "json": {"query": ADD_PARTITION},
        "headers": {"host": "evil.example:3000"},
    },
    "post JSON from another page": {
        "method": "POST",
        "url": "/graphql",
        "json": {"query": ADD_PARTITION},
        "headers": {"origin": EVIL},
    },
    "report from another page": {
        "method": "POST",
        "url": "/report_asset_materialization/answer",
        "json": {},
        "headers": {"origin": EVIL},
    },
}


@pytest.mark.parametrize("attack", CHANGING.values(), ids=CHANGING.keys())
def test_an_attack_that_changes_something_unguarded_is_refused_and_changes_nothing(
    attack: dict[str, Any], guarded: TestClient, unguarded: TestClient, instance: DagsterInstance
) -> None:
    assert_refused(guarded.request(**attack))
    assert changes(instance) == []
    unguarded.request(**attack)
    assert changes(instance), "the attack proves nothing: it does not work on the unguarded server either"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"method": "GET", "url": "/graphql", "params": {"query": WIPE}}, id="wipe by a link"),
        pytest.param({"method": "HEAD", "url": "/graphql"}, id="HEAD of the endpoint"),
        pytest.param({"method": "GET", "url": "/%67raphql?query={version}"}, id="escaped path"),
        pytest.param({"method": "GET", "url": "/graphql/?query={version}"}, id="path with a slash at its end"),
        pytest.param({"method": "GET", "url": "/report_asset_materialization/answer"}, id="report by a link"),
        pytest.param({"method": "PUT", "url": "/graphql", "json": {"query": "{version}"}}, id="PUT"),
        pytest.param({"method": "DELETE", "url": "/runs"}, id="DELETE"),
        pytest.param({"method": "OPTIONS", "url": "/graphql", "headers": {"origin": EVIL}}, id="preflight"),
        pytest.param({"method": "POST", "url": "/runs", "json": {}}, id="POST elsewhere"),
        pytest.param({"method": "GET", "url": "/", "headers": {"host": "evil.example"}}, id="page of a rebound name"),
        pytest.param({"method": "GET", "url": "/", "headers": {"host": "localhost.evil.example"}}, id="name with ours"),
        pytest.param({"method": "GET", "url": "/", "headers": {"host": "127.0.0.1@evil.example"}}, id="host with user"),
        pytest.param({"method": "GET", "url": "/", "headers": {"host": "127.0.0.1:port"}}, id="port that is none"),
        pytest.param({"method": "GET", "url": "/", "headers": {"host": ""}}, id="empty host"),
        pytest.param({"method": "GET", "url": "/", "headers": {"host": "[::1"}}, id="broken address"),
        pytest.param({"method": "GET", "url": "/runs", "headers": {"origin": EVIL}}, id="read from another page"),
    ],
)
def test_a_request_outside_the_rules_is_refused(request_: dict[str, Any], guarded: TestClient) -> None:
    response = guarded.request(**request_)
    assert response.status_code == 403
    assert response.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://127.0.0.1:8080",
        "http://127.0.0.1",
        "http://evil.example:3000",
        "file://",
        "http://u@127.0.0.1:3000",
    ],
)
def test_a_post_of_another_origin_is_refused(origin: str, guarded: TestClient) -> None:
    assert_refused(guarded.post("/graphql", json={"query": "{version}"}, headers={"origin": origin}))


@pytest.mark.parametrize("header", ["host", "origin", "content-type"])
def test_a_header_that_decides_must_not_come_twice(header: str, guarded: TestClient) -> None:
    good = {"host": "127.0.0.1:3000", "origin": SERVER, "content-type": JSON}
    pairs = [*good.items(), (header, good[header])]
    assert_refused(guarded.post("/graphql", content=b'{"query":"{version}"}', headers=pairs))


def test_a_body_that_is_too_long_is_refused_before_it_is_read(guarded: TestClient) -> None:
    headers = {"content-type": JSON, "content-length": str(MAX_BODY_BYTES + 1)}
    assert_refused(guarded.post("/graphql", content=b"{}", headers=headers))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no browser"),
        pytest.param({"origin": SERVER}, id="own page"),
        pytest.param({"origin": "null", "sec-fetch-site": "same-origin"}, id="own page without referrer"),
        pytest.param({"host": "localhost:3000", "origin": "http://localhost:3000"}, id="other loopback name"),
        pytest.param({"host": "logs.example", "origin": "https://logs.example"}, id="proxy with TLS"),
        pytest.param({"content-type": "application/json; charset=utf-8"}, id="charset"),
    ],
)
def test_the_user_interface_may_ask(headers: dict[str, str], guarded: TestClient) -> None:
    response = guarded.post("/graphql", json={"query": "{ version }"}, headers=headers)
    assert response.status_code == 200
    assert response.json()["data"]["version"] == "of the test"


def test_a_mutation_of_the_user_interface_works(guarded: TestClient, instance: DagsterInstance) -> None:
    response = guarded.post("/graphql", json={"query": ADD_PARTITION}, headers={"origin": SERVER})
    assert response.json()["data"]["addDynamicPartition"]["__typename"] == "AddDynamicPartitionSuccess"
    assert changes(instance) == ["partition stolen"]


def test_a_materialization_may_be_reported_as_json(guarded: TestClient, instance: DagsterInstance) -> None:
    assert guarded.post("/report_asset_materialization/answer", json={}).status_code == 200
    assert changes(instance) == ["materialization"]


@pytest.mark.parametrize("path", ["/", "/runs", "/assets/answer", "/server_info", "/favicon.svg"])
def test_pages_are_served_with_security_headers(path: str, guarded: TestClient) -> None:
    response = guarded.get(path)
    assert response.status_code == 200
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers.get_list("referrer-policy") == ["no-referrer"]
    policies = response.headers.get_list("content-security-policy")
    assert any("frame-ancestors 'none'" in policy for policy in policies)


def test_the_page_keeps_the_policy_that_names_its_own_scripts(guarded: TestClient) -> None:
    policies = guarded.get("/").headers.get_list("content-security-policy")
    assert any("script-src 'nonce-" in policy for policy in policies)
    assert not any("default-src 'none'" in policy for policy in policies)


def test_a_web_socket_of_an_own_page_is_accepted(guarded: TestClient) -> None:
    with guarded.websocket_connect(f"{SOCKET_SERVER}/graphql", ["graphql-ws"], headers={"origin": SERVER}) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json()["type"] == "connection_ack"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/graphql", {"origin": EVIL}, id="another page"),
        pytest.param("/graphql", {}, id="no page"),
        pytest.param("/graphql", {"origin": "null"}, id="sandboxed page"),
        pytest.param("/graphql", {"origin": "http://evil.example", "host": "evil.example"}, id="rebound name"),
        pytest.param("/elsewhere", {"origin": SERVER}, id="other path"),
    ],
)
def test_a_web_socket_outside_the_rules_is_refused(path: str, headers: dict[str, str], guarded: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refusal,
        guarded.websocket_connect(f"{SOCKET_SERVER}{path}", headers=headers),
    ):
        pass
    assert refusal.value.status_code == 403  # type: ignore[attr-defined]


def test_html_without_a_policy_of_its_own_can_run_nothing() -> None:
    async def page(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<script>alert(1)</script>"})

    policies = TestClient(Guard(page), base_url=SERVER).get("/notebook").headers.get_list("content-security-policy")
    assert "default-src 'none'; sandbox" in policies
