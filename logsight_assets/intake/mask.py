r"""The coarse mask: what makes lines of one kind equal, and `pattern_id`, its hash.

One frozen RE2 expression replaces digit runs, and hex words of at least four characters that hold a digit, by `0`.
Digits alone would leave a mask a line where lines carry UUIDs (measured: 2,000,000 masks on 2,000,000 lines, against
3,567 with hex words). Clustering works on distinct masks only and is free to change; this expression is not.
"""

from __future__ import annotations

COARSE_MASK = (
    r"\b(?:[0-9][0-9a-fA-F]{3,}|[a-fA-F][0-9][0-9a-fA-F]{2,}|[a-fA-F]{2}[0-9][0-9a-fA-F]+|[a-fA-F]{3,}[0-9][0-9a-fA-F]*)\b"
    r"|[0-9]+"
)
# The mask asks of a digit only that it is one: for `bytes.translate`, which leaves few lines to be masked.
FOLDED_DIGITS = bytes.maketrans(b"123456789", b"000000000")
# A body's first line names its kind; what follows (a stack trace) varies with the caller. 2,048 bytes bound the cost.
_LONGEST = 2048


def mask_sql(column: str) -> str:
    """DuckDB expression of the coarse mask of a text column."""
    text = (
        f"case when strlen({column}) > {_LONGEST} or contains({column}, chr(10))"
        f" then left(split_part({column}, chr(10), 1), {_LONGEST}) else {column} end"
    )
    return f"regexp_replace({text}, '{COARSE_MASK}', '0', 'g')"


def pattern_id_sql(column: str) -> str:
    """DuckDB expression of `pattern_id` of a text column: 63 bits of its mask's MD5."""
    return mask_id_sql(mask_sql(column))


def mask_id_sql(mask: str) -> str:
    """DuckDB expression of the `pattern_id` of a mask."""
    return f"cast(md5_number_lower({mask}) >> 1 as bigint)"
