import { expect } from 'chai';
import request from 'supertest';
import { createApp } from '../../demo/alongside/index.js';
import { watched } from '../support/app.js';
import { tourApp } from '../support/tour.js';

const MOUNTS = [
  ['on its own', '', () => watched(createApp().app)],
  ['in the tour', '/alongside', () => tourApp()],
] as const;

describe('demo: alongside', () => {
  for (const [where, prefix, make] of MOUNTS)
    describe(where, () => {
      const get = (path: string) => request(make().callback()).get(prefix + path);

      it("leaves the router's paths to the router", async () => {
        expect((await get('/articles')).body).to.deep.equal(['Dough', 'Filling', 'Crust']);
        expect((await get('/articles/1')).text).to.equal('Filling');
      });

      it('answers the paths that the router does not know', async () => {
        expect((await get('/celsius/451')).body).to.deep.equal({ celsius: 233 });
      });

      it("sees what the app's middleware left in the context", async () => {
        expect((await get('/whoami')).body).to.include({ user: 'Ada' });
      });

      it('hands on what neither knows', async () => {
        const { status, text } = await get('/unknown');
        expect([status, text]).to.deep.equal([404, 'Neither the router nor the tools know this path']);
      });
    });
});
