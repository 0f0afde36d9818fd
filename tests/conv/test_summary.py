"""The summary, character for character as Keras prints it."""

from typing import Any

import pytest

from core.conv.summary import Row, cells, memory, named, summary, totals


def test_the_example_of_the_lesson():
    assert summary([Row("Conv2D", (196, 196, 10), 760)]).splitlines()[1:] == [
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓",
        "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃",
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩",
        "│ conv2d (Conv2D)                 │ (None, 196, 196, 10)   │           760 │",
        "└─────────────────────────────────┴────────────────────────┴───────────────┘",
        " Total params: 760 (2.97 KB)",
        " Trainable params: 760 (2.97 KB)",
        " Non-trainable params: 0 (0.00 B)",
    ]


def test_rows_and_totals():
    rows = [Row("Conv2D", (4, 4, 8), 224), Row("BatchNormalization", (4, 4, 8), 16, 16), Row("Flatten", (128,))]
    assert cells(rows)[1] == ("batch_normalization (BatchNormalization)", "(None, 4, 4, 8)", "32")
    assert totals(rows)[0] == " Total params: 256 (1.00 KB)"
    assert totals(rows)[2] == " Non-trainable params: 16 (64.00 B)"
    assert named([Row("Dense", (1,), name="head"), Row("Dense", (1,))]) == ("head", "dense")


def test_a_stack_prints_as_keras_prints_it(keras: Any, monkeypatch: pytest.MonkeyPatch):
    """All kinds of layers, names that break, shapes that break, two of a kind, and numbers that are only kept."""
    monkeypatch.setenv("COLUMNS", "80")
    keras.backend.clear_session()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((200, 200, 3)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(1000, 3, strides=2),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, (3, 5), use_bias=False),
            layers.Conv2DTranspose(4, 3, strides=2),
            layers.Cropping2D(1),
            layers.AveragePooling2D(2),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(10),
            layers.Reshape((1, 1, 1, 1, 1, 1, 10)),
        ]
    )
    rows = [
        Row(type(layer).__name__, tuple(layer.output.shape[1:]), trainable, layer.count_params() - trainable)
        for layer in model.layers
        for trainable in [sum(variable.value.numel() for variable in layer.trainable_weights)]
    ]
    printed: list[str] = []
    model.summary(print_fn=lambda text, **_: printed.append(text))
    assert summary(rows, model.name) == "\n".join(printed).rstrip("\n")


def test_memory_is_written_as_keras_writes_it(keras: Any):
    from keras.src.utils.summary_utils import readable_memory_size

    for count in (0, 4, 1023, 1024, 1536, 10**6, 3 * 10**9, 10**15):
        assert memory(count) == readable_memory_size(count)
