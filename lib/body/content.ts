import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2';
import { MIMEType } from 'node:util';

export const FORM = 'application/x-www-form-urlencoded';
export const MULTIPART = 'multipart/form-data';

const JSON_TYPE = /^application\/json$|\+json$/;

// RFC 2046, section 5.1.1: 1 to 70 ASCII characters. Without those that a quoted header parameter would have to escape.
const BOUNDARY = /^[ !#-[\]-~]{1,70}$/;

/** The types of bodies that are read, for an error message. */
export function readTypes(withUploads: boolean): string {
  return withUploads ? `application/json, ${FORM} or ${MULTIPART}` : `application/json or ${FORM}`;
}

/** The stream of an HTTP/2 request. Koa types every request as one of HTTP/1. */
export function http2StreamOf(req: IncomingMessage | Http2ServerRequest): ServerHttp2Stream | undefined {
  return 'stream' in req ? req.stream : undefined;
}

/** Whether a request announces content, which may still turn out to be empty. */
export function hasContent(req: IncomingMessage): boolean {
  // RFC 9112, section 6: either header announces it. HTTP/2 needs neither: there the head says whether it is all.
  if (req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined) return true;
  return http2StreamOf(req)?.endAfterHeaders === false;
}

/** Whether a request says that its content is empty, as browsers do for a POST without a body. */
export function isEmpty({ headers }: IncomingMessage): boolean {
  return headers['content-length'] === '0';
}

/** The media type of the content, in lower case; empty where there is no content, or no type. */
export function mediaTypeOf(req: IncomingMessage): string {
  const { 'content-type': type = '' } = req.headers;
  return hasContent(req) ? type.replace(/;.*/s, '').trim().toLowerCase() : '';
}

/** Whether the content is JSON, as far as its type says. */
export function isJson(req: IncomingMessage): boolean {
  return JSON_TYPE.test(mediaTypeOf(req));
}

/** The boundary of a multipart body; undefined where the header names none that could be one. */
export function boundaryOf({ headers }: IncomingMessage): string | undefined {
  try {
    const boundary = new MIMEType(headers['content-type'] ?? '').params.get('boundary') ?? '';
    return BOUNDARY.test(boundary) ? boundary : undefined;
  } catch {
    return undefined;
  }
}
