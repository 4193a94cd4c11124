"""An alert about a metric that nobody has any more never fires, and nobody notices."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "infra" / "prometheus"
OF_PROMETHEUS = {"up"}
DECLARED = re.compile(r"\b(?:Counter|Gauge|Histogram)\(\s*\"(\w+)\"(?:[^()]|\([^()]*\))*\)")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def metrics() -> set[str]:
    """The names that the code declares; a counter's ends in _total."""
    return {
        name
        for folder in ("libs", "services")
        for file in (ROOT / folder).glob("*/src/**/*.py")
        for name in DECLARED.findall(file.read_text())
    }


def names_of(expression: str) -> set[str]:
    """What is neither a function, nor a label, nor inside of a matcher."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)", "", expression)
    return set(re.findall(r"\b[a-z_]\w*\b(?!\s*\()", bare)) - {"max", "min", "sum", "and", "or"}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_is_about_metrics_that_the_code_declares(rule: dict[str, Any]) -> None:
    used = names_of(rule["expr"])

    assert used
    assert used - metrics() - OF_PROMETHEUS == set()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_waits_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+m", rule["for"])
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"].keys() == {"summary", "action"}


def test_open_dead_letters_alert_after_five_minutes_and_say_where_to_look() -> None:
    (rule,) = [rule for rule in rules() if rule["alert"] == "DeadLettersOpen"]

    assert (rule["expr"], rule["for"]) == ("max by (service) (crivo_dead_letters_open) > 0", "5m")
    assert "GET /v1/dead-letters/{{ $labels.service }}" in rule["annotations"]["action"]


def test_prometheus_is_given_the_rules_where_it_looks_for_them() -> None:
    (file,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["rule_files"]
    volumes = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["prometheus"]

    assert f"./infra/prometheus/alerts.yml:{file}:ro" in volumes["volumes"]


def test_alerts_about_a_service_find_its_name_on_every_metric() -> None:
    (crivo, _) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    (relabel,) = crivo["relabel_configs"]

    matched = re.fullmatch(relabel["regex"], "workflow-queue:8080")
    assert (matched and matched[1], relabel["target_label"]) == ("workflow-queue", "service")
