import { defineFault } from '../definition/definition.ts'
import { bits, copies, delay, ms, or, wholeNumber } from '../definition/parameter.ts'

export const dropDatagram = defineFault({
  kind: 'drop-datagram',
  summary: 'drop the datagram',
  parameters: {},
})

export const duplicateDatagram = defineFault({
  kind: 'duplicate-datagram',
  summary: 'deliver the datagram several times',
  parameters: { copies },
})

/** Holds the datagram until `behind` other datagrams have passed, but at most `withinMs`. */
export const reorderDatagram = defineFault({
  kind: 'reorder-datagram',
  summary: 'let later datagrams overtake the datagram',
  parameters: {
    behind: or(wholeNumber('number of other datagrams that pass before this one', { least: 1 }), 1),
    withinMs: or(ms('longest wait for the other datagrams to pass', { most: 3_600_000 }), 1000),
  },
})

/** Delays datagrams. The jitter reorders them. */
export const delayDatagram = defineFault({
  kind: 'delay-datagram',
  summary: 'delay the datagram; others may overtake it',
  parameters: delay,
})

export const corruptDatagram = defineFault({
  kind: 'corrupt-datagram',
  summary: 'flip bits of the datagram',
  parameters: { bits },
})
