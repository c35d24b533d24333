// Serves the controllers of compiled modules, and prints what became of each as JSON.
import { once } from 'node:events';
import Koa from 'koa';
import { micropie } from './library.mjs';

const warnings = [];
process.on('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));

const results = {};
for (const [file, requests] of Object.entries(JSON.parse(process.argv[2]))) {
  const controllers = await import(`./${file}`);
  results[file] = {};
  for (const [name, paths] of Object.entries(requests)) results[file][name] = await probe(controllers[name], paths);
}
console.log(JSON.stringify(results));

async function probe(Controller, paths) {
  const app = new Koa();
  app.silent = true;
  try {
    app.use(micropie(Controller));
  } catch (error) {
    return { refusal: String(error), warnings: [], answers: [] };
  }
  // Warnings come on the next tick.
  await new Promise(setImmediate);
  return { warnings: warnings.splice(0), answers: await ask(app, paths) };
}

async function ask(app, paths) {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const answers = [];
  for (const path of paths) answers.push(await (await fetch(`http://127.0.0.1:${port}${path}`)).text());
  server.closeAllConnections();
  server.close();
  return answers;
}
