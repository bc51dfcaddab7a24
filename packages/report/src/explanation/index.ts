export { drawContradiction, renderExplained } from '../terminal/explained-page.ts'
export { type Explained, type ExplainInput, explain } from './explained.ts'
