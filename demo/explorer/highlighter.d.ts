/** @param extension - Of a file's name, as in `.ts`. */
export function knows(extension: string): boolean;

/** Code as HTML, escaped, its words in elements whose classes a style sheet colours. */
export function highlighted(text: string, extension: string): string;
