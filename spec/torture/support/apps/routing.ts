import Koa from 'koa';
import { Controller, micropie, type Request } from '../../../../lib/index.js';
import type { TortureApp, Witness } from '../witness.js';

/** Everything that a client might wish to reach, and the few things that it may. */
export default function create(witness: Witness): TortureApp {
  let evaluated = 0;

  class Base {
    inherited() {
      witness.ran('inherited');
      return 'inherited';
    }

    overridden() {
      witness.ran('Base.overridden');
      return 'base';
    }
  }

  class Root extends Base {
    data = 'plain data';
    db = {
      query() {
        witness.ran('db.query');
      },
    };
    arrow = () => witness.ran('arrow');

    static statics() {
      witness.ran('statics');
    }

    get trap(): string {
      evaluated += 1;
      throw new Error('The getter was evaluated');
    }

    set sink(_value: string) {
      evaluated += 1;
    }

    #priv() {
      witness.ran('#priv');
    }

    _hidden() {
      witness.ran('_hidden');
      this.#priv();
    }

    __x() {
      witness.ran('__x');
    }

    ws_chat() {
      witness.ran('ws_chat');
    }

    // biome-ignore lint/suspicious/noThenProperty: it is tested that this is no route
    then() {
      witness.ran('then');
    }

    override overridden() {
      witness.ran('overridden');
      return 'root';
    }

    index() {
      witness.ran('index');
      return 'index';
    }

    admin() {
      witness.ran('admin');
      return 'admin';
    }

    show(...segments: string[]) {
      witness.ran('show');
      return segments;
    }

    'caf\u00e9'() {
      witness.ran('café');
      return 'café';
    }

    visit(request: Request) {
      witness.ran('visit');
      request.session['seen'] = true;
      return 'visited';
    }

    stream() {
      witness.ran('stream');
      return witness.open(['a', 'b']);
    }

    boom() {
      witness.ran('boom');
      throw new Error('boom');
    }
  }

  class Ambient extends Controller {
    hello() {
      witness.ran('hello');
      return 'hello';
    }
  }

  class All {
    index(...rest: unknown[]) {
      witness.ran('all');
      return rest.map((one) => [typeof one, one]);
    }
  }

  witness.watch(Base.prototype, Root.prototype, Root, Ambient.prototype, Controller.prototype, All.prototype);
  const app = new Koa();
  app.use(micropie(Ambient, { prefix: '/ambient' }));
  app.use(micropie(All, { prefix: '/all' }));
  app.use(micropie(Root));
  return { app, commands: { evaluated: () => evaluated } };
}
