"""What the tests of scripts/gpu_training compute in a Python with PyTorch, which has no TensorFlow.

`python tests/helpers/torch_checks.py CHECK ARGUMENTS` prints the result as JSON.
"""

import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WAYS = {"plain": (1, "rows", "direct"), "filled": (8, "tiles", "batch")}
SIZE = 48, 64  # of scenes that are compared
TEXTURES = 24


def flow(variant, weights, pairs, output):
    """Writes all flows of the golden pair, in each of WAYS: {way: [level 6, ..., 2, full]}."""
    import numpy as np
    import torch

    from pwcnet.model.config import ModelConfig
    from scripts.gpu_training.network import PWCNet
    from scripts.gpu_training.variables import from_arrays, to_arrays

    config = ModelConfig.from_name(variant)
    x = torch.from_numpy(np.load(pairs)["x"]).permute(0, 1, 4, 2, 3).contiguous()
    arrays, flows = dict(np.load(weights)), {}
    for name, way in WAYS.items():
        network = PWCNet(config, *way)
        from_arrays(network.weights, arrays)
        with torch.no_grad():
            full, levels, _ = network(x)
        for number, value in enumerate([*levels, full]):
            flows["%s_%d" % (name, number)] = value.permute(0, 2, 3, 1).numpy()
    np.savez(output, **flows)
    back = to_arrays(network.weights)
    return {name: bool(np.array_equal(back[name], arrays[name])) for name in arrays}


def runs(folder):
    """Trains 4 steps in one call, and in two with a state; returns the last lines of the logs.

    The first reports errors of packed pairs, the second writes weights in parts that are merged.
    """
    from scripts.gpu_training.command_line import main

    def train(*words):
        main([str(word) for word in words], "train.py")

    real, state, halves = (
        os.path.join(folder, name) for name in ("real.npz", "state.pt", "halves")
    )
    tiny = (
        "--steps 4 --batch-size 2 --render 2 --pool 4 --echo 1 --size 64x128 --textures 3 "
        "--exchange 0 --held-back 0 --threads 1 --matching 2 --matching-levels 4 5 6"
    ).split()
    pairs = "generated=seed=3,pairs=20,height=64,width=64,textures=2"
    train("pack", "--data", pairs, "--most", 2, "--output", real)
    whole = os.path.join(folder, "whole")
    train("run", "--start", "small", *tiny, "--output", whole, "--validate", real)
    continued = "run", "--start", "small", *tiny, "--output", halves, "--state", state
    train(*continued, "--stop-after", 2)
    train(*continued, "--part-size", 5)
    parts = [os.path.join(halves, "weights-%d.npz" % part) for part in (0, 1)]
    train("merge", *parts, "--output", os.path.join(halves, "weights.npz"))
    lines = {}
    for name in ("whole", "halves"):
        with open(os.path.join(folder, name, "log.txt")) as stream:
            lines[name] = [line for line in stream if line.startswith("end")]
    return lines


def refused(folder):
    """The errors of wrong inputs, [type, message] each, and what they have left in the folder."""
    import numpy as np
    import torch

    from scripts.gpu_training.command_line import main
    from scripts.gpu_training.options import TrainingOptions
    from scripts.gpu_training.run_folder import STATE
    from scripts.gpu_training.weights import read_arrays, write_arrays

    def at(name):
        return os.path.join(folder, name)

    small = read_arrays(["small"])
    name = "pwcnet/featpyr/conv1a/kernel"
    write_arrays(at("whole.npz"), small)
    np.savez(at("nan.npz"), **dict(small, **{name: small[name] * np.float16("nan")}))
    write_arrays(at("part.npz"), {name: small[name]})
    arrays = {"a:pair": np.zeros((2, 8, 8)), "a:flow": np.zeros((8, 8, 2))}
    np.savez(at("real.npz"), **arrays)
    torch.save({"a": 1}, at("other.pt"))
    began = TrainingOptions("out", levels=(5, 6)).continued()
    torch.save(dict(dict.fromkeys(STATE, 0), options=began), at("levels.pt"))
    began = TrainingOptions("out").continued()
    torch.save(dict(dict.fromkeys(STATE, 0), options=began), at("damaged.pt"))
    with open(at("file"), "w"):
        pass
    before = sorted(os.listdir(folder))
    run = "run --output %s --start small" % at("out")
    cases = {
        "missing weights": "run --output %s --start %s" % (at("out"), at("run/pwcnet.ckpt-10")),
        "weights of nan": "run --output %s --start %s" % (at("out"), at("nan.npz")),
        "two of weights": "%s %s" % (run, at("whole.npz")),
        "other pairs": "%s --validate %s" % (run, at("real.npz")),
        "other state": "%s --state %s" % (run, at("other.pt")),
        "other levels": "%s --state %s" % (run, at("levels.pt")),
        "damaged state": "%s --state %s" % (run, at("damaged.pt")),
        "state in a file": "%s --state %s" % (run, at("file/state.pt")),
        "small pool": run + " --pool 4 --render 8",
        "small motion": run + " --median-motion 9 --largest-motion 3",
        "large seed": run + " --seed 4294967296",
        "missing part": "merge %s --output %s" % (at("part.npz"), at("merged.npz")),
        "same part": "merge %s %s --output %s" % (*[at("part.npz")] * 2, at("merged.npz")),
    }
    errors = {}
    for case, line in cases.items():
        try:
            main(line.split(), "train.py")
            errors[case] = None
        except (ValueError, OSError) as error:
            errors[case] = type(error).__name__, str(error)
    return errors, sorted(set(os.listdir(folder)) - set(before))


def photographs(folder):
    """The shape of what is read of a folder, and the mean of its first rows."""
    from scripts.gpu_training.atlas import read_photographs

    images = read_photographs(folder)
    return images.shape, float(images[0, :, :100].mean())


def stale_parts(folder):
    """The files of weights of a folder after they were written in parts, then as one file."""
    from scripts.gpu_training.options import TrainingOptions
    from scripts.gpu_training.run_folder import RunFolder
    from scripts.gpu_training.weights import start_network

    network = start_network(False, ["small"])
    RunFolder(TrainingOptions(folder, part_size=5), False).write(network, 1)
    parts = sorted(os.listdir(folder))
    RunFolder(TrainingOptions(folder, overwrite=True), False).write(network, 1)
    return parts, sorted(os.listdir(folder))


def orphans(output):
    """Writes the numbers of processes that make textures, and is killed."""
    import signal

    from scripts.gpu_training import texture_process

    processes = texture_process.TextureProcesses(0, 2, dict.fromkeys(texture_process.STREAMS, 0))
    for kind in texture_process.STREAMS:
        processes.ask(kind, 1)
        processes.take(kind)
    with open(output, "w") as stream:
        stream.write(" ".join(str(process.pid) for process in processes._processes))
    os.kill(os.getpid(), signal.SIGKILL)


def grown():
    """Largest difference of the flow of the large network grown from the small one, in pixels."""
    import torch

    from scripts.gpu_training.weights import start_network

    pair = torch.rand(1, 2, 3, 64, 128, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        small, large = (start_network(size, ["small"])(pair)[0] for size in (False, True))
    return float((small - large).abs().max()), float(small.abs().max())


def revived(folder):
    """Revives weights with dead levels: errors, and gradients of the coarsest features.

    They are the shipped ones without what levels 5 and 6 have learned.
    """
    import numpy as np
    import torch

    from pwcnet.data.synthetic.options import SceneOptions
    from scripts.gpu_training.bank import generated_surfaces
    from scripts.gpu_training.command_line import main
    from scripts.gpu_training.layers import Layers
    from scripts.gpu_training.losses import multiscale_loss
    from scripts.gpu_training.validation import end_point_error
    from scripts.gpu_training.weights import read_arrays, start_network, write_arrays

    torch.set_num_threads(1)
    dead, path = (os.path.join(folder, name) for name in ("dead.npz", "revived.npz"))
    arrays = read_arrays(["small"])
    coarse = [name for name in arrays if re.search(r"[a-z](5|6)", name) and "kernel" in name]
    write_arrays(dead, dict(arrays, **{name: arrays[name] * np.float16(1e-5) for name in coarse}))
    main(["revive", dead, path, "--threads", "1"], "train.py")
    slow = SceneOptions(height=128, width=192, median_motion=3.0, largest_motion=20.0)
    batch = Layers(slow, generated_surfaces(torch.device("cpu"), 6, 1), 1).batch(4)
    result = {}
    for name, start in (("before", dead), ("after", path)):
        network = start_network(False, [start])
        with torch.no_grad():
            error = end_point_error(network, batch.pairs, batch.flow)
        head = network.weights["predict_flow__flow6__kernel"]
        features = network.weights["featpyr__conv6b__kernel"]
        for _ in range(2):  # the head begins at 0: features learn from the second step on
            flows = network(batch.pairs.float() / 255)[1]
            network.zero_grad()
            multiscale_loss(flows, batch.flow, torch.zeros(())).backward()
            with torch.no_grad():
                head -= 0.01 * head.grad / head.grad.abs().max().clamp(min=1e-20)
        gradient, largest = (
            float(value.abs().max()) for value in (features.grad, features.detach())
        )
        result[name] = {"error": error, "gradient": gradient, "features": largest}
    return result


def scenes(kind, output, pairs):
    """Writes statistics of pairs of the project's generator and of the GPU's: [2, 3, pairs]."""
    import numpy as np
    import torch

    from pwcnet.data.synthetic import banks
    from pwcnet.data.synthetic.options import SceneOptions
    from scripts.gpu_training.bank import Surfaces
    from scripts.gpu_training.validation import KINDS

    torch.set_num_threads(1)
    pairs, seed, batch_size = int(pairs), 5, 10
    options = {"height": SIZE[0], "width": SIZE[1], "textures": TEXTURES}
    options.update(median_motion=2.0, largest_motion=20.0)
    project = [statistics(*pair) for pair in project_pairs(kind, seed, pairs, options)]
    chosen = SceneOptions(**options)
    textures = [banks.texture(seed, 0, place, chosen)[0] for place in range(TEXTURES)]
    masks = [banks.mask(seed, 0, place, chosen) for place in range(TEXTURES)]
    surfaces = Surfaces(
        torch.device("cpu"),
        np.stack([texture.transpose(2, 0, 1) for texture in textures]),
        0,
        [(mask.level.astype(np.float32), np.asarray(mask.box, np.float32)) for mask in masks],
    )
    source, gpu = KINDS[kind](chosen, surfaces, seed), []
    for _ in range(0, pairs, batch_size):
        batch = source.batch(batch_size)
        frames = batch.pairs[:, 0].permute(0, 2, 3, 1).numpy()
        flows = batch.flow.permute(0, 2, 3, 1).numpy()
        gpu += [statistics(*pair) for pair in zip(frames, flows, ~batch.visible.numpy())]
    np.save(output, np.stack([np.transpose(project), np.transpose(gpu)]))


def project_pairs(kind, seed, pairs, options):
    """Frame 1 [H, W, 3], flow [H, W, 2], occlusion [H, W] of pairs of the project's generator."""
    from pwcnet.data.synthetic.options import SceneOptions
    from pwcnet.data.synthetic.scenes import generate_scene

    chosen = SceneOptions(**options, kind=kind)
    for number in range(pairs):
        scene = generate_scene(seed, number, 2, chosen)
        yield scene.frames[0], scene.flows[0], scene.occlusions[0]


def statistics(frame, flow, occlusion):
    """Mean motion in pixels, occluded share, and median deviation of grey in blocks of 8x8."""
    import numpy as np

    length = np.hypot(flow[..., 0], flow[..., 1])
    gray = frame.astype(np.float32).mean(-1)
    height, width = (side // 8 for side in gray.shape)
    blocks = gray[: 8 * height, : 8 * width].reshape(height, 8, width, 8)
    return np.nanmean(length), occlusion.mean(), np.median(blocks.std((1, 3)))


if __name__ == "__main__":
    sys.path.insert(0, ROOT)
    check, *arguments = sys.argv[1:]
    result = globals()[check](*arguments)
    sys.stdout.write("\n" + json.dumps(result) + "\n")
