"""The English that questions are made with: short lists, where a word left out costs a question.

What is not in them is not understood, and nothing is asked of it.
"""

from __future__ import annotations

_REGULAR = """
    abandon abolish accept achieve adopt announce appoint approve arrest arrive ask assassinate
    attack attend award capture carry cause celebrate change claim close collapse collect commission
    complete compose conquer construct convert create declare defeat deliver demolish deploy
    describe design destroy detect develop die direct discover display dissolve divide elect
    employ establish evacuate execute exhibit expand explain explore extend finish form found
    gain grant identify imprison inaugurate increase injure install introduce invade invent
    invite isolate
    issue join kill land launch learn locate marry merge move name nominate observe occupy open
    ordain order organize organise paint perform pass patent produce propose protest prove publish
    purchase ratify reach rebuild receive reduce reject release relocate remove rename renovate
    replace report rescue resign restore retire return reveal sail schedule select separate settle
    ship show sign start store study surrender suspend test transfer transform translate travel
    unveil use vote work enroll include recruit collect treat hospitalize infect interview screen
    wound dismiss evacuate
"""
# base past participle
_IRREGULAR = """
    become became become, begin began begun, break broke broken, bring brought brought,
    build built built, buy bought bought, choose chose chosen, draw drew drawn, fall fell fallen,
    fight fought fought, find found found, fly flew flown, give gave given, grow grew grown,
    hold held held, leave left left, lose lost lost, make made made, meet met met,
    rebuild rebuilt rebuilt, sell sold sold, send sent sent, shoot shot shot, sink sank sunk,
    speak spoke spoken, steal stole stolen, strike struck struck, take took taken,
    teach taught taught, win won won, write wrote written, ban banned banned,
    admit admitted admitted, ship shipped shipped, transfer transferred transferred,
    show showed shown, prove proved proven, drop dropped dropped, stop stopped stopped
"""
_AGENTIVE = """
    compose coin commission conquer create defeat design direct discover draw establish found
    introduce invent kill lead marry paint patent propose translate win write build make call
    publish develop organize organise
"""


def _regular_past(base: str) -> str:
    if base.endswith("e"):
        return f"{base}d"
    is_after_vowel = base[-2] in "aeiou"
    return f"{base[:-1]}ied" if base.endswith("y") and not is_after_vowel else f"{base}ed"


_forms = [tuple(entry.split()) for entry in _IRREGULAR.split(",")]
_irregular = {base for base, _, _ in _forms}
_forms += [
    (base, _regular_past(base), _regular_past(base))
    for base in _REGULAR.split()
    if base not in _irregular
]
# "found" is the past of "find", and too often something else.
BASE_OF_PAST = {past: base for base, past, _ in _forms if base != "find"}
"""The base form of each verb, by its past: ``began`` is of ``begin``."""
PAST_OF_PARTICIPLE = {participle: past for _, past, participle in _forms} | {
    "born": "born",
    "known": "knew",
    "led": "led",
    "coined": "coined",
}
"""The past of each verb, by its participle: ``wrote`` of ``written``."""
AGENTIVE_PASTS = frozenset(
    past
    for past, base in (BASE_OF_PAST | {"led": "lead", "coined": "coin", "called": "call"}).items()
    if base in _AGENTIVE.split()
)
"""What a person or an organisation does, so that “Who” asks for it."""

PRONOUNS = frozenset(
    """i we you he she it they this these that those there here his her its their our your my him
    them us me who which what when where why how one some many most all both each another other
    others such same latter former someone everyone nobody nothing itself himself herself
    themselves not no never""".split()
)
LINKS = frozenset("of the de von van del la le for du der al bin ibn".split())
# Words that begin or join a clause: where one stands in a noun phrase, it is none.
CLAUSE = frozenset(
    """and or but nor so yet if because although though while whereas after before since until
    when where that which who whom whose as than then also only even however therefore thus hence
    is are was were be been being has have had do does did will would can could may might must
    shall should said says to by from with at on into about""".split()
)

CALENDAR = frozenset(
    """January February March April May June July August September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday""".split()
)

DANGLING = frozenset("a an the of in on at by to for from with and or as into about than".split())
PERSON_NOUNS = frozenset(
    """actor actress activist admiral architect artist astronaut astronomer author banker bishop
    botanist businessman businesswoman cardinal chemist comedian composer dancer dictator diplomat
    dramatist economist emperor empress engineer environmentalist explorer farmer
    footballer geologist historian inventor jew journalist king lawyer
    linguist mathematician mechanic merchant missionary monk musician novelist nurse painter
    philosopher photographer physician physicist pianist playwright poet politician pope preacher
    president priest prince princess  professor prophet queen reformer revolutionary
    scholar scientist sculptor secretary senator singer sociologist soldier spokesperson
    spokeswoman spokesman statesman surgeon teacher theologian theorist writer""".split()
)
THING_NOUNS = frozenset(
    """agency agreement airport album algorithm animal archipelago army bank basin battle book
    border bridge building canal castle cathedral church city club code college colony company
    compound concept conflict continent corporation council country county court crater creature
    currency dam desert device disease disorder district document drug ecosystem empire enzyme
    event family festival film fish forest fortress framework fruit galaxy game garden gas gene
    genus god group harbour hospital hotel idea illness infection institute instrument island
    journal kingdom lake language law league library machine magazine material metal method mineral
    mission model molecule monastery monument moon motorway mountain museum nation network
    newspaper novel ocean organ organisation organization painting palace pandemic paper parliament
    park particle party pathogen peninsula planet plant play poem port prison process program
    programme project protein protocol province rainforest range reaction region religion republic
    river road school science sea series service ship show software song species star state
    station statue storm strategy stream street structure suburb symptom syndrome system team
    technique temple territory test theatre theory tool tower town treaty treatment tree tribe
    tunnel university vaccine valley village virus volcano war waterfall website weapon
    component""".split()
)
STUDIED = {
    "aimed to": "aim to do",
    "examined": "examine",
    "investigated": "investigate",
    "evaluated": "evaluate",
    "assessed": "assess",
    "analyzed": "analyze",
    "analysed": "analyse",
    "compared": "compare",
    "explored": "explore",
    "described": "describe",
    "reviewed": "review",
    "demonstrated": "demonstrate",
    "identified": "identify",
    "showed": "show",
    "found": "find",
}
"""What a paper did, and what to ask for it by."""
