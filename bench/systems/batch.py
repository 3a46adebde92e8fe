"""One job runner that logs alone: phases of jobs, few kinds of lines, no severities; and hosts of a small network."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from bench.systems.model import BURSTS, TIMER, Chatter, Failure, Step, System


def _style(moment: float, _service: str, level: str, text: str, _dice: Random) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%y/%m/%d %H:%M:%S} {level} etl: {text}"


_JOB = (
    Step("etl", "job load_{k} started, run {id}", 3),
    Step("etl", "read {n} rows from source, elapsed={took}", 900),
    Step("etl", "validated {n} rows, {k} rejected, elapsed={took}", 400),
    Step("etl", "wrote part-{n} to warehouse, elapsed={took}", 1500),
    Step("etl", "job load_{k} finished, elapsed={took}", 60),
)

BATCH = System(
    "batch",
    _style,
    (_JOB,),
    (
        Chatter("etl", "heartbeat to coordinator sent", 0.2, rhythm=TIMER),
        Chatter("etl", "memory: {n} MB of 4096 MB", 0.1, rhythm=TIMER),
        Chatter("etl", "row {n} skipped: column amount is empty", 0.1, "WARN", BURSTS),
        Chatter("etl", "source answered 429, waiting {k} s", 0.03, "WARN", BURSTS),
        Chatter("etl", "temporary file tmp-{n} could not be removed", 0.01, "ERROR"),
    ),
    {
        "etl": (
            Failure("job load_{k} failed: UniqueViolation: duplicate key value violates constraint pk_{k}"),
            Failure("cannot write part-{n}: Disk quota exceeded"),
            Failure("source closed the connection: SSL: CERTIFICATE_VERIFY_FAILED certificate has expired"),
        )
    },
    {
        "etl": (
            Failure("spilling {n} MB to disk", level="INFO"),
            Failure("lock on table stage_{k} is held by run {id}, waiting", level="WARN"),
        )
    },
    ("runner {k}.{k} starts", "plan of the day has {k} jobs", "recovering unfinished runs"),
    0.4,
    has_severity=False,
    took="{s:.2f}s",
)


def _syslog(moment: float, service: str, _level: str, text: str, dice: Random) -> str:
    stamp = datetime.fromtimestamp(moment, UTC).strftime("%b %d %H:%M:%S")
    return f"{stamp} host-{len(service)} {service}[{dice.randint(300, 9000)}]: {text}"


_MAIL = (
    Step("postfix", "connect from mx{k}.example.net[{ip}]", 2),
    Step("postfix", "{id}: client=mx{k}.example.net[{ip}]", 30),
    Step("rspamd", "task {id}: score {k}.{k}, time: {took} real", 60),
    Step("dovecot", "lmtp({n}): {id}: saved mail to INBOX", 20),
    Step("postfix", "{id}: removed", 4),
)
_FETCH = (
    Step("dovecot", "imap-login: Login: user=<u{n}>, method=PLAIN, rip={ip}, TLS", 2),
    Step("sssd", "authorised u{n} in {took}", 8),
    Step("dovecot", "imap(u{n}): Logged out in={n} out={n}", 300),
)

HOSTS = System(
    "hosts",
    _syslog,
    (_MAIL, _FETCH),
    (
        Chatter("sshd", "Failed password for invalid user admin from {ip} port {n} ssh2", 0.15, "WARN", BURSTS),
        Chatter("sshd", "Accepted publickey for deploy from {ip} port {n} ssh2", 0.02),
        Chatter("cron", "(root) CMD (/usr/lib/sysstat/sa1 1 1)", 0.05, rhythm=TIMER),
        Chatter("kernel", "[UFW BLOCK] IN=eth0 OUT= SRC={ip} DST={ip} LEN={n}", 0.2, rhythm=BURSTS),
        Chatter("systemd", "Started Session {n} of user deploy.", 0.03),
        Chatter(
            "postfix", "NOQUEUE: reject: RCPT from unknown[{ip}]: 554 5.7.1 Relay access denied", 0.1, "WARN", BURSTS
        ),
        Chatter("named", "client {ip}#{n}: query (cache) 'example.org/A/IN' denied", 0.06, "WARN", BURSTS),
        Chatter("named", "zone example.net/IN: loaded serial {n}", 0.02),
    ),
    {
        "postfix": (Failure("{id}: warning: cannot append to queue file: No space left on device"),),
        "dovecot": (
            Failure("imap-login: Disconnected: SSL_accept() failed: certificate expired: user=<>, rip={ip}"),
            Failure("auth: Error: ldap: Can't connect to server: ldaps://dir.example.net"),
        ),
        "sssd": (Failure("Could not resolve address for dir.example.net", "auth failed for u{n}: system error"),),
        "rspamd": (
            Failure("task {id}: redis connection lost: broken pipe", "milter {root}: can't read SMFIC_EOB reply"),
        ),
    },
    {
        "kernel": (
            Failure("Out of memory: Killed process {n} (rspamd) total-vm:{n}kB"),
            Failure("sd 0:0:0:0: [sda] tag#{k} FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_SENSE"),
            Failure("TCP: out of memory -- consider tuning tcp_mem", level="INFO"),
        ),
        "systemd": (Failure("rspamd.service: Main process exited, code=killed, status=9/KILL", level="INFO"),),
        "named": (Failure("error (network unreachable) resolving 'example.org/A/IN': {ip}#53", level="INFO"),),
    },
    ("starting up, pid {n}", "configuration file is read", "daemon ready"),
    1.5,
    has_severity=False,
)
