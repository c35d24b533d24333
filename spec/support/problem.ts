/** A problem document as the text that it stands for; any other body as it is. */
export function textOfProblem(type: unknown, body: string): string {
  if (type !== 'application/problem+json') return body;
  const { status, title, detail } = JSON.parse(body);
  return detail === undefined ? title : `${status} ${title}: ${detail}`;
}
