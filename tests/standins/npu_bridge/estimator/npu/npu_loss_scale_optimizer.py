import npu_bridge
import tensorflow.compat.v1 as tf

LARGEST = 65504.0  # of float16, where a 910 saturates


class NPULossScaleOptimizer(tf.train.Optimizer):
    """Leaves out steps, with their global_step, whose enlarged gradients saturate."""

    def __init__(self, opt, loss_scale_manager, is_distributed=False):
        super().__init__(False, "NPULossScaleOptimizer")
        npu_bridge.CALLS.append(
            (
                "NPULossScaleOptimizer",
                type(opt).__name__,
                type(loss_scale_manager).__name__,
                loss_scale_manager.about,
                is_distributed,
            )
        )
        self._opt, self._manager, self._distributed = opt, loss_scale_manager, is_distributed

    def compute_gradients(self, loss, var_list=None, **options):
        scale = self._manager.get_loss_scale() + 0.0
        gradients = self._opt.compute_gradients(loss * scale, var_list, **options)
        fits = tf.reduce_all(
            [
                tf.reduce_max(tf.abs(gradient)) < LARGEST
                for gradient, _ in gradients
                if gradient is not None
            ]
        )
        if self._distributed:
            fits = tf.py_func(
                lambda own: all(npu_bridge.exchange("overflow", own)), [fits], tf.bool
            )
            fits.set_shape([])
        self._fits = fits
        return [
            (None if gradient is None else gradient / scale, variable)
            for gradient, variable in gradients
        ]

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        assert global_step is not None
        applied = tf.cond(
            self._fits,
            lambda: tf.group(self._opt.apply_gradients(grads_and_vars, global_step=global_step)),
            tf.no_op,
        )
        with tf.control_dependencies([applied]):
            return tf.group(self._manager.update_loss_scale(self._fits))
