import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

// One of the settings that OWASP's Password Storage Cheat Sheet names; a hash takes 32 MiB.
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const LENGTH = 32;

/** A hash with a salt of its own, as it is stored. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, LENGTH, COST);
  return `${salt.toString('hex')}:${hash.toString('hex')}`;
}

/** Takes as long for somebody who is not there, so that the time does not tell who is. */
export async function isPassword(password: string, stored = `:${'0'.repeat(2 * LENGTH)}`): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split(':');
  const derived = await derive(password, Buffer.from(salt, 'hex'), LENGTH, COST);
  return timingSafeEqual(derived, Buffer.from(hash, 'hex'));
}
