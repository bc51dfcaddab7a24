import { type Completion, type Input, isObject, type Json } from '@chaosproxy/history'
import { bodyIn, isTrouble, numberIn, type Trouble } from '@chaosproxy/targets/database'
import { type Asking, api, askJetStream, tokenOf, UNLIMITED } from './jetstream.ts'

/**
 * The NATS stream that contains the messages of all partitions and the committed offsets. An offset is the sequence
 * number of a message in this stream.
 */
export const LOGS = 'chaos-logs'
const PARTITION = 'log.'
const COMMITTED = 'committed.'

export const logsConfig = (replicas: number): object => ({
  name: LOGS,
  subjects: [`${PARTITION}*`, `${COMMITTED}*`],
  ...{ storage: 'file', retention: 'limits', discard: 'old', num_replicas: replicas },
  ...UNLIMITED,
})

/** The maximum number of messages per partition and poll. */
const BATCH = 5

export async function onLogs(asking: Asking, { f, key = '', value }: Input): Promise<Completion> {
  switch (f) {
    case 'send':
      return ended(await publish(asking, PARTITION + tokenOf(key), value))
    case 'poll':
      return ended(await eachIn(numbersIn(value), (name, from) => polled(asking, name, from)))
    case 'commit_offsets':
      return ended(await eachIn(numbersIn(value), (name, offset) => publish(asking, COMMITTED + tokenOf(name), offset)))
    case 'assign':
      return ended(await eachIn(keysIn(value), (name) => committed(asking, name)))
    default:
      throw new Error(`a log does not support the operation ${f}`)
  }
}

const ended = (done: Json | Trouble): Completion => (isTrouble(done) ? done : { type: 'ok', value: done })

/** Performs the action on each key in order, up to the first failure. Returns the results that are not null. */
async function eachIn(
  all: readonly (readonly [key: string, number: number])[],
  act: (key: string, number: number) => Promise<Json | Trouble>,
): Promise<Json | Trouble> {
  const done: { [key: string]: Json } = {}
  for (const [key, number] of all) {
    const answer = await act(key, number)
    // Unless this is the first key, the actions for earlier keys may have taken effect.
    if (isTrouble(answer)) return all[0]?.[0] === key ? answer : { type: 'info', error: answer.error }
    if (answer !== null) done[key] = answer
  }
  return done
}

async function publish(asking: Asking, subject: string, value: Json): Promise<number | Trouble> {
  const done = await askJetStream(asking, { subject, payload: JSON.stringify(value) })
  return isTrouble(done) ? done : numberIn(done, 'seq')
}

async function polled(asking: Asking, key: string, from: number): Promise<Json | Trouble> {
  const messages: [number, Json][] = []
  for (let next = Math.max(from, 1); messages.length < BATCH; ) {
    const found = await messageAt(asking, { seq: next, next_by_subj: PARTITION + tokenOf(key) })
    if (found === undefined) break
    if (isTrouble(found)) return found
    messages.push([found.offset, found.value])
    next = found.offset + 1
  }
  return messages.length === 0 ? null : messages
}

async function committed(asking: Asking, key: string): Promise<Json | Trouble> {
  const found = await messageAt(asking, { last_by_subj: COMMITTED + tokenOf(key) })
  if (found === undefined) return null
  return isTrouble(found) ? found : found.value
}

interface Found {
  readonly offset: number
  readonly value: Json
}

/** Returns a message as the stream's leader has it; undefined if the message does not exist. */
async function messageAt(asking: Asking, place: object): Promise<Found | Trouble | undefined> {
  const body = await api(asking, `STREAM.MSG.GET.${LOGS}`, place)
  if (isTrouble(body)) return body.error.includes('no message found') ? undefined : body
  const message = bodyIn(body, 'message')
  const text = Buffer.from(String(message['data'] ?? ''), 'base64').toString()
  return { offset: numberIn(message, 'seq'), value: JSON.parse(text) as Json }
}

const numbersIn = (value: Json): readonly (readonly [string, number])[] =>
  isObject(value) ? Object.entries(value).map(([key, number]) => [key, Number(number)] as const) : []

const keysIn = (value: Json): readonly (readonly [string, number])[] =>
  Array.isArray(value) ? value.map((key) => [String(key), 0] as const) : []
