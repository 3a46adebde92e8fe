"""Each signal against lines whose answer is known."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.ranking import rank
from logsight_assets.incidents.signals.attributes import telling
from logsight_assets.incidents.signals.call_sites import call_site_sql
from logsight_assets.incidents.signals.chains import chains
from logsight_assets.incidents.signals.findings import NAMED, NEW, SLOWER, STOPPED, SURGING, Finding
from logsight_assets.incidents.signals.gaps import slower
from logsight_assets.incidents.signals.gravity import gravity_of
from logsight_assets.incidents.signals.latency import latencies
from logsight_assets.incidents.signals.naming import named
from logsight_assets.incidents.signals.silence import silences
from logsight_assets.incidents.signals.stopped import stopped
from logsight_assets.incidents.signals.surges import surges
from logsight_assets.sqltext import literal
from logsight_assets.trends.histogram import bucket_of
from tests.incidents.scenes import START, Scene, every

PAST = (-600.0, 0.0)
NOW = (0.0, 180.0)
ALL = (-600.0, 180.0)


def of_text(observed: Observed, findings: list[Finding], text: str) -> list[Finding]:
    return [each for each in findings if each.template is not None and observed.templates[each.template].text == text]


def steady(*services: str) -> Scene:
    scene = Scene(frozenset({"cannot write", "peer b is gone", "late"}))
    for service in services:
        scene.say(service, "works", every(1, *ALL))
    return scene


# New and surging ------------------------------------------------------------------------------------------------------


def test_a_failure_that_never_came_before_is_new_from_a_single_line_on() -> None:
    observed = steady("a").say("a", "cannot write", [70]).observed()
    (found,) = of_text(observed, surges(observed, 0), "cannot write")
    assert (found.kind, found.count_before, found.count_during) == (NEW, 0, 1)
    assert found.strength > 0.4
    assert found.since_nano == START + 70 * 10**9


def test_a_failure_as_often_as_ever_is_no_finding() -> None:
    observed = steady("a").say("a", "cannot write", every(20, *ALL)).observed()
    assert of_text(observed, surges(observed, 0), "cannot write") == []


def test_a_failure_that_comes_ten_times_as_often_surges() -> None:
    scene = steady("a").say("a", "cannot write", [*every(20, *PAST), *every(2, *NOW)])
    observed = scene.observed()
    (found,) = of_text(observed, surges(observed, 0), "cannot write")
    assert found.kind == SURGING
    assert found.strength > 0.5


def test_a_burst_is_no_surge_where_bursts_are_usual() -> None:
    bursts = [start + step / 10 for start in (-560, -380, -150, 60) for step in range(40)]
    calm = steady("a").say("a", "cannot write", bursts).observed()
    assert all(each.strength < 0.2 for each in of_text(calm, surges(calm, 0), "cannot write"))


def test_a_line_does_not_surge_because_everything_does() -> None:
    scene = Scene(frozenset({"late"}))
    for text, step in (("works", 1.0), ("late", 20.0)):
        scene.say("a", text, [*every(step, *PAST), *every(step / 8, *NOW)])
    observed = scene.observed()
    assert of_text(observed, surges(observed, 0), "late") == []


def test_without_a_time_before_a_failure_counts_and_a_calm_line_does_not() -> None:
    observed = Scene(frozenset({"cannot write"})).say("a", "starts", [71]).say("a", "cannot write", [72]).observed()
    found = {observed.templates[each.template or 0].text: each.strength for each in surges(observed, 0)}
    assert found["cannot write"] > 0.4
    assert found.get("starts", 0) < 0.1


def test_what_was_said_of_another_service_before_is_not_new() -> None:
    texts = {name: f"no instance of {name}" for name in ("till", "bank")}
    scene = Scene(frozenset(texts.values()))
    for name in texts:
        scene.say(name, "works", every(1, *ALL))
    fresh = Scene(scene.failures, list(scene.lines)).say("till", texts["bank"], [70, 80]).observed()
    known = scene.say("bank", texts["till"], every(60, *PAST)).say("till", texts["bank"], [70, 80]).observed()
    strong, weak = (of_text(each, surges(each, 0), texts["bank"])[0].strength for each in (fresh, known))
    assert weak < strong / 2


def test_where_nothing_is_ever_new_a_calm_line_that_is_new_counts_and_among_many_it_does_not() -> None:
    quiet = steady("a").say("a", "spills to disk", every(10, *NOW)).observed()
    busy = steady("a").say("a", "spills to disk", every(10, *NOW))
    for place in range(40):
        busy.say("a", f"case {place} for the first time", [-590 + 19 * place])
    strong, weak = (
        max(each.strength for each in of_text(observed, surges(observed, 0), "spills to disk"))
        for observed in (quiet, busy.observed())
    )
    assert strong > 0.3
    assert weak < strong / 2


def test_a_surge_says_how_many_were_to_be_expected() -> None:
    observed = steady("a").say("a", "cannot write", [*every(200, *PAST), *every(10, *NOW)]).observed()
    (found,) = of_text(observed, surges(observed, 0), "cannot write")
    assert found.reason == "a line came 18 times, where 1.1 were to be expected"


# Stopped --------------------------------------------------------------------------------------------------------------


_STEPS = (("a", "asks b"), ("b", "asks c"), ("c", "takes"), ("c", "gives"), ("b", "has it"), ("a", "done"))


def requests(scene: Scene, start: float, end: float, without: str = "", slow: str = "", by_ms: float = 0) -> Scene:
    """A request a second through a, b and c; a service may leave out its second line, or be slow."""
    for second in every(1, start, end):
        lines, clock = [], 0.0
        for service, text in (
            ("a", "asks b"),
            ("b", "asks c"),
            ("c", "takes"),
            ("c", "gives"),
            ("b", "has it"),
            ("a", "done"),
        ):
            clock += 2 + (by_ms if service == slow else 0)
            if text != without:
                lines.append((clock, service, text))
        scene.trace(second, *lines)
    return scene


def test_a_line_that_stops_behind_a_neighbour_that_goes_on_is_found_and_nothing_else_is() -> None:
    observed = requests(requests(Scene(), *PAST), *NOW, without="gives").observed()
    found = stopped(observed, 0)
    assert [observed.templates[each.template or 0].text for each in found] == ["gives"]
    assert found[0].kind == STOPPED
    assert found[0].strength > 0.8


def test_less_traffic_stops_no_line() -> None:
    scene = requests(Scene(), *PAST)
    for second in every(9, *NOW):
        requests(scene, second, second + 1)
    assert stopped(scene.observed(), 0) == []


def test_a_failure_that_stops_is_no_failure() -> None:
    scene = requests(requests(Scene(frozenset({"gives"})), *PAST), *NOW, without="gives")
    assert all(each.strength < 0.1 for each in stopped(scene.observed(), 0))


def test_a_line_that_stops_without_any_traces_is_found() -> None:
    scene = (
        Scene().say("a", "works", every(1, *ALL)).say("a", "flushed", every(3, *PAST)).say("b", "works", every(1, *ALL))
    )
    observed = scene.observed()
    (found,) = of_text(observed, stopped(observed, 0), "flushed")
    assert found.strength > 0.4


def test_a_burst_that_does_not_come_is_no_line_that_stopped() -> None:
    bursts = [start + step / 4 for start in (-550, -430, -320, -190, -60) for step in range(30)]
    scene = steady("a").say("a", "blocked a caller", bursts)
    assert all(each.strength < 0.36 for each in stopped(scene.observed(), 0))


# Gaps, latency, silence -----------------------------------------------------------------------------------------------


def test_gaps_that_grew_on_all_sides_of_a_service_are_its_own() -> None:
    observed = requests(requests(Scene(), *PAST), *NOW, slow="c", by_ms=400).observed()
    found = sorted(slower(observed, START), key=lambda each: -each.strength)
    assert observed.services[found[0].service] == "c"
    assert found[0].strength > 0.5
    assert all(each.strength < found[0].strength / 2 for each in found[1:])
    assert (found[0].kind, found[0].example is not None) == (SLOWER, True)


def test_gaps_as_ever_are_no_finding() -> None:
    assert slower(requests(Scene(), *ALL).observed(), START) == []


def test_durations_that_grew_are_found() -> None:
    fast, slow = {bucket_of(5_000_000): 200}, {bucket_of(90_000_000): 60}
    observed = Scene(durations={"a": (fast, slow), "b": (fast, fast)}).say("a", "x", [0]).say("b", "x", [0]).observed()
    (found,) = latencies(observed, 0)
    assert observed.services[found.service] == "a"


def test_the_reason_of_a_slow_service_names_the_requests_that_are_slow() -> None:
    before = {bucket_of(5_000_000): 200}
    during = {bucket_of(5_000_000): 90, bucket_of(900_000_000): 10}
    (found,) = latencies(Scene(durations={"a": (before, during)}).say("a", "x", [0]).observed(), 0)
    assert found.reason.startswith("95 % of its requests took up to 5.")


def timed(past_ms: float, now_ms: float, **steps: float) -> Observed:
    scene = steady("a", "b").say_took("a", "read page", every(5, *PAST), past_ms)
    scene.say_took("b", "wrote page", every(5, *ALL), past_ms)
    return scene.say_took("a", "read page", every(5, *NOW), now_ms).observed()


def test_a_line_that_says_that_it_took_longer_is_shown_from_the_first_that_was_slow() -> None:
    observed = timed(20, 900)
    (found,) = latencies(observed, 0)
    assert (found.kind, observed.templates[found.template or 0].text) == (SLOWER, "read page")
    assert found.strength > 0.6
    first = np.flatnonzero(observed.took.nano == START)
    assert found.since_nano == START
    assert found.example in {observed.took.event_id[place] for place in first}
    assert found.reason == "three in four of its lines say that they took up to 42.4 times as long as before"
    assert observed.services[rank(observed, []).suspects[0].service] == "a"


def test_durations_as_ever_in_lines_are_no_finding() -> None:
    assert latencies(timed(20, 21), 0) == []


def test_a_line_that_was_as_slow_in_a_block_before_is_not_slower() -> None:
    scene = steady("a").say_took("a", "read page", every(5, -600, -190), 20)
    scene.say_took("a", "read page", every(5, -180, 0), 900).say_took("a", "read page", every(5, *NOW), 900)
    assert all(each.strength < 0.1 for each in latencies(scene.observed(), 0))


def test_a_service_that_falls_silent_while_others_go_on_is_found() -> None:
    scene = (
        Scene()
        .say("a", "works", every(1, *ALL))
        .say("b", "works", every(1, *ALL))
        .say("c", "works", every(1, -600, 60))
    )
    observed = scene.observed()
    (found,) = silences(observed)
    assert observed.services[found.service] == "c"
    assert found.strength > 0.5


def test_the_end_of_a_capture_silences_nobody() -> None:
    scene = Scene().say("a", "works", every(1, -600, 60)).say("b", "works", every(1, -600, 60))
    assert silences(scene.observed()) == []


# Places ---------------------------------------------------------------------------------------------------------------


def test_a_failure_that_names_another_service_is_about_that_one() -> None:
    scene = steady("a", "b", "c")
    for speaker in ("a", "c"):
        scene.say(speaker, "peer datanode-2 is gone", every(10, 60, 180))
    scene.failures = frozenset({"peer datanode-2 is gone"})
    scene.hosts = {"datanode-2": "b"}
    observed = scene.observed()
    about = {observed.services[each.service] for each in named(observed, surges(observed, 0))}
    assert about == {"b"}
    assert observed.services[rank(observed, []).suspects[0].service] == "b"


def test_a_name_in_the_header_of_all_lines_is_not_what_a_failure_is_about() -> None:
    scene = Scene(frozenset({"shop@base: cannot lock"})).say("shop", "works", every(1, *ALL))
    for text in ("shop@base: selected", "shop@base: inserted"):
        scene.say("base", text, every(2, *ALL))
    observed = scene.say("base", "shop@base: cannot lock", every(10, 60, 180)).observed()
    assert named(observed, surges(observed, 0)) == []


def test_a_word_that_happens_to_be_a_name_in_other_letters_names_nobody() -> None:
    scene = steady("app", "worker").say("app", "Worker was killed", every(10, 60, 180))
    scene.failures = frozenset({"Worker was killed"})
    observed = scene.observed()
    assert named(observed, surges(observed, 0)) == []


def test_without_traces_who_fails_right_after_another_passes_it_on() -> None:
    scene = steady("app", "base")
    scene.failures = frozenset({"lock not granted", "could not save"})
    scene.say("base", "lock not granted", [second + 0.1 for second in every(10, 60, 180)])
    observed = scene.say("app", "could not save", [second + 0.2 for second in every(10, 60, 180)]).observed()
    assert [observed.services[each.service] for each in rank(observed, [0]).suspects] == ["base", "app"]
    alone = rank(observed, []).suspects
    assert alone[0].score > alone[1].score


def test_failures_while_another_service_is_gone_are_about_that_one() -> None:
    scene = steady("app").say("base", "works", every(1, -600, 60)).say("app", "could not save", every(5, 60, 180))
    scene.failures = frozenset({"could not save"})
    observed = scene.observed()
    assert observed.services[rank(observed, [0]).suspects[0].service] == "base"


def test_who_fails_after_another_in_the_same_traces_only_passes_it_on() -> None:
    scene = requests(Scene(frozenset({"no money", "bank said no"})), *PAST)
    for second in every(1, *NOW):
        scene.trace(second, (2, "a", "asks b"), (4, "b", "asks c"), (6, "c", "no money"), (9, "b", "bank said no"))
    observed = scene.observed()
    ranking = rank(observed, [0])
    assert [observed.services[each.service] for each in ranking.suspects][:2] == ["c", "b"]
    links = chains(observed, ranking.findings, [0], START)
    assert links.follows[1] == 1.0
    assert links.calls[0, 2]
    assert not links.calls[2, 0]


def test_attributes_that_only_failing_events_have_are_named() -> None:
    failing = ['{"version": "2.9.0", "region": "eu"}'] * 9 + ["[1]"]
    healthy = ['{"version": "2.8.1", "region": "eu"}'] * 10
    (found,) = telling(failing, healthy)
    assert (found.name, found.value, found.failing_share, found.healthy_share) == ("version", "2.9.0", 0.9, 0.0)


def test_lines_say_how_grave_they_are() -> None:
    assert gravity_of(17, 0, "done") == 1
    assert gravity_of(13, 0, "pool is nearly full") == 0.5
    assert gravity_of(0, 0, "2023-01-29 08:50:11,123 [main] ERROR c.w.Wal - broken") == 1
    assert gravity_of(0, 0, "2023-01-29 08:50:11,123 [main] INFO c.w.Wal - written") == 0
    assert gravity_of(0, 0, "connection refused") == 0.7
    assert gravity_of(9, 0, "retry failed, connection refused") == 0.3
    assert gravity_of(9, 0, "checked, 0 errors") == 0
    assert gravity_of(9, 0.9, "GET / 503") == 1
    assert gravity_of(0, 0, "<NUM> <TIME> run.go] done", "E0616 08:50:11.123456       1 run.go:7] done") == 1
    assert gravity_of(0, 0, "<TIME> run.go] lost", "I0616 08:50:11.123456       1 run.go:7] lost") == 0.3
    assert gravity_of(0, 0, "retry: ConnectionError") == 0.7


@pytest.mark.parametrize(
    ("body", "site"),
    [
        ("INFO s.OrderServiceImpl#72 done", "72"),
        ("main.go:31] done", "31"),
        ("client 10.0.0.1#53211: query denied", ""),
        ("order#7731 is late", ""),
        ("took 40 ms", ""),
    ],
)
def test_a_line_states_its_place_in_the_code_and_not_a_port_or_a_number(body: str, site: str) -> None:
    assert duckdb.sql(f"select {call_site_sql(literal(body))}").fetchall() == [(site,)]


def test_nothing_happened_and_nothing_is_found() -> None:
    observed = requests(steady("a", "b"), *ALL).observed()
    assert all(each.score < 0.1 for each in rank(observed, [0]).suspects)
    assert NAMED not in {each.kind for each in rank(observed, [0]).findings}
