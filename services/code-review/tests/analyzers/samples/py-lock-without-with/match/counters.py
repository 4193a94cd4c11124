def add():
    lock.acquire()  # crivo: match
    total.value += 1
    lock.release()


class Store:
    async def put(self, row):
        await self._lock.acquire()  # crivo: match
        await self.rows.insert(row)
        self._lock.release()

    def swap(self):
        self.mutex.acquire()  # crivo: match
        if self.ready:
            self.mutex.release()
