def add():
    with lock:
        total.value += 1


def careful():
    lock.acquire()
    try:
        total.value += 1
    finally:
        lock.release()


def inside():
    try:
        lock.acquire()
        total.value += 1
    finally:
        lock.release()


class Lock:
    def __enter__(self):
        self._lock.acquire()

    def __exit__(self, *error):
        self._lock.release()


def connect():
    connection = pool.acquire()
    pool.release(connection)
