export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How far the rounds lie apart, as a part of their median. */
export function spread(values) {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

/** A table in Markdown. */
export function printTable(title, rows) {
  const names = Object.keys(rows[0]);
  console.log(`### ${title}\n`);
  console.log(`| ${names.join(' | ')} |`);
  console.log(`| ${names.map(() => '---').join(' | ')} |`);
  for (const row of rows) console.log(`| ${names.map((name) => row[name]).join(' | ')} |`);
  console.log('');
}
