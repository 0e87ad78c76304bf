"""Fixtures of all tests."""

import os
import signal
import sys

import pytest

import pwcnet.cli.common  # noqa: F401  quiet TensorFlow, before anything imports it
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.names import escape_names
from tests.helpers.checkpoints import write_checkpoint
from tests.helpers.commands import ROOT
from tests.helpers.golden import golden_weights

# Started in a shell's background, Ctrl-C is ignored, by the programs that the tests start too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

RUNTIME = "tf1" if sys.version_info < (3, 8) else "tf2"
REAL_DATA = os.environ.get("PWCNET_REAL_DATA", os.path.join(ROOT, "..", "shared", "data"))


def pytest_addoption(parser):
    parser.addoption(
        "--full",
        action="store_true",
        help="also what is marked full, and on this runtime what is whole on the other one",
    )


def pytest_collection_modifyitems(config, items):
    """Without --full: leaves out what is marked full, or as whole on the other runtime."""
    if config.getoption("--full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full") or whole_elsewhere(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(hookwrapper=True)
def pytest_report_to_serializable():
    """Sends reports of workers as UTF-8, which names of files in them may not be."""
    outcome = yield
    outcome.force_result(sendable(outcome.get_result()))


def sendable(value):
    """The value of a report with its texts escaped where they are no UTF-8."""
    if isinstance(value, str):
        return escape_names(value)
    if isinstance(value, dict):
        return {sendable(key): sendable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(sendable, value))
    return value


def whole_elsewhere(item):
    """Whether a test is marked for the runtime that is not this one."""
    marker = item.get_closest_marker("whole_on")
    return marker is not None and marker.args[0] != RUNTIME


@pytest.fixture(scope="session")
def real_data():
    """The folder of real frames; skips the test where it is absent."""
    if not os.path.isdir(REAL_DATA):
        pytest.skip("no real frames in %s; set PWCNET_REAL_DATA to try them" % REAL_DATA)
    return REAL_DATA


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory):
    """The prefix of a checkpoint of the small variant with golden weights, step 7."""
    return write_checkpoint(
        tmp_path_factory.mktemp("small_checkpoint"), golden_weights("sm", 0), step=7
    )


@pytest.fixture(scope="session")
def small_frozen(small_checkpoint, tmp_path_factory):
    """The same network as a frozen graph for one pair of 64x128."""
    from pwcnet.export.frozen_graph import freeze, write_frozen
    from pwcnet.weights.checkpoint import Checkpoint

    path = str(tmp_path_factory.mktemp("small_frozen") / "pwcnet.pb")
    write_frozen(path, freeze(Checkpoint(small_checkpoint), 1, 64, 128))
    return path


@pytest.fixture(scope="session")
def tiny_sintel(tmp_path_factory):
    """A folder with MPI-Sintel-complete: scene_01 and scene_02 of 3 frames.

    The frames are 60x120, so that both sides are padded to 64x128.
    """
    folder = tmp_path_factory.mktemp("tiny_sintel")
    write_sintel(
        str(folder),
        [("scene_%02d" % number, demo_scene(number, 60, 120, 3, 6.0)) for number in (1, 2)],
    )
    return str(folder)


@pytest.fixture(scope="module")
def small_scenes():
    """Conversions to int8 look at two small scenes instead of four, which takes a third."""
    from pwcnet.export import equalization

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equalization, "SCENES", (201, 202))
        patch.setattr(equalization, "HEIGHT", 64)
        patch.setattr(equalization, "WIDTH", 128)
        yield


@pytest.fixture
def cluster():
    """Ray with a head of one CPU; `add_node` adds machines."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield cluster
    ray.shutdown()
    cluster.shutdown()
