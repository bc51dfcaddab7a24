import type { FaultParameter, HarmDescription } from './harm-table.ts'
import type { MessageHarm, MessageMatch, MessageTrigger } from './message-fault.ts'

const behind: FaultParameter = {
  name: 'behind',
  unit: 'count',
  summary: 'others that pass first',
  default: 1,
  least: 1,
}
const withinMs: FaultParameter = {
  name: 'withinMs',
  unit: 'ms',
  summary: 'how long it waits for them at most',
  default: 1000,
  most: 3_600_000,
}

/** Every fault of a single message: the one place where its parameters and their units are named. */
export const messageHarms: { readonly [kind in MessageHarm['kind']]: HarmDescription } = {
  'drop-message': { summary: 'the message is lost, and the connection goes on', parameters: [] },
  'duplicate-message': {
    summary: 'the message comes several times in a row',
    parameters: [
      { name: 'copies', unit: 'count', summary: 'how many come on top of it', default: 1, least: 1, most: 100 },
    ],
  },
  'reorder-message': { summary: 'others overtake the message', parameters: [behind, withinMs] },
  'replay-message': { summary: 'the message comes once more, later', parameters: [behind, withinMs] },
  'delay-message': {
    summary: 'the message comes later, and what follows it waits',
    parameters: [
      { name: 'delayMs', unit: 'ms', summary: 'how much later' },
      { name: 'jitterMs', unit: 'ms', summary: 'how far delays spread, evenly to both sides', default: 0 },
    ],
  },
  'corrupt-message': {
    summary: 'bits of the message are flipped, and it stays a message',
    parameters: [{ name: 'bits', unit: 'count', summary: 'how many', default: 1, least: 1, most: 64 }],
  },
  'fabricate-message': {
    summary: 'another message takes its place',
    parameters: [{ name: 'message', unit: 'json', summary: 'what it says instead' }],
  },
}

/** What narrows a fault to messages that say something. */
export const matchParameters: readonly (FaultParameter & { readonly name: keyof MessageMatch })[] = [
  { name: 'contains', unit: 'text', summary: 'only messages with this text in their bytes', optional: true },
  { name: 'member', unit: 'text', summary: 'only JSON with this member (entry.term)', optional: true },
  { name: 'equals', unit: 'json', summary: 'and this as its value', optional: true },
  { name: 'command', unit: 'text', summary: 'only this RESP command (SET)', optional: true },
  { name: 'key', unit: 'text', summary: 'only RESP commands for this key', optional: true },
]

/** What narrows a fault to some of the messages that match. */
export const messageTriggerParameters: readonly (FaultParameter & { readonly name: keyof MessageTrigger })[] = [
  { name: 'probability', unit: 'probability', summary: 'of each message to be hit', optional: true },
  { name: 'nth', unit: 'count', summary: 'only this message of a link, counted from 1', optional: true, least: 1 },
  { name: 'first', unit: 'count', summary: 'only so many messages of a link', optional: true, least: 1 },
  { name: 'every', unit: 'count', summary: 'only each so-manyth message of a link', optional: true, least: 1 },
  { name: 'afterMessages', unit: 'count', summary: 'only after so many of the connection', optional: true },
  { name: 'fromMs', unit: 'ms', summary: 'only from so long after it was applied', optional: true },
  { name: 'untilMs', unit: 'ms', summary: 'only until so long after it was applied', optional: true },
]
