import { micropie, type UploadedFile } from '../../lib/index.js';
import { appOf } from './app.js';

/** A server of its own process, to be killed. Prints its port. The argument is for `uploads.dir`. */
class Root {
  index(data: UploadedFile) {
    return data.size;
  }
}

const [dir] = process.argv.slice(2);
const server = appOf(micropie(Root, { uploads: dir === undefined ? {} : { dir } })).listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`${address?.port}\n`);
});
