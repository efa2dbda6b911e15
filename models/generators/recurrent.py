"""The tagger that lstm_tagger.py and gru_tagger.py share: recurrent layers over a jet's constituents, hardest first, then dense ones."""
from onnx import TensorProto

from builder import BATCH, Graph

GATES = {"LSTM": 4, "GRU": 3}


def initial_state(g, x, directions, hidden):
    """Zeros [directions, N, hidden], made from the input's shape as PyTorch's exporter does."""
    shape = g.node("Concat", [g.ints("directions", [directions]), g.batch_size(x), g.ints("hidden", [hidden])], axis=0)
    return g.node("Expand", [g.constant("zero", [[[0]]]), shape])


def layer(g, op, x, name, features, hidden, directions, lengths, state, **attributes):
    """x [steps, N, features] -> every step [steps, directions, N, hidden] and the final state [directions, N, hidden]."""
    gates = GATES[op] * hidden
    weights = [g.weight(name + ".W", [directions, gates, features], features, gain=1),
               g.weight(name + ".R", [directions, gates, hidden], hidden, gain=1),
               g.near(name + ".B", 0, [directions, 2 * gates])]
    states = [state, state] if op == "LSTM" else [state]
    direction = "bidirectional" if directions == 2 else "forward"
    return g.node(op, [x, *weights, lengths, *states], 2, hidden_size=hidden, direction=direction, **attributes)


def build(op, seed, bidirectional, lengths, steps, features, hidden, layers, classes, **attributes):
    g = Graph(op.lower() + "_tagger", seed)
    directions = 2 if bidirectional else 1
    jets = g.input("constituents", [BATCH, steps, features])
    count = g.input("lengths", [BATCH], TensorProto.INT32) if lengths else ""
    x = g.node("Transpose", jets, perm=[1, 0, 2])
    state = initial_state(g, jets, directions, hidden)
    for k in range(layers):
        every, final = layer(g, op, x, f"rnn{k}", features, hidden, directions, count, state, **attributes)
        if k + 1 < layers:
            x = g.node("Reshape", [g.node("Transpose", every, perm=[0, 2, 1, 3]), g.ints("keep_two", [0, 0, -1])])
        features = directions * hidden
    x = g.node("Reshape", [g.node("Transpose", final, perm=[1, 0, 2]), g.ints("flat", [-1, features])])
    x = g.relu(g.gemm(x, "fc0", features, hidden))
    g.node("Softmax", g.gemm(x, "fc1", hidden, classes, gain=1), g.output("scores", [BATCH, classes]), axis=-1)
    return g.model(opset=14)
