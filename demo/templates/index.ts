import { join } from 'node:path';
import { Controller, type Micropie, micropie } from '../../lib/index.js';

const GUESTS = ['Ada', 'Grace', '<script>alert("Bobby")</script>'];

export class Templates extends Controller {
  index() {
    return this.render('index', { title: 'Templates', guests: GUESTS });
  }

  guest(name = 'Nobody') {
    return this.render('guest', { title: 'A guest', name });
  }
}

export function templates(): Micropie {
  return micropie(Templates, { prefix: '/templates', views: join(import.meta.dirname, 'views') });
}
