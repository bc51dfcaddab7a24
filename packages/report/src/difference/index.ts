export { type ComparedResult, renderDifferenceHtml } from '../html/difference-page.ts'
export { renderDifference } from '../terminal/difference-page.ts'
export { differenceOf } from './difference.ts'
