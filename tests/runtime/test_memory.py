"""How much memory a process may still take."""

import os

import pytest

from pwcnet.runtime import memory

GIB = 2**30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Writes files of a system: machine's free KiB, the process's groups, and theirs."""

    def write(available=None, groups="", files=()):
        (tmp_path / "cgroup").write_text(groups)
        if available is not None:
            (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable: %d kB\n" % available)
        for name, content in dict(files).items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    monkeypatch.setattr(memory, "MACHINE", str(tmp_path / "meminfo"))
    monkeypatch.setattr(memory, "GROUPS", str(tmp_path / "cgroup"))
    monkeypatch.setattr(memory, "GROUP_ROOT", str(tmp_path / "groups"))
    return write


def test_what_the_machine_has_free(system):
    system(8 * 2**20)
    assert memory.free_memory() == 8 * GIB
    assert memory.memory_limit() == 6 * GIB


@pytest.mark.parametrize("path", ["/a/b", "/"])
def test_a_container_of_version_2(system, path):
    files = {
        "memory.max": "%d\n" % (4 * GIB),
        "memory.current": "%d\n" % (3 * GIB),
        "memory.stat": "anon 5\ninactive_file %d\n" % GIB,
        "a/memory.max": "max\n",
        "a/memory.current": "7\n",
    }
    system(8 * 2**20, "0::%s\n" % path, files)
    assert memory.free_memory() == 2 * GIB


def test_a_container_of_version_1(system):
    files = {
        "memory/a/memory.limit_in_bytes": str(2 * GIB),
        "memory/a/memory.usage_in_bytes": str(GIB),
        "memory/memory.limit_in_bytes": str(2**63 - 4096),
        "memory/memory.usage_in_bytes": str(GIB),
    }
    system(8 * 2**20, "3:cpu:/\n4:cpu,memory:/a\n", files)
    assert memory.free_memory() == GIB


def test_lines_of_another_form_do_not_count(system):
    files = {"memory.max": "%d" % GIB, "memory.current": "x"}
    system(8 * 2**20, "\n0:/\n0::/\n7\n", files)
    assert memory.free_memory() == 8 * GIB


def test_names_of_groups_in_any_bytes(system, tmp_path):
    system(8 * 2**20)
    name = "caf\u00e9".encode("latin-1")
    (tmp_path / "cgroup").write_bytes(b"0::/" + name + b"\n")
    folder = os.path.join(os.fsencode(str(tmp_path)), b"groups", name)
    os.makedirs(folder)
    for file, number in ((b"memory.max", 2 * GIB), (b"memory.current", GIB)):
        with open(os.path.join(folder, file), "wb") as stream:
            stream.write(b"%d" % number)
    assert memory.free_memory() == GIB


def test_a_system_that_tells_nothing(system):
    system()
    assert memory.free_memory() is None and memory.memory_limit() is None


def test_what_the_user_allows_counts_alone(system):
    system(8 * 2**20)
    assert memory.memory_limit(1.5) == 1500000000
    assert memory.memory_limit(1e300) > 10**15
    for gigabytes in (0, -1, float("nan"), float("inf"), "some memory"):
        with pytest.raises(ValueError, match="memory"):
            memory.memory_limit(gigabytes)
