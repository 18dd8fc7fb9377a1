export { type Kept, KINDS, type Kind } from './kept.ts';
export { keptFiles, type Places } from './kept-files.ts';
