"""Where the project's own weights are."""
import os

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pwcnet-sm-scenes.npz")


def shipped_weights():
    """The path of the weights that come with the project: the small network, trained on generated scenes alone. Raises FileNotFoundError."""
    if not os.path.isfile(SHIPPED):
        raise FileNotFoundError("expected the project's own weights, found none at %s; name others with --ckpt" % SHIPPED)
    return SHIPPED
