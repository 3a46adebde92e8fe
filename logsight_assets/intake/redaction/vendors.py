"""Secrets that their own form gives away: keys and tokens of vendors, JSON web tokens, webhooks.

A row is (what comes first, what the rest is made of, how many of it at least). Forms are the vendors' public ones;
lengths are lower bounds, because vendors lengthen their tokens without notice.
"""

from __future__ import annotations

from collections.abc import Iterator

from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import BEGINS, GATE_BEGINS, begin, compile_bytes
from logsight_assets.intake.redaction.policy import Kind

_WORD = r"[0-9A-Za-z_\-]"
_ALNUM = "[0-9A-Za-z]"
_HEX = "[0-9a-fA-F]"
_BASE64 = "[0-9A-Za-z+/=_.-]"

_FORMS: tuple[tuple[str, str, int], ...] = (
    ("gh[pousr]_", _ALNUM, 20),  # GitHub
    ("github_pat_", _WORD, 20),
    ("gl(?:pat|dt|ft|soat|rt|rtr|cbt|ptt|agent|oas|imt|ffct|wt)-", r"[0-9A-Za-z_.\-]", 16),  # GitLab
    ("GR1348941", _WORD, 16),  # GitLab runner registration
    (r"xox[a-z](?:\.xox[a-z])?-", _WORD, 8),  # Slack
    ("xapp-", _WORD, 16),
    ("(?:sk|rk)_(?:live|test|prod)_", _ALNUM, 10),  # Stripe
    ("whsec_", _BASE64, 20),
    ("sk-", _WORD, 20),  # OpenAI, Anthropic, OpenRouter
    (r"SG\.", r"[0-9A-Za-z_.\-]", 32),  # SendGrid
    ("(?:SK|AC)", "[0-9a-f]", 32),  # Twilio
    ("key-", "[0-9a-f]", 32),  # Mailgun
    ("[0-9a-f]{32}-us", "[0-9]", 1),  # Mailchimp
    ("AIza", _WORD, 30),  # Google
    (r"ya29\.", _WORD, 20),
    ("GOCSPX-", _WORD, 20),
    ("1//0", _WORD, 30),
    ("npm_", _ALNUM, 30),
    ("pypi-", _WORD, 40),
    ("rubygems_", _HEX, 40),
    ("[0-9]{8,10}:AA", _WORD, 30),  # Telegram
    ("shp(?:at|ca|pa|ss|tka)_", _HEX, 32),  # Shopify
    ("sq0[a-z]{3}-", _WORD, 22),  # Square
    ("EAAA", _WORD, 56),
    (r"hv[sbr]\.", _WORD, 20),  # HashiCorp Vault
    (r"[0-9A-Za-z]{14}\.atlasv1\.", _WORD, 40),  # Terraform Cloud
    ("do[oprt]_v1_", _HEX, 60),  # DigitalOcean
    ("dapi", "[0-9a-f]", 32),  # Databricks
    ("lin_(?:api|oauth)_", _ALNUM, 30),  # Linear
    ("(?:ntn|secret)_", _ALNUM, 40),  # Notion
    ("PMAK-", _WORD, 30),  # Postman
    ("gl(?:c|sa)_", _BASE64, 30),  # Grafana
    ("NR(?:AK|II|JS|AL|AA|RA|SP)-", _WORD, 18),  # New Relic
    (r"dt0[a-z][0-9]{2}\.", r"[0-9A-Z.]", 24),  # Dynatrace
    (r"dp\.(?:pt|st|sa|ct|scim|audit)\.", _WORD, 30),  # Doppler
    ("fo1_|fm[12][ar]?_", _BASE64, 40),  # Fly.io
    ("figd_", _WORD, 30),  # Figma
    ("hf_", _ALNUM, 30),  # Hugging Face
    ("r8_", _ALNUM, 36),  # Replicate
    (r"pat[0-9A-Za-z]{14}\.", _HEX, 60),  # Airtable
    ("AT(?:ATT3|CTT3|BB)", _BASE64, 24),  # Atlassian
    ("AGE-SECRET-KEY-1", "[0-9A-Z]", 50),  # age
    ("LTAI", _ALNUM, 16),  # Alibaba Cloud
    ("AKID", _ALNUM, 32),  # Tencent Cloud
    ("AKC", _ALNUM, 60),  # Artifactory
    ("sntry[su]_", _BASE64, 40),  # Sentry
    ("pscale_(?:tkn|pw|oauth)_", r"[0-9A-Za-z_=.\-]", 30),  # PlanetScale
    ("pul-", "[0-9a-f]", 40),  # Pulumi
    ("pnu_", _ALNUM, 30),  # Prefect
    ("xkeysib-", _WORD, 60),  # Brevo
    ("sb[ps]_", _WORD, 36),  # Supabase
    ("(?:gsk_|xai-|pplx-|nvapi-|fw_)", _WORD, 24),  # Groq, xAI, Perplexity, NVIDIA, Fireworks
    ("dckr_(?:pat|oat)_", _WORD, 20),  # Docker
    ("HRKU-", _WORD, 30),  # Heroku
    ("FLWSECK(?:_TEST)?-", _WORD, 12),  # Flutterwave
    ("EZ[AT]K", _ALNUM, 54),  # EasyPost
    ("fio-u-", _WORD, 60),  # Frame.io
    ("tskey-", _WORD, 20),  # Tailscale
    (
        "(?:CFPAT-|nfp_|rdme_|pat-(?:na|eu)1-|cfut_|cfat_)",
        _WORD,
        32,
    ),  # Contentful, Netlify, ReadMe, HubSpot, Cloudflare
    ("ops_", _WORD, 60),  # 1Password
    (r"[0-9A-Za-z_~.]{3}[0-9]Q~", r"[0-9A-Za-z_~.\-]", 31),  # Microsoft Entra ID
    ("A{20}", "[0-9A-Za-z%]", 40),  # Twitter
    (r"ey[JI][0-9A-Za-z_\-]{5,}\.", r"[0-9A-Za-z_.\-]", 2),  # JSON web token, signed or encrypted
)
# Exact lengths: longer runs of the same letters are something else.
_EXACT = (
    r"(?:A3T[0-9A-Z]|AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}",  # AWS access key id, permanent or temporary
    r"[sbr]\.[0-9A-Za-z]{24}",  # HashiCorp Vault before 1.10
    r"amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",  # Plaid
    r"[A-Z][0-9A-Za-z_\-]{22,27}\.[0-9A-Za-z_\-]{6}\.[0-9A-Za-z_\-]{27,40}",  # Discord
)
_OPEN = "|".join(f"(?:{head}){body}{{{least},}}" for head, body, least in _FORMS)
_TOKENS = compile_bytes(rf"{BEGINS}(?:{_OPEN}|(?:{'|'.join(_EXACT)})\b)")
# The gate is written apart and short: with the forms' full lengths it was 4 300 instructions, and the union of all
# gates outgrew the memory of RE2's automaton (125 µs a line instead of 2).
_GATE_HEADS = (
    r"gh[pousr]_|github_pat_|gl(?:pat|dt|ft|soat|rt|rtr|cbt|ptt|agent|oas|imt|ffct|wt|c|sa)[\-_]|GR1348941"
    r"|xox[a-z][\-.]|xapp-"
    r"|[sr]k_(?:live|test|prod)_|whsec_|SG\.[0-9A-Za-z_\-]{8}|(?:SK|AC)[0-9a-f]{8}|key-[0-9a-f]{8}|AIza|ya29\."
    r"|GOCSPX-|1//0|npm_|pypi-[0-9A-Za-z_\-]{8}"
    r"|rubygems_|shp(?:at|ca|pa|ss|tka)_|sq0[a-z]{3}-|EAAA|hv[sbr]\.|do[oprt]_v1_|dapi[0-9a-f]{8}|lin_(?:api|oauth)_"
    r"|ntn_|secret_[0-9A-Za-z]{16}|PMAK-"
    r"|NR[A-Z]{2}-|dt0[a-z][0-9]{2}\.|dp\.[a-z]{2}|fo1_|fm[12][ar]?_|figd_|hf_|r8_|pat[0-9A-Za-z\-]{8}|AT(?:ATT3"
    r"|CTT3|BB)|AGE-S|LTAI|AKID|AKC|sntry[su]_"
    r"|pscale_|pul-[0-9a-f]{8}|pnu_|xkeysib-|sb[ps]_|gsk_|xai-|pplx-|nvapi-|fw_|dckr_|HRKU-|FLWSECK|EZ[AT]K|fio-u-"
    r"|tskey-|CFPAT-|nfp_|rdme_|cf[ua]t_"
    r"|ops_[0-9A-Za-z_\-]{8}|ey[JI][0-9A-Za-z_\-]{5}|A3T[0-9A-Z]{8}|A[KSBC][IC]A[0-9A-Z]{8}|amzn\.mws|access-[sdp]"
    r"|sk-[0-9A-Za-z_\-]{16}"
    r"|[sbr]\.[0-9A-Za-z]{24}"
)
_GATE = (
    rf"{GATE_BEGINS}(?:{_GATE_HEADS})|[0-9a-f]-us[0-9]|:AA[0-9A-Za-z_\-]{{4}}|\.atlasv1\.|[0-9]Q~|A{{20}}"
    r"|\.[0-9A-Za-z_\-]{6}\.[0-9A-Za-z_\-]{27}"
)


def looks_random(value: bytes) -> bool:
    """Letters and digits mixed, as no word of a language is."""
    return len(value.translate(None, b"0123456789")) < len(value) and value.upper() != value.lower()


def is_blanked(value: bytes) -> bool:
    """Whether a key's random part is one sign repeated, as in documentation (`pplx-xxxxxxxx`)."""
    return len(value) > 8 and value[-8:] in (b"x" * 8, b"X" * 8, b"*" * 8, b"." * 8, b"0" * 8)


def _tokens(text: bytes) -> Iterator[Found]:
    for match in _TOKENS.finditer(text):
        start, end = begin(text, match[0][0]), match[0][1]
        value = text[start:end]
        # A key id of AWS may lack a digit; elsewhere a run without one is a name (`hf_requiredCharacteristicTypes`).
        if (value[:1] == b"A" or looks_random(value)) and not is_blanked(value):
            yield Found(start, end, Kind.SECRET, "")


_WEBHOOK_HOSTS = (
    r"hooks\.slack\.com\\?/(?:services|workflows|triggers)",
    r"discord(?:app)?\.com\\?/api\\?/(?:v[0-9]+\\?/)?webhooks",
    r"(?:outlook|[0-9a-z\-]+\.webhook)\.office\.com\\?/webhook(?:b2)?",
    r"hooks\.zapier\.com\\?/hooks\\?/catch",
    r"maker\.ifttt\.com\\?/trigger\\?/[0-9A-Za-z_\-]+\\?/with\\?/key",
)
_WEBHOOK = compile_bytes(rf"(?:{'|'.join(_WEBHOOK_HOSTS)})\\?/((?:[0-9A-Za-z+/_@.\-]|\\/){{12,}})")
_WEBHOOK_GATE = (
    r"hooks\.slack\.com|discord(?:app)?\.com\\?/api|\.office\.com\\?/webhook|hooks\.zapier\.com|maker\.ifttt\.com"
)


def _webhooks(text: bytes) -> Iterator[Found]:
    """The path of an incoming webhook is its password; the host stays."""
    for match in _WEBHOOK.finditer(text):
        yield Found(*match[1], Kind.SECRET, "")


DETECTORS = (
    Detector("webhook", (), _WEBHOOK_GATE, _webhooks),
    Detector("vendor_token", (), _GATE, _tokens),
)
