import tensorflow.compat.v1 as tf


class FixedLossScaleManager:
    def __init__(self, loss_scale):
        if loss_scale < 1:
            raise ValueError("loss scale must be at least 1")
        self.about, self._scale = {"loss_scale": loss_scale}, tf.constant(loss_scale, tf.float32)

    def get_loss_scale(self):
        return self._scale

    def update_loss_scale(self, finite):
        return tf.no_op()


class ExponentialUpdateLossScaleManager:
    def __init__(
        self,
        init_loss_scale,
        incr_every_n_steps,
        decr_every_n_nan_or_inf=2,
        incr_ratio=2,
        decr_ratio=0.8,
    ):
        self.about = {
            "init_loss_scale": init_loss_scale,
            "incr_every_n_steps": incr_every_n_steps,
            "decr_every_n_nan_or_inf": decr_every_n_nan_or_inf,
            "incr_ratio": incr_ratio,
            "decr_ratio": decr_ratio,
        }
        self._scale = tf.get_variable(
            "loss_scale", initializer=float(init_loss_scale), trainable=False
        )
        self._bad = tf.get_variable("loss_scale_bad_steps", initializer=0, trainable=False)

    def get_loss_scale(self):
        return self._scale

    def update_loss_scale(self, finite):
        bad = tf.assign(self._bad, tf.where(finite, 0, self._bad + 1))
        lower = bad >= self.about["decr_every_n_nan_or_inf"]
        scale = tf.assign(
            self._scale, tf.where(lower, self._scale * self.about["decr_ratio"], self._scale)
        )
        with tf.control_dependencies([scale]):
            return tf.group(tf.assign(self._bad, tf.where(lower, 0, bad)))
