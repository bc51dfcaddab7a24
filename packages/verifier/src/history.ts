import { isObject, type Json, objectIn, refuse, Undecided, Unreadable } from './proof.ts'

/** An invocation joined with its completion, if there is one. */
export interface Operation {
  /** The line of the operation's invocation, which identifies it in proofs. */
  readonly line: number
  readonly process: string
  readonly client: string
  readonly f: string
  /** The key as text; `null` for a single object. */
  key: string
  readonly input: Json
  /** The value of the completion, if any. */
  answer: Json | undefined
  outcome: 'ok' | 'fail' | 'info'
  /** The line of the operation's completion; Infinity if the outcome is unknown. */
  return: number
  isFinal: boolean
  /** The times of the call and the return in nanoseconds, if known. */
  readonly calledNs: number | undefined
  returnedNs: number | undefined
}

export interface History {
  /** The operations, in the order of their invocations. */
  readonly operations: readonly Operation[]
  readonly byLine: readonly (Operation | undefined)[]
  /** Whether the history names the client of every operation, and so shows each client's order. */
  readonly hasClients: boolean
  /** The model and the initial value that the header names, if any. */
  readonly header: { readonly model: Json | undefined; readonly initial: Json | undefined }
}

/**
 * Matches members that the verifier does not read, although they change the meaning of an operation. Also matches
 * escaped letters, because these could hide such a member's name.
 */
const UNREAD = /"(?:clock|within|unsaid|requestId|locks|predicates|statements|isolation)"\s*:|\\u00[4-7]/

const FRACTIONS = /-?\d+\.\d{16,}(?:[eE][-+]?\d+)?/g

type Event = { readonly [member: string]: Json }

/**
 * Reads JSON lines, one event per line, in order. The text may be split into pieces of any size.
 *
 * @throws Unreadable for an invocation by a busy process, for a completion without an invocation, or for a line that is
 * not an event.
 * @throws Undecided for members that change the meaning of operations, but are unknown to the verifier.
 */
export function readHistory(pieces: Iterable<string>): History {
  const operations: Operation[] = []
  const byLine: (Operation | undefined)[] = [undefined]
  const open = new Map<string, Operation>()
  let sessions = 0
  let header: Event | undefined
  const types = new Map<string, string>()
  for (const text of linesOf(pieces)) {
    const line = byLine.push(undefined) - 1
    if (text.trim() === '') continue
    if (UNREAD.test(text)) throw new Undecided(`line ${line}: the verifier does not cover ${UNREAD.exec(text)?.[0]}`)
    const inexact = text.match(FRACTIONS)?.find((number) => String(Number(number)) !== number)
    if (inexact !== undefined) throw new Undecided(`line ${line}: the number ${inexact} cannot be represented exactly`)
    const event = objectIn(text)
    if (typeof event === 'string') throw new Unreadable(`line ${line}: ${event}`)
    if (event['chaos'] === 1 && operations.length === 0 && header === undefined) {
      header = event
      continue
    }
    const { process } = event
    const type = types.get(String(process)) ?? typeof process
    if (typeof process !== type)
      throw new Undecided(`line ${line}: process ${process} is a ${typeof process} here, but was a ${type} before`)
    types.set(String(process), type)
    const operation = operationOf(event, line, open)
    if (operation === undefined) continue
    if (event['session'] !== undefined) sessions++
    operations.push(operation)
    byLine[line] = operation
  }
  const { sessions: named, model, initial } = header ?? {}
  const areNamed = !isObject(named) || named['named'] !== false
  const hasClients = areNamed && (sessions === 0 || sessions === operations.length)
  return { operations, byLine, hasClients, header: { model, initial } }
}

/** Returns the operation that an event begins; undefined if it begins no operation of a client. */
function operationOf(event: Event, line: number, open: Map<string, Operation>): Operation | undefined {
  const { process: name, type, f, key, value, session, final } = event
  const isHarmless = f === 'end' || (f === 'passed-on' && isObject(value) && value['mayWrite'] === false)
  if (name === 'nemesis' || (name === 'recorder' && isHarmless)) return undefined
  if (name === 'recorder') throw new Undecided(`line ${line}: the verifier does not cover this event of the recorder`)
  if ((typeof name !== 'number' && typeof name !== 'string') || typeof f !== 'string')
    throw new Unreadable(`line ${line}: an event must have a process and an f`)
  const process = typeof name === 'number' ? textOf(name) : name
  const called = open.get(process)
  if (type === 'invoke') {
    if (called !== undefined)
      throw new Unreadable(`line ${line}: process ${process} has not completed its call of line ${called.line}`)
    const operation: Operation = {
      line,
      process,
      client: session === undefined ? process : `session ${textOf(session)}`,
      f,
      key: textOf(key),
      input: value ?? null,
      answer: undefined,
      outcome: 'info',
      return: Number.POSITIVE_INFINITY,
      isFinal: final === true,
      calledNs: nanosOf(event),
      returnedNs: undefined,
    }
    open.set(process, operation)
    return operation
  }
  if (called === undefined || called.f !== f || (type !== 'ok' && type !== 'fail' && type !== 'info'))
    throw new Unreadable(`line ${line}: this completes no call`)
  open.delete(process)
  called.outcome = type
  called.answer = value
  called.returnedNs = nanosOf(event)
  called.isFinal ||= final === true
  if (key !== undefined) called.key = textOf(key)
  if (type !== 'info') called.return = line
  return undefined
}

const nanosOf = ({ time }: Event): number | undefined => (typeof time === 'number' ? time : undefined)

function* linesOf(pieces: Iterable<string>): Iterable<string> {
  let rest = ''
  for (const piece of pieces) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Returns the text by which a value is compared. Refuses numbers beyond 2^53 that may be equal as doubles. */
export function textOf(json: Json | undefined): string {
  if (json === undefined || json === null) return 'null'
  if (typeof json === 'number')
    return Math.abs(json) <= Number.MAX_SAFE_INTEGER ? String(json) : refuse(`the number ${json} is not exact`)
  if (typeof json !== 'object') return JSON.stringify(json)
  if (isList(json)) return `[${json.map(textOf).join()}]`
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`).join()}}`
}

/** Returns the text to which an append adds; empty for null. */
export const wordsOf = (text: string): string => (text.startsWith('"') ? JSON.parse(text) : text === 'null' ? '' : text)

export const isList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)

/** The elements of a list; null is the empty list, and `#{}` marks a set of EDN. */
export function listOf(json: Json | undefined): readonly Json[] {
  if (isList(json)) return json
  if (isObject(json)) return listOf(json['#{}'] ?? 'a map')
  return (json ?? null) === null ? [] : refuse('no list')
}

export const textsOf = (json: Json | undefined): readonly string[] => listOf(json).map(textOf)
