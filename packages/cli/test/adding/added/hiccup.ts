import { defineFault } from '../../../../faults/src/definition/definition.ts'
import { ms } from '../../../../faults/src/definition/parameter.ts'

/** A fault of bytes, as its file in `kinds` would declare it. */
export const hiccup = defineFault({
  kind: 'hiccup',
  summary: 'everything stands still for a moment',
  parameters: { pauseMs: ms('for how long') },
})

/** What it does to bytes. */
export const hiccupOfBytes = ({ harm }: { harm: () => { readonly pauseMs: number } }) => ({
  countsArriving: 'bytes',
  delayMs: () => harm().pauseMs,
})
