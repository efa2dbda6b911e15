#!/usr/bin/env python3
"""ResNet-50 v1.5 (He et al., arXiv:1512.03385; the stride is in the 3x3 convolution), parameters named as torchvision's.

BatchNormalization stays a node of its own. --width 64, --blocks 3,4,6,3, --size 224 and --classes 1000 make ResNet-50.
"""
from builder import BATCH, Graph, command_line


def batch_norm(g, x, name, channels, scale=1.0):
    names = [g.near(f"{name}.weight", scale, [channels], 0.1 * scale), g.near(f"{name}.bias", 0, [channels]),
             g.near(f"{name}.running_mean", 0, [channels]), g.near(f"{name}.running_var", 1, [channels])]
    return g.node("BatchNormalization", [x, *names], epsilon=1e-5)


def conv(g, x, name, inputs, outputs, kernel, stride=1, gain=2.0):
    weight = g.weight(name + ".weight", [outputs, inputs, kernel, kernel], inputs * kernel * kernel, gain)
    return g.node("Conv", [x, weight], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[kernel // 2] * 4,
                  dilations=[1, 1], group=1)


def bottleneck(g, x, name, inputs, width, stride):
    """1x1, 3x3, 1x1. The last norm is small, else the sums of a deep untrained net grow without bound."""
    y = g.relu(batch_norm(g, conv(g, x, f"{name}.conv1", inputs, width, 1), f"{name}.bn1", width))
    y = g.relu(batch_norm(g, conv(g, y, f"{name}.conv2", width, width, 3, stride), f"{name}.bn2", width))
    y = batch_norm(g, conv(g, y, f"{name}.conv3", width, 4 * width, 1), f"{name}.bn3", 4 * width, scale=0.25)
    if stride != 1 or inputs != 4 * width:
        x = conv(g, x, f"{name}.downsample.0", inputs, 4 * width, 1, stride, gain=1)
        x = batch_norm(g, x, f"{name}.downsample.1", 4 * width)
    return g.relu(g.node("Add", [y, x]))


def build(seed=50, softmax=False, width=64, blocks=(3, 4, 6, 3), size=224, classes=1000):
    g = Graph("resnet50", seed)
    x = conv(g, g.input("data", [BATCH, 3, size, size]), "conv1", 3, width, 7, stride=2)
    x = g.relu(batch_norm(g, x, "bn1", width))
    x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = width
    for stage, count in enumerate(blocks):
        for block in range(count):
            stride = 2 if stage > 0 and block == 0 else 1
            x = bottleneck(g, x, f"layer{stage + 1}.{block}", channels, width << stage, stride)
            channels = 4 * (width << stage)
    x = g.node("Flatten", g.node("GlobalAveragePool", x), axis=1)
    name = g.output("probabilities" if softmax else "logits", [BATCH, classes])
    if softmax:
        g.node("Softmax", g.gemm(x, "fc", channels, classes, gain=1), name, axis=-1)
    else:
        g.gemm(x, "fc", channels, classes, gain=1, output=name)
    return g.model(opset=13)


if __name__ == "__main__":
    command_line(build)
