import { defineFault } from '../definition/definition.ts'
import { bits, copies, delay, flag, json, ms, or, wholeNumber } from '../definition/parameter.ts'

const behind = or(wholeNumber('number of other messages that pass before this one', { least: 1 }), 1)
const withinMs = or(ms('longest wait for that number of messages', { most: 3_600_000 }), 1000)

export const dropMessage = defineFault({
  kind: 'drop-message',
  summary: 'drop the message; the connection stays open',
  parameters: {},
})

export const duplicateMessage = defineFault({
  kind: 'duplicate-message',
  summary: 'deliver the message several times in a row',
  parameters: { copies },
})

/** Holds the message until `behind` other messages have passed, but at most `withinMs`. */
export const reorderMessage = defineFault({
  kind: 'reorder-message',
  summary: 'let later messages overtake the message',
  parameters: { behind, withinMs },
})

/** Delivers the message a second time: once `behind` other messages have passed, or after `withinMs`. */
export const replayMessage = defineFault({
  kind: 'replay-message',
  summary: 'deliver the message a second time, later',
  parameters: { behind, withinMs },
})

export const delayMessage = defineFault({
  kind: 'delay-message',
  summary: 'delay the message and everything after it on the connection',
  parameters: delay,
})

export const corruptMessage = defineFault({
  kind: 'corrupt-message',
  summary: 'flip bits of the message so that it still parses',
  parameters: { bits },
})

export const fabricateMessage = defineFault({
  kind: 'fabricate-message',
  summary: 'replace the message by the one given',
  notInProcesses: {
    not: 'nodes are not built to survive a peer that sends forged messages',
    instead: ['loss', 'duplicate'],
  },
  parameters: { message: json('the message to send instead') },
})

const forged = {
  fields: or(wholeNumber('number of fields to change', { least: 1, most: 64 }), 1),
  besides: or(flag('deliver the original message as well as the forged one'), false),
}

/**
 * Forges messages on a link. Corresponds to the oral messages in Lamport, Shostak & Pease, "The Byzantine Generals
 * Problem", 1982, §3.
 */
export const forgeMessage = defineFault({
  kind: 'forge-message',
  summary: 'change fields of a JSON message; the receiver takes it for genuine',
  notInProcesses: {
    not: 'a process that accepts a forged message may exit, and nothing restarts it',
    instead: ['loss', 'duplicate'],
    elsewhere: 'simulator',
  },
  parameters: forged,
})

/**
 * Forges signed messages, which the receiver detects. From "The Byzantine Generals Problem", §4: "A loyal general's
 * signature cannot be forged, and any alteration of the contents […] can be detected".
 */
export const forgeSignedMessage = defineFault({
  kind: 'forge-signed-message',
  summary: 'change fields of a signed JSON message; the receiver notices the change and drops the message',
  notInProcesses: { not: 'messages are not signed', instead: ['loss'] },
  parameters: forged,
})
