#!/usr/bin/env python3
"""MobileNet v2 (Sandler et al., arXiv:1801.04381): inverted residuals around depthwise 3x3 convolutions, ReLU6 as Clip.

BatchNormalization stays a node of its own. --size 224 and --classes 1000 make the published network.
"""
from builder import BATCH, Graph, command_line

# Expansion, channels, blocks, stride of the first one.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def conv(g, x, name, inputs, outputs, kernel=1, stride=1, group=1, activate=True):
    """Convolution and norm, then ReLU6 unless it is a block's last one, which is linear."""
    fan_in = inputs // group * kernel * kernel
    weight = g.weight(name + ".weight", [outputs, inputs // group, kernel, kernel], fan_in, 2.0 if activate else 1.0)
    x = g.node("Conv", [x, weight], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[kernel // 2] * 4,
               dilations=[1, 1], group=group)
    norm = [g.near(f"{name}.norm.weight", 1, [outputs]), g.near(f"{name}.norm.bias", 0, [outputs]),
            g.near(f"{name}.norm.running_mean", 0, [outputs]), g.near(f"{name}.norm.running_var", 1, [outputs])]
    x = g.node("BatchNormalization", [x, *norm], epsilon=1e-5)
    return g.node("Clip", [x, g.constant("zero", 0), g.constant("six", 6)]) if activate else x


def block(g, x, name, inputs, outputs, expansion, stride):
    """1x1 to more channels, 3x3 on each of them, 1x1 back; added to its input where the shapes allow it."""
    wide = inputs * expansion
    y = conv(g, x, f"{name}.expand", inputs, wide) if expansion > 1 else x
    y = conv(g, y, f"{name}.depthwise", wide, wide, 3, stride, group=wide)
    y = conv(g, y, f"{name}.project", wide, outputs, activate=False)
    return g.node("Add", [x, y]) if stride == 1 and inputs == outputs else y


def build(seed=22, size=224, classes=1000):
    g = Graph("mobilenet_v2", seed)
    channels = 32
    x = conv(g, g.input("data", [BATCH, 3, size, size]), "stem", 3, channels, 3, 2)
    for stage, (expansion, outputs, blocks, stride) in enumerate(STAGES):
        for k in range(blocks):
            x = block(g, x, f"stage{stage}.{k}", channels, outputs, expansion, stride if k == 0 else 1)
            channels = outputs
    x = conv(g, x, "head", channels, 1280)
    x = g.node("Flatten", g.node("GlobalAveragePool", x), axis=1)
    g.gemm(x, "fc", 1280, classes, gain=1, output=g.output("logits", [BATCH, classes]))
    return g.model(opset=13)


if __name__ == "__main__":
    command_line(build)
