import type { EventInput, Json, Process } from '../event/event.ts'
import { EventError, shortened } from '../event/rules.ts'
import { mayDecline, meaningOf, replacesWhole, returnsValue, takesNothing } from '../operations/meaning.ts'
import { canonical } from '../tables/value.ts'
import { etcdOperation, isEtcdOperation } from './etcd-operations.ts'
import { type Exchange, exchangeOf, outcomeOfRequest } from './http-lines.ts'
import { isArray, isObject } from './json-text.ts'
import { isErrorText, isOpenError, isTrouble, type Outcome, outcomeOf, outcomeOfError, reasonIn } from './outcomes.ts'
import {
  CLIENT,
  type Found,
  functionNamed,
  KEY,
  type Members,
  NONE,
  plain,
  REQUEST_TIME,
  type Role,
  type Roles,
} from './roles.ts'
import { durationOf, exactTime, timeParts, timeValue, unitNamed } from './time-units.ts'

// Each line is an operation with its client, two times, request and answer.

/** An operation on one line. Its times are integers in billionths of their unit (see `exactTime`). */
export interface OperationLine {
  /** The client. Undefined if the file does not name the client. */
  readonly process: Process | undefined
  readonly call: bigint
  /** Undefined if the operation never returned. */
  readonly returned: bigint | undefined
  /**
   * The number of nanoseconds in the unit of `call` and `returned`. Undefined if the name of the time does not show its
   * unit.
   */
  readonly unit: number | undefined
  /**
   * Whether the line has only one time stamp, which was taken as the call. If there is a duration, the stamp may be the
   * return instead.
   */
  readonly isBare: boolean
  /**
   * The name of the member that contains the duration, if neither this name nor the name of the time's member shows a
   * unit. The duration is then in the unit of the time. Otherwise undefined.
   */
  readonly unitless: string | undefined
  readonly type: 'ok' | 'fail' | 'info'
  readonly event: Omit<EventInput, 'process' | 'type' | 'time' | 'value'>
  readonly input: Json | undefined
  readonly output: Json | undefined
  /**
   * An ambiguous answer of a read, with the member that contains it. The answer may be the outcome or the value read.
   * Only the whole file shows which one it is.
   */
  readonly open?: { readonly member: string; readonly answered: Json; readonly outcome: Outcome } | undefined
  /**
   * The member that contains the value read, if this line shows it. In the whole file, the answer `ok` in this member
   * is then a value, and not an outcome.
   */
  readonly carrier?: string | undefined
  /** Whether the line is a request to an HTTP server. */
  readonly isRequest?: boolean
  /** Whether the answer of an acquire is not null. Present only if nothing else shows the outcome of the acquire. */
  readonly isGranted?: boolean | undefined
}

export interface ReadOperation extends OperationLine {
  readonly line: number
}

const NEVER = 9.2e18

/**
 * Returns the member with the time of the call. If a line has a duration and only one time, returns the member with
 * this time, even if it is the time of the return.
 */
export function callOf(members: Members, roles: Roles): Found | undefined {
  const call = roles.time(members, 'call')
  if (call !== undefined || roles.time(members, 'took') === undefined) return call
  const returned = roles.time(members, 'returned')
  return returned?.[1] === null ? (roles.time(members, 'time') ?? returned) : (returned ?? roles.time(members, 'time'))
}

/** The members of a line, and the roles for which they were used. */
class Line {
  readonly members: Members
  readonly roles: Roles
  readonly used: Set<string> = new Set()

  constructor(members: Members, roles: Roles) {
    this.members = members
    this.roles = roles
  }

  take(found: Found | undefined, as: string, word?: string): Json | undefined {
    if (found === undefined) return undefined
    this.used.add(found[0])
    this.roles.take(found[0], as, word)
    return found[1]
  }

  /** Returns the first unused member that may have this role and whose value passes the test. */
  found(role: Role, passes: (value: Json) => boolean = () => true): Found | undefined {
    return this.roles.all(this.members, role).find(([name, value]) => !this.used.has(name) && passes(value))
  }
}

/** The operation of a line; undefined if the line is not an operation. @throws EventError */
export function operationOf(lineMembers: Members, roles: Roles): OperationLine | undefined {
  const plainly = isEtcdOperation(lineMembers) ? etcdOperation(lineMembers) : lineMembers
  const exchange = exchangeOf(plainly, roles)
  if (exchange === 'none') return undefined
  const members = exchange?.members ?? plainly
  const line = new Line(members, roles)
  roles.lines += 1
  const times = timesOf(line)
  const process = processOf(line)
  const requested = exchange === undefined ? operationRequestOf(line) : exchangedOf(line, exchange)
  const { f } = requested
  const key = requested.key ?? keyOfAnswer(requested, roles)
  const explicit = statusOf(line, exchange === undefined ? outcomeOf : outcomeOfRequest)
  const error = errorOf(line)
  const answer = answerOf(line, requested, explicit !== undefined)
  const outcome = combined(line, explicit, answer.outcome, error, times.returned !== undefined)
  const node = line.take(line.found('node'), 'the node')
  const final = line.take(line.found('final'), 'the mark of a final read')
  const request = requestOf(line)
  if (explicit === undefined && answer.outcome === undefined && error === undefined && times.returned !== undefined)
    refuseUndecided(line, f, requested.result)
  roles.leave(members, line.used)
  // If a read has no value, a member without a role may contain the value.
  const isBlank = takesNothing(f) && answer.output === undefined
  const unread = isBlank ? Object.entries(members).find(([name]) => !line.used.has(name)) : undefined
  const extra = unread === undefined ? request : { ...request, [unread[0]]: unread[1] }
  return {
    process,
    ...times,
    type: outcome.isNothing && needsObject(f, answer.input) ? 'fail' : outcome.type,
    event: {
      f,
      ...(key === undefined || key === null ? {} : { key }),
      ...(typeof node === 'string' || typeof node === 'number' ? { node: String(node) } : {}),
      ...(error === undefined ? {} : { error }),
      ...(final === true ? { final: true } : {}),
      ...(extra && { extra }),
    },
    input: answer.input,
    output: outcome.isNothing && takesNothing(f) ? null : answer.output,
    ...(answer.open === undefined ? {} : { open: answer.open }),
    ...(answer.carrier === undefined ? {} : { carrier: answer.carrier }),
    ...(exchange && { isRequest: true }),
    ...(explicit !== undefined || meaningOf(f)?.effect !== 'acquires' || requested.result === undefined
      ? {}
      : { isGranted: requested.result[1] !== null }),
  }
}

/**
 * Called for an operation that returned without an explicit outcome. Only a cas or an acquire can be undecided.
 *
 * @throws EventError if a member probably says whether the operation took effect, but the value of this member was not
 * understood.
 */
export function refuseUndecided(
  { members, roles, used }: Pick<Line, 'members' | 'roles'> & { readonly used: ReadonlySet<string> },
  f: string,
  result: Found | undefined,
): void {
  if (!mayDecline(f) || roles.isMappedTo('output', NONE)) return
  const isReply = f === 'cas' && result !== undefined && result[1] !== null && result[1] !== '' && !isArray(result[1])
  const found = isReply ? result : Object.entries(members).find((each) => !used.has(each[0]) && mayDecide(each))
  if (found === undefined) return
  const [name, value] = found
  throw new EventError(
    `"${name}" is ${shortened(canonical(value))}: it is unclear whether this ${f} took effect. Give --map status=MEMBER if a member says with true or false whether a ${f} took effect, or --map output=none if every ${f} without an error took effect`,
  )
}

const mayDecide = ([name, value]: Found): boolean =>
  (typeof value === 'boolean' && !/retr|cach|leader|stale|warm/i.test(name)) ||
  ((value === 0 || value === 1) && /row|affected|modified|matched|updated|changed|swap|appl|acqui|held/i.test(name))

/** Whether an operation cannot succeed on an object that does not exist. */
function needsObject(f: string, input: Json | undefined): boolean {
  const { takes = 'nothing', effect, answers } = meaningOf(f) ?? {}
  const isDelete = effect === 'removes' || (replacesWhole(f) && input === null)
  return takes !== 'nothing' && answers !== 'value' && !isDelete
}

function timesOf(line: Line): Pick<OperationLine, 'call' | 'returned' | 'unit' | 'isBare' | 'unitless'> {
  const { members, roles } = line
  for (const role of ['call', 'returned', 'took'] as const) {
    const trouble = roles.time(members, role) === undefined ? roles.troubleOf(role, members) : undefined
    if (trouble !== undefined && (role === 'call' || roles.found(members, role) !== undefined))
      throw new EventError(trouble)
  }
  const called = callOf(members, roles)
  const ended = roles.time(members, 'returned')
  const isOfReturn = called !== undefined && called[0] === ended?.[0]
  const stamp = timeOf(called?.[1])
  if (called !== undefined && (timeValue(called[1]) ?? 0) < 0)
    throw new EventError(
      `"${called[0]}" is ${timeText(called[1])}. Times must not be negative: count from an earlier time.`,
    )
  if (called === undefined || stamp === undefined) throw new EventError(withoutCall(line))
  line.take(called, isOfReturn ? 'the time of the return' : 'the time of the call')
  const byTook = ended === undefined || isOfReturn
  const other = byTook ? tookOf(line, called) : returnOf(ended, called)
  if (isOfReturn && other === undefined) throw new EventError(withoutCall(line))
  const call = isOfReturn ? stamp - (other ?? 0n) : stamp
  const returned = isOfReturn ? stamp : byTook && other !== undefined ? stamp + other : other
  if (!byTook) line.take(ended, 'the time of the return')
  if (returned !== undefined && returned < call)
    throw new EventError(
      `this operation returned (${timeText(ended?.[1])}) before it was called (${timeText(called[1])}).`,
    )
  const isBare = ended === undefined && roles.time(members, 'call') === undefined
  const unit = unitOfTime(called)
  const took = byTook && other !== undefined ? roles.time(members, 'took')?.[0] : undefined
  return { call, returned, unit, isBare, unitless: unit === undefined ? took : undefined }
}

/** The message for a line without the time of a call. */
function withoutCall({ members, roles }: Line): string {
  const [name, value = null] = roles.found(members, 'call', (each) => each !== null) ?? []
  return name === undefined
    ? '"call" is missing. An operation says when it was called and when it returned, as numbers.'
    : `"${name}" is ${shortened(canonical(value))}, which is no time. Times are numbers, or dates such as 2026-01-31T10:00:00.000Z.`
}

/** The time of a return, in the unit of the call. @throws EventError if only one of the two units is known. */
function returnOf(ended: Found, called: Found): bigint | undefined {
  const time = timeOf(ended[1])
  const [unit, own] = [unitOfTime(ended), unitOfTime(called)]
  if (time === undefined || unit === own) return time
  if (unit === undefined || own === undefined) throw unknownUnit(unit === undefined ? ended[0] : called[0], 'end_ms')
  return (time * BigInt(unit)) / BigInt(own)
}

/** The unit of dates is the nanosecond, because dates are converted to nanoseconds. */
const unitOfTime = ([name, value]: Found): number | undefined =>
  typeof value === 'string' && Number.isNaN(Number(value.replace(/N$/, ''))) ? 1 : unitNamed(name)?.nanos

const unknownUnit = (name: string, other: string): EventError =>
  new EventError(`the unit of "${name}" is unknown. Name it, as in "start_ms" and "${other}".`)

function processOf(line: Line): Process | undefined {
  const process = line.take(line.found('process', isName), CLIENT) ?? undefined
  return typeof process === 'number' || typeof process === 'string' ? process : undefined
}

const isName = (value: Json): boolean => typeof value === 'string' || typeof value === 'number'

/** Returns the members `requestId` and `part`. They mark attempts at the same request (see `Attempts`). */
function requestOf(line: Line): Members | undefined {
  const { part } = line.members
  const found = Object.entries(line.members).find(([name, value]) => plain(name) === 'requestid' && isName(value))
  const requestId = line.take(found, 'the request that attempts share')
  if (requestId === undefined || requestId === '') return undefined
  return part === undefined ? { requestId } : { requestId, part }
}

/** Returns the key that an answer such as `{"k":"a","v":1}` contains in addition to the value that was read. */
const keyOfAnswer = ({ f, result, isContent = false }: OperationRequest, roles: Roles): Json | undefined =>
  result === undefined ? undefined : partsOf(result[1], roles, { f, isAnswer: !isContent }).key

interface OperationRequest {
  readonly f: string
  readonly key: Json | undefined
  readonly value: Found | undefined
  readonly result: Found | undefined
  /**
   * Whether the answer is the stored record that was read, as for GET. The members of the answer then show no outcome.
   */
  readonly isContent?: boolean
}

/**
 * Returns the request. Its parts are members of the line, or members of one input structure, as in Porcupine's
 * programs.
 */
function operationRequestOf(line: Line): OperationRequest {
  const own = line.found('f', (value) => typeof value === 'string' && outcomeOf(value) === undefined) ?? line.found('f')
  const named = own !== undefined && typeof own[1] === 'string' ? line.take(own, 'the operation') : undefined
  const held = line.found('value', (value) => value !== null) ?? line.found('value')
  const input = line.found('input')
  const isInput = input !== undefined && (held === undefined || held[1] === null || isMapped(line, input))
  const argument = isInput ? input : held
  const parts = requestIn(argument?.[1], line.roles, named)
  const f = named ?? parts.f ?? own?.[1]
  if (typeof f !== 'string')
    throw new EventError(
      f === undefined || f === null
        ? (line.roles.troubleOf('f', line.members) ??
            '"f" is missing. An operation says what was done, such as "f":"read".')
        : `"f" is ${shortened(canonical(f))}, which names no operation. Write a word that the model knows, such as "f":"read".`,
    )
  const name = functionNamed(f)
  const key = line.take(line.found('key'), KEY) ?? parts.key
  if (input === undefined || !isMapped(line, input)) refuseTwo(name, held, input)
  const nullable = argument ?? held
  const value: Found | undefined = nullable === undefined ? undefined : [nullable[0], parts.value ?? null]
  if (nullable !== undefined) line.used.add(nullable[0])
  if (isInput && takesNothing(name) && parts.value !== undefined && parts.value !== null && key === undefined)
    return { f: name, ...ofArgument(line, name, nullable?.[0] ?? '', parts.value) }
  if (replacesWhole(name) && parts.value === undefined)
    throw new EventError(`this ${name} has no value. Name the member that has it: --map value=MEMBER`)
  return { f: name, key, value, result: line.found('output') }
}

const isMapped = (line: Line, [name]: Found): boolean => line.roles.isMappedTo('input', name)

/** Arguments of a read without a key. Empty lists and texts count as none. */
function ofArgument(line: Line, f: string, member: string, value: Json): Omit<OperationRequest, 'f'> {
  const result = line.found('output')
  const isEmpty = value === '' || (isArray(value) && value.every((each) => each === null))
  const isPair = isArray(value) && value.length === 2 && value[1] === null
  if (isEmpty || isPair || result === undefined)
    return { key: undefined, value: isEmpty ? undefined : [member, value], result }
  throw new EventError(
    `"${member}" is ${shortened(canonical(value))}, and a ${f} takes no value. ${
      isArray(value)
        ? `If its first element is the key: jq -c '.key=.${member}[0] | .value=.${member}[1] | del(.${member})' FILE`
        : `If it is the key: --map key=${member}`
    }`,
  )
}

/** Throws if an operation has two different inputs, so that it is unclear which one was requested. */
function refuseTwo(f: string, held: Found | undefined, input: Found | undefined): void {
  if (held === undefined || input === undefined || held[1] === null || input[1] === null || takesNothing(f)) return
  if (isObject(input[1]) || canonical(held[1]) === canonical(input[1])) return
  throw new EventError(
    `"${held[0]}" is ${shortened(canonical(held[1]))} and "${input[0]}" is ${shortened(canonical(input[1]))}: it is unclear which one was asked for. Give --map input=${held[0]} or --map input=${input[0]}`,
  )
}

function exchangedOf(line: Line, { f, key, method, path, body, response }: Exchange): OperationRequest {
  line.take(method, 'the operation', `${String(method[1])} is ${f}`)
  line.used.add(path[0])
  if (key[1] !== null) line.take(key, KEY)
  return {
    f,
    key: key[1],
    value: body && [body[0], requestIn(body[1], line.roles, f).value ?? null],
    result: response,
    isContent: f === 'read',
  }
}

interface Answer {
  readonly input: Json | undefined
  readonly output: Json | undefined
  readonly outcome?: readonly [member: string, outcome: Outcome] | undefined
  readonly open?: OperationLine['open']
  readonly carrier?: string | undefined
}

function answerOf(line: Line, { f, value, result, isContent = false }: OperationRequest, isExplicit: boolean): Answer {
  const requested = value?.[1]
  if (value !== undefined) line.used.add(value[0])
  if (value !== undefined) line.roles.take(value[0], takesNothing(f) && value[1] !== null ? RESULT : REQUESTED)
  if (result === undefined) {
    // A read takes no value. Its only value is its result.
    if (takesNothing(f)) return { input: null, output: requested, carrier: requested === null ? undefined : value?.[0] }
    return { input: requested, output: undefined }
  }
  line.used.add(result[0])
  const { value: answered, outcome: inside } = partsOf(result[1], line.roles, { f, isAnswer: !isContent })
  const isValue = isContent || line.roles.isMappedTo('output', result[0])
  const isWritten = line.roles.isContent(result[1])
  const outcome = isValue || isWritten ? undefined : (outcomeOf(result[1]) ?? inside)
  if (inside !== undefined && answered !== undefined) {
    line.roles.take(result[0], RESULT)
    return {
      input: takesNothing(f) ? null : requested,
      output: returnsValue(f) ? answered : undefined,
      outcome: [result[0], inside],
    }
  }
  if (takesNothing(f) && line.roles.isMappedTo('output', result[0])) {
    line.roles.take(result[0], RESULT)
    return { input: null, output: answered ?? null, carrier: result[0] }
  }
  if (takesNothing(f) && returnsValue(f)) return readBy(line, f, value, [result[0], answered ?? null], outcome)
  return changedBy(line, f, requested, [result[0], answered ?? null], outcome, isExplicit)
}

const RESULT = 'what was returned'
const REQUESTED = 'what was asked for'
const OUTCOME = 'the outcome'

function readBy(
  line: Line,
  f: string,
  value: Found | undefined,
  [member, answered]: Found,
  outcome: Outcome | undefined,
): Answer {
  const held = value?.[1] ?? null
  if (held === null) {
    const opened = outcome ?? (typeof answered === 'string' && isErrorText(answered) ? 'info' : undefined)
    if (opened !== undefined) return { input: null, output: undefined, open: { member, answered, outcome: opened } }
    line.roles.take(member, RESULT)
    return { input: null, output: answered, carrier: answered === null ? undefined : member }
  }
  if (outcome !== undefined) {
    line.roles.take(member, OUTCOME, String(canonical(answered)))
    return { input: null, output: held, outcome: [member, outcome], carrier: value?.[0] }
  }
  if (answered === null || canonical(held) === canonical(answered))
    return { input: null, output: held, carrier: value?.[0] }
  // This value belongs to the request, and not to the answer. For a read without an argument, Go programs print an
  // empty text. For a read with a key, the value is a pair of the key and null.
  if (held === '' || isObject(held) || (isArray(held) && held.some((each) => each === null))) {
    line.roles.take(member, RESULT)
    return { input: held, output: answered, carrier: member }
  }
  throw new EventError(
    `"${value?.[0]}" is ${shortened(canonical(held))} and "${member}" is ${shortened(canonical(answered))}: it is unclear which one the ${f} returned. Give --map output=${value?.[0]} or --map output=${member}`,
  )
}

/**
 * Interprets the answer to a change. An answer that names an outcome becomes the outcome. Any other answer becomes the
 * result. These results are dropped:
 *
 * - The result of a write.
 * - The result of a cas, unless it is a list.
 * - `""` as the result of an operation that takes a value. Go programs print it if there is no result.
 */
function changedBy(
  line: Line,
  f: string,
  requested: Json | undefined,
  [member, answered]: Found,
  outcome: Outcome | undefined,
  isExplicit: boolean,
): Answer {
  const input = takesNothing(f) ? null : requested
  const declines = isDeclined(f, answered)
  const done = declines
    ? 'fail'
    : f === 'cas' && answered === 1
      ? 'ok'
      : (outcome ?? outcomeOfReply(f, answered, line.roles))
  const isAnswer = meaningOf(f)?.answers === 'value' || (done === 'nothing' && !isExplicit)
  if (done !== undefined && !isAnswer && !(isExplicit && typeof answered === 'number' && !declines)) {
    line.roles.take(member, OUTCOME, canonical(answered))
    return { input, output: undefined, outcome: [member, done] }
  }
  const isReply = replacesWhole(f) || f === 'cas' || (answered === '' && !takesNothing(f))
  line.roles.take(member, isReply ? 'a reply, which is not used' : RESULT)
  return { input, output: isReply && !(f === 'cas' && isArray(answered)) ? undefined : answered }
}

/** Whether the answer says that a cas found another value, or that somebody else holds the lock. */
export const isDeclined = (f: string, answered: Json): boolean =>
  mayDecline(f) && (answered === false || answered === 0 || (f !== 'cas' && isRefusal(answered)))

const isRefusal = (answered: Json): boolean =>
  typeof answered === 'number'
    ? answered < 0
    : typeof answered === 'string' &&
      /^(?:busy|taken|notacquired|already(?:locked|held|taken)|wouldblock)$/.test(plain(answered))

/** The outcome in status members. @throws EventError for an unknown word, and for two contradicting outcomes. */
function statusOf(line: Line, outcomeIn: typeof outcomeOf): Found | undefined {
  let first: readonly [string, Outcome] | undefined
  for (const [name, value] of line.roles.all(line.members, 'status')) {
    if (line.used.has(name) || value === null) continue
    const isCode = /code|^rc$/.test(plain(name))
    const isFlag = !isCode && (value === 0 || value === 1) && line.roles.isMappedTo('status', name)
    const outcome = outcomeIn(isFlag ? value === 1 : value, isCode)
    if (outcome === undefined) {
      if (first !== undefined || WEAK.has(plain(name))) continue
      throw new EventError(
        `"${name}" is ${shortened(canonical(value))}. It must be ok, fail (certainly no effect) or info (unknown).`,
      )
    }
    line.take([name, value], OUTCOME, typeof value === 'object' ? outcome : String(value))
    if (first !== undefined && first[1] !== outcome && [first[1], outcome].includes('ok'))
      throw new EventError(
        `"${first[0]}" says ${first[1]} and "${name}" is ${shortened(canonical(value))}: the outcome is unclear. Give --map status=${first[0]} or --map status=${name}`,
      )
    first ??= [name, outcome]
  }
  return first
}

/** The names of status members that often have another meaning. */
const WEAK = new Set(['state', 'code', 'type'])

function errorOf(line: Line): string | undefined {
  const reason = reasonIn(line.take(line.found('error'), 'the error'))
  if (reason !== undefined) return reason
  const told = Object.entries(line.members).find(([name, value]) => !line.used.has(name) && isReason(name, value))
  return told === undefined ? undefined : reasonIn(line.take(told, 'the error'))
}

/** Whether an unused member, such as `message` or `timedOut`, says that the request failed or had no answer. */
export const isReason = (name: string, value: Json): boolean =>
  (value === true && /^(?:is|has)?(?:timedout|timeout|failed|error|errored|lost|crashed|aborted)$/.test(plain(name))) ||
  (/^(?:message|msg|reason|details?|exception\w*)$/.test(plain(name)) &&
    typeof value === 'string' &&
    isOpenError(value))

/** Combines status, answer and error. The operation may have taken effect unless it certainly failed. */
function combined(
  line: Line,
  explicit: Found | undefined,
  answered: readonly [member: string, outcome: Outcome] | undefined,
  error: string | undefined,
  hasReturned: boolean,
): { readonly type: OperationLine['type']; readonly isNothing: boolean } {
  const explicitOutcome = explicit?.[1] as Outcome | undefined
  if (explicitOutcome === 'ok' && answered !== undefined && answered[1] === 'info' && error === undefined)
    throw new EventError(
      `"${explicit?.[0]}" says ok and "${answered[0]}" says otherwise (${shortened(canonical(line.members[answered[0]] ?? null))}): the outcome is unclear. Give --map status=${explicit?.[0]} or --map status=${answered[0]}`,
    )
  const reported =
    explicitOutcome === undefined || explicitOutcome === 'ok' ? (answered?.[1] ?? explicitOutcome) : explicitOutcome
  const outcome = reported === 'fail' && error !== undefined && isOpenError(error) ? 'info' : reported
  const isNothing = outcome === 'nothing'
  if (outcome === undefined) return { type: !hasReturned || error !== undefined ? 'info' : 'ok', isNothing }
  if (outcome === 'ok' || isNothing) return { type: hasReturned ? 'ok' : 'info', isNothing }
  return { type: outcome, isNothing }
}

/**
 * Returns the parts of a request. If the written value is a structure, tells `roles` the names of its members. An
 * answer with the same members is then read as a value, and not as an outcome.
 */
export function requestIn(value: Json | undefined, roles: Roles, named: Json | undefined): ReturnType<typeof partsOf> {
  const f = typeof named === 'string' ? functionNamed(named) : undefined
  const parts = partsOf(value, roles, { f, isAnswer: false })
  if (parts.value !== undefined && isObject(parts.value)) roles.noteContent(parts.value)
  return parts
}

interface Structure {
  /**
   * The function of the operation, if it is already known. A member with a usual name of the function, such as `op`, is
   * then part of the value, unless it contains this function.
   */
  readonly f: string | undefined
  readonly isAnswer: boolean
}

/**
 * Returns the function, the key and the value in a request or an answer and, for an answer, its outcome. A `value` that
 * cannot be divided is returned whole.
 */
export function partsOf(
  value: Json | undefined,
  roles: Roles,
  { f: known, isAnswer }: Structure,
): { readonly f?: Json; readonly key?: Json; readonly value: Json | undefined; readonly outcome?: Outcome } {
  if (value === undefined || !isObject(value) || (isAnswer && roles.isContent(value))) return { value }
  const names = Object.keys(value)
  const isFunction = (each: Json): boolean =>
    outcomeOf(each) === undefined &&
    (known === undefined || (typeof each === 'string' && functionNamed(each) === known))
  const f = roles.found(value, 'f', isFunction)
  const key = roles.found(value, 'key')
  const own = roles.found(value, 'value') ?? roles.found(value, 'input') ?? roles.found(value, 'output')
  // In a request, a member named like a status or an error belongs to the value.
  const status = isAnswer
    ? roles
        .all(value, 'status')
        .find(([name, each]) => name !== f?.[0] && name !== own?.[0] && outcomeOf(each) !== undefined)
    : undefined
  const error = isAnswer ? roles.found(value, 'error') : undefined
  const used = new Set([f, key, own, status, error].flatMap((each) => (each === undefined ? [] : [each[0]]))).size
  const pair = [
    pick(value, /^(?:old|from|expected|expect|compare)(?:value)?$/),
    pick(value, /^(?:new|to|desired|swap|set)(?:value)?$/),
  ]
  const [from, to] = pair
  if (f !== undefined && from !== undefined && to !== undefined && used + 2 === names.length)
    return { f: f[1], ...(key && { key: key[1] }), value: [from, to] }
  // A structure with unknown members is not divided: the value is the whole structure.
  if (used === 0 || used < names.length) return { value }
  const outcome = status === undefined ? outcomeOfError(error?.[1]) : outcomeOf(status[1])
  return {
    ...(f && { f: f[1] }),
    ...(key && { key: key[1] }),
    ...(outcome && { outcome }),
    value: own?.[1],
  }
}

/**
 * Returns the outcome that the answer to a change states, even among other members, such as
 * `{"index":7,"error":"timeout"}`. Undefined if the answer states no outcome.
 */
export function outcomeOfReply(f: string, reply: Json | undefined, roles: Roles): Outcome | undefined {
  if (typeof reply === 'string') return !mayAnswerText(f) && isTrouble(reply) ? 'info' : undefined
  if (reply === undefined || !isObject(reply) || takesNothing(f) || roles.isContent(reply)) return undefined
  const [status] = roles.all(reply, 'status').flatMap(([, value]) => outcomeOf(value) ?? [])
  return status ?? outcomeOfError(roles.found(reply, 'error')?.[1])
}

/**
 * Whether the answer to this function may be a text that does not name an outcome: a value, a token or the appended
 * text.
 */
function mayAnswerText(f: string): boolean {
  const { answers = 'value', effect } = meaningOf(f) ?? {}
  return answers === 'value' || effect === 'acquires' || f === 'append'
}

const pick = (members: Members, name: RegExp): Json | undefined =>
  Object.entries(members).find(([each]) => name.test(plain(each)))?.[1]

/** The duration of an operation, in the unit of its call or return. */
function tookOf(line: Line, stamp: Found): bigint | undefined {
  const found = line.roles.time(line.members, 'took')
  if (found === undefined || found[1] === null) return undefined
  const [name, value] = found
  const named = name === REQUEST_TIME ? 1e9 : unitNamed(name)?.nanos
  const { took, unit = named } = durationOf(value) ?? {}
  if (took === undefined || took < 0)
    throw new EventError(`"${name}" is ${shortened(canonical(value))}, which is not a duration.`)
  line.take(found, 'the duration')
  const own = unitOfTime(stamp)
  if (own === unit) return timeParts(took)
  if (own === undefined || unit === undefined) throw unknownUnit(own === undefined ? stamp[0] : name, 'duration_ms')
  return timeParts((took * unit) / own)
}

/**
 * Returns the time that a value contains; undefined for any other value, and for Porcupine's largest integer, which
 * means that the operation never returned.
 */
function timeOf(value: Json | undefined): bigint | undefined {
  const time = timeValue(value)
  return time === undefined || time < 0 || time >= NEVER ? undefined : exactTime(value)
}

/** A time as in the file, without the suffix `N` of large integers. */
const timeText = (value: Json | undefined): string => shortened(String(value).replace(/(?<=^\d+)N$/, ''))
