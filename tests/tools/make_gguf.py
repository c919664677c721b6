#!/usr/bin/env python3
"""Writes a tiny Llama model with random weights that real runtimes load: make_gguf.py OUT.gguf

The weights mean nothing; the file is as valid as any (GGUF 3, F32 tensors, a byte-fallback vocabulary).
"""

import string
import sys

import gguf
import numpy

WIDTH, LAYERS, HEADS, FEED_FORWARD, CONTEXT = 64, 2, 4, 128, 512
BYTES = 256
VOCABULARY = 320


def vocabulary():
    """Tokens with their types and scores: three controls, every byte, some letters, filler."""
    kind = gguf.TokenType
    tokens = [(b"<unk>", kind.UNKNOWN), (b"<s>", kind.CONTROL), (b"</s>", kind.CONTROL)]
    tokens += [(f"<0x{byte:02X}>".encode(), kind.BYTE) for byte in range(BYTES)]
    letters = "\u2581" + string.ascii_lowercase + string.digits + ".,"
    tokens += [(letter.encode(), kind.NORMAL) for letter in letters]
    tokens += [(f"w{number}".encode(), kind.NORMAL) for number in range(len(tokens), VOCABULARY)]
    scores = [0.0] * 3 + [-1000.0] * BYTES + [-float(rank) for rank in range(VOCABULARY - BYTES - 3)]
    return [text for text, _ in tokens], [int(kind) for _, kind in tokens], scores


def add_keys(writer):
    writer.add_name("tiny-random")
    writer.add_license("apache-2.0")
    writer.add_source_url("https://example.invalid/tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(0)
    tokens, kinds, scores = vocabulary()
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_scores(scores)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{% for m in messages %}{{ m['content'] }} {% endfor %}")


def add_tensors(writer):
    random = numpy.random.default_rng(0)

    def weights(*shape):
        return (random.standard_normal(shape) * 0.05).astype(numpy.float32)

    def ones():
        return numpy.ones(WIDTH, numpy.float32)

    writer.add_tensor("token_embd.weight", weights(VOCABULARY, WIDTH))
    writer.add_tensor("output_norm.weight", ones())
    writer.add_tensor("output.weight", weights(VOCABULARY, WIDTH))
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(WIDTH, WIDTH))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", ones())
        for name in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(FEED_FORWARD, WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", weights(WIDTH, FEED_FORWARD))


def main():
    writer = gguf.GGUFWriter(sys.argv[1], "llama")
    add_keys(writer)
    add_tensors(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
