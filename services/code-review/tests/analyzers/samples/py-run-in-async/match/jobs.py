async def handler(event):
    asyncio.run(store(event))  # crivo: match
    if event.urgent:
        result = asyncio.run(notify(event), debug=True)  # crivo: match
    loop.run_until_complete(flush())  # crivo: match


class Worker:
    async def stop(self):
        self.loop.run_until_complete(self.close())  # crivo: match
