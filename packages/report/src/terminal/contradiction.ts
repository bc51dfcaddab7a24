import { type ExplainInput, factsOfExplained } from '../explanation/explained.ts'
import { drawCounterexample } from './drawing.ts'
import { pageStyle } from './run-page.ts'
import { plainStyle, type TerminalOptions } from './style.ts'

/** The contradiction that `explain` tells, drawn without colours; empty if nothing is violated. No newline at its end. */
export function drawContradiction(input: ExplainInput, options: TerminalOptions): string {
  const { shown, near } = factsOfExplained(input)
  if (shown === undefined) return ''
  const page = pageStyle(plainStyle, options)
  const drawing = drawCounterexample(input.history, shown, near, page)
  return drawing.map((line) => line.trimEnd()).join('\n')
}
