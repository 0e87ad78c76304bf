"""Damage to the bytes of a file, as disks, mounts, downloads and programs do it."""

import struct

EXTREMES = (0, 1, -1, 0x7FFFFFFF, -0x80000000, 0x00FFFFFF, 0x7F7FFFFF)


def cut(data, random):
    """Without its end."""
    return data[: random.randint(len(data))]


def emptied(data, random):
    """Without anything."""
    return b""


def appended(data, random):
    """With random bytes after its end."""
    return data + random.bytes(random.randint(1, 5000))


def doubled(data, random):
    """Twice in a row."""
    return data + data


def flipped(data, random):
    """With up to eight bits changed."""
    changed = bytearray(data)
    for position in random.randint(len(data), size=random.randint(1, 9)):
        changed[position] ^= 1 << random.randint(8)
    return bytes(changed)


def zeroed(data, random):
    """With a block of zeros."""
    start, end = block(data, random)
    return data[:start] + bytes(end - start) + data[end:]


def scrambled(data, random):
    """With a block of random bytes."""
    start, end = block(data, random)
    return data[:start] + random.bytes(end - start) + data[end:]


def without_block(data, random):
    """With a block lost and what follows moved up."""
    start, end = block(data, random)
    return data[:start] + data[end:]


def repeated_block(data, random):
    """With a block there twice."""
    start, end = block(data, random)
    return data[:end] + data[start:]


def extreme_number(data, random):
    """With an integer near its start that is very large, negative or zero."""
    number = struct.pack(random.choice(["<i", ">i"]), EXTREMES[random.randint(len(EXTREMES))])
    start = random.randint(max(1, min(len(data), 128) - 3))
    return data[:start] + number + data[start + 4 :]


def random_bytes(data, random):
    """Other bytes, as many."""
    return random.bytes(len(data))


def block(data, random):
    """(start, end) of a part of the data, mostly a small one."""
    length = min(len(data), int(2 ** random.uniform(0, 13)))
    start = random.randint(len(data) - length + 1)
    return start, start + length


# What keeps the data whole, or nothing but its start: what is read then is what was there.
KEEPING = (cut, emptied, appended, doubled)
MUTATIONS = KEEPING + (
    flipped,
    zeroed,
    scrambled,
    without_block,
    repeated_block,
    extreme_number,
    random_bytes,
)
