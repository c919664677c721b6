//! The fields of TensorFlow's and ONNX's messages that inspections read.
//!
//! Sources: `tensorflow/core/protobuf/saved_model.proto`, `meta_graph.proto`, `saved_object_graph.proto`,
//! `core/framework/{graph,node_def,attr_value,function,tensor}.proto`; `onnx/onnx.proto`.

use super::recode::{
    Kind::{Message as M, Name, Number, Text},
    Message,
};

/// `SavedModel`.
pub(crate) static TENSORFLOW_SAVED_MODEL: Message =
    Message(&[("saved_model_schema_version", 1, Number), ("meta_graphs", 2, M(&META_GRAPH))]);
static META_GRAPH: Message = Message(&[
    ("meta_info_def", 1, M(&META_INFO)),
    ("graph_def", 2, M(&TENSORFLOW_GRAPH)),
    ("signature_def", 5, M(&KEY_ALONE)),
    ("object_graph_def", 7, M(&OBJECTS)),
]);
static META_INFO: Message = Message(&[("tags", 4, Text), ("tensorflow_version", 5, Text)]);
static KEY_ALONE: Message = Message(&[("key", 1, Text)]);
static OBJECTS: Message = Message(&[("nodes", 1, M(&OBJECT))]);
static OBJECT: Message = Message(&[("user_object", 4, M(&USER_OBJECT)), ("variable", 7, M(&VARIABLE))]);
static USER_OBJECT: Message = Message(&[("identifier", 1, Text), ("metadata", 3, Text)]);
static VARIABLE: Message = Message(&[("shape", 2, M(&TENSOR_SHAPE)), ("name", 6, Text)]);
static TENSOR_SHAPE: Message = Message(&[("dim", 2, M(&EXTENT))]);
static EXTENT: Message = Message(&[("size", 1, Number)]);

/// `GraphDef`.
pub(crate) static TENSORFLOW_GRAPH: Message = Message(&[("node", 1, M(&NODE)), ("library", 2, M(&LIBRARY))]);
static NODE: Message =
    Message(&[("name", 1, Text), ("op", 2, Text), ("input", 3, Text), ("attr", 5, M(&ATTRIBUTE))]);
static ATTRIBUTE: Message = Message(&[("key", 1, Text), ("value", 2, M(&ATTRIBUTE_VALUE))]);
static ATTRIBUTE_VALUE: Message =
    Message(&[("list", 1, M(&LIST)), ("s", 2, Text), ("tensor", 8, M(&TENSOR))]);
static LIST: Message = Message(&[("s", 2, Text)]);
static TENSOR: Message = Message(&[("string_val", 8, Text)]);
static LIBRARY: Message = Message(&[("function", 1, M(&FUNCTION))]);
static FUNCTION: Message = Message(&[("signature", 1, M(&SIGNATURE)), ("node_def", 3, M(&NODE))]);
static SIGNATURE: Message = Message(&[("name", 1, Text)]);

/// `ModelProto`.
pub(crate) static ONNX_MODEL: Message = Message(&[
    ("ir_version", 1, Number),
    ("producer_name", 2, Text),
    ("producer_version", 3, Text),
    ("domain", 4, Text),
    ("model_version", 5, Number),
    ("doc_string", 6, Text),
    ("graph", 7, M(&ONNX_GRAPH)),
    ("opset_import", 8, M(&OPERATOR_SET)),
    ("metadata_props", 14, M(&ENTRY)),
    ("training_info", 20, M(&TRAINING)),
    ("functions", 25, M(&ONNX_FUNCTION)),
]);
static OPERATOR_SET: Message = Message(&[("domain", 1, Text), ("version", 2, Number)]);
static ENTRY: Message = Message(&[("key", 1, Text), ("value", 2, Text)]);
static TRAINING: Message =
    Message(&[("initialization", 1, M(&ONNX_GRAPH)), ("algorithm", 2, M(&ONNX_GRAPH))]);
static ONNX_FUNCTION: Message = Message(&[
    ("name", 1, Text),
    ("node", 7, M(&ONNX_NODE)),
    ("domain", 10, Text),
    ("attribute_proto", 11, M(&ONNX_ATTRIBUTE)),
]);
static ONNX_GRAPH: Message = Message(&[
    ("node", 1, M(&ONNX_NODE)),
    ("name", 2, Text),
    ("initializer", 5, M(&ONNX_TENSOR)),
    ("doc_string", 10, Text),
    ("input", 11, M(&PORT)),
    ("output", 12, M(&PORT)),
    ("sparse_initializer", 15, M(&SPARSE)),
    ("metadata_props", 16, M(&ENTRY)),
]);
static ONNX_NODE: Message = Message(&[
    ("input", 1, Text),
    ("output", 2, Text),
    ("name", 3, Text),
    ("op_type", 4, Text),
    ("attribute", 5, M(&ONNX_ATTRIBUTE)),
    ("domain", 7, Text),
]);
static ONNX_ATTRIBUTE: Message = Message(&[
    ("name", 1, Text),
    ("s", 4, Text),
    ("t", 5, M(&ONNX_TENSOR)),
    ("g", 6, M(&ONNX_GRAPH)),
    ("strings", 9, Text),
    ("tensors", 10, M(&ONNX_TENSOR)),
    ("graphs", 11, M(&ONNX_GRAPH)),
    ("sparse_tensor", 22, M(&SPARSE)),
    ("sparse_tensors", 23, M(&SPARSE)),
]);
static ONNX_TENSOR: Message = Message(&[
    ("dims", 1, Number),
    ("data_type", 2, Number),
    ("name", 8, Text),
    ("raw_data", 9, Text),
    ("external_data", 13, M(&ENTRY)),
    ("data_location", 14, Name(&["DEFAULT", "EXTERNAL"])),
]);
static SPARSE: Message = Message(&[("values", 1, M(&ONNX_TENSOR)), ("indices", 2, M(&ONNX_TENSOR))]);
static PORT: Message = Message(&[("name", 1, Text), ("type", 2, M(&TYPE))]);
static TYPE: Message = Message(&[("tensor_type", 1, M(&TENSOR_TYPE))]);
static TENSOR_TYPE: Message = Message(&[("elem_type", 1, Number), ("shape", 2, M(&SHAPE))]);
static SHAPE: Message = Message(&[("dim", 1, M(&DIMENSION))]);
static DIMENSION: Message = Message(&[("dim_value", 1, Number), ("dim_param", 2, Text)]);
