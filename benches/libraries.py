#!/usr/bin/env python3
"""Writes small benign models with the heavy libraries that this Python has: libraries.py FOLDER

Prints the names of those it has, a line each. A library that is missing is left out; one that fails says why on standard error.
"""

import os
import pathlib
import sys
import traceback
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
warnings.filterwarnings("ignore")


def write_torch(out):
    import torch
    from torch import nn

    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2), nn.Dropout())
    others = nn.ModuleDict(
        {
            "lstm": nn.LSTM(2, 2),
            "attention": nn.MultiheadAttention(4, 2),
            "layer": nn.TransformerEncoderLayer(4, 2),
            "embedding": nn.Embedding(3, 4),
            "norm": nn.LayerNorm(4),
        }
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
    checkpoint = {"epoch": 3, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    values = {
        "weights": net.state_dict(),
        "whole": net,
        "layers": others,
        "checkpoint": checkpoint,
        "tensors": [torch.arange(5), torch.zeros(2, 2, dtype=torch.float16), torch.ones(3).bool(), torch.eye(3).to_sparse()],
    }
    for name, value in values.items():
        torch.save(value, out / f"{name}.pt")
        torch.save(value, out / f"{name}-legacy.pt", _use_new_zipfile_serialization=False)
    net.eval()
    torch.jit.trace(net, torch.zeros(1, 3, 3, 3)).save(str(out / "traced.pt"))
    torch.jit.script(nn.Linear(2, 2)).save(str(out / "scripted.pt"))
    if hasattr(torch, "export") and hasattr(torch.export, "save"):
        torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.zeros(1, 2),)), str(out / "exported.pt2"))


def write_transformers(out):
    import torch
    import transformers

    sizes = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=32)
    models = {
        "bert": transformers.BertModel(transformers.BertConfig(**sizes)),
        "gpt2": transformers.GPT2LMHeadModel(transformers.GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=32, n_positions=16)),
        "llama": transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes)),
    }
    for name, model in models.items():
        model.save_pretrained(out / name)
        torch.save(model.state_dict(), out / f"{name}.bin")
        torch.save(model.config, out / f"{name}-config.bin")
    torch.save(transformers.TrainingArguments(output_dir="x", use_cpu=True), out / "training_args.bin")


def write_ultralytics(out):
    import torch
    from ultralytics import YOLO

    for name in ("yolov8n", "yolo11n-cls"):
        model = YOLO(f"{name}.yaml", verbose=False)
        torch.save({"epoch": -1, "model": model.model, "train_args": {"imgsz": 640}}, out / f"{name}.pt")


def write_keras(out):
    import keras
    from keras import layers

    plain = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dropout(0.1), layers.Dense(2, "softmax")])
    image = keras.Input((8, 8, 3))
    inner = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(image))
    inner = layers.Add()([inner, layers.DepthwiseConv2D(3, padding="same")(inner)])
    functional = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(inner)))
    for name, model in {"plain": plain, "functional": functional}.items():
        model.compile("adam", "mse")
        model.save(out / f"{name}.keras")
        model.save(out / f"{name}.h5")
        model.save_weights(out / f"{name}.weights.h5")


def write_tensorflow(out):
    import tensorflow as tf

    class Twice(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.ones((4, 4)))

        @tf.function(input_signature=[tf.TensorSpec((None, 4))])
        def __call__(self, value):
            return tf.matmul(value, self.weight) * 2.0

    module = Twice()
    tf.saved_model.save(module, str(out / "saved"))
    tf.train.Checkpoint(module=module).save(str(out / "checkpoint" / "step"))
    function = module.__call__.get_concrete_function()
    tf.io.write_graph(function.graph, str(out), "graph.pb", as_text=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    (out / "model.tflite").write_bytes(converter.convert())


LIBRARIES = {
    "torch": write_torch,
    "transformers": write_transformers,
    "ultralytics": write_ultralytics,
    "keras": write_keras,
    "tensorflow": write_tensorflow,
}


def main():
    root = pathlib.Path(sys.argv[1])
    for name, write in LIBRARIES.items():
        try:
            __import__(name)
        except ImportError:
            continue
        except Exception as error:  # A library whose own libraries are gone fails in ways of its own.
            print(f"{name}: {error}", file=sys.stderr)
            continue
        (root / name).mkdir(parents=True, exist_ok=True)
        try:
            write(root / name)
        except Exception:
            traceback.print_exc()
        print(name, flush=True)


main()
