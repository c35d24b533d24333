/** Warnings of this package that no test has asked for. */
export const unexpectedWarnings: Error[] = [];

let collected: Error[] | undefined;

const OURS = /^KOA_MICROPIE_/;
// Most specs ask an app without `serve`, also one that has sockets among other things.
const EVERYWHERE = 'KOA_MICROPIE_SOCKET_SERVE';

/** Keeps the package's own warnings from being printed; all others are printed as ever. */
export function watchWarnings(): void {
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const code = String(Reflect.get(warning, 'code'));
    if (OURS.test(code)) {
      if (collected) collected.push(warning);
      else if (code !== EVERYWHERE) unexpectedWarnings.push(warning);
    } else for (const print of printers) print(warning);
  });
}

/**
 * What the package warns of while something is done, each as its code and message. Other warnings of the package fail
 * the test.
 */
export async function warningsOf(cause: () => unknown): Promise<string[]> {
  const own: Error[] = [];
  collected = own;
  try {
    await cause();
    // Node emits them with the next tick.
    await new Promise(setImmediate);
  } finally {
    collected = undefined;
  }
  return own.map((warning) => `${Reflect.get(warning, 'code')}: ${warning.message}`);
}
