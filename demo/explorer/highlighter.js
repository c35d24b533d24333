// Not TypeScript: the types of highlight.js 11.12 bring those of browsers into the whole project.
import hljs from 'highlight.js/lib/core';
import css from 'highlight.js/lib/languages/css';
import javascript from 'highlight.js/lib/languages/javascript';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';

hljs.registerLanguage('.css', css);
hljs.registerLanguage('.ejs', xml);
hljs.registerLanguage('.html', xml);
hljs.registerLanguage('.js', javascript);
hljs.registerLanguage('.ts', typescript);

export function knows(extension) {
  return hljs.getLanguage(extension) !== undefined;
}

export function highlighted(text, extension) {
  return hljs.highlight(text, { language: extension }).value;
}
