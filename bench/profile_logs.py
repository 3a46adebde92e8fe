"""Write the raw objects of the bench profile, and the truth about them.

    python bench/profile_logs.py FOLDER [--scale 1] [--pii 0.2] [--processes 2] [--end 2025-06-02T00] [--seed 7]

Scale 1 is 1.2 M lines: 24 objects of 50,000 flat JSON lines of about 760 bytes over six arrival hours (four an hour;
scale 16 has 64 an hour), 6 tenants, 16 services, 150 patterns; 25 % of the lines have a duration, 2 % are late, 0.1 %
are duplicates and 0.05 % are cut. With `--pii` a share of the lines carries an e-mail address.

FOLDER gets `raw/tenant=_mixed/source=bench/dt=…/hour=…/<object>.json.gz` and `truth.json`. Objects depend on seed,
end and their own number alone, so the folder is the same for any number of processes, and a larger scale only adds.
Lines are filled into %-formats made once for each pattern and pod: json.dumps for each field takes ten times as long.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

NS = 1_000_000_000
HOUR_NS = 3600 * NS
ARRIVAL_HOURS = 6
OBJECTS_AN_HOUR = 4  # at scale 1
LINES = 50_000
TENANTS = ("acme", "globex", "initech", "umbrella", "hooli", "stark")
LATE, DUPLICATE, BAD = 0.02, 0.001, 0.0005
HEAD = 50  # first lines of an object, from a chance of their own: the next object delivers half of them again
PODS = 4
PATTERNS = 150

SERVICES = (
    "gateway", "catalog", "search", "cart", "checkout", "payment", "ledger", "inventory", "shipping", "returns",
    "account", "notification", "recommender", "pricing", "fraud", "media",
)  # fmt: skip
_VERBS = (
    "accepted", "rejected", "processed", "queued", "retried", "stored", "loaded", "expired", "merged", "published",
)  # fmt: skip
_NOUNS = (
    "request", "order", "shipment", "session", "message", "snapshot", "batch", "invoice", "quote", "image",
    "reservation", "refund", "document", "index", "lease",
)  # fmt: skip
_TAILS = (
    "from client with id %s after %d attempts, offset %d was committed",
    "for account %s with %d entries, checksum %d equals the stored one",
    "with key %s in shard %d, sequence number %d was taken",
)
# Of 100 lines: 20 DEBUG, 68 INFO, 9 WARN, 3 ERROR. A pattern has one severity.
_SEVERITIES = ((5, "DEBUG", 20), (9, "INFO", 68), (13, "WARN", 9), (17, "ERROR", 3))


class Settings(NamedTuple):
    """What the objects depend on."""

    folder: str
    seed: int
    end_ns: int
    scale: float
    pii: float


class Form(NamedTuple):
    """A pattern as one service's pod says it."""

    tenant: str
    service: str
    severity: int
    text: str  # a %-format of the whole line
    with_duration: str
    with_email: str
    with_both: str


def _pattern(number: int) -> tuple[int, str, str]:
    """Severity and text of one of the patterns; the text has %s, %d and %d."""
    place, reached = number * 100 // PATTERNS, accumulate(weight for _, _, weight in _SEVERITIES)
    severity, name, _ = _SEVERITIES[next(index for index, end in enumerate(reached) if place < end)]
    body = f"{_NOUNS[number % 15]} {_VERBS[number // 15]} {_TAILS[number % 3]}"
    return severity, name, body


@lru_cache(maxsize=1)
def _forms() -> tuple[Form, ...]:
    """A form for each tenant, pattern and pod."""
    return tuple(
        _form(tenant, SERVICES[number % len(SERVICES)], pod, *_pattern(number))
        for tenant in TENANTS
        for number in range(PATTERNS)
        for pod in range(PODS)
    )


def _form(tenant: str, service: str, pod: int, severity: int, name: str, body: str) -> Form:
    resource = {
        "service.name": service,
        "service.version": f"3.{len(service)}.1",
        "deployment.environment": "production",
        "tenant.id": tenant,
        "host.name": f"ip-10-0-{pod}-{len(tenant)}7",
        "k8s.pod.name": f"{service}-7d9c5b8f6d-{hashlib.sha256(f'{service}{pod}'.encode()).hexdigest()[:5]}",
        "telemetry.sdk.language": ("java", "go", "python", "nodejs")[len(service) % 4],
    }
    attributes: dict[str, object] = {
        "http.request.method": "POST",
        "http.route": f"/v1/{service}/items",
        "http.response.status_code": 500 if severity == 17 else 200,
        "thread.name": f"worker-{pod}",
        "code.function.name": f"com.example.{service}.Handler.handle",
    }

    def text(*, duration: bool, email: bool) -> str:
        said = body.replace("%s", "%s, mail %s,", 1) if email else body
        extra = ',"duration_ms":%d.%03d' if duration else ""
        held = json.dumps(attributes, separators=(",", ":"))[:-1] + extra + "}"
        return (
            '{"timeUnixNano":%d,"observedTimeUnixNano":%d,"severityNumber":'
            f'{severity},"severityText":"{name}","body":"{said}","attributes":{held},'
            f'"resource":{json.dumps(resource, separators=(",", ":"))},'
            '"traceId":"%032x","spanId":"%016x","event_id":"%032x"}'
        )

    texts = [text(duration=duration, email=email) for email in (False, True) for duration in (False, True)]
    return Form(tenant, service, severity, *texts)


def _chance(settings: Settings, *labels: object) -> random.Random:
    digest = hashlib.sha256("/".join(map(str, (settings.seed, settings.end_ns, *labels))).encode()).digest()
    return random.Random(int.from_bytes(digest[:16], "big"))


def _lines(settings: Settings, chance: random.Random, hour_ns: int, count: int) -> Iterator[tuple[str, int, Form]]:
    """(line, event hour, form); only random() and getrandbits() are drawn, which no Python version changes."""
    draw, bits, forms, pii = chance.random, chance.getrandbits, _forms(), settings.pii
    total = len(forms)
    for _ in range(count):
        form = forms[int(draw() * draw() * total)] if draw() < 0.3 else forms[int(draw() * total)]
        observed = hour_ns + int(draw() * HOUR_NS)
        luck = draw()
        at = hour_ns - int(draw() * 6 * HOUR_NS) - 1 if luck < LATE else max(hour_ns, observed - bits(31))
        noise = bits(384)
        identity, attempts, offset = "%016x" % (noise & 0xFFFFFFFFFFFFFFFF), noise >> 64 & 15, noise >> 68 & 0xFFFFFFF
        said: tuple[object, ...] = (identity, attempts, offset)
        ids = (noise >> 256, noise >> 192 & 0xFFFFFFFFFFFFFFFF, noise >> 64 & (1 << 128) - 1 ^ noise >> 256)
        with_email = pii and draw() < pii
        if with_email:
            said = (identity, f"user{noise >> 100 & 0xFFFF}@example.com", attempts, offset)
        if luck > 0.75:
            took = bits(22)
            text = form.with_both if with_email else form.with_duration
            line = text % (at, observed, *said, took // 1000, took % 1000, *ids)
        else:
            text = form.with_email if with_email else form.text
            line = text % (at, observed, *said, *ids)
        yield line, at // HOUR_NS, form


def _head(settings: Settings, number: int) -> list[tuple[str, int, Form]]:
    return list(_lines(settings, _chance(settings, "head", number), _hour_ns(settings, number), HEAD))


def _hour_ns(settings: Settings, number: int) -> int:
    """Arrival hour of an object; numbers go round the hours, so that a larger scale only adds objects."""
    return settings.end_ns - (ARRIVAL_HOURS - number % ARRIVAL_HOURS) * HOUR_NS


def _compressed(text: str) -> bytes:
    """One gzip member whose header never changes."""
    data = text.encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(data) + packer.flush()
    tail = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + body + tail


def write_object(settings: Settings, number: int) -> tuple[Counter[str], Counter[str]]:
    """Write one object; returns distinct events by "tenant|hour|service|severity", and totals."""
    hour_ns, chance = _hour_ns(settings, number), _chance(settings, "object", number)
    cells: Counter[tuple[str, int, str, int]] = Counter()
    # Never an object of a later hour: a copy that comes hours before its event would count elsewhere.
    before = number - 1 if number % ARRIVAL_HOURS else number - ARRIVAL_HOURS
    repeated = [line for line, _, _ in _head(settings, before)[: HEAD // 2]] if before >= 0 else []
    bad = int(LINES * BAD)
    fresh = LINES - bad - int(LINES * DUPLICATE)
    head = _head(settings, number)
    lines = []
    late = 0
    for made in (head, _lines(settings, chance, hour_ns, fresh - HEAD)):
        for line, hour, form in made:
            lines.append(line)
            cells[form.tenant, hour, form.service, form.severity] += 1
            late += hour * HOUR_NS < hour_ns
    repeated += [
        lines[HEAD + int(chance.random() * (fresh - HEAD))] for _ in range(LINES - fresh - bad - len(repeated))
    ]
    cut = [line[: int(len(line) * (0.2 + 0.7 * chance.random()))] for line in lines[-bad:]] if bad else []
    for line in repeated + cut:
        place = int(chance.random() * len(lines))
        lines.append(lines[place])
        lines[place] = line
    at = datetime.fromtimestamp(hour_ns // NS, UTC)
    folder = Path(settings.folder) / "raw/tenant=_mixed/source=bench" / f"dt={at:%Y-%m-%d}" / f"hour={at:%H}"
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    (folder / f"bench-1-{at:%Y-%m-%d-%H}-{number:05d}.json.gz").write_bytes(_compressed(text))
    totals = Counter(objects=1, lines=len(lines), bad_lines=bad, duplicates=len(repeated), late=late, bytes=len(text))
    named = (
        (f"{tenant}|{_hour_text(hour)}|{service}|{severity}", n)
        for (tenant, hour, service, severity), n in cells.items()
    )
    return Counter(dict(named)), totals


@lru_cache(maxsize=64)
def _hour_text(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%dT%H")


def write_profile(settings: Settings, processes: int) -> dict[str, object]:
    """Write all objects and `truth.json`; returns the truth."""
    jobs = [(settings, number) for number in range(round(OBJECTS_AN_HOUR * ARRIVAL_HOURS * settings.scale))]
    if processes > 1:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            parts = pool.starmap(write_object, jobs, chunksize=1)
    else:
        parts = [write_object(*job) for job in jobs]
    counts: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for cells, total in parts:
        counts.update(cells)
        totals.update(total)
    truth = {
        "profile": {"seed": settings.seed, "scale": settings.scale, "pii": settings.pii, "end": settings.end_ns},
        **totals,
        "events": totals["lines"] - totals["bad_lines"],
        "distinct_events": sum(counts.values()),
        "counts": dict(sorted(counts.items())),
    }
    (Path(settings.folder) / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return truth


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 1.2 M lines, 0.1 two objects")
    parser.add_argument("--pii", type=float, nargs="?", const=0.2, default=0.0, help="share of lines with an e-mail")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--end", default="2025-06-02T00", help="end of the last arrival hour, YYYY-MM-DDTHH")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    end = datetime.strptime(options.end, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    settings = Settings(options.folder, options.seed, int(end.timestamp()) * NS, options.scale, options.pii)
    started = time.monotonic()
    truth = write_profile(settings, options.processes)
    seconds = time.monotonic() - started
    summary = {key: value for key, value in truth.items() if key != "counts"} | {"seconds": round(seconds, 1)}
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
