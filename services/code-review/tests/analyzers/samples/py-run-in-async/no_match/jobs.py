def main():
    asyncio.run(serve())


async def handler(event):
    await store(event)

    def in_thread():
        asyncio.run(store(event))

    await asyncio.to_thread(in_thread)
    await asyncio.to_thread(lambda: asyncio.run(store(event)))


def async_main():
    loop.run_until_complete(serve())
