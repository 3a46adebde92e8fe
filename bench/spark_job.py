"""What a Glue job would do: the same tables from the same files, by PySpark. Runs in Spark's own environment.

    python bench/spark_job.py FOLDER OUTPUT CORES

Built-in functions only, no UDF; the schema is given, so that nothing is inferred; events are counted from the Parquet
files that were written, as a second Glue job would. It has no line numbers, quarantine, receipts, redaction or
conservation: a line that does not parse is dropped. Prints what each step took, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession  # type: ignore[import-not-found]
from pyspark.sql import functions as f

_TEXTS = (
    "timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "body", "attributes", "resource",
    "traceId", "spanId", "event_id",
)  # fmt: skip
_FACTS = "`service.name` string, `deployment.environment` string, `host.name` string, `tenant.id` string"
_MARKS = "`http.response.status_code` string, `log.sample_weight` string, duration_ms double"
# Java's form of the product's coarse mask, see logsight_assets/intake/mask.py.
_MASK = (
    r"\b(?:[0-9][0-9a-fA-F]{3,}|[a-fA-F][0-9][0-9a-fA-F]{2,}|[a-fA-F]{2}[0-9][0-9a-fA-F]+|[a-fA-F]{3,}[0-9][0-9a-fA-F]*)\b"
    r"|[0-9]+"
)
_MINUTE_NS = 60_000_000_000
_PLACE = ("tenant", "dt", "hour")
_TREND = ("minute_time", "environment", "service", "severity_number")


def main(folder: str, output: str, cores: str) -> None:
    """Write `events` and the minute level of the three trends."""
    marks = [time.perf_counter()]
    spark = session(int(cores))
    marks.append(time.perf_counter())
    write_events(spark, folder, output)
    marks.append(time.perf_counter())
    write_trends(spark, output)
    marks.append(time.perf_counter())
    stop(spark)
    start, events, trends = (after - before for before, after in pairwise(marks))
    print(json.dumps({"start": start, "events": events, "trends": trends, "seconds": events + trends}))


def session(cores: int) -> SparkSession:
    """A local Spark with as many workers as the other engines have threads, and 2 GB."""
    return (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("logsight-bench")
        .config("spark.driver.memory", "2g")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        # 200 by default: on two cores hundreds of empty tasks.
        .config("spark.sql.shuffle.partitions", str(4 * cores))
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.hadoop.parquet.compression.codec.zstd.level", "1")
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        .getOrCreate()
    )


def stop(spark: SparkSession) -> None:
    """End the JVM and wait for it, so that its CPU seconds are counted."""
    gateway: Any = spark.sparkContext._gateway  # noqa: SLF001 - PySpark names no public way to the process
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def write_events(spark: SparkSession, folder: str, output: str) -> None:
    """Typed events by tenant, day and hour."""
    schema = ", ".join(f"`{name}` string" for name in _TEXTS)
    lines = (
        spark.read.schema(schema)
        .option("mode", "DROPMALFORMED")
        .option("recursiveFileLookup", "true")
        .option("pathGlobFilter", "*.gz")
        .json(f"{folder}/raw")
    )
    parsed = (
        lines.where("timeUnixNano is not null and body is not null")
        .withColumn("raw_object", f.regexp_extract(f.col("_metadata.file_path"), r"([^/]+)$", 1))
        .withColumn("facts", f.from_json("resource", _FACTS))
        .withColumn("marks", f.from_json("attributes", _MARKS))
        .withColumn("nano", f.col("timeUnixNano").cast("bigint"))
        .withColumn("observed", f.col("observedTimeUnixNano").cast("bigint"))
        .withColumn("severity", f.col("severityNumber").cast("tinyint"))
        .withColumn("took", f.round(f.col("marks.duration_ms") * 1e6).cast("bigint"))
        .withColumn("event_time", f.timestamp_micros(f.expr("nano div 1000")))
    )
    parsed.select(*event_columns()).write.partitionBy(*_PLACE).mode("overwrite").parquet(f"{output}/events")


def event_columns() -> list[Column]:
    """The columns of the product's table `events`, except the line's number, which Spark does not know."""
    # Powers of two are exact in a double up to 2^53 ns, which is 104 days.
    power = f.floor(f.log2(f.col("took"))).cast("int") - 5
    bucket = f.when(f.col("took") < 64, f.col("took")).otherwise(
        power * 32 + f.floor(f.col("took") / f.pow(f.lit(2.0), power))
    )
    status = f.col("marks.`http.response.status_code`").cast("int")
    severe = f.coalesce(f.col("severity") >= 17, f.lit(False))
    named = {
        "event_time": f.col("event_time"),
        "time_unix_nano": f.col("nano"),
        "observed_time": f.timestamp_micros(f.expr("observed div 1000")),
        "environment": f.col("facts.`deployment.environment`"),
        "service": f.coalesce(f.col("facts.`service.name`"), f.lit("unknown_service")),
        "host": f.col("facts.`host.name`"),
        "severity_number": f.col("severity"),
        "severity_text": f.col("severityText"),
        "body": f.col("body"),
        "attributes": f.col("attributes"),
        "resource": f.col("resource"),
        "trace_id": f.col("traceId"),
        "span_id": f.col("spanId"),
        "event_id": f.col("event_id"),
        "record_hash": f.xxhash64(*_TEXTS),
        "pattern_id": f.xxhash64(f.regexp_replace("body", _MASK, "0")),
        "duration_ns": f.col("took"),
        "duration_bucket": bucket.cast("int"),
        "is_error": severe | f.coalesce(status >= 500, f.lit(False)),
        "is_request": status.isNotNull(),
        "body_bytes": f.octet_length("body").cast("bigint"),
        "sensitivity": f.lit("none"),
        "sample_weight": f.coalesce(f.col("marks.`log.sample_weight`").cast("int"), f.lit(1)),
        "time_inferred": f.lit(False),
        "source": f.lit("bench"),
        "raw_object": f.col("raw_object"),
        "tenant": f.coalesce(f.col("facts.`tenant.id`"), f.lit("default")),
        "dt": f.date_format("event_time", "yyyy-MM-dd"),
        "hour": f.date_format("event_time", "HH"),
    }
    return [column.alias(name) for name, column in named.items()]


def write_trends(spark: SparkSession, output: str) -> None:
    """Count each event once; the service level is a merge of the pattern level, as in the product."""
    events = spark.read.parquet(f"{output}/events")
    distinct = (
        events.withColumn("minute_time", f.timestamp_seconds(f.expr(f"time_unix_nano div {_MINUTE_NS} * 60")))
        .withColumn("environment", f.coalesce("environment", f.lit("")))
        .withColumn("severity_number", f.coalesce("severity_number", f.lit(0).cast("tinyint")))
        .select(
            *_PLACE, *_TREND, "pattern_id", "duration_ns", "duration_bucket", "is_error", "is_request", "body_bytes",
            "sample_weight", "time_unix_nano", "event_id", "record_hash",
        )
        .dropDuplicates([*_PLACE, "event_id", "record_hash"])
        .persist()
    )  # fmt: skip
    template = distinct.groupBy(*_PLACE, *_TREND, "pattern_id").agg(*first_measures()).persist()
    write(template, output, "template_trend_minute")
    write(template.groupBy(*_PLACE, *_TREND).agg(*merged_measures()), output, "service_trend_minute")
    durations = distinct.where("duration_ns is not null").groupBy(*_PLACE, *_TREND, "duration_bucket")
    counts = durations.agg(f.count(f.lit(1)).alias("event_count"), f.sum("sample_weight").alias("weighted_event_count"))
    write(counts, output, "service_duration_minute")


def first_measures() -> list[Column]:
    weight, took = f.col("sample_weight"), f.col("duration_ns").cast("decimal(28,0)")
    return [
        f.count(f.lit(1)).alias("event_count"),
        f.count_if("is_error").alias("error_count"),
        f.count_if("is_request").alias("request_count"),
        f.sum("body_bytes").alias("bytes"),
        f.count("duration_ns").alias("duration_count"),
        f.coalesce(f.sum(took), f.lit(0)).cast("decimal(38,0)").alias("duration_sum_ns"),
        f.min("duration_ns").alias("duration_min_ns"),
        f.max("duration_ns").alias("duration_max_ns"),
        f.sum(weight).alias("weighted_event_count"),
        f.sum(f.when(f.col("is_error"), weight).otherwise(0)).alias("weighted_error_count"),
        f.sum(f.when(f.col("is_request"), weight).otherwise(0)).alias("weighted_request_count"),
        f.min("time_unix_nano").alias("first_seen_unix_nano"),
        f.max("time_unix_nano").alias("last_seen_unix_nano"),
        f.min("event_id").alias("exemplar_event_id"),
    ]  # fmt: skip


def merged_measures() -> list[Column]:
    smallest = ("duration_min_ns", "first_seen_unix_nano", "exemplar_event_id")
    largest = ("duration_max_ns", "last_seen_unix_nano")
    sums = (
        "event_count", "error_count", "request_count", "bytes", "duration_count", "duration_sum_ns",
        "weighted_event_count", "weighted_error_count", "weighted_request_count",
    )  # fmt: skip
    return [
        *(f.sum(name).alias(name) for name in sums),
        *(f.min(name).alias(name) for name in smallest),
        *(f.max(name).alias(name) for name in largest),
    ]


def write(rows: DataFrame, output: str, table: str) -> None:
    """One file a tenant and hour, as in the product."""
    placed = rows.repartition(*_PLACE).sortWithinPartitions(*_PLACE, *_TREND)
    placed.write.partitionBy(*_PLACE).mode("overwrite").parquet(f"{output}/trends/{table}")


if __name__ == "__main__":
    main(*sys.argv[1:])
