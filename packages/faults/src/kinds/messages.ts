import { defineFault } from '../definition.ts'
import { count, flag, json, ms, or } from '../parameter.ts'

const behind = or(count('others that pass first', { least: 1 }), 1)
const withinMs = or(ms('how long it waits for them at most', { most: 3_600_000 }), 1000)

export const dropMessage = defineFault({
  kind: 'drop-message',
  summary: 'the message is lost, and the connection goes on',
  parameters: {},
})

export const duplicateMessage = defineFault({
  kind: 'duplicate-message',
  summary: 'the message comes several times in a row',
  parameters: { copies: or(count('how many come on top of it', { least: 1, most: 100 }), 1) },
})

/** The message waits until this many others have passed, or for this long. */
export const reorderMessage = defineFault({
  kind: 'reorder-message',
  summary: 'others overtake the message',
  parameters: { behind, withinMs },
})

/** The message comes a second time, after this many others, or after this long. */
export const replayMessage = defineFault({
  kind: 'replay-message',
  summary: 'the message comes once more, later',
  parameters: { behind, withinMs },
})

export const delayMessage = defineFault({
  kind: 'delay-message',
  summary: 'the message comes later, and what follows it waits',
  parameters: {
    delayMs: ms('how much later'),
    jitterMs: or(ms('how far delays spread, evenly to both sides'), 0),
  },
})

export const corruptMessage = defineFault({
  kind: 'corrupt-message',
  summary: 'bits of the message are flipped, and it stays a message',
  parameters: { bits: or(count('how many', { least: 1, most: 64 }), 1) },
})

export const fabricateMessage = defineFault({
  kind: 'fabricate-message',
  summary: 'another message takes its place',
  parameters: { message: json('what it says instead') },
})

const forged = {
  fields: or(count('how many fields say something else', { least: 1, most: 64 }), 1),
  besides: or(flag("the true message comes too, so that the false one is nobody's"), false),
}

/** Lamport, Shostak & Pease, "The Byzantine Generals Problem", 1982, §3: oral messages, on a link that lies. */
export const forgeMessage = defineFault({
  kind: 'forge-message',
  summary: 'fields of a JSON message say something else, and its receiver believes them',
  parameters: forged,
})

/** §4: "A loyal general's signature cannot be forged, and any alteration of the contents […] can be detected". */
export const forgeSignedMessage = defineFault({
  kind: 'forge-signed-message',
  summary: 'as forge-message, but messages are signed: their receivers drop what was altered',
  parameters: forged,
})
