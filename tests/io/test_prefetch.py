"""Reading ahead and writing behind."""

import threading

import pytest

from pwcnet.io.prefetch import Background, ahead, behind


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


def test_behind_keeps_order_and_gives_what_was_done_before_an_error():
    assert (
        list(behind(lambda n: n * n, range(7))) == [n * n for n in range(7)]
        and list(behind(str, ())) == []
    )

    def items(error):
        yield from range(4)
        raise error

    for error in (ValueError("broken"), KeyboardInterrupt()):
        taken = []
        with pytest.raises(type(error)):
            for item in behind(str, items(error)):
                taken.append(item)
        assert taken == ["0", "1", "2", "3"]


def test_behind_raises_the_errors_of_its_function_in_place():
    before, taken = threading.active_count(), []
    with pytest.raises(ZeroDivisionError):
        for item in behind(lambda n: 6 // (3 - n), range(100)):
            taken.append(item)
    assert taken == [2, 3, 6] and threading.active_count() == before


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
            later(failed.set)  # queued already, or refused
            failed.wait(10)
            made.append("second")
            later(made.append, "third")
    assert "third" not in made
