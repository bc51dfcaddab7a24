import { defineFault } from '../definition/definition.ts'
import { bytes, choice, ms, or } from '../definition/parameter.ts'

/** Ends immediately, so there is nothing to heal. */
export const reset = defineFault({
  kind: 'reset',
  plural: 'resets',
  summary: 'reset every open connection, once',
  parameters: {},
  describe: (_, links) => `connections reset on ${links}`,
})

/** Accepts a connection, and then resets it. Bytes in flight are lost. */
export const resetPeer = defineFault({
  kind: 'reset-peer',
  summary: 'accept the connection, then reset it when its first bytes arrive',
  parameters: { afterMs: or(ms('the delay'), 0) },
})

export const timeout = defineFault({
  kind: 'timeout',
  summary: 'drop all bytes; close after `afterMs` of silence (0: when healed)',
  parameters: { afterMs: or(ms('the delay'), 0) },
})

/** When one side closes its direction of a connection (half-close), the close is not passed on to the other side. */
export const halfOpen = defineFault({
  kind: 'half-open',
  summary: 'when one side closes its direction (half-close), do not forward the close',
  parameters: {},
})

export const slowClose = defineFault({
  kind: 'slow-close',
  summary: 'when one side closes its direction (half-close), forward the close later',
  parameters: { delayMs: ms('the delay') },
})

/** Delays the connection to the server. Bytes from the client are held until this connection exists. */
export const slowConnect = defineFault({
  kind: 'slow-connect',
  summary: 'delay the connection to the server',
  parameters: { delayMs: ms('the delay') },
})

/**
 * Accepts and resets connections. Closing the listener instead would free its port for other programs, and would affect
 * all clients.
 */
export const refuse = defineFault({
  kind: 'refuse',
  summary: 'reset new connections at once',
  parameters: {},
})

export const limitBytes = defineFault({
  kind: 'limit-bytes',
  summary: 'close the connection cleanly after a number of bytes',
  parameters: { bytes: bytes('number of bytes that pass before the close') },
})

export const limitTime = defineFault({
  kind: 'limit-time',
  summary: 'close the connection cleanly at a certain age',
  parameters: { afterMs: ms('age of the connection at the close') },
})

/** Blocks all bytes. On healing, held bytes are delivered, and connections that lost bytes are reset. */
export const partition = defineFault({
  kind: 'partition',
  plural: 'partitions',
  summary: 'block everything until healed',
  parameters: {
    mode: or(
      choice(
        ['hold', 'drop'],
        'hold: bytes are kept and go on at heal; drop: they are lost, and the connection is reset at heal',
      ),
      'hold',
    ),
  },
})

/** A partition in the mode `drop`. */
export const blackhole = defineFault({
  kind: 'blackhole',
  summary: 'drop all bytes; reset the connection when healed',
  parameters: {},
})
