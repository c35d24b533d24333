// Koa, http-errors, cookies and http-assert bring depd, which writes to Error when it is loaded: under
// --frozen-intrinsics that fails. The build of its own for browsers does not.
const Module = require('node:module');

const load = Module._load;
Module._load = (request, ...rest) => load(request === 'depd' ? 'depd/lib/browser/index.js' : request, ...rest);
