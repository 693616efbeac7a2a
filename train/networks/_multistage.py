"""A detector with linear heads on several stages of a backbone, its batch norm folded.

What tells AI pictures from photographs is partly low in the network, where traces of a decoder
still show, and partly at its end, where a picture's style is. So the logit is a linear function of
the mean activations of several stages. The stages are read behind the wide, activated expansions
that the network computes anyway, so the heads cost next to nothing:

    logit = bias + sum over stages of  mean over positions of  activations . weights

Since all that is linear, the stages' maps, brought to one size, sum up to an exact class
activation map (Zhou et al. 2016).

Batch norm keeps the statistics of ImageNet. Its scale and shift are trained, but applied to the
kernels and not to the feature maps, which saves much of the memory traffic of a training step;
`folded` gives the same network as plain convolutions with biases, for export.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from keras import layers

from train._errors import RecipeError
from train.networks._heads import LOGIT, OUTPUT

if TYPE_CHECKING:
    from keras import KerasTensor


@keras.saving.register_keras_serializable("fakeface")
class NormedConv(layers.Layer):
    """A convolution and the frozen batch norm behind it, as one convolution with a bias."""

    def __init__(
        self,
        filters: int,
        size: int,
        stride: int = 1,
        depthwise: bool = False,
        epsilon: float = 1e-3,
        **options: Any,
    ) -> None:
        """Describe the convolution.

        Args:
            filters: Output channels.
            size: Side of the kernel.
            stride: Step in both directions; padding is `same`.
            depthwise: One filter per channel.
            epsilon: Of the batch norm.
            options: Of every Keras layer.
        """
        super().__init__(**options)
        self.filters, self.size, self.stride = filters, size, stride
        self.depthwise, self.epsilon = depthwise, epsilon

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights: kernel, gamma, beta, and the statistics, which are not trained."""
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

    def plain(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Kernel and bias of the same convolution without batch norm."""
        scale = self.gamma * tf.math.rsqrt(self.variance + self.epsilon)
        kernel = self.kernel * (scale[:, tf.newaxis] if self.depthwise else scale)
        return kernel, self.beta - self.mean * scale

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Convolve [n, h, w, channels]."""
        kernel, bias = self.plain()
        strides = [1, self.stride, self.stride, 1]
        convolve = tf.nn.depthwise_conv2d if self.depthwise else tf.nn.conv2d
        return tf.nn.bias_add(convolve(x, kernel, strides, "SAME"), bias)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output: `same` padding."""
        height, width = (None if n is None else -(-n // self.stride) for n in shape[1:3])
        return (shape[0], height, width, self.filters)

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        names = ("filters", "size", "stride", "depthwise", "epsilon")
        return super().get_config() | {name: getattr(self, name) for name in names}


def normed(backbone: keras.Model) -> keras.Model:
    """The same network with every convolution and its batch norm as one `NormedConv`.

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
        conv = NormedConv(filters, kernel, stride, depthwise, norm.epsilon, name=layer.name)
        y = conv(x)
        conv.set_weights([layer.get_weights()[0], *norm.get_weights()])
        return y

    image = keras.Input((None, None, 3), name="image")
    return keras.Model(image, _rebuilt(backbone, image, convert))


def detector(backbone: keras.Model, taps: Sequence[str], dropout: float, seed: int) -> keras.Model:
    """Put linear heads on stages of a backbone.

    Args:
        backbone: From `normed`.
        taps: Names of the layers whose activations are read.
        dropout: Share of the pooled activations dropped while training.
        seed: Of dropout; the weights of the heads start at zero.

    Returns:
        From `image` (RGB of 0 to 255, [n, h, w, 3]) to P(Real), [n, 1], with a layer `logit`
        before the sigmoid.

    Raises:
        RecipeError: A layer named in `taps` is not there.
    """
    names = [layer.name for layer in backbone.layers]
    if unknown := [tap for tap in taps if tap not in names]:
        raise RecipeError(f"finetune.taps: the backbone has no layer {', '.join(unknown)}")
    pooled = [
        layers.GlobalAveragePooling2D(name=f"pool_{tap}")(backbone.get_layer(tap).output)
        for tap in taps
    ]
    row = layers.Concatenate(name="pooled")(pooled) if len(pooled) > 1 else pooled[0]
    row = layers.Dropout(dropout, seed=seed, name="dropout")(row)
    logit = layers.Dense(1, kernel_initializer="zeros", name=LOGIT)(row)
    output = layers.Activation("sigmoid", dtype="float32", name=OUTPUT)(logit)
    return keras.Model(backbone.input, output, name="detector")


def folded(model: keras.Model, size: int) -> keras.Model:
    """The same detector as plain layers: convolutions with biases, nothing for training.

    Args:
        model: From `detector`.
        size: Side of its input in pixels.

    Returns:
        From `image`, [n, size, size, 3], to P(Real), [n, 1].
    """

    def convert(layer: layers.Layer, x: KerasTensor) -> KerasTensor:
        if isinstance(layer, layers.Dropout):
            return x
        if not isinstance(layer, NormedConv):
            copy = layer.__class__.from_config(layer.get_config())
            y = copy(x)
            copy.set_weights(layer.get_weights())
            return y
        if layer.depthwise:
            conv = layers.DepthwiseConv2D(layer.size, layer.stride, "same", name=layer.name)
        else:
            conv = layers.Conv2D(layer.filters, layer.size, layer.stride, "same", name=layer.name)
        y = conv(x)
        conv.set_weights([part.numpy() for part in layer.plain()])
        return y

    image = keras.Input((size, size, 3), name="image")
    return keras.Model(image, _rebuilt(model, image, convert), name=model.name)


def _rebuilt(
    model: keras.Model,
    image: KerasTensor,
    convert: Callable[[layers.Layer, Any], KerasTensor],
) -> KerasTensor:
    """Walk a flat model in order and lay each layer, converted, over another input."""
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
