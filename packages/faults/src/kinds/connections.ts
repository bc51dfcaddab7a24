import { defineFault } from '../definition.ts'
import { bytes, ms, or } from '../parameter.ts'

/** Over at once: there is nothing to heal. */
export const reset = defineFault({
  kind: 'reset',
  plural: 'resets',
  summary: 'every live connection is reset, once',
  parameters: {},
  describe: (_, links) => `connections reset on ${links}`,
})

/** The bytes in flight are lost. */
export const resetPeer = defineFault({
  kind: 'reset-peer',
  summary: 'a connection is reset after its first bytes came, and they are lost',
  parameters: { afterMs: or(ms('how long it takes'), 0) },
})

export const timeout = defineFault({
  kind: 'timeout',
  summary: 'bytes are lost, and the connection ends once none came for so long (0: at heal)',
  parameters: { afterMs: or(ms('how long it takes'), 0) },
})

/** The receiver does not learn that its peer is gone. */
export const halfOpen = defineFault({
  kind: 'half-open',
  summary: 'the end of a direction is not passed on',
  parameters: {},
})

export const slowClose = defineFault({
  kind: 'slow-close',
  summary: 'the end of a direction is passed on later',
  parameters: { delayMs: ms('how much later') },
})

/** Bytes that the client sends meanwhile wait. */
export const slowConnect = defineFault({
  kind: 'slow-connect',
  summary: 'the server is dialled later',
  parameters: { delayMs: ms('how much later') },
})

/**
 * Accepts connections and resets them at once. If the listener were closed instead, its port might be taken by the
 * time it heals, and the fault could not be restricted to some clients.
 */
export const refuse = defineFault({
  kind: 'refuse',
  summary: 'new connections are reset at once',
  parameters: {},
})

export const limitBytes = defineFault({
  kind: 'limit-bytes',
  summary: 'the connection is closed cleanly after this many bytes',
  parameters: { bytes: bytes('how many pass') },
})

export const limitTime = defineFault({
  kind: 'limit-time',
  summary: 'the connection is closed cleanly after this long',
  parameters: { afterMs: ms('the age') },
})
