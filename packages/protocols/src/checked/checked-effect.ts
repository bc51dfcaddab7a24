import type { NodeId } from '@chaosproxy/faults'
import { type Completion, count, type Millis, millis } from '@chaosproxy/history'
import type { Effect } from '../machine.ts'
import { valueText } from '../machine-error.ts'
import type { Answered } from './answered.ts'

export type AnyEffect = Effect<unknown, unknown>

/**
 * Something that a protocol's code must not do. In the error message, `did` comes after the node's name and before the
 * event. For example, `did` is "sent a message to itself".
 */
export class Mistake extends Error {
  readonly did: string
  readonly instead: string

  constructor(did: string, instead: string) {
    super(did)
    this.did = did
    this.instead = instead
  }
}

interface EffectContext {
  readonly node: NodeId
  readonly peers: readonly NodeId[]
  readonly answered: Answered
  readonly messageText: string
}

const TYPES = ['send', 'reply', 'persist', 'setTimer', 'cancelTimer', 'log', 'mark']

/** The longest message in characters of JSON: a link buffers at most this much. */
const LONGEST_JSON = 4 * 1024 * 1024
/** The longest delay that timers of real processes support. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Returns the effect that a host must execute, if any. Messages and records are copied through JSON, so the protocol
 * may modify its own objects later.
 *
 * @throws Mistake
 */
export function checkedEffect(effect: unknown, context: EffectContext): AnyEffect | undefined {
  if (typeof effect !== 'object' || effect === null)
    throw new Mistake(
      `asked for ${valueText(effect)}, which is not an effect`,
      `an effect is { type: ${TYPES.join(' | ')}, … }`,
    )
  const { type, ...members } = effect as { readonly [member: string]: unknown }
  switch (type) {
    case 'send':
      return checkedSend(members, context)
    case 'reply':
      return checkedReply(members, context)
    case 'persist':
      return { type, record: copied('record', members['record'], 'persisted a record') }
    case 'setTimer':
      return { type, timer: textIn(type, members, 'timer'), afterMs: delayIn(members) }
    case 'cancelTimer':
      return { type, timer: textIn(type, members, 'timer') }
    case 'mark':
      return { type }
    case 'log':
      return { type, text: textIn(type, members, 'text') }
    default:
      throw new Mistake(
        `asked for ${valueText(effect)}, which is not an effect`,
        `"type" can be ${TYPES.slice(0, -1).join(', ')} or ${TYPES.at(-1)}`,
      )
  }
}

type Members = { readonly [member: string]: unknown }

function checkedSend(members: Members, { node, peers }: EffectContext): AnyEffect {
  const to = textIn('send', members, 'to')
  if (to === node) throw new Mistake('sent a message to itself', `its peers are ${peers.join(', ')}`)
  if (!peers.includes(to))
    throw new Mistake(
      `sent to ${JSON.stringify(to)}, which is not one of its peers`,
      `its peers are ${peers.join(', ')}; use "reply" to answer clients`,
    )
  return { type: 'send', to, message: copied('message', members['message'], `sent ${to} a message`) }
}

function checkedReply(members: Members, { answered, messageText }: EffectContext): AnyEffect | undefined {
  const requestId = textIn('reply', members, 'requestId')
  const result = checkedResult(members['result'])
  switch (answered.answer(requestId, messageText)) {
    case 'good':
      return { type: 'reply', requestId, result }
    case 'late':
      return undefined
    case 'twice':
      throw new Mistake(`replied a second time to the request "${requestId}"`, 'a request must have exactly one reply')
    case 'unknown':
      throw new Mistake(
        `replied to "${requestId}", a request that it never got`,
        'only the node that got a request may reply to it',
      )
  }
}

function checkedResult(result: unknown): Completion {
  const wrong = (what: string): Mistake =>
    new Mistake(
      `replied with ${what}`,
      'a result is { type: "ok", value }, { type: "fail", error: TEXT } or { type: "info", error: TEXT }; add answered: true to a "fail" that the object decided, such as a failed cas',
    )
  if (typeof result !== 'object' || result === null) throw wrong(`the result ${valueText(result)}`)
  const { type, value, error, answered } = result as Members
  switch (type) {
    case 'ok':
      if (value === undefined) throw wrong('a result that is "ok" and has no "value"')
      return { type, value: copied('value', value, 'replied with a value') }
    case 'fail':
    case 'info':
      if (typeof error !== 'string') throw wrong(`a result that is "${type}" with the error ${valueText(error)}`)
      if (answered === undefined || answered === false) return { type, error }
      if (type === 'fail' && answered === true) return { type, error, answered }
      throw wrong(`a result that is "${type}" and whose "answered" is ${valueText(answered)}`)
    default:
      throw wrong(`the result ${valueText(result)}`)
  }
}

function textIn(type: string, members: Members, name: string): string {
  const value = members[name]
  if (typeof value === 'string') return value
  throw new Mistake(`asked for "${type}" with ${name} ${valueText(value)}`, `"${name}" must be a string`)
}

function delayIn({ timer, afterMs }: Members): Millis {
  if (typeof afterMs === 'number' && afterMs >= 0 && afterMs <= LONGEST_TIMER_MS) return millis(afterMs)
  throw new Mistake(
    `set the timer ${valueText(timer)} to ring after ${typeof afterMs === 'number' ? afterMs : valueText(afterMs)} ms`,
    `"afterMs" must be a number from 0 to ${LONGEST_TIMER_MS}`,
  )
}

function copied<T>(name: string, value: unknown, did: string): T {
  const part = firstPart(value, name, [])
  if (part !== undefined)
    throw new Mistake(
      `${did} that JSON cannot carry`,
      `${part}, and would arrive changed; JSON has strings, finite numbers, true, false, null, lists and plain objects`,
    )
  const text = typeof value === 'string' && value.length > LONGEST_JSON ? value : JSON.stringify(value)
  if (text.length > LONGEST_JSON)
    throw new Mistake(
      `${did} of ${count(text.length)} characters of JSON`,
      `the ${name} may have at most ${count(LONGEST_JSON)} characters`,
    )
  return JSON.parse(text)
}

const MOST_LEVELS = 1_000

function firstPart(value: unknown, path: string, within: readonly object[]): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`
    case 'undefined':
      return `${path} is undefined`
    case 'function':
    case 'symbol':
      return `${path} is a ${typeof value}`
    case 'bigint':
      return `${path} is a BigInt`
    case 'object':
      return value === null ? undefined : firstPartOfObject(value, path, within)
  }
}

function firstPartOfObject(value: object, path: string, within: readonly object[]): string | undefined {
  if (within.includes(value)) return `${path} contains itself`
  if (within.length >= MOST_LEVELS) return `${path.slice(0, 60)}… is nested more than ${MOST_LEVELS} levels deep`
  const inner = [...within, value]
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = firstPart(value[i], `${path}[${i}]`, inner)
      if (found !== undefined) return found
    }
    return undefined
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object of another realm has the `Object.prototype` of that realm, so the check does not compare prototypes with
  // the `Object.prototype` of this realm.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return `${path} is ${aOrAn(className(value))}`
  if (Object.getOwnPropertySymbols(value).length > 0) return `${path} has a member that is named by a symbol`
  for (const [name, member] of Object.entries(value)) {
    const found = firstPart(member, pathTo(path, name), inner)
    if (found !== undefined) return found
  }
  return undefined
}

const pathTo = (path: string, name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`

function className(value: object): string {
  const made: unknown = value.constructor
  return typeof made === 'function' && made.name !== '' ? made.name : 'object of some class'
}

const aOrAn = (name: string): string => `${/^[AEIOUaeiou]/.test(name) ? 'an' : 'a'} ${name}`
