from __future__ import annotations

import threading
import time

from fakeface.images._semaphore import WeightedSemaphore


def test_no_more_is_taken_at_once_than_there_is() -> None:
    budget = WeightedSemaphore(10)
    most = now = 0
    lock = threading.Lock()

    def work(amount: int) -> None:
        nonlocal most, now
        with budget.take(amount):
            with lock:
                now += min(amount, 10)
                most = max(most, now)
            time.sleep(0.005)
            with lock:
                now -= min(amount, 10)

    threads = [threading.Thread(target=work, args=(1 + i % 7,)) for i in range(24)]
    threads.append(threading.Thread(target=work, args=(99,)))  # more than there is: all of it
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert 5 < most <= 10
