import { chartCursorScript } from './explorer/chart-cursor-script.ts'
import { controlsScript } from './explorer/controls-script.ts'
import { dataScript } from './explorer/data-script.ts'
import { drawingScript } from './explorer/drawing-script.ts'

/** The timeline of operations, in a browser: parts of one scope, each of which uses what those before it declare. */
export const explorerScript: string = `
(() => {
${[dataScript, drawingScript, controlsScript, chartCursorScript].join('')}
  addEventListener('resize', measure)
  addEventListener('themechange', measure)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', measure)
  count()
  measure()
  if (bad.length) lookAtBad()
})()
`
