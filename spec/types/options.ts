import type { CallOptions } from '../../lib/client/index.js';
import type {
  BodyLimits,
  ChannelOptions,
  MicropieOptions,
  ServeOptions,
  SessionOptions,
  SessionsOptions,
  SseEvent,
  SubscribeOptions,
  UploadOptions,
  WebSocketOptions,
} from '../../lib/index.js';
import type { McpOptions } from '../../lib/mcp/options.js';
import type { OpenApiOptions } from '../../lib/openapi/options.js';
import type { Assert } from './assert.js';

/** Whether undefined stands for each option that may be left out, under `exactOptionalPropertyTypes` as well. */
type TakesUndefined<T> =
  { readonly [K in OptionalName<T>]?: undefined } extends Pick<T, OptionalName<T>> ? true : false;

type OptionalName<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never }[keyof T];

export type Options = [
  Assert<TakesUndefined<MicropieOptions>>,
  Assert<TakesUndefined<SessionOptions>>,
  Assert<TakesUndefined<SessionsOptions>>,
  Assert<TakesUndefined<BodyLimits>>,
  Assert<TakesUndefined<UploadOptions>>,
  Assert<TakesUndefined<WebSocketOptions>>,
  Assert<TakesUndefined<ServeOptions>>,
  Assert<TakesUndefined<ChannelOptions>>,
  Assert<TakesUndefined<SubscribeOptions>>,
  Assert<TakesUndefined<SseEvent>>,
  Assert<TakesUndefined<OpenApiOptions>>,
  Assert<TakesUndefined<McpOptions>>,
  Assert<TakesUndefined<CallOptions>>,
  // @ts-expect-error an option that undefined does not stand for
  Assert<TakesUndefined<{ readonly name?: string }>>,
];
