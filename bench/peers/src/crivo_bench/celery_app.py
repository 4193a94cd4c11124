"""The peer of the workflow queue, with the same promises: quorum queues, publisher confirms, late
acknowledgements, and every result in PostgreSQL.

https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/rabbitmq.html
"""

import os
import time

from celery import Celery

NO_OP = "peer.no_op"


def nothing(sent_ns: int) -> int:
    """How long after it was sent the job began to run, in nanoseconds."""
    return time.time_ns() - sent_ns


def create(broker: str | None, database: str | None) -> Celery:
    made = Celery("peer", broker=broker, backend=f"db+{database}", set_as_current=False)
    made.conf.update(
        task_default_queue="peer",
        task_default_queue_type="quorum",
        worker_detect_quorum_queues=True,
        broker_transport_options={"confirm_publish": True},
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
    )
    made.task(name=NO_OP)(nothing)
    return made


app = create(os.environ.get("PEER_BROKER_URL"), os.environ.get("PEER_DATABASE_URL"))
