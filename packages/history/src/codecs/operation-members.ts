import type { EventInput, Json, Process } from '../event/event.ts'
import { EventError, shortened } from '../event/rules.ts'
import { replacesWhole, takesNothing } from '../operations/meaning.ts'
import { canonical } from '../tables/value.ts'
import { isObject, parseJson } from './json-text.ts'
import { exactTime, timeParts, timeValue, unitNamed } from './time-units.ts'

// One line per operation, as programs that use Porcupine keep them: its client, when it was called and when it returned, what
// was asked and what was answered. Everybody names these members a little differently.

type Members = { readonly [member: string]: Json }

/** An operation, its times in parts of the file's own unit (see `exactTime`). */
export interface OperationLine {
  /** Undefined if the file does not say who asked. */
  readonly process: Process | undefined
  readonly call: bigint
  /** Undefined if it never returned. */
  readonly returned: bigint | undefined
  readonly type: 'ok' | 'fail' | 'info'
  readonly event: Omit<EventInput, 'process' | 'type' | 'time' | 'value'>
  readonly input: Json | undefined
  readonly output: Json | undefined
}

const NAMES = {
  process: ['process', 'client', 'clientid', 'pid', 'worker', 'workerid', 'thread', 'threadid', 'proc', 'session'],
  call: [
    'call',
    'calltime',
    'called',
    'start',
    'starttime',
    'started',
    'begin',
    'invoke',
    'invoked',
    'invocation',
    'callts',
    'startts',
    'tstart',
    'tcall',
    'invoketime',
  ],
  returned: [
    'return',
    'returntime',
    'returned',
    'end',
    'endtime',
    'ended',
    'finish',
    'finished',
    'complete',
    'completed',
    'completion',
    'stop',
    'returnts',
    'endts',
    'tend',
    'treturn',
    'completetime',
    'finishtime',
    'responsetime',
  ],
  took: ['duration', 'latency', 'elapsed', 'took', 'dur', 'rtt', 'elapsedtime'],
  f: ['f', 'op', 'operation', 'func', 'function', 'method', 'action', 'command', 'cmd', 'kind', 'name', 'type'],
  key: ['key', 'k'],
  input: ['input', 'in', 'args', 'arg', 'argument', 'arguments', 'request', 'req', 'value', 'val', 'v'],
  output: ['output', 'out', 'result', 'res', 'response', 'resp', 'reply', 'ret', 'returnvalue'],
  status: ['status', 'outcome', 'ok', 'success', 'state', 'type'],
  error: ['error', 'err'],
  node: ['node', 'server', 'replica', 'host'],
  final: ['final'],
} as const

const UNIT = /_?(?:ns|nanos|nanoseconds|us|micros|microseconds|ms|millis|milliseconds|s|sec|seconds|at)$/i

const plain = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '')

function found(members: Members, what: keyof typeof NAMES): readonly [name: string, value: Json] | undefined {
  for (const wanted of NAMES[what])
    for (const [name, value] of Object.entries(members))
      if (plain(name) === wanted || (isTime(what) && plain(name.replace(UNIT, '')) === wanted)) return [name, value]
  return undefined
}

const isTime = (what: keyof typeof NAMES): boolean => what === 'call' || what === 'returned' || what === 'took'
const said = (members: Members, what: keyof typeof NAMES): Json | undefined => found(members, what)?.[1]

const NEVER = 9.2e18
const EVENT_TYPES: readonly Json[] = ['invoke', 'ok', 'fail', 'info']

/** Whether the first event of a native history would be an operation with both of its times. */
export function hasOperationLines(content: string): boolean {
  for (const line of content.split('\n', 3)) {
    let members: Json
    try {
      members = parseJson(line)
    } catch {
      return false
    }
    if (!isObject(members)) return false
    if (Object.hasOwn(members, 'chaos')) continue
    if (
      EVENT_TYPES.includes(members['type'] ?? null) &&
      Object.hasOwn(members, 'f') &&
      !Object.hasOwn(members, 'return')
    )
      return false
    const ended = found(members, 'returned') ?? found(members, 'took')
    return timeValue(said(members, 'call')) !== undefined && ended !== undefined
  }
  return false
}

/** The names of the two times, from which their unit may be known. */
export const timeNames = (members: Members): readonly string[] => [
  found(members, 'call')?.[0] ?? '',
  found(members, 'returned')?.[0] ?? found(members, 'call')?.[0] ?? '',
]

/** @throws EventError */
export function operationOf(members: Members): OperationLine {
  const call = timeOf(said(members, 'call'))
  if (call === undefined)
    throw new EventError('"call" is missing. An operation says when it was called and when it returned, as numbers.')
  const returned = found(members, 'returned') === undefined ? endOf(members, call) : timeOf(said(members, 'returned'))
  if (returned !== undefined && returned < call)
    throw new EventError(
      `this operation returned (${shownTime(members, 'returned')}) before it was called (${shownTime(members, 'call')}).`,
    )
  const asked = partsOf(said(members, 'input'))
  const f = said(members, 'f') ?? asked.f
  if (typeof f !== 'string')
    throw new EventError(
      f === undefined || f === null
        ? '"f" is missing. An operation says what was done, such as "f":"read".'
        : `"f" is ${shortened(canonical(f))}, which names no operation. Write a word the model knows, such as "f":"read".`,
    )
  const process = said(members, 'process') ?? undefined
  const key = said(members, 'key') ?? asked.key
  const node = said(members, 'node')
  const error = said(members, 'error') ?? undefined
  const type = typeOf(members, returned, error)
  return {
    process: typeof process === 'number' || typeof process === 'string' ? process : undefined,
    call,
    returned,
    // A cas that is answered with false found another value.
    type: type === 'ok' && f === 'cas' && said(members, 'output') === false ? 'fail' : type,
    event: {
      f: f.toLowerCase(),
      ...(key === undefined || key === null ? {} : { key }),
      ...(typeof node === 'string' || typeof node === 'number' ? { node: String(node) } : {}),
      ...(error === undefined || error === '' ? {} : { error: typeof error === 'string' ? error : canonical(error) }),
      ...(said(members, 'final') === true ? { final: true } : {}),
    },
    ...valuesOf(members, f.toLowerCase(), asked.value),
  }
}

/** A single value is the result of a read. */
function valuesOf(members: Members, f: string, asked: Json | undefined): Pick<OperationLine, 'input' | 'output'> {
  const output = found(members, 'output')
  if (output !== undefined) {
    const { value } = partsOf(output[1])
    // What a write returns is a reply; Go has "" for none.
    const isReply = replacesWhole(f) || (value === '' && !takesNothing(f))
    return { input: asked, output: isReply ? undefined : value }
  }
  return takesNothing(f) ? { input: null, output: asked } : { input: asked, output: undefined }
}

/** What Porcupine's programs keep in the structures of their inputs and outputs. */
function partsOf(value: Json | undefined): {
  readonly f?: Json
  readonly key?: Json
  readonly value: Json | undefined
} {
  if (value === undefined || !isObject(value)) return { value }
  const names = Object.keys(value)
  const f = found(value, 'f')
  const key = found(value, 'key')
  const own = found(value, 'input') ?? found(value, 'output')
  const known = [f, key, own].filter((each) => each !== undefined).length
  const pair = [
    pick(value, /^(?:old|from|expected|expect|compare)(?:value)?$/),
    pick(value, /^(?:new|to|desired|swap|set)(?:value)?$/),
  ]
  const [from, to] = pair
  if (f !== undefined && from !== undefined && to !== undefined && known + 2 === names.length)
    return { f: f[1], ...(key === undefined ? {} : { key: key[1] }), value: [from, to] }
  // Anything else in it belongs to the value itself.
  if (known === 0 || known < names.length) return { value }
  return { ...(f === undefined ? {} : { f: f[1] }), ...(key === undefined ? {} : { key: key[1] }), value: own?.[1] }
}

const pick = (members: Members, name: RegExp): Json | undefined =>
  Object.entries(members).find(([each]) => name.test(plain(each)))?.[1]

/** When an operation returned that says how long it took, in the unit of its call. */
function endOf(members: Members, call: bigint): bigint | undefined {
  const [name, value] = found(members, 'took') ?? []
  if (name === undefined || value === null) return undefined
  const took = timeValue(value)
  if (took === undefined || took < 0)
    throw new EventError(`"${name}" is ${shortened(canonical(value ?? null))}, which is no duration.`)
  const [start = '', began] = found(members, 'call') ?? []
  // A date is in nanoseconds.
  const own = typeof began === 'string' ? 1 : unitNamed(start)?.nanos
  const unit = unitNamed(name)?.nanos
  if (own === unit) return call + timeParts(took)
  if (own === undefined || unit === undefined)
    throw new EventError(
      `nothing tells the unit of ${own === undefined ? `"${start}"` : `"${name}"`}. Name it, as in "start_ms" and "duration_ms".`,
    )
  return call + timeParts((took * unit) / own)
}

/** Undefined for none: Porcupine gives an operation that never returned the largest integer. */
function timeOf(value: Json | undefined): bigint | undefined {
  const time = timeValue(value)
  return time === undefined || time < 0 || time >= NEVER ? undefined : exactTime(value)
}

/** A time as the file has it, without the mark of large integers. */
const shownTime = (members: Members, what: 'call' | 'returned'): string =>
  shortened(String(said(members, what)).replace(/(?<=^\d+)N$/, ''))

const DONE: ReadonlySet<string> = new Set([
  'ok',
  'success',
  'succeeded',
  'done',
  'complete',
  'completed',
  'true',
  '200',
  '201',
  '204',
])
const REFUSED: ReadonlySet<string> = new Set(['fail', 'failed', 'failure', 'rejected', 'aborted'])
const UNKNOWN: ReadonlySet<string> = new Set([
  'info',
  'unknown',
  'timeout',
  'timedout',
  'pending',
  'crash',
  'crashed',
  'error',
  'indeterminate',
  'maybe',
  'false',
])

/** What is not known to have failed may have taken effect. */
function typeOf(members: Members, returned: bigint | undefined, error: Json | undefined): OperationLine['type'] {
  const [name, status] = found(members, 'status') ?? []
  if (status === undefined || status === null || (name === 'type' && said(members, 'f') === status))
    return returned === undefined || (error !== undefined && error !== '') ? 'info' : 'ok'
  const word = plain(String(status))
  if (DONE.has(word)) return returned === undefined ? 'info' : 'ok'
  if (REFUSED.has(word)) return 'fail'
  if (UNKNOWN.has(word)) return 'info'
  throw new EventError(
    `"${name}" is ${shortened(canonical(status))}. It must be ok, fail (certainly no effect) or info (unknown).`,
  )
}
