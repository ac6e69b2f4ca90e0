"""The alert rules, by Prometheus' own tool; the metrics themselves are looked at in test_boot.py."""

from conftest import REPOSITORY
from lab.shell import run

RULES = REPOSITORY / "docs/prometheus"


def test_the_alert_rules_are_valid_and_fire_when_they_should(promtool):
    run([promtool, "check", "rules", RULES / "overland.rules.yml"])
    run([promtool, "test", "rules", RULES / "overland.rules.test.yml"])
