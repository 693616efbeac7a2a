"""A detector that is fine-tuned: a linear head on a backbone, and conv-BN layers.

The head reads the averaged activations of one layer, a wide expansion that the network computes
anyway; what separates AI pictures from photographs is there before the end of the network:

    logit = bias + mean over positions of  activations . weights

Since all that is linear, the logit has an exact class activation map (Zhou et al. 2016, arXiv
1512.04150).

Batch norm keeps the statistics of ImageNet. Its scale and shift are trained, but applied to the
kernels instead of the feature maps, which saves much of the memory traffic of a training step;
`fuse_batch_norm` makes plain convolutions with biases of it, for export.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from keras import layers

from train.errors import RecipeError
from train.networks._heads import LOGIT, OUTPUT

if TYPE_CHECKING:
    from keras import KerasTensor


@keras.saving.register_keras_serializable("fakeface")
class ConvBN(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A convolution and the batch norm after it, as one convolution with a bias.

    The batch norm's statistics are frozen, its scale and shift are trained.
    """

    def __init__(
        self,
        filters: int,
        size: int,
        stride: int = 1,
        depthwise: bool = False,
        epsilon: float = 1e-3,
        **options: Any,
    ) -> None:
        """Set the hyperparameters.

        Args:
            filters: Output channels.
            size: Side of the kernel.
            stride: Step in both directions; padding is `same`.
            depthwise: One filter per channel.
            epsilon: Epsilon of the batch norm.
            options: Options of every Keras layer.
        """
        super().__init__(**options)
        self.filters, self.size, self.stride = filters, size, stride
        self.depthwise, self.epsilon = depthwise, epsilon

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the weights: kernel, gamma, beta, and the statistics, which are not trained."""
        last = (shape[-1], 1) if self.depthwise else (shape[-1], self.filters)
        self.kernel = self.add_weight(shape=(self.size, self.size, *last), name="kernel")
        self.gamma = self.add_weight(shape=(self.filters,), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(self.filters,), initializer="zeros", name="beta")
        self.mean = self.add_weight(
            shape=(self.filters,), initializer="zeros", name="mean", trainable=False
        )
        self.variance = self.add_weight(
            shape=(self.filters,), initializer="ones", name="variance", trainable=False
        )

    def fused_weights(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return kernel and bias with the batch norm fused in."""
        scale = self.gamma * tf.math.rsqrt(self.variance + self.epsilon)
        kernel = self.kernel * (scale[:, tf.newaxis] if self.depthwise else scale)
        return kernel, self.beta - self.mean * scale

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Convolve [n, h, w, channels]."""
        kernel, bias = self.fused_weights()
        strides = [1, self.stride, self.stride, 1]
        convolve = tf.nn.depthwise_conv2d if self.depthwise else tf.nn.conv2d
        return tf.nn.bias_add(convolve(x, kernel, strides, "SAME"), bias)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the output: `same` padding."""
        height, width = (None if n is None else -(-n // self.stride) for n in shape[1:3])
        return (shape[0], height, width, self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the hyperparameters."""
        names = ("filters", "size", "stride", "depthwise", "epsilon")
        config: dict[str, Any] = super().get_config()
        return config | {name: getattr(self, name) for name in names}


def with_conv_bn(backbone: keras.Model) -> keras.Model:
    """Replace every convolution and its batch norm by one `ConvBN`.

    Args:
        backbone: From `Backbone.build`: a flat model in which a convolution `x` without bias is
            followed by the batch norm `x_bn`.

    Returns:
        A model of any input size, with weights of its own.
    """

    def convert(layer: layers.Layer, x: KerasTensor) -> KerasTensor:
        if isinstance(layer, layers.BatchNormalization):
            return x
        if not isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
            return layer.__class__.from_config(layer.get_config())(x)
        norm = backbone.get_layer(f"{layer.name}_bn")
        depthwise = isinstance(layer, layers.DepthwiseConv2D)
        filters = x.shape[-1] if depthwise else layer.filters
        kernel, stride = layer.kernel_size[0], layer.strides[0]
        conv = ConvBN(filters, kernel, stride, depthwise, norm.epsilon, name=layer.name)
        y = conv(x)
        conv.set_weights([layer.get_weights()[0], *norm.get_weights()])
        return y

    image = keras.Input((None, None, 3), name="image")
    return keras.Model(image, _rebuild(backbone, image, convert))


def detector(backbone: keras.Model, feature_layer: str) -> keras.Model:
    """Put a linear head on a layer of a backbone.

    Args:
        backbone: From `with_conv_bn`.
        feature_layer: Name of the layer whose averaged activations the head reads.

    Returns:
        From `image` (RGB of 0 to 255, [n, h, w, 3]) to P(Real), [n, 1], with a layer `logit`
        before the sigmoid, whose weights are zero.

    Raises:
        RecipeError: There is no such layer.
    """
    if feature_layer not in [layer.name for layer in backbone.layers]:
        raise RecipeError(f"finetune.feature_layer: the backbone has no layer {feature_layer}")
    features = backbone.get_layer(feature_layer).output
    pooled = layers.GlobalAveragePooling2D(name=f"pool_{feature_layer}")(features)
    # `Trainer` drops activations itself; the layer keeps the numbers of layers in checkpoints
    row = layers.Dropout(0.0, name="dropout")(pooled)
    logit = layers.Dense(1, kernel_initializer="zeros", name=LOGIT)(row)
    output = layers.Activation("sigmoid", dtype="float32", name=OUTPUT)(logit)
    return keras.Model(backbone.input, output, name="detector")


def fuse_batch_norm(model: keras.Model, size: int) -> keras.Model:
    """Fuse batch norm into plain convolutions with biases, and drop what is only for training.

    Args:
        model: From `detector`.
        size: Side of its input in pixels.

    Returns:
        From `image`, [n, size, size, 3], to P(Real), [n, 1].
    """

    def convert(layer: layers.Layer, x: KerasTensor) -> KerasTensor:
        if isinstance(layer, layers.Dropout):
            return x
        if not isinstance(layer, ConvBN):
            copy = layer.__class__.from_config(layer.get_config())
            y = copy(x)
            copy.set_weights(layer.get_weights())
            return y
        if layer.depthwise:
            conv = layers.DepthwiseConv2D(layer.size, layer.stride, "same", name=layer.name)
        else:
            conv = layers.Conv2D(layer.filters, layer.size, layer.stride, "same", name=layer.name)
        y = conv(x)
        conv.set_weights([part.numpy() for part in layer.fused_weights()])
        return y

    image = keras.Input((size, size, 3), name="image")
    return keras.Model(image, _rebuild(model, image, convert), name=model.name)


def _rebuild(
    model: keras.Model,
    image: KerasTensor,
    convert: Callable[[layers.Layer, Any], KerasTensor],
) -> KerasTensor:
    """Convert a flat model layer by layer, in order, on another input; return its output."""
    made: dict[int, KerasTensor] = {id(model.input): image}
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        inputs = layer.input
        if isinstance(inputs, (list, tuple)):
            x: Any = [made[id(tensor)] for tensor in inputs]
        else:
            x = made[id(inputs)]
        made[id(layer.output)] = convert(layer, x)
    return made[id(model.output)]
