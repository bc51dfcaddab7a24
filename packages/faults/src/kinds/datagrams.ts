import { defineFault } from '../definition.ts'
import { count, ms, or } from '../parameter.ts'

export const dropDatagram = defineFault({
  kind: 'drop-datagram',
  summary: 'the datagram is lost',
  parameters: {},
})

export const duplicateDatagram = defineFault({
  kind: 'duplicate-datagram',
  summary: 'the datagram comes several times',
  parameters: { copies: or(count('how many come on top of it', { least: 1, most: 100 }), 1) },
})

/** The datagram waits until this many others have passed, or for this long. */
export const reorderDatagram = defineFault({
  kind: 'reorder-datagram',
  summary: 'others overtake the datagram',
  parameters: {
    behind: or(count('others that pass first', { least: 1 }), 1),
    withinMs: or(ms('how long it waits for them at most', { most: 3_600_000 }), 1000),
  },
})

/** The jitter is drawn for each datagram, and so reorders them. */
export const delayDatagram = defineFault({
  kind: 'delay-datagram',
  summary: 'the datagram comes later; others may overtake it',
  parameters: {
    delayMs: ms('how much later'),
    jitterMs: or(ms('how far delays spread, evenly to both sides'), 0),
  },
})

export const corruptDatagram = defineFault({
  kind: 'corrupt-datagram',
  summary: 'bits of the datagram are flipped',
  parameters: { bits: or(count('how many', { least: 1, most: 64 }), 1) },
})
