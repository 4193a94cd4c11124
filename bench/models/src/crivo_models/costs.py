"""What one small pull request costs, as measured; the only numbers the models begin with."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

FOLDER = Path(__file__).parents[2]
MEASURED = FOLDER / "measured.toml"
BURST = FOLDER / "burst.toml"
# Digits that mean something: a clock tick is a hundredth of a second.
DIGITS = 4

Table: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where, when, and how many cores other programs used meanwhile."""

    date: str
    processor: str
    cores: int
    used_by_others: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a review while nothing else is reviewed."""

    seconds: float
    deviation: float

    @property
    def spread(self) -> float:
        """The coefficient of variation."""
        return self.deviation / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What one pull request leaves in a database: mean counts, and bytes with its indexes."""

    inserted: float
    updated: float
    deleted: float
    commits: float
    bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Per pull request, unless it says otherwise; `cpu` and `accept_cpu` are seconds by process.

    `idle` is how many cores each process uses while nothing is asked of it.
    """

    machine: Machine
    pull_requests: int
    cpu: Mapping[str, float]
    accept_cpu: Mapping[str, float]
    idle: Mapping[str, float]
    stages: Mapping[str, Stage]
    stores: Mapping[str, Store]
    messages: Mapping[str, float]
    wal_bytes: float
    api_calls: float
    commit_seconds: float

    @classmethod
    def read(cls, file: Path = MEASURED) -> Self:
        table = tomllib.loads(file.read_text())
        nested: Table = {
            "machine": Machine(**table.pop("machine")),
            "stages": {name: Stage(**each) for name, each in table.pop("stages").items()},
            "stores": {name: Store(**each) for name, each in table.pop("stores").items()},
        }
        return cls(**nested, **table)

    def write(self, file: Path = MEASURED) -> None:
        file.write_text("# Written by `make measure-costs`.\n" + as_toml(asdict(self)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Many pull requests at once; by the model, or as it really went."""

    pull_requests: int
    people: int
    seconds: float
    p50: float
    p95: float
    utilisation: Mapping[str, float]

    @property
    def throughput(self) -> float:
        return self.pull_requests / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RealBurst:
    machine: Machine
    burst: Burst

    @classmethod
    def read(cls, file: Path = BURST) -> Self:
        table = tomllib.loads(file.read_text())
        return cls(machine=Machine(**table["machine"]), burst=Burst(**table["burst"]))

    def write(self, file: Path = BURST) -> None:
        file.write_text("# Written by `make measure-burst`.\n" + as_toml(asdict(self)))


def as_toml(table: Table, path: tuple[str, ...] = ()) -> str:
    """Plain values first, then each table under its path; as much of TOML as these files need."""
    plain = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"{_key(name)} = {_value(value)}\n" for name, value in plain.items()]
    if path and lines:
        lines.insert(0, f"\n[{'.'.join(map(_key, path))}]\n")
    for name, value in table.items():
        if isinstance(value, Mapping):
            lines.append(as_toml(value, (*path, name)))
    return "".join(lines)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else f'"{name}"'


def _value(value: object) -> str:
    if isinstance(value, float):
        return repr(round(value, DIGITS))
    return str(value) if isinstance(value, int) else f'"{value}"'
