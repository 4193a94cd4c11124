"""Which rules of Ruff are worth a comment on a pull request, and how much each matters.

Left out on purpose: style and whatever a formatter settles; S101, S311, S404, S603 and S607, which
are right about few of their findings; E711, E712 and B008, which SQLAlchemy, Litestar and the like
ask people to write; B904, since the cause is chained anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from code_review.domain.finding import Category, Severity


@dataclass(frozen=True, slots=True)
class RuleMeaning:
    """`why` says what goes wrong, where Ruff's own message names the problem only."""

    severity: Severity
    category: Category
    why: str = ""
    confidence: float = 1.0


_CRITICAL, _HIGH, _MEDIUM, _LOW = Severity
_BUG, _SECURITY, _PERFORMANCE, _RELIABILITY, _MAINTAINABILITY = Category

INVALID_SYNTAX = "invalid-syntax"
SYNTAX_ERROR = RuleMeaning(_CRITICAL, _BUG, "Python cannot load this file at all.")

_EXPLAINED: Mapping[str, RuleMeaning] = {
    "F401": RuleMeaning(_LOW, _MAINTAINABILITY, "Nothing in this file refers to it."),
    "F601": RuleMeaning(_MEDIUM, _BUG, "The later value silently replaces the earlier one."),
    "F631": RuleMeaning(_HIGH, _BUG, "A tuple that is not empty is true: this never fails."),
    "F632": RuleMeaning(_MEDIUM, _BUG, "Equal values need not be one object; compare with `==`."),
    "F634": RuleMeaning(_HIGH, _BUG, "A tuple that is not empty is true: this always holds."),
    "F811": RuleMeaning(_MEDIUM, _BUG, "The earlier definition can no longer be reached."),
    "F821": RuleMeaning(_HIGH, _BUG, "Reaching this line raises NameError."),
    "F823": RuleMeaning(_HIGH, _BUG, "Reaching this line raises UnboundLocalError."),
    "F841": RuleMeaning(_LOW, _MAINTAINABILITY, "Perhaps it was meant to be used."),
    "F901": RuleMeaning(_HIGH, _BUG, "NotImplemented is no exception: this raises TypeError."),
    "E722": RuleMeaning(
        _MEDIUM, _RELIABILITY, "It also catches KeyboardInterrupt, SystemExit and cancellation."
    ),
    "B002": RuleMeaning(_HIGH, _BUG, "Python reads it as two signs; nothing is incremented."),
    "B006": RuleMeaning(
        _MEDIUM, _BUG, "The default is made once, so what one call adds the next one sees."
    ),
    "B012": RuleMeaning(_HIGH, _RELIABILITY, "It swallows the exception that is on its way."),
    "B015": RuleMeaning(_MEDIUM, _BUG, "Its result is dropped; an `assert` may have been meant."),
    "B017": RuleMeaning(_LOW, _RELIABILITY, "The test passes for any error, a typo's included."),
    "B019": RuleMeaning(
        _MEDIUM, _PERFORMANCE, "The cache keeps every instance alive as long as the class."
    ),
    "B023": RuleMeaning(
        _HIGH, _BUG, "The function sees the variable's last value, not the one of its turn."
    ),
    "B031": RuleMeaning(_HIGH, _BUG, "A group is empty once it was read."),
    "B034": RuleMeaning(_MEDIUM, _BUG, "A flag in third place is taken for a count."),
    "B039": RuleMeaning(_MEDIUM, _BUG, "All contexts share the one default."),
    "ASYNC251": RuleMeaning(
        _HIGH, _PERFORMANCE, "The event loop stands still for everybody meanwhile."
    ),
    "RUF006": RuleMeaning(
        _MEDIUM, _RELIABILITY, "The event loop holds tasks weakly: it may vanish before its end."
    ),
    "RUF024": RuleMeaning(_MEDIUM, _BUG, "All keys share the one value."),
    "PLE2502": RuleMeaning(
        _HIGH, _SECURITY, "Code with such characters does not read as it is executed."
    ),
    "PLW0133": RuleMeaning(_HIGH, _BUG, "It is made and dropped; a `raise` is missing."),
    "PLW1508": RuleMeaning(_LOW, _BUG, "The variable is a string where it is set."),
    "PLW2101": RuleMeaning(_HIGH, _BUG, "No other thread can ever wait for this lock."),
    "S102": RuleMeaning(_HIGH, _SECURITY, "Whoever controls the text runs code.", 0.8),
    "S104": RuleMeaning(_LOW, _SECURITY, "Every network the machine is in can connect.", 0.6),
    "S105": RuleMeaning(_MEDIUM, _SECURITY, "Whoever reads the repository has it.", 0.6),
    "S106": RuleMeaning(_MEDIUM, _SECURITY, "Whoever reads the repository has it.", 0.6),
    "S110": RuleMeaning(_MEDIUM, _RELIABILITY, "Nobody will learn that it failed, or why."),
    "S112": RuleMeaning(_LOW, _RELIABILITY, "Nobody will learn that it failed, or why."),
    "S113": RuleMeaning(_MEDIUM, _RELIABILITY, "A silent server blocks the caller for ever."),
    "S201": RuleMeaning(_HIGH, _SECURITY, "The debugger runs code for whoever reaches it."),
    "S202": RuleMeaning(_HIGH, _SECURITY, "Members can be written outside the target.", 0.8),
    "S301": RuleMeaning(_HIGH, _SECURITY, "Loading a pickle can run any code in it.", 0.7),
    "S307": RuleMeaning(_HIGH, _SECURITY, "Whoever controls the text runs code.", 0.8),
    "S324": RuleMeaning(_MEDIUM, _SECURITY, "Collisions can be made at will.", 0.7),
    "S501": RuleMeaning(_HIGH, _SECURITY, "Anybody on the way can pose as the server."),
    "S506": RuleMeaning(_HIGH, _SECURITY, "The document can make objects of any class."),
    "S507": RuleMeaning(_HIGH, _SECURITY, "Anybody on the way can pose as the server."),
    "S602": RuleMeaning(
        _HIGH, _SECURITY, "Part of the command from outside would run as a command itself.", 0.8
    ),
    "S604": RuleMeaning(
        _HIGH, _SECURITY, "Part of the command from outside would run as a command itself.", 0.6
    ),
    "S605": RuleMeaning(
        _HIGH, _SECURITY, "Part of the command from outside would run as a command itself.", 0.8
    ),
    "S608": RuleMeaning(
        _HIGH, _SECURITY, "Pass values as parameters; put in as text they can be SQL.", 0.7
    ),
    "S701": RuleMeaning(_HIGH, _SECURITY, "Values reach the page as markup, scripts included."),
}

# Rules whose message says all.
_SPEAKING: Mapping[RuleMeaning, str] = {
    RuleMeaning(_CRITICAL, _BUG): "F404 F701 F702 F704 F706 F707 F407 PLE0116 PLE0117 PLE0118",
    RuleMeaning(_HIGH, _BUG): (
        "F501 F502 F503 F504 F505 F506 F507 F508 F509 F521 F522 F523 F524 F525 F621 F622 F633 "
        "B016 B020 B030 B035 PLE0101 PLE0237 PLE0302 PLE0604 PLE0605 PLE0704 PLE1142 PLE1205 "
        "PLE1206 PLE1300 PLE1307 PLE1310 PLE1519 PLE1520 RUF016 RUF008"
    ),
    RuleMeaning(_MEDIUM, _BUG): (
        "F402 F822 B003 B005 B018 B022 B025 B029 B032 PLW0129 PLW0711 PLW1501 PLW1509"
    ),
    RuleMeaning(_LOW, _BUG): "B004 B011 B014 B033",
    RuleMeaning(_LOW, _MAINTAINABILITY): "F842 E721 B021 B026",
    RuleMeaning(_MEDIUM, _PERFORMANCE): "ASYNC210 ASYNC220 ASYNC221 ASYNC222",
    RuleMeaning(_HIGH, _SECURITY): "S323 S502 S503 S504 S505 S612 S702",
    RuleMeaning(_MEDIUM, _SECURITY, "", 0.7): (
        "S103 S107 S302 S306 S308 S312 S313 S314 S315 S316 S317 S318 S319 S321 S508 S509 S601 "
        "S609 S610 S611 S704"
    ),
    RuleMeaning(_LOW, _SECURITY, "", 0.5): "S108",
}

RULES: Mapping[str, RuleMeaning] = {
    **{code: meaning for meaning, codes in _SPEAKING.items() for code in codes.split()},
    **_EXPLAINED,
}

# Where Ruff's name for a rule says little to someone who does not know it.
TITLES: Mapping[str, str] = {
    "F632": "Identity compared where equality is meant",
    "F634": "Condition that always holds",
    "B002": "Increment that does nothing",
    "B023": "Loop variable used by a function made in the loop",
    "S608": "SQL put together from text",
    INVALID_SYNTAX: "Syntax error",
}

# Fixtures are imported to be found by name and shadowed by the arguments that ask for them; what
# looks like a secret, an address or a file of a test harms nobody.
UNIMPORTANT_IN_TESTS = frozenset({"F811", "S104", "S105", "S106", "S107", "S108", "S113", "B018"})
# A package's `__init__` and pytest's `conftest` import names for others to use.
UNIMPORTANT_IN_INTERFACES = frozenset({"F401", "F811"})
