/** How many random inputs a property is tried with: all of them in `npm run slow`, a tenth in `npm test`. */
export function runs(all: number): number {
  return process.env['RUNS'] === 'all' ? all : Math.ceil(all / 10);
}
