const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
follow();
dark.addEventListener('change', follow);

SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#docs',
  // From 150 lines on, Swagger UI 5.35 leaves out those that are not in view, and neither prints nor finds them.
  docExpansion: 'none',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // Otherwise the document would be sent to a validator elsewhere.
  validatorUrl: null,
});
