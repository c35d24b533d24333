import { expect } from 'chai';
import type { client } from './app.js';

type Expected = readonly (readonly [path: string, text: string, status?: number])[];

/** Asks for each path, and expects its text, with 200 where no status is named. */
export async function expectAnswers(agent: ReturnType<typeof client>, expected: Expected): Promise<void> {
  for (const [path, text, status = 200] of expected) {
    const response = await agent.get(path);
    expect([response.status, response.text], path).to.deep.equal([status, text]);
  }
}
