"""Prefetching, the pipelined map and the background writer: order, errors, threads that end."""

import threading

import pytest

from pwcnet.io.prefetch import BackgroundWriter, pipelined_map, prefetch


def broken_after(count, error):
    """Numbers from 0, then the error."""
    yield from range(count)
    raise error


def disk_full():
    raise OSError("disk full")


def collect(iterator, error):
    """The items up to the error, which must be raised."""
    items = []
    with pytest.raises(type(error)) as caught:
        items.extend(iterator)
    assert caught.value is error
    return items


@pytest.mark.parametrize("error", [ValueError("broken file"), KeyboardInterrupt()])
def test_prefetch_keeps_the_order_and_raises_in_place(error):
    assert list(prefetch(range(7))) == list(range(7)) and list(prefetch(())) == []
    assert collect(prefetch(broken_after(5, error)), error) == list(range(5))


def test_prefetch_stays_within_its_depth_and_stops_when_the_loop_is_left():
    computed = []
    threads = threading.active_count()
    for item in prefetch((computed.append(n) or n for n in range(100)), depth=3):
        if item == 10:
            break
    # Ten items before, the current one, three that wait and one that waits for a place.
    assert len(computed) <= 10 + 1 + 3 + 1 and threading.active_count() == threads


@pytest.mark.parametrize("count", [0, 1, 7])
def test_pipelined_map_keeps_the_order(count):
    assert list(pipelined_map(lambda n: n * n, range(count))) == [n * n for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 4])
@pytest.mark.parametrize("error", [ValueError("broken file"), KeyboardInterrupt()])
def test_pipelined_map_yields_what_was_computed_before_an_error(count, error):
    results = collect(pipelined_map(str, broken_after(count, error)), error)
    assert results == [str(number) for number in range(count)]


def test_pipelined_map_raises_errors_of_its_function_in_place():
    threads, results = threading.active_count(), []
    with pytest.raises(ZeroDivisionError):
        results.extend(pipelined_map(lambda n: 6 // (3 - n), range(100)))
    assert results == [2, 3, 6] and threading.active_count() == threads


def test_pipelined_map_raises_the_error_of_its_function_before_that_of_the_iterable():
    with pytest.raises(ZeroDivisionError):
        list(pipelined_map(lambda n: 1 // n, broken_after(1, ValueError("broken file"))))


def test_the_function_runs_at_most_depth_items_behind():
    computed = []
    mapped = pipelined_map(str, (computed.append(n) or n for n in range(100)), depth=2)
    assert next(mapped) == "0" and len(computed) == 3
    mapped.close()
    assert len(computed) == 3


def test_background_writer_runs_all_calls_in_order():
    written = []
    with BackgroundWriter(depth=2) as writer:
        for number in range(10):
            writer.submit(written.append, number)
    assert written == list(range(10))


def test_background_writer_raises_the_first_error():
    with pytest.raises(OSError, match="disk full"), BackgroundWriter() as writer:
        writer.submit(disk_full)
        writer.submit(str)


def test_an_error_is_raised_by_the_next_call():
    written, queued = [], threading.Event()
    with pytest.raises(OSError, match="disk full"), BackgroundWriter(depth=4) as writer:
        writer.submit(disk_full)
        writer.submit(queued.set)  # queued already, or refused
        queued.wait(10)
        written.append("before")
        writer.submit(written.append, "after")
    assert "after" not in written


def test_the_error_of_the_block_goes_before_that_of_a_call():
    with pytest.raises(KeyboardInterrupt), BackgroundWriter() as writer:
        writer.submit(disk_full)
        raise KeyboardInterrupt
