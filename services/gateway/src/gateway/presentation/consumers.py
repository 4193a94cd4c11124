"""One function per queue: translate, call."""

from crivo_messaging.consumer import RabbitMessage, message_id, queue
from crivo_tasks.unavailable import Unavailable
from faststream.rabbit import RabbitRouter

from gateway.application.live import LiveAway, LiveLog
from gateway.presentation.topology import CHANGES
from gateway.presentation.translation import News, change


def consumers(log: LiveLog) -> RabbitRouter:
    router = RabbitRouter()

    @router.subscriber(queue(CHANGES))
    async def on_news(news: News, message: RabbitMessage) -> None:
        try:
            await log.append(change(news, message_id(message)))
        except LiveAway as away:
            raise Unavailable(str(away)) from away

    return router
