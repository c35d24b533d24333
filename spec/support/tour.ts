import type Koa from 'koa';
import request from 'supertest';
import { createDemos, createTour } from '../../demo/tour.js';
import { watched } from './app.js';

/** A fresh tour, watched for errors. */
export function tourApp(log?: (line: string) => void): Koa {
  return watched(createTour(createDemos(log)));
}

/** A supertest agent with a cookie jar for a fresh tour. */
export function tour() {
  return request.agent(tourApp().callback());
}
