export { renderVerdict, type VerdictPart } from '../html/verdict-part.ts'
export { drawContradiction, renderExplained } from '../terminal/explained-page.ts'
export { type ExplainInput, explain } from './explained.ts'
