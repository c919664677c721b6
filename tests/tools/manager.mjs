// A manager of runtimes: node manager.mjs GREETING WORKER SERVE.mjs NODE_MODULES MODEL.gguf
// Answers GET / with the greeting on a port of its own and starts the worker program on the model, as managers do.
// Prints `listening PORT CHILD` once the worker has loaded the model.
import { spawn } from 'node:child_process';
import http from 'node:http';

const [greeting, worker, ...words] = process.argv.slice(2);
const child = spawn(worker, words, { stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => child.kill());
process.on('SIGTERM', () => process.exit());
const server = http.createServer((_, response) => response.end(greeting));
child.stdout.once('data', () =>
    server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port} ${child.pid}`)));
