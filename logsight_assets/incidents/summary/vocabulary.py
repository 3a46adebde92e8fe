"""The words in which a statement may describe an incident, by what they mean.

A closed list: what is no word of it has to stand in a cited fact. So a sentence in which somebody plays the incident
down has no words for it, however it is put, and neither has one in another language. Add a word where good sentences
are lost (`word_not_known` in the verdicts), to the group of its meaning: the rules of `stance.py` hold for the
group. Words that judge (`harmless`, `usual`) belong to DISMISSIVE or nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator

# What a word is.
PLAIN, DETERMINER, PREPOSITION, COPULA, NEGATION = "plain", "determiner", "preposition", "copula", "negation"
BEFORE, DURING = "before", "during"  # in time
ADVERSE, FALLING, ENDING, ABLE, GOOD = "adverse", "falling", "ending", "able", "good"
QUALITY, GETTING, CAUSES, CAUSED_BY = "quality", "getting", "causes", "caused_by"
CHANGE, COMPLETE = "change", "complete"
OPERATION, MINIMAL, DISMISSIVE = "operation", "minimal", "dismissive"
ERRORS, REQUESTS, LINES, MINUTES = "errors", "requests", "lines", "minutes"  # what is counted

_WORDS = {
    DETERMINER: "a all an another any both each eight eleven every fifty first five four hundred its last many "
    "million more most nine one other others same seven six ten that the their these this those thousand "
    "three twelve twenty two",
    PREPOSITION: "about above across against among as at between by for from in into of on onto per than through to "
    "toward towards via with within",
    COPULA: "are be became become becomes been being is remain remained remains was were",
    NEGATION: "cannot neither never no nobody none nor not nothing without zero",
    BEFORE: "already baseline before earlier expected formerly median previous previously prior should till until",
    DURING: "after current currently during incident now since",
    # What is told of an incident, and says neither good nor bad.
    PLAIN: "accompany accumulate afterwards again ahead alarm alert allocation almost alongside also although and "
    "anomaly api app appear application approximately around associate async attempt attribute authentication "
    "authorization average backend balancer bandwidth batch began begin begun behavior behaviour behind borrow "
    "broker browser budget build burst but cache call callee caller came can capacity carry cascade certain "
    "certificate chain claim class client climb cluster code coincide collection come compare comparison "
    "component concurrent confirm consequence consistent consistently constitute consume consumer consumption "
    "contain container continue continuously correlate correlation correspond could count cpu credential cron "
    "cross customer database datapoint depend dependency dependent describe description despite detect detection "
    "detector device did directly disk display dns do does downstream dramatically drive driver duration earliest "
    "early edge effect either election emerge emit encounter endpoint entire entirely entry environment escalate "
    "especially eventually every evidence exactly exhibit exist experience face fact far field file fill finally "
    "fire flood flow follow force fraction frequently frontend fully function further furthermore gap garbage "
    "gateway gave give given goes going grew group grow grown had half handler handshake happen has have heap "
    "heavily held hence highlight hold host hour however http id identifier identify if immediately imply include "
    "increase independent independently index indicate ingress initially instance instead involve io ip it itself "
    "java job jump kernel key kind label latency latest layer leader leave left library likewise limit list load "
    "log login lookup machine made mainly majority make manifest mark match maximum may meanwhile measure memory "
    "mention message method metric might millisecond minimum mobile module moreover mostly ms multiple name "
    "nearly need network newest next node notably note notification null number objective observation observe "
    "occupy occur offset often oldest once ones ongoing onset operation or order origin out overall overlap own "
    "packet page parse partition pass password path pattern peak people percent percentage percentile period "
    "permission persist person phase pile pipeline place pod point pointer pool port possibly precede "
    "predominantly primarily probably producer product production propagate proportion provider proxy push python "
    "quantile query queue queueing quorum quota raise ran range rank rapidly rate rather ratio read rebalance "
    "record reflect region register relation relative repeatedly replica replication report represent reservation "
    "reserve respectively rest right ripple rise risen rose roughly route row run said saw say scheduler score "
    "search second secret see seen send sent separately sequence series server service session set several share "
    "show significantly size so socket some source space speak spike spread stack stacktrace stage stand start "
    "status steadily step still stood storage store subsequent subsequently substantially such suddenly suggest "
    "sum surge surround suspect sustain symptom sync system table tag take taken target task tcp template tenant "
    "them themselves then therefore they those though thread threshold throughout thus time timestamp tls "
    "together token too took topic total trace transaction try turn unexpectedly up upon upstream usage use user "
    "utilization value various vary versus volume wave web went what when where whereas whether which while who "
    "whose window worker would write written wrote zone",
    # What may stand in front of a thing.
    QUALITY: "active affected busy clear clearly constant continuous critical different elevated external frequent "
    "great greater heavy high higher highest huge identical increased internal involved large larger largest "
    "likely longest main massive new open primary probable raised secondary separate serious severe sharp sharply "
    "similar simultaneous specific steady strong strongly surging top underlying unexpected unlike whole",
    ERRORS: "error failure",
    REQUESTS: "request",
    LINES: "event line",
    MINUTES: "minute",
    # Of these a negation tells of a failure: no connection, no reply.
    GETTING: "connection contact create find found get got open reach receive reply response return",
    ADVERSE: "abandon abnormal abort absent affect backlog bad block breach break broke broken burn cease collapse "
    "conflict congestion contention corrupt crash cut dead deadlock decline degradation degrade delay deny die "
    "disconnect down drain drop error evict eviction exceed exception exhaust exhaustion expire expired fail "
    "failure fault flap forbidden freeze froze frozen full hang hit hung impact impair inability incomplete "
    "interrupt invalid issue kill lack lag late later leak lock long longer lose loss lost malformed malfunction "
    "mismatch miss oom outage overload overspent panic plummet pressure problem refusal refuse reject rejection "
    "reset retry saturate saturation shortage silence silent slow slowdown slower slowest slowly spill stall "
    "starvation starve stop struggle stuck suffer throttle throw thrown time-out timed timeout trouble unable "
    "unauthorized unavailable uncaught unhandled unhealthy unreachable unsuccessful vanish violate violation wait "
    "warn warning worse worsen worst wrong",
    # Of errors these say that they end; of all else, that it fails.
    ENDING: "cease decline down drop off pass silent stop vanish",
    FALLING: "away below decrease disappear ease end fall fallen fell fewer fewest finish gone improve improvement "
    "less lower lowest reduce reduction shrank shrink subside under",
    # What a service does for others: without a number nobody can have counted it.
    ABLE: "accept acquire answer connect deliver establish handle obtain process respond serve",
    # A state that rows have to show.
    GOOD: "available back better calm clean correct correctly fast faster fine fix free good harmless heal "
    "healthy idle intact mitigate normal normally ok okay over past properly quick quiet reachable "
    "recover recovery repair rescue resolve responsive restore safe smooth smoothly solve stable stably "
    "succeed success successful successfully unaffected unharmed well work",
    CAUSES: "blame cause culprit explain induce lead led originate produce provoke responsible trigger",
    CAUSED_BY: "because due reason result root stem",
    CHANGE: "change config configuration configure deploy deployment installation migrate migration misconfiguration "
    "misconfigure patch reconfigure redeploy rollback rollout setting upgrade version",
    # What a line may tell of a service itself, if it is quoted.
    OPERATION: "commit flag install release restart scaling update",
    COMPLETE: "complete completeness incomplete missing",
    # Makes little of a number, and none of what stands for itself: see `stance.py`.
    MINIMAL: "only shortly",
    # No evidence of ours says these of an incident.
    DISMISSIVE: "acceptable accident accidental announced artefact artifact background barely benign brief briefly "
    "canary common commonly cosmetic deliberate deliberately demo disable dismiss drill exercise "
    "experiment fake false falsely few flaky handful hardly harmlessly hurry ignorable ignore "
    "insignificant intend intentional intentionally irrelevant isolated just known later limited little "
    "low maintenance mere merely minor mistake mistaken mistakenly momentary monday morning mute "
    "negligible noise noisy ordinary partial partially plan postpone quotation rare rarely regular "
    "regularly rehearsal rehearse routine scarcely schedule seldom sensitive short silenced simply "
    "simulate simulation single slight slightly small spurious suppress synthetic temporarily temporary "
    "test tester tolerable tolerate tomorrow tonight transient transiently trial trivial typical "
    "typically unimportant unrelated urgency urgent usual usually weekend wrongly yesterday",
}

# Little words have no forms; verbs and nouns have.
_LITTLE = frozenset({DETERMINER, PREPOSITION, COPULA, NEGATION, BEFORE, DURING, QUALITY, COMPLETE, MINIMAL})


def _forms(word: str) -> Iterator[str]:
    yield word
    if len(word) < 3:
        return
    yield f"{word}s"
    if word.endswith("e"):
        yield from (f"{word}d", f"{word[:-1]}ing")
    elif word.endswith("y") and word[-2] not in "aeou":
        yield from (f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing")
    else:
        yield from (f"{word}es", f"{word}ed", f"{word}ing")
        if word[-1] in "bdglmnprt" and word[-2] in "aeiou":
            yield from (f"{word}{word[-1]}ed", f"{word}{word[-1]}ing")


def _by_form() -> dict[str, frozenset[str]]:
    meanings: dict[str, set[str]] = {}
    for meaning, words in _WORDS.items():
        for word in words.split():
            for form in (word,) if meaning in _LITTLE else _forms(word):
                meanings.setdefault(form, set()).add(meaning)
    return {form: frozenset(held) for form, held in meanings.items()}


_MEANINGS = _by_form()
_UNKNOWN: frozenset[str] = frozenset()


def meanings_of(word: str) -> frozenset[str]:
    """What a word means, in lower case; nothing if the vocabulary does not hold it."""
    if word.endswith("n't"):
        return frozenset({NEGATION})
    return _MEANINGS.get(word) or _MEANINGS.get(word.removesuffix("'s")) or _UNKNOWN


def root(word: str) -> str:
    """A word without its ending: equal for `capture`, `captured` and `captures`."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word
