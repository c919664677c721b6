#!/usr/bin/env python3
"""Loads a GGUF inside Python with mistralrs and keeps it until it is killed: load.py FOLDER FILE

Prints `ready` once the model answers.
"""

import sys
import time

from mistralrs import ChatCompletionRequest, Runner, Which

folder, file = sys.argv[1:]
runner = Runner(which=Which.GGUF(quantized_model_id=folder, quantized_filename=file))
question = [{"role": "user", "content": "hi"}]
runner.send_chat_completion_request(ChatCompletionRequest(model="tiny", messages=question, max_tokens=2))
print("ready", flush=True)
time.sleep(600)
