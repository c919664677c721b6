#!/usr/bin/env python3
"""Writes small benign models with the libraries people use, in every way each library offers: write_models.py FOLDER

Prints a JSON list of what must be said of each file: its path below FOLDER, its format, and what it says about itself.
"""

import collections
import datetime
import decimal
import functools
import json
import pathlib
import pickle
import sys
import uuid
import warnings

import h5py
import joblib
import lightgbm
import msgpack
import numpy
import onnx
import pandas
import safetensors.numpy
import scipy.sparse
import sklearn.compose
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.gaussian_process
import sklearn.linear_model
import sklearn.metrics
import sklearn.model_selection
import sklearn.naive_bayes
import sklearn.neighbors
import sklearn.neural_network
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.svm
import sklearn.tree
import xgboost

warnings.filterwarnings("ignore")
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
RANDOM = numpy.random.default_rng(0)
ROWS = RANDOM.random((40, 4))
CLASSES = (ROWS[:, 0] > 0.5).astype(int)
NUMBERS = ROWS[:, 0] * 2


class Folder:
    """Where the files go, and what must be said of them."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.expected = []

    def file(self, name, form, /, **metadata):
        """The path of a file of that format, which says this about itself; the name of its library is the folder."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.expected.append({"path": name, "format": form, "metadata": metadata})
        return str(path)


# ---- pickles


def plain_values():
    return {
        "numbers": [1, -5, 2.5, float("inf"), 1 << 400, complex(1, 2), decimal.Decimal("1.5"), True, None],
        "texts": ["é\n\\'\"", b"\x00\xff", bytearray(b"x")],
        "sets": [{1, 2}, frozenset([3]), slice(1, 2), range(4)],
        "times": [datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc), datetime.date(2024, 1, 2)],
        "kept": [collections.OrderedDict(a=1), collections.defaultdict(list, {1: [2]}), collections.Counter("abc")],
        "named": [uuid.UUID(int=1), pathlib.PurePosixPath("a/b"), collections.deque([1], 3)],
    }


def arrays():
    return {
        "floats": numpy.arange(1000, dtype="f4"),
        "columns": numpy.asfortranarray(numpy.ones((3, 4))),
        "texts": numpy.array(["a", "bc"]),
        "objects": numpy.array([1, "a", None], dtype=object),
        "records": numpy.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
        "times": numpy.array(["2024-01-02"], dtype="M8[D]"),
        "masked": numpy.ma.array([1, 2], mask=[0, 1]),
        "scalars": [numpy.float64(1.5), numpy.int64(3), numpy.bool_(True), numpy.dtype("f8")],
        "random": [numpy.random.default_rng(1), numpy.random.RandomState(1)],
    }


def tables():
    frame = pandas.DataFrame(
        {
            "numbers": [1.5, None, 2],
            "texts": ["x", "y", "z"],
            "kinds": pandas.Categorical(["u", "v", "u"]),
            "times": pandas.date_range("2024", periods=3, tz="UTC"),
            "whole": pandas.array([1, None, 3], dtype="Int64"),
        }
    )
    stamps = [pandas.Timestamp("2024"), pandas.Timedelta("1D"), pandas.Period("2024"), pandas.Interval(0, 1)]
    return {"frame": frame, "keyed": frame.set_index(["numbers", "texts"]), "stamps": stamps}


def sparse():
    forms = "csr csc coo lil dok bsr dia".split()
    return {form: getattr(scipy.sparse, f"{form}_array")(numpy.eye(3)) for form in forms}


def estimators():
    """Fitted models of every family, and the things people wrap them in."""
    linear, trees, near = sklearn.linear_model, sklearn.ensemble, sklearn.neighbors
    scale = sklearn.preprocessing.StandardScaler()
    columns = sklearn.compose.ColumnTransformer(
        [("scale", scale, [0, 1]), ("one", sklearn.preprocessing.OneHotEncoder(handle_unknown="ignore"), [2])]
    )
    ways = {
        "logistic": linear.LogisticRegression(),
        "sgd": linear.SGDClassifier(loss="log_loss"),
        "forest": trees.RandomForestClassifier(3),
        "boosting": trees.GradientBoostingClassifier(n_estimators=3),
        "histograms": trees.HistGradientBoostingClassifier(max_iter=3),
        "isolation": trees.IsolationForest(n_estimators=3),
        "tree": sklearn.tree.DecisionTreeClassifier(),
        "vectors": sklearn.svm.SVC(probability=False),
        "neighbors": near.KNeighborsClassifier(algorithm="kd_tree"),
        "ball": near.KNeighborsClassifier(algorithm="ball_tree"),
        "bayes": sklearn.naive_bayes.GaussianNB(),
        "network": sklearn.neural_network.MLPClassifier((4,), max_iter=5),
        "gaussian": sklearn.gaussian_process.GaussianProcessClassifier(),
        "voting": trees.VotingClassifier([("a", linear.LogisticRegression()), ("b", sklearn.naive_bayes.GaussianNB())]),
        "search": sklearn.model_selection.GridSearchCV(linear.LogisticRegression(), {"C": [1, 2]}, cv=2),
        "pipeline": sklearn.pipeline.Pipeline(
            [("columns", columns), ("model", linear.LogisticRegression())],
        ),
        "roots": sklearn.pipeline.make_pipeline(
            sklearn.preprocessing.FunctionTransformer(numpy.log1p), linear.LogisticRegression()
        ),
    }
    for name, model in ways.items():
        yield name, model.fit(ROWS, CLASSES)
    words = sklearn.feature_extraction.text.TfidfVectorizer().fit(["a dog and a cat", "a cat"])
    yield "words", words
    yield "scorer", [sklearn.metrics.make_scorer(sklearn.metrics.f1_score), sklearn.model_selection.KFold(3)]


def write_pickles(out):
    for name, value in {"plain": plain_values(), "numpy": arrays(), "pandas": tables(), "scipy": sparse()}.items():
        for protocol in PROTOCOLS:
            with open(out.file(f"pickle/{name}-{protocol}.pkl", "pickle"), "wb") as file:
                pickle.dump(value, file, protocol)
    fitted = dict(estimators())
    for name, value in fitted.items():
        for protocol in (0, 2, 5):
            with open(out.file(f"sklearn/{name}-{protocol}.pkl", "pickle"), "wb") as file:
                pickle.dump(value, file, protocol)
        joblib.dump(value, out.file(f"sklearn/{name}.joblib", "pickle"))
    partly = functools.partial(numpy.mean, axis=0)
    with open(out.file("pickle/partial.pkl", "pickle"), "wb") as file:
        pickle.dump(partly, file)
    tables()["frame"].to_pickle(out.file("pandas/frame.pkl", "pickle"))
    return fitted


def write_joblib(out, fitted):
    every = {"arrays": arrays(), "model": fitted["forest"]}
    for protocol in (2, 3, 4, 5):
        joblib.dump(every, out.file(f"joblib/protocol-{protocol}.joblib", "pickle"), protocol=protocol)
    # Behind one light layer a model is told without unpacking it all; behind the others by an inspection.
    codecs = {"zlib": "pickle", "gzip": "pickle", "bz2": "archive", "xz": "archive", "lzma": "archive", "lz4": "archive"}
    for codec, form in codecs.items():
        joblib.dump(every, out.file(f"joblib/model.{codec}.joblib", form), compress=(codec, 3))


# ---- arrays


def write_numpy(out):
    for name, value in arrays().items():
        if name in ("scalars", "random", "masked"):
            continue
        # An array alone is data, and no model.
        numpy.save(out.file(f"numpy/{name}.npy", None), value)
    numpy.savez(out.file("numpy/plain.npz", "npz"), a=numpy.ones((3, 4)), b=numpy.arange(5))
    numpy.savez_compressed(out.file("numpy/packed.npz", "npz"), a=numpy.ones((30, 40)), b=numpy.arange(500))
    numpy.savez(out.file("numpy/objects.npz", "npz"), a=numpy.array([1, "a", {"k": None}], dtype=object))
    scipy.sparse.save_npz(out.file("scipy/matrix.npz", "npz"), scipy.sparse.csr_matrix(numpy.eye(30)))
    with open(out.file("numpy/dumped.pkl", "pickle"), "wb") as file:
        numpy.ones((3, 4)).dump(file)


def write_safetensors(out):
    kinds = ("f2", "f4", "f8", "i1", "i4", "i8", "u1", "bool")
    tensors = {f"layer.{kind}": numpy.ones((8, 16)).astype(kind) for kind in kinds}
    path = out.file("safetensors/kinds.safetensors", "safetensors", parameters=8 * 8 * 16, tensors=8)
    safetensors.numpy.save_file(tensors, path, {"format": "pt", "license": "apache-2.0"})
    path = out.file("safetensors/plain.safetensors", "safetensors", parameters=32 * 16, tensors=1)
    safetensors.numpy.save_file({"w": numpy.ones((32, 16), "f4")}, path)


def write_hdf5(out):
    with h5py.File(out.file("h5py/plain.h5", "hdf5"), "w") as file:
        file["a"] = numpy.ones((100, 10))
        file["g/b"] = numpy.arange(10)
        file.attrs["title"] = "x"
        file.create_dataset("packed", data=numpy.ones(1000), compression="gzip", chunks=True, shuffle=True)
        file.create_dataset("texts", data=["a", "bc"], dtype=h5py.string_dtype())
        file["soft"] = h5py.SoftLink("/a")
    with h5py.File(out.file("h5py/latest.h5", "hdf5"), "w", libver="latest") as file:
        for number in range(40):
            file[f"d{number}"] = numpy.ones(10)
            file.attrs[f"a{number}"] = "x" * 100
    layers = [{"class_name": "Dense", "config": {"name": "dense", "units": 4, "activation": "relu"}}]
    config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
    with h5py.File(out.file("h5py/keras.h5", "keras", name="sequential", parameters=20, tensors=2), "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights/dense/dense")
        group["kernel:0"] = numpy.ones((4, 4), "f4")
        group["bias:0"] = numpy.ones(4, "f4")


# ---- graphs and trees


def onnx_model(name):
    helper = onnx.helper
    weights = onnx.numpy_helper.from_array(RANDOM.random((8, 64)).astype("f4"), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    ends = [("x", ["n", 8]), ("y", ["n", 64])]
    start, end = [helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, shape) for end, shape in ends]
    graph = helper.make_graph(nodes, name, [start], [end], [weights])
    model = helper.make_model(graph, producer_name="eyeline", opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def write_onnx(out):
    onnx.save(onnx_model("plain"), out.file("onnx/plain.onnx", "onnx", name="plain", parameters=8 * 64))
    told = onnx_model("told")
    told.metadata_props.add(key="names", value="{0: 'person', 1: 'bike'}")
    told.functions.append(
        onnx.helper.make_function(
            "own", "Twice", ["a"], ["b"], [onnx.helper.make_node("Add", ["a", "a"], ["b"])], [onnx.helper.make_opsetid("", 17)]
        )
    )
    told.opset_import.append(onnx.helper.make_opsetid("own", 1))
    told.graph.node.append(onnx.helper.make_node("Twice", ["y"], ["z"], domain="own"))
    onnx.save(told, out.file("onnx/told.onnx", "onnx", name="told", tensors=1))
    path = out.file("onnx-external/model.onnx", "onnx", name="far", parameters=8 * 64)
    onnx.save(onnx_model("far"), path, save_as_external_data=True, location="model.onnx.data", size_threshold=0)


def write_trees(out, fitted):
    model = xgboost.XGBClassifier(n_estimators=3).fit(ROWS, CLASSES)
    linear = xgboost.XGBRegressor(n_estimators=3, booster="gblinear").fit(ROWS, NUMBERS)
    for name, one in {"trees": model, "linear": linear}.items():
        one.save_model(out.file(f"xgboost/{name}.json", "xgboost"))
        one.save_model(out.file(f"xgboost/{name}.ubj", "xgboost"))
        with open(out.file(f"xgboost/{name}.pkl", "pickle"), "wb") as file:
            pickle.dump(one, file)
    joblib.dump(model, out.file("xgboost/trees.joblib", "pickle"))
    light = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(ROWS, CLASSES)
    light.booster_.save_model(out.file("lightgbm/model.txt", "lightgbm"))
    with open(out.file("lightgbm/model.pkl", "pickle"), "wb") as file:
        pickle.dump(light, file)
    joblib.dump(light, out.file("lightgbm/model.joblib", "pickle"))


def write_messagepack(out):
    """As Flax packs the parameters of a model."""

    def tensor(value):
        return msgpack.ExtType(1, msgpack.packb((value.shape, value.dtype.name, value.tobytes()), use_bin_type=True))

    layer = {"kernel": tensor(numpy.ones((8, 64), "f4")), "bias": tensor(numpy.zeros(64, "f4"))}
    path = out.file("flax/flax_model.msgpack", "flax", parameters=9 * 64)
    with open(path, "wb") as file:
        file.write(msgpack.packb({"params": {"Dense_0": layer}, "step": 3}, strict_types=True))


def main():
    out = Folder(sys.argv[1])
    fitted = write_pickles(out)
    write_joblib(out, fitted)
    write_numpy(out)
    write_safetensors(out)
    write_hdf5(out)
    write_onnx(out)
    write_trees(out, fitted)
    write_messagepack(out)
    json.dump(out.expected, sys.stdout)


main()
