"""Labels that say what number follows: in text (`phone no: …`), in `key=value` and as attribute names.

One list for detectors, gates and field names, so that the three agree. Labels are free of captures and of `\b`, which
JSON escapes would shift; where a short one needs a boundary, its detector adds it.
"""

from __future__ import annotations

PHONE_LONG = r"(?i:phone|mobile|msisdn|cellular|telefon|handynummer|whatsapp)"
PHONE_SHORT = r"(?i:tel|fax|cell|sms|call(?:er|ed|ing)?)"
ACCOUNT = (
    r"(?i:bank(?:[ _.\-]?acc(?:oun)?t)?|acc(?:oun)?t[ _.\-]?(?:number|num|no|nr|#)|checking[ _.\-]?account"
    r"|savings[ _.\-]?account|routing"
    r"|sort[ _.\-]?code|kontonummer)"
)
NATIONAL_LONG = (
    r"(?i:social[ _.\-]?security|national[ _.\-]?(?:id|identity|insurance)|tax[ _.\-]?(?:payer[ _.\-]?)?(?:id|file"
    r"|code|no|num|number)|taxpayer|passport"
    r"|personnummer|personal[ _.\-]?(?:id|identity|number)|identity[ _.\-]?(?:card|number|no)|id[ _\-]card|ssn|itin"
    r"|pesel|aadhaa?r|codice[ _.\-]?fiscale"
    r"|fiscal[ _.\-]?code|driver'?s?[ _.\-]?licen[cs]e|driving[ _.\-]?licen[cs]e|medicare|steuer[ _.\-]?id|nhs|nino"
    r"|cpf|cnpj|curp|nric"
    r"|document[ _.\-]?(?:number|no))"
)
# Short names only in capitals and as words where they stand in text.
NATIONAL_SHORT = r"(?:NIF|NIE|DNI|SIN|TFN|ABN|BSN|RRN|NIR|AHV|PPSN?|TIN|HETU|CPR|CNP|EGN|OIB|JMBG)"
NATIONAL_FIELD = r"(?i:dni|nif|nie|bsn)"

# What may stand between a label and its number: a few plain words, an ordinal, then signs. Words, not a counted stretch
# of anything: each counter in a gate multiplies the automaton's states (the union of gates fell from 9 µs a line to 2).
WORDS = r"(?i:[ _.\-]?(?:number|num|no|nr|id|is|was|value|of|for|from|user|customer|client))*(?:[_.\-]?[0-9]{1,2})?"
SIGNS = r"[ :=\"'\\#.>(\[]{1,6}"
SIGNS_GATE = r"[\s:=\"'\\#.>(\[\]]+"
