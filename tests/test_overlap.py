"""Reading ahead and writing behind."""
import threading

import pytest

from pwcnet.overlap import Background, ahead


def test_ahead_keeps_order_and_raises_in_place():
    def items():
        for number in range(5):
            yield number
        raise ValueError("broken file")
    taken = []
    with pytest.raises(ValueError, match="broken file"):
        for item in ahead(items()):
            taken.append(item)
    assert taken == list(range(5))


def test_ahead_is_no_further_ahead_than_told_and_stops_when_left():
    made = []
    before = threading.active_count()
    for item in ahead((made.append(n) or n for n in range(100)), depth=3):
        if item == 10:
            break
    assert len(made) <= 10 + 1 + 3 + 1 and threading.active_count() == before


def test_background_does_all_and_reports_the_first_error():
    done = []
    with Background(depth=2) as later:
        for number in range(10):
            later(done.append, number)
    assert done == list(range(10))

    def fail():
        raise OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        with Background() as later:
            later(fail)
            later(done.append, 11)


def test_an_error_is_raised_by_the_next_call():
    def fail():
        raise OSError("disk full")
    made, failed = [], threading.Event()
    with pytest.raises(OSError, match="disk full"):
        with Background(depth=4) as later:
            later(fail)
            later(failed.set)                   # queued already, or refused
            failed.wait(10)
            made.append("second")
            later(made.append, "third")
    assert "third" not in made
