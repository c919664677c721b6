// Serves a model over HTTP with node-llama-cpp: node serve.mjs NODE_MODULES MODEL.gguf [ADDRESS]
// Any free port of the address (else the loopback); prints `listening PORT` once the model is loaded. Other words are ignored.
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, modelPath, address = '127.0.0.1'] = process.argv.slice(2);
const entry = path.join(modules, 'node-llama-cpp', 'dist', 'index.js');
const { getLlama, LlamaCompletion } = await import(pathToFileURL(entry));

const llama = await getLlama({ gpu: false, build: 'never' });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 256 });
const completion = new LlamaCompletion({ contextSequence: context.getSequence() });

const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const text = body ? await completion.generateCompletion(body, { maxTokens: 8 }) : '';
    response.end(JSON.stringify({ text }));
});
server.listen(0, address, () => console.log(`listening ${server.address().port}`));
