"""Names, shapes and types of an exported program's inputs, and what is said of them."""

import hashlib
import json

import numpy as np

from pwcnet._version import __version__
from pwcnet.export.comparison import smooth_pairs
from pwcnet.export.signature import Signature, metadata
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import shipped_weights


def test_inputs():
    pairs = smooth_pairs(2, 64, 128)
    pair = Signature((64, 128), 2)
    assert pair.shapes() == {"x_tnsr": [2, 2, 64, 128, 3]}
    np.testing.assert_array_equal(pair.feed(pairs)["x_tnsr"], pairs)
    frames = Signature((61, 127), None, "uint8-frames")
    assert frames.shapes() == {"first": [None, 61, 127, 3], "second": [None, 61, 127, 3]}
    fed = frames.feed(pairs)
    assert list(fed) == ["first", "second"] and fed["first"].dtype == np.uint8
    np.testing.assert_allclose(fed["second"] / 255.0, pairs[:, 1], atol=0.51 / 255)
    floats = frames._replace(inputs="float-frames").feed(pairs)
    np.testing.assert_array_equal(floats["second"], pairs[:, 1])


def test_metadata():
    path = shipped_weights()
    signature = Signature((61, 127), None, "uint8-frames")
    facts = json.loads(json.dumps(metadata(Checkpoint(path), signature, "none")))
    with open(path, "rb") as stream:
        assert facts["weights_sha256"] == hashlib.sha256(stream.read()).hexdigest()
    assert (facts["variant"], facts["pwcnet_version"]) == ("sm-6-2", __version__)
    assert facts["inputs"]["second"] == {
        "shape": [None, 61, 127, 3],
        "type": "uint8",
        "channels": "RGB",
        "values": "0..255",
    }
    assert facts["output"]["shape"] == [None, 61, 127, 2] and facts["output"]["unit"] == "pixel"
