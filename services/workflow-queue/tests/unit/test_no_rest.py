"""No job may rest for ever, and none be done by two: the model of the world, run at random.

`tests/model_statistics.py` runs it with a larger budget and says what it went through.
"""

from hypothesis import HealthCheck, settings
from workflow_queue_support.endings import EverybodyElseIsDead, EverybodyIsBack

SETTINGS = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestEverybodyElseIsDead = EverybodyElseIsDead.TestCase
TestEverybodyElseIsDead.settings = SETTINGS
TestEverybodyIsBack = EverybodyIsBack.TestCase
TestEverybodyIsBack.settings = SETTINGS
