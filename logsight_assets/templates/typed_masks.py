"""The second mask: what the numbers and texts of a coarse mask are (`<IP>`, `<UUID>`, `<PATH>` ...).

It works on distinct coarse masks alone, in which every digit run and hex word is already `0`:

    "GET http://shop:0/cart from 0.0.0.0 took 0 ms"   →   "GET <URL> from <IP> took <DUR>"

The order matters: what may hold another (a time stamp holds a time) comes first.
"""

from __future__ import annotations

import re

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"

_DATE = rf"(?:{_DAY},? +)?(?:{_MONTH} +0|0[ -]{_MONTH})(?:[ ,-]+0)?"

_RULES: tuple[tuple[str, str], ...] = (
    (r"\b0[-/.]0[-/.]0[T :]{1,2}0:0(?::0)?(?:[.,]0)?(?:Z|[ ]?[+-]0(?::0)?)?(?!\w)", "<TS>"),
    (rf"\b{_DATE}[ ,:]+0:0:0(?:[.,]0)?(?: +[A-Z]{{3,4}}\b)?(?: +0\b)?", "<TS>"),
    (rf"\b0/{_MONTH}/0:0:0:0(?: [+-]0)?\b", "<TS>"),
    (r"\b[a-zA-Z][a-zA-Z0+.-]*://[^\s\"'`<>,;)\[\]]*[^\s\"'`<>,;:.)\[\]]", "<URL>"),
    (r"\b[A-Za-z]:\\[^\s\"'`<>,;|]*", "<PATH>"),
    (r"(^|[\s=:,(\"'`\[{<>|])\.{0,2}/(?:[\w.$+%@~*-]+/?)+(?:\?[^\s\"'`<>]*)?", r"\1<PATH>"),
    (r"(<PATH>|<URL>) HTTP/0(?:\.0)?\b", r"\1"),
    (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", "<EMAIL>"),
    (r"\b[0a-fA-F]+(?:-[0a-fA-F]+){4}\b", "<UUID>"),
    (r"\b[0a-fA-F]{1,2}(?::[0a-fA-F]{1,2}){5}\b", "<MAC>"),
    (r"\b0\.0\.0\.0(?::0)?(?:/0)?\b", "<IP>"),
    (r"(?<![\w.-])(?:[\w-]+\.){2,}[a-z]+:0\b", "<HOST>"),
    (r"\b[0a-fA-F]{1,4}(?::[0a-fA-F]{0,4}){4,7}\b", "<IP>"),
    (r"\b(?:0[xX][0-9a-fA-F]+|[a-f]{8,}|[A-F]{8,})\b", "<HEX>"),
    (r"(^|[\s\[(=,;\"'`<>])0:0(?::0)?(?:[.,]0)?\b", r"\1<TIME>"),
    (r"\b0(?:\.0)? ?(?:bytes\b(?: \(0(?:\.0)? ?[kKMGT]i?B\))?|(?:[kKMGTP]i?)?B\b)(?!=)", "<SIZE>"),
    (r"<?\b0(?:\.0)? ?(?:ns|us|ms|s|sec|secs|min|mins|hrs?)\b(?!=)", "<DUR>"),
    (r"\b(?:true|false|True|False|TRUE|FALSE)\b", "<BOOL>"),
    (r"\b(?:null|NULL|nil|None)\b", "<NULL>"),
)
_COMPILED = tuple((re.compile(pattern, re.ASCII), text) for pattern, text in _RULES)


def typed(mask: str) -> str:
    """The coarse mask with typed placeholders; `0` that belong to none of them stay as they are."""
    for pattern, text in _COMPILED:
        mask = pattern.sub(text, mask)
    return mask
