import { type Epoch, type Instant, nanosBetween } from '../event/epoch.ts'
import {
  type EventInput,
  type EventType,
  eventTypes,
  formats,
  type Header,
  type Json,
  type Process,
  type SessionSource,
  type Stamps,
} from '../event/event.ts'
import { EventError, rules, shortened } from '../event/rules.ts'
import type { Taken } from '../event/taken.ts'
import { canonical } from '../tables/value.ts'
import { isObject } from './json-text.ts'
import { nanosInstant } from './time-units.ts'

type Members = { readonly [member: string]: Json }

/** The members of a native event, in the order of writing. */
export const eventMembers = [
  'index',
  'time',
  'process',
  'type',
  'f',
  'key',
  'value',
  'node',
  'error',
  'final',
  'answered',
  'session',
] as const
const FINAL = 'final?'
const known: ReadonlySet<string> = new Set([...eventMembers, FINAL])

/** Returns the event with these members. Throws EventError. */
export function eventOfMembers(members: Members, epoch?: Epoch | undefined): EventInput {
  const type = typeOf(required(members, 'type'))
  const event: { -readonly [Member in keyof EventInput]: EventInput[Member] } = {
    process: processOf(required(members, 'process')),
    type,
    f: textOf(required(members, 'f'), 'f'),
  }
  // Object.prototype has no members with these names, so each value comes from the event itself.
  const { index, time, key, value, node, error, final, answered, session } = members
  if (isPresent(index)) event.index = indexOf(index)
  if (isPresent(time)) event.time = timeOf(time, epoch)
  if (isPresent(key)) event.key = key
  if (value !== undefined) event.value = value
  if (isPresent(node)) event.node = typeof node === 'number' ? String(node) : textOf(node, 'node')
  if (isPresent(error)) event.error = typeof error === 'string' ? error : canonical(error)
  // Jepsen calls this member `final?`.
  const isFinal = final ?? members[FINAL]
  if (isPresent(isFinal)) event.final = flagOf(isFinal, 'final')
  if (isPresent(answered)) event.answered = flagOf(answered, 'answered')
  if (isPresent(session)) event.session = textOf(session, 'session')
  const extra = unknownMembers(members, known)
  if (extra !== undefined) event.extra = extra
  return event
}

/** The header with these members; undefined if they are not a header. */
export function headerOfMembers(members: Members): Header | undefined {
  if (!Object.hasOwn(members, 'chaos')) return undefined
  const version = members['chaos'] ?? null
  if (version !== 1) throw new EventError(rules.newerFormat(displayed(version)))
  const model = members['model'] ?? null
  return {
    chaos: 1,
    ...(model === null ? {} : { model: textOf(model, 'model') }),
    ...(Object.hasOwn(members, 'initial') ? { initial: members['initial'] ?? null } : {}),
    ...(isPresent(members['sessions']) ? { sessions: sessionsOf(members['sessions']) } : {}),
    // The only known mapping is `routes`. Any other value comes from a newer version, and is ignored.
    ...(members['mapping'] === 'routes' ? { mapping: 'routes' } : {}),
    ...(members['ends'] === true ? { ends: true } : {}),
    ...(isPresent(members['stamps']) ? { stamps: stampsOf(members['stamps']) } : {}),
    ...convertedOf(members),
    ...optionalExtra(unknownMembers(members, new Set(headerMembers))),
  }
}

/**
 * Returns a header that says that some lines name no client. `member` is the member that names the client in the other
 * lines, if there are any.
 */
export function headerWithUnnamed(header: Header = { chaos: 1 }, member?: string | undefined): Header {
  const sessions: SessionSource =
    member === undefined ? { by: 'operation', named: false } : { by: `member ${JSON.stringify(member)}`, named: true }
  return { ...header, sessions }
}

/** The members of a header, in the order of writing. */
export const headerMembers = [
  'chaos',
  'model',
  'initial',
  'sessions',
  'mapping',
  'ends',
  'stamps',
  'from',
  'taken',
] as const

/** Unknown formats, which come from a newer version, are ignored. */
function convertedOf({ from, taken }: Members): Pick<Header, 'from' | 'taken'> {
  const format = formats.find((each) => each === from)
  return {
    ...(format && { from: format }),
    ...(Array.isArray(taken) ? { taken: taken.filter(isTaken) } : {}),
  }
}

function isTaken(value: unknown): value is Taken {
  if (!isObject(value)) return false
  const { member, as, count, of, words, mayBe = [] } = value
  return (
    [member, as].every((each) => typeof each === 'string') &&
    [count, of].every((each) => typeof each === 'number') &&
    Array.isArray(words) &&
    Array.isArray(mayBe)
  )
}

function sessionsOf(value: Json): SessionSource {
  const { by = null, named = null } = isObject(value) ? value : {}
  if (typeof by === 'string' && typeof named === 'boolean') return { by, named }
  throw new EventError(rules.wrongMember('sessions', displayed(value), 'as {"by":"header.X-Client","named":true}'))
}

function stampsOf(value: Json): Stamps {
  const { resolutionNanos = null, skewNanos = null, withinNanos = null } = isObject(value) ? value : {}
  if (isLength(resolutionNanos) && isLength(skewNanos) && isLength(withinNanos))
    return { resolutionNanos, skewNanos, withinNanos }
  throw new EventError(
    rules.wrongMember('stamps', displayed(value), 'as {"resolutionNanos":1000000,"skewNanos":0,"withinNanos":0}'),
  )
}

const isLength = (value: Json): value is number => typeof value === 'number' && value >= 0

const optionalExtra = (extra: Members | undefined): { extra?: Members } => (extra === undefined ? {} : { extra })

/** Null counts as absent, except for `value`. */
const isPresent = (value: Json | undefined): value is NonNullable<Json> => value !== undefined && value !== null

function required(members: Members, name: string): Json {
  const value = members[name]
  if (!isPresent(value)) throw new EventError(rules.missing(name))
  return value
}

function typeOf(value: Json): EventType {
  const type = eventTypes.find((candidate) => candidate === value)
  if (type === undefined) throw new EventError(rules.unknownType(displayed(value)))
  return type
}

function processOf(value: Json): Process {
  // Some programs call Jepsen's nemesis -1.
  if (value === -1) return 'nemesis'
  // The parser turns a large integer into a text that ends in N. The digits of this text become the process's name.
  if (typeof value === 'string' && value !== '') return LARGE_INTEGER.test(value) ? value.slice(0, -1) : value
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) {
    return Number.isSafeInteger(value) ? value : BigInt(value).toString()
  }
  throw new EventError(rules.wrongProcess(displayed(value)))
}

const LARGE_INTEGER = /^\d{16,}N$/

/** Reads an index. Some recorders write -1 for an unknown one. */
function indexOf(value: Json): number | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new EventError(rules.wrongMember('index', displayed(value), 'an integer'))
  }
  return value < 0 ? undefined : value
}

const SINCE_1970: Instant = { seconds: 0, nanos: 0 }

function timeOf(value: Json, epoch: Epoch | undefined): number {
  const instant = nanosInstant(value)
  if (instant !== undefined) return epoch?.sinceInstant(instant) ?? nanosBetween(SINCE_1970, instant)
  throw new EventError(
    typeof value === 'number' ? rules.fractionOfTime('time', displayed(value)) : rules.wrongTime(displayed(value)),
  )
}

function flagOf(value: Json, member: string): boolean {
  if (typeof value !== 'boolean') throw new EventError(rules.wrongMember(member, displayed(value), 'true or false'))
  return value
}

function textOf(value: Json, member: string): string {
  if (typeof value !== 'string') throw new EventError(rules.wrongMember(member, displayed(value), 'a string'))
  return value
}

function unknownMembers(members: Members, knownHere: ReadonlySet<string>): Members | undefined {
  const names = Object.keys(members)
  if (names.every((name) => knownHere.has(name))) return undefined
  return Object.fromEntries(names.flatMap((name) => (knownHere.has(name) ? [] : [[name, members[name] ?? null]])))
}

const displayed = (value: Json): string => shortened(canonical(value))

export function membersOf(value: Json): Members {
  if (isObject(value)) return value
  const found = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`
  throw new EventError(`this line is ${found}. Every line is one JSON object; an array is split by: jq -c '.[]'`)
}
