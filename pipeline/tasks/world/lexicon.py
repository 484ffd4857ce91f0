"""The closed vocabulary of the world: every word that a prompt, a trace or a base text may hold.

Text is words separated by single spaces; numbers are single digits and arithmetic is modulo 10.
Pools hold words of one kind; `WORDS` is all of them once, in a fixed order, and is the tokenizer's
vocabulary beside the special tokens. Adding a word changes every world tokenizer.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DIGITS = tuple("0123456789")
LETTERS = tuple("abcdefghjkmnpqrsuvwxyz")  # variables; i, l, o, t left out
LABELS = LETTERS[:14]  # line labels of in-order families, in this order
SYMBOLS = (".", ",", "?", "=", ";", ":", "+", "-")

NAMES = _words("ana ben cal dan eve fay gus hal ida jon kim leo mia ned ola pam ray sam tom una val wes zoe abe")
COLOURS = _words("red blue green white black gray pink brown")
PLACES = _words("park farm lake hill town shop barn cave port mill garden house bridge forest market station")
OBJECTS = _words("ball book key coin hat lamp ring rope map pen stone shell doll drum flag cup")
CONTAINERS = _words("box bag chest jar drawer case basket crate cart trunk shelf pot tin bucket sack barrel tub van")
CREATURES = _words("ant bee cat cow crab crow deer dog duck fish fox frog goat hawk hen mouse owl pig snake wolf")
KINDS = _words("dax wug fep zub lorp blick tove rath mome glim snop kiv plim vost jass nurm quib trel")
SUBSTANCES = _words("ash salt oil iron acid gold lead clay sand wax")
REAGENTS = _words("water fire air light steam ice")
RELATIONS = _words("friend boss teacher doctor guide rival")
DIRECTIONS = ("north", "east", "south", "west")  # clockwise
GAINS = ("buys", "finds", "gets", "wins")
LOSSES = ("loses", "sells", "drops", "gives")

DAYS = _words("monday tuesday wednesday thursday friday saturday sunday")
TIMES = ("morning", "noon", "evening", "night")
ADJECTIVES = _words("big small old new good bad warm cold happy sad fast slow")
VERBS = _words("sees likes meets calls wants keeps brings opens walks runs sits sleeps sings waits works says")
CONNECTIVES = _words(
    "the is are was in on at of to from and or then so but with by for not it he she they his her "
    "again now here there after before while again first last next same list repeat copy pair"
)
QUESTION_WORDS = _words("what who where which how many does find")
TASK_WORDS = _words(
    "has start go take add makes mix becomes swap swaps reads above below more less than plus minus every if means "
    "inside holds eats eaten feeds up down steps turn left right row column robot faces show shows"
)

_POOLS = (
    *(DIGITS, LETTERS, SYMBOLS, NAMES, COLOURS, PLACES, OBJECTS, CONTAINERS, CREATURES, KINDS, SUBSTANCES),
    *(REAGENTS, RELATIONS, DIRECTIONS, GAINS, LOSSES, DAYS, TIMES, ADJECTIVES, VERBS),
    *(CONNECTIVES, QUESTION_WORDS, TASK_WORDS),
)
WORDS: tuple[str, ...] = tuple(dict.fromkeys(word for pool in _POOLS for word in pool))

OTHER_DIGITS = {digit: tuple(other for other in DIGITS if other != digit) for digit in DIGITS}
