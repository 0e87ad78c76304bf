"""A small training run for tests that kill it, or start several workers.

training_program.py DATASET SAVE_PATH STEPS BATCH_SIZE [light]
"""

import logging
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
import pwcnet.cli.common  # noqa: F401  quiet TensorFlow, before anything imports it
from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.input_pipeline import TrainingData
from pwcnet.distributed.engines import open_workers
from pwcnet.model.config import ModelConfig
from pwcnet.runtime.devices import session_config
from pwcnet.training.options import TrainingOptions
from pwcnet.training.retention import Retention
from pwcnet.training.run_folder import RunFolder
from pwcnet.training.trainer import train
from tests.helpers.training import train_light_network

if sys.argv[5:] == ["light"]:
    train_light_network()
dataset, save_path, steps, batch_size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
options = TrainingOptions(
    steps=steps,
    batch_size=batch_size,
    crop=(64, 64),
    loss="multiscale",
    schedule="constant",
    learning_rate=1e-4,
    display=1,
    save_every=3,
    threads=1,
    seed=7,
    average_decay=0.9,
)
with open_workers(session_config(1)) as workers, RunFolder(
    save_path, Retention(keep=2, keep_every=0), leader=workers.leader
) as run_folder:
    if workers.leader:
        handler = logging.FileHandler(os.path.join(save_path, "train.log"))
        logging.getLogger().addHandler(handler)
        logging.getLogger("pwcnet").setLevel(logging.INFO)
    data = TrainingData(
        sintel_samples(dataset, mode="train_noval"), options.crop, options.augment, options.seed
    )
    train(data, ModelConfig.small(), options, run_folder, resume=True, workers=workers)
