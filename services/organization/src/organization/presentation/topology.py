"""What the service publishes to; it consumes nothing yet."""

from crivo_messaging.topology import Exchange, Topology
from organization_contracts.events import EXCHANGE

TOPOLOGY = Topology(exchanges=[Exchange(EXCHANGE)])
