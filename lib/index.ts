export type { NamedParameter, Parameter, ParameterType, Source } from './binding/parameters.js';
export type { StandardSchema } from './binding/standard-schema.js';
export type { BodyLimits } from './body/options.js';
export type { Lists } from './body/pairs.js';
export type { Context } from './context.js';
export { currentRequest } from './controller/ambient.js';
export { Controller } from './controller/controller.js';
export { type Nested, nested } from './controller/nested.js';
export type { RouteDeclaration, RouteName, Routes } from './controller/routes-type.js';
export { type HookResponse, HttpMiddleware } from './hooks.js';
export { type Issue, issuesOf } from './issues.js';
export { type Micropie, micropie } from './micropie.js';
export type { MicropieOptions } from './options.js';
export type { Request } from './request.js';
export { type HeaderPairs, type HeadersLike, type Reply, reply } from './response/reply.js';
export type { Route } from './routing/route.js';
export {
  type Channel,
  type ChannelEvent,
  type ChannelOptions,
  channel,
  type SubscribeOptions,
} from './serve/channel.js';
export type { ServeOptions } from './serve/options.js';
export { type Serving, serve } from './serve/serve.js';
export type { SessionBackend, SessionData } from './sessions/backend.js';
export type { ContextSession } from './sessions/context-session.js';
export { type KeyvLike, keyvSessionBackend } from './sessions/keyv.js';
export { InMemorySessionBackend } from './sessions/memory.js';
export type { SessionOptions, SessionsOptions } from './sessions/options.js';
export { type RedisLike, redisSessionBackend } from './sessions/redis.js';
export { sessions } from './sessions/sessions.js';
export { type EventStream, type SseEvent, sse } from './streams/sse.js';
export type { UploadOptions } from './uploads/options.js';
export type { FieldPart, FilePart, Part } from './uploads/parts.js';
export { UploadedFile } from './uploads/uploaded-file.js';
export type { Message } from './websocket/message.js';
export type { WebSocketOptions } from './websocket/options.js';
export type { Socket } from './websocket/socket.js';
