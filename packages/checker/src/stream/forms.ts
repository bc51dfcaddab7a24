import { canonical, type History, inputOf, isObject, type Json, OK, outputOf } from '@chaosproxy/history'
import { malformed, type OperationRow } from '../encoding/operation-row.ts'

export interface Sent {
  readonly does: 'send'
  readonly partition: string
  /** The message's value as canonical JSON. */
  readonly message: string
  /** Undefined if the send returned no offset. */
  readonly offset: number | undefined
}

export interface Polled {
  readonly offset: number
  readonly message: string
}

export interface Got {
  readonly does: 'poll'
  readonly partition: string
  readonly from: number | undefined
  readonly messages: readonly Polled[]
}

/** A poll without an answer. It is unknown which messages it returned. */
interface Unanswered {
  readonly does: 'unanswered'
}

export type Step = Sent | Got | Unanswered

const UNANSWERED: Unanswered = { does: 'unanswered' }

interface Form {
  readonly history: History
  readonly row: OperationRow
}

/**
 * Returns the sends and polls of an operation, in the order in which the operation lists them. The operation has one of
 * two forms:
 *
 * - one `send` with its key, or one `poll` whose value is an object: by key, the offset (see `readRecord`)
 * - a list of micro-operations, as Jepsen writes them: `["send",key,value]`, completed as
 *   `["send",key,[offset,value]]`, and `["poll"]`, completed as `["poll",{key:[[offset,value],…],…}]`
 *
 * @throws UserError (input) for any other form.
 */
export function stepsOf(history: History, row: OperationRow): readonly Step[] {
  const { key, f, outcome } = history.operations
  const form = { history, row }
  const invocation = inputOf(history, row)
  const answer = outcome[row] === OK ? outputOf(history, row) : undefined
  const does = history.functions[f[row]]
  const name = history.keys[key[row]]
  if (does === 'send' && !(name === undefined && areMicroOperations(invocation)))
    return [{ does, partition: name ?? '', message: canonical(invocation), offset: returnedOffset(answer, form) }]
  if (does === 'poll' && !areMicroOperations(invocation))
    return answer === undefined ? [UNANSWERED] : polledIn(objectIn(invocation, form), objectIn(answer, form), form)
  if (!areMicroOperations(invocation) || invocation.length === 0)
    throw bad(form, `${MICRO_OPERATIONS}, not ${JSON.stringify(invocation)}`)
  const completion = answer ?? undefined
  if (completion !== undefined && !(areMicroOperations(completion) && completion.length === invocation.length))
    throw bad(form, 'its completion must have as many micro-operations as its invocation')
  return invocation.flatMap((micro, i) => microSteps(micro, completion?.[i], form))
}

type MicroOperation = readonly Json[]

const MICRO_OPERATIONS = 'its value is a list of ["send",key,value] and ["poll"]'

const areMicroOperations = (value: Json): value is readonly MicroOperation[] =>
  Array.isArray(value) && (value as readonly Json[]).every((each) => Array.isArray(each) && kindOf(each) !== undefined)

function kindOf([name = null]: MicroOperation): 'send' | 'poll' | undefined {
  if (name === 'send' || name === ':send') return 'send'
  return name === 'poll' || name === ':poll' ? 'poll' : undefined
}

function microSteps(invocation: MicroOperation, completion: MicroOperation | undefined, form: Form): readonly Step[] {
  const [, key = null, value = null] = invocation
  if (completion !== undefined && kindOf(completion) !== kindOf(invocation))
    throw bad(form, 'its completion must have the same micro-operations as its invocation')
  if (kindOf(invocation) === 'poll')
    return completion === undefined ? [UNANSWERED] : polledIn({}, objectIn(completion[1] ?? {}, form), form)
  const message = canonical(value)
  return [{ does: 'send', partition: textOf(key), message, offset: offsetBeside(message, completion?.[2], form) }]
}

const textOf = (key: Json): string => (typeof key === 'string' ? key : canonical(key))

/** Returns the offset that a send's completion states next to the message, if any. */
function offsetBeside(message: string, answered: Json | undefined, form: Form): number | undefined {
  if (answered === undefined || canonical(answered) === message) return undefined
  const [offset = null, sent = null] = Array.isArray(answered) ? (answered as readonly Json[]) : []
  if (canonical(sent) !== message)
    throw bad(form, `its completion must have ["send",key,[offset,value]], not ${JSON.stringify(answered)}`)
  return returnedOffset(offset, form)
}

function returnedOffset(answer: Json | undefined, form: Form): number | undefined {
  if (answer === undefined || answer === null) return undefined
  if (!isOffset(answer)) throw bad(form, 'a send must return an offset or null')
  return answer
}

function polledIn(invocation: JsonObject, completion: JsonObject, form: Form): readonly Got[] {
  return [...new Set([...Object.keys(invocation), ...Object.keys(completion)])].map((partition) => {
    const from = invocation[partition] ?? undefined
    if (from !== undefined && typeof from !== 'number')
      throw bad(form, `the offset to poll "${partition}" from must be a number`)
    return { does: 'poll', partition, from, messages: messagesIn(completion[partition] ?? [], form) }
  })
}

function messagesIn(pairs: Json, form: Form): readonly Polled[] {
  if (!Array.isArray(pairs)) throw bad(form, PAIRS)
  return (pairs as readonly Json[]).map((pair) => {
    const [offset, message = null] = Array.isArray(pair) ? (pair as readonly Json[]) : []
    if (!isOffset(offset)) throw bad(form, PAIRS)
    return { offset, message: canonical(message) }
  })
}

const PAIRS = 'its completion must have, for each key, a list of [offset, message]'

const isOffset = (json: Json | undefined): json is number => typeof json === 'number' && Number.isSafeInteger(json)

/** @throws UserError (input) if the value is not an object of offsets. */
export function offsetsIn(json: Json, history: History, row: OperationRow): readonly (readonly [string, number])[] {
  const form = { history, row }
  return Object.entries(objectIn(json, form)).map(([partition, offset]) => {
    if (!isOffset(offset)) throw bad(form, 'the offset of each key must be a whole number')
    return [partition, offset]
  })
}

interface JsonObject {
  readonly [member: string]: Json
}

function objectIn(json: Json, form: Form): JsonObject {
  if (isObject(json)) return json
  throw bad(form, `not an object: ${JSON.stringify(json)}`)
}

const bad = ({ history, row }: Form, why: string) => malformed(history, row, why)
