import { defineFault } from '../definition.ts'
import { bytes, ms, or, probability } from '../parameter.ts'

export const slice = defineFault({
  kind: 'slice',
  summary: 'deliver bytes in small pieces',
  parameters: {
    averageBytes: bytes('size of a piece', { least: 1 }),
    variationBytes: or(bytes('variation of the size, ±'), 0),
    pauseMs: or(ms('pause after each piece'), 0),
  },
})

export const corrupt = defineFault({
  kind: 'corrupt',
  summary: 'flip one bit of a byte',
  parameters: { probability: probability('of each byte to be hit') },
})
