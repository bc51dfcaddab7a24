import { type EventInput, type EventType, eventTypes, type Header, type Json, type Process } from '../event/event.ts'
import { brokenRule, EventError, rules, shortened } from '../event/rules.ts'
import type { EventSink } from '../event/sink.ts'
import { replacesWhole, takesNothing } from '../operations/meaning.ts'
import { isClient } from '../tables/processes.ts'
import { canonical } from '../tables/value.ts'
import { ednMembers } from './edn-reader.ts'
import { eventMembers, eventOfMembers, headerWithUnnamed } from './event-members.ts'
import { typeOf } from './event-types.ts'
import { isObject } from './json-text.ts'
import { LeftOut } from './left-out.ts'
import { likeliest, proposal } from './map-proposal.ts'
import { isDeclined, isReason, outcomeOfReply, partsOf, refuseUndecided, requestIn } from './operation-members.ts'
import { type Outcome, outcomeOf, reasonIn } from './outcomes.ts'
import { CLIENT, type Found, functionNamed, KEY, type Members, NONE, plain, type Role, type Roles } from './roles.ts'
import { timeValue } from './time-units.ts'

interface Options {
  readonly source: string
  readonly sink: EventSink
  readonly roles: Roles
}

/** Whether a line is a native event, which is read unchanged. */
export function isNative({ type = null, process = null, f = null }: Members): boolean {
  return eventTypes.some((each) => each === type) && process !== null && typeof f === 'string' && !f.startsWith(':')
}

/** Members of native events that neither name a key nor hold a value. */
const OWN: readonly string[] = ['clock', 'within', 'requestId', 'part', 'unsaid', 'duplicateOf']

/** Whether a native event has a member that may name its key. */
export const mayNameKey = ({ process, extra = {} }: EventInput): boolean =>
  isClient(process) && Object.keys(extra).some((name) => !OWN.includes(name))

/** Whether a recorder wrote the history. If so, no additional member of an event names a key. */
const isOfRecorder = ({ sessions, mapping, ends, extra }: Header = { chaos: 1 }): boolean =>
  [sessions, mapping, ends, extra].some((each) => each !== undefined)

/** Reads events whose members have other names than in the native format. */
export class EventRows {
  readonly #options: Options
  readonly #leftOut: LeftOut = new LeftOut()
  readonly #lanes: Lanes = new Lanes()
  readonly #unread: Members[] = []
  /** The header of the file, if any. */
  header: Header | undefined
  #clientMember: string | undefined
  /** Whether any line was an invocation. If so, each line is an event, and not a whole operation. */
  #areInvoked = false
  /** The number of native events that are not clients'. */
  #others = 0

  constructor(options: Options) {
    this.#options = options
  }

  leaveOut(line: number, text: string): void {
    this.#leftOut.add(line, text)
  }

  /**
   * Reports the lines that were left out, and the role in which each member was read, such as the key.
   *
   * @throws UserError if no line was read
   */
  end(read: number): void {
    const { source, sink, roles } = this.#options
    const leftOut = this.#leftOut.text
    if (leftOut !== undefined && read === 0)
      throw brokenRule(source, this.#leftOut.line, `no line describes an operation.${proposal(this.#unread)}`)
    if (leftOut !== undefined) sink.warn(`${source}: ${leftOut}.`)
    if (roles.lines === 0 && !roles.hasTaken) return
    const isNative = roles.lines === 0
    roles.lines = Math.max(roles.lines, read - this.#others)
    roles.report(source, sink, isNative)
  }

  /** Completes a native event that may have its key or its value under another name. @throws EventError */
  completed(event: EventInput): EventInput {
    const { extra, process, key } = event
    if (!isClient(process)) this.#others += 1
    if (extra === undefined || !isClient(process)) return event
    const { roles } = this.#options
    const used = new Set<string>(OWN)
    const take = ([name]: Found, as: string): void => {
      used.add(name)
      roles.take(name, as)
    }
    const named = key === undefined ? roles.found(extra, 'key', (value) => value !== null) : undefined
    if (named !== undefined) take(named, KEY)
    const value = this.#valueIn(event, extra, take)
    if (key === undefined && !isOfRecorder(this.header)) roles.leave(extra, used)
    return {
      ...event,
      ...(named === undefined ? {} : { key: named[1] }),
      ...(value === undefined ? {} : { value }),
    }
  }

  /**
   * Returns the value that a native event has in a member of another name than `value`; undefined if the event also has
   * `value`.
   *
   * @throws EventError if an answer has both members, and their values differ
   */
  #valueIn(
    { type, f, value = null }: EventInput,
    extra: Members,
    take: (found: Found, as: string) => void,
  ): Json | undefined {
    if (type === 'fail' || type === 'info') return undefined
    const isInvocation = type === 'invoke'
    if (isInvocation ? takesNothing(f) || value !== null : !takesNothing(f)) return undefined
    const found = this.#options.roles.found(extra, isInvocation ? 'input' : 'output')
    if (found === undefined || outcomeOf(found[1]) !== undefined || found[1] === null) return undefined
    if (value === null) {
      take(found, isInvocation ? REQUESTED : RESULT)
      return found[1]
    }
    if (canonical(value) === canonical(found[1])) return undefined
    throw new EventError(
      `"value" is ${shortened(canonical(value))} and "${found[0]}" is ${shortened(canonical(found[1]))}: it is unclear which one the ${f} returned. Give --map value=value or --map value=${found[0]}`,
    )
  }

  /** The event of a line, if it describes an operation. @throws EventError */
  event(written: Members, line: number): EventInput | undefined {
    const members = withKind(written)
    const { roles } = this.#options
    const used = new Set<string>()
    const find = (role: Role, passes: (value: Json) => boolean = () => true): Found | undefined =>
      roles.all(members, role).find(([name, value]) => !used.has(name) && passes(value))
    const typed = find('type', (value) => typeOf(value) !== undefined)
    if (typed !== undefined) used.add(typed[0])
    const named = find('f', (value) => typeof value === 'string' && typeOf(value) === undefined)
    const client = find('process', (value) => typeof value === 'string' || typeof value === 'number')
    const id = find('id', (value) => value !== null)
    if (named === undefined && client === undefined && id === undefined) {
      this.leaveOut(line, canonical(members))
      if (this.#unread.length < MOST_UNREAD) this.#unread.push(members)
      return undefined
    }
    if (typed === undefined && typeof members['type'] === 'string')
      throw new EventError(rules.unknownType(shortened(canonical(members['type']))))
    if (typed === undefined) throw new EventError(this.#missing('type', members))
    const process = client?.[1] ?? id?.[1]
    if (process === undefined) throw new EventError(this.#missing('process', members))
    roles.lines += 1
    const take = (found: Found | undefined, as: string, word?: string): Json | undefined => {
      if (found === undefined) return undefined
      used.add(found[0])
      roles.take(found[0], as, word)
      return found[1]
    }
    const type = typeOf(typed[1]) ?? 'info'
    const isEnd = (type === 'ok' || type === 'fail') && processOf(process) !== 'nemesis'
    const untimed = isEnd ? (this.#timeMissing(members) ?? this.#neverBegun(typed)) : undefined
    if (untimed !== undefined) throw new EventError(untimed)
    this.#areInvoked ||= type === 'invoke'
    take(typed, 'the type', `${String(typed[1])} (${type})`)
    take(client, CLIENT)
    take(id, 'the number of the operation')
    const held = find('value', (value) => value !== null) ?? find('value')
    const isMapped = held !== undefined && roles.isMappedTo('value', held[0])
    const other = isMapped ? undefined : find(type === 'invoke' ? 'input' : 'output')
    const content = type === 'invoke' ? (held ?? other) : (other ?? held)
    const lane = this.#lanes.of(processOf(process), type, id?.[1])
    const own = take(named, 'the operation')
    const parts =
      type === 'invoke'
        ? requestIn(content?.[1], roles, own)
        : partsOf(content?.[1], roles, { f: typeof own === 'string' ? functionNamed(own) : lane.f, isAnswer: true })
    const given = own ?? parts.f
    const f = typeof given === 'string' ? functionNamed(given) : lane.f
    if (f === undefined) throw new EventError(this.#missing('f', members))
    if (type === 'invoke') {
      lane.f = f
      lane.isStructured = parts.f !== undefined
    }
    // The `value` of a write's completion may only repeat the written value, and the written value may be a structure.
    // If the request was a structure that contained the function, a structure in the completion is never a repetition,
    // but an answer.
    const isAnswer = content === other || lane.isStructured || takesNothing(f)
    const inside = isAnswer ? (parts.outcome ?? outcomeOfReply(f, content?.[1], roles)) : undefined
    const isSaid = isSuccess(typed[1])
    const outcome = type === 'ok' ? this.#outcomeOf({ members, used, take, other, inside, f, isSaid }) : type
    const shown = inside === 'nothing' && takesNothing(f) ? null : parts.value
    const value = this.#valueOf({ f, type, held, other, parts: shown, take })
    const key = take(find('key'), KEY) ?? parts.key
    const event: { [member: string]: Json } = { process: lane.name, type: outcome, f }
    if (client === undefined) this.#noteUnnamed()
    else this.#clientMember ??= client[0]
    if (client !== undefined && (id !== undefined || this.header?.sessions !== undefined))
      event['session'] = String(processOf(client[1]))
    if (key !== undefined) event['key'] = key
    if (value !== undefined) event['value'] = value
    for (const role of ['error', 'node', 'final', 'index'] as const) {
      const found = find(role, (each) => each !== null)
      if (found !== undefined) event[role] = take(found, `the ${role}`) ?? null
    }
    const time = find('time', (each) => timeValue(each) !== undefined)
    if (time !== undefined) event[plain(time[0]) === 'time' ? 'time' : time[0]] = take(time, 'the time') ?? null
    roles.leave(members, used)
    if (roles.isMappedTo('error', NONE)) used.add('error')
    for (const [name, each] of Object.entries(members)) if (!used.has(name) && !(name in event)) event[name] = each
    const isKeyword = typeof typed[1] === 'string' && typed[1].startsWith(':')
    return eventOfMembers(isKeyword ? ednMembers(event) : event, this.#options.sink.epoch)
  }

  #missing(member: Role & string, members: Members): string {
    const known = this.#timeMissing(members) ?? this.#options.roles.troubleOf(member, members)
    if (known !== undefined) return known
    const others = Object.keys(members).filter((name) => !eventMembers.some((each) => each === name))
    if (others.length === 0) return rules.missing(member)
    const found = likeliest(member, members, others) ?? 'MEMBER'
    return `${rules.missing(member)} Other members are ${shortened(others.join(', '))}. If one of them has this meaning: --map ${member}=${found}`
  }

  /** The message for a line that is not an event, but an operation with only one time. */
  #timeMissing(members: Members): string | undefined {
    if (this.#areInvoked) return undefined
    const { roles } = this.#options
    const times = ['call', 'returned', 'took'] as const
    const mapped = times.map((role) => roles.troubleOf(role, members)).find((text) => text !== undefined)
    if (mapped !== undefined) return mapped
    const [call, returned, took] = times.map((role) => roles.found(members, role)?.[0])
    if (took !== undefined || (call === undefined) === (returned === undefined)) return undefined
    return call === undefined
      ? `this line has the time of the return, ${JSON.stringify(returned)}, but neither that of the call nor a duration. If a member has it: --map call=MEMBER or --map took=MEMBER`
      : `this line has the time of the call, ${JSON.stringify(call)}, but neither that of the return nor a duration. If a member has it: --map return=MEMBER or --map took=MEMBER`
  }

  /** Returns the error message if a line has a status, but no earlier line has begun an operation. */
  #neverBegun([member, status]: Found): string | undefined {
    if (this.#areInvoked || plain(member) !== 'status') return undefined
    return `"${member}" is ${shortened(canonical(status))}, and no line before began the operation. If each line is an operation, it needs the times of its call and its return: --map call=MEMBER,return=MEMBER`
  }

  /** Makes the header say that not every line names its client. */
  #noteUnnamed(): void {
    if (this.header?.sessions !== undefined) return
    this.header = headerWithUnnamed(this.header, this.#clientMember)
    this.#options.sink.header(this.header)
  }

  #outcomeOf({
    members,
    used,
    take,
    other,
    inside,
    f,
    isSaid,
  }: {
    readonly members: Members
    readonly used: ReadonlySet<string>
    readonly take: (found: Found, as: string, word?: string) => Json | undefined
    readonly other: Found | undefined
    /** The outcome, if the answer is a structure that contains it. */
    readonly inside: Outcome | undefined
    readonly f: string
    /** Whether the type of the event says that the operation succeeded. */
    readonly isSaid: boolean
  }): EventType {
    const { roles } = this.#options
    for (const found of roles.all(members, 'status')) {
      const outcome = used.has(found[0]) || found[1] === null ? undefined : outcomeOf(found[1])
      if (outcome === undefined) continue
      take(found, 'the outcome', canonical(found[1]))
      if (outcome !== 'ok' && outcome !== 'nothing') return outcome
      if (outcome === 'nothing' && !takesNothing(f)) return 'fail'
      return 'ok'
    }
    if (other !== undefined && isDeclined(f, other[1])) return 'fail'
    if (inside === 'nothing') return takesNothing(f) ? 'ok' : 'fail'
    if (inside !== undefined) return inside
    const answered = other === undefined || takesNothing(f) ? undefined : outcomeOf(other[1])
    if (answered === 'fail' || answered === 'info') return answered
    if (isSaid || answered === 'ok') return 'ok'
    if (reasonIn(roles.found(members, 'error')?.[1]) !== undefined) return 'info'
    if (Object.entries(members).some(([name, value]) => !used.has(name) && isReason(name, value))) return 'info'
    const others = OTHER_ROLES.flatMap((role) => roles.all(members, role).map(([name]) => name))
    refuseUndecided({ members, roles, used: new Set([...used, ...others]) }, f, other)
    return 'ok'
  }

  #valueOf({
    f,
    type,
    held,
    other,
    parts,
    take,
  }: {
    readonly f: string
    readonly type: EventType
    readonly held: Found | undefined
    readonly other: Found | undefined
    readonly parts: Json | undefined
    readonly take: (found: Found | undefined, as: string) => Json | undefined
  }): Json | undefined {
    if (type === 'invoke') {
      take(held ?? other, REQUESTED)
      return takesNothing(f) ? null : parts
    }
    const isEmpty = parts === undefined || (isObject(parts) && Object.keys(parts).length === 0)
    if (other !== undefined && replacesWhole(f)) {
      take(other, 'a reply, which is not used')
      return undefined
    }
    if (other !== undefined && takesNothing(f) && outcomeOf(other[1]) !== undefined && held !== undefined) {
      take(other, 'the outcome')
      return take(held, RESULT)
    }
    take(other ?? held, RESULT)
    if (isEmpty || (f === 'cas' && typeof parts === 'boolean')) return undefined
    return replacesWhole(f) && isObject(parts) ? undefined : parts
  }
}

/** Whether the type of an event says that the operation succeeded. Others only say that it returned. */
const isSuccess = (type: Json): boolean =>
  typeof type === 'string' && ['ok', 'success', 'succeeded'].includes(plain(type))

/** The roles of members that never say whether an operation took effect. */
const OTHER_ROLES = ['key', 'node', 'final', 'index', 'time'] as const

const MOST_UNREAD = 100
const REQUESTED = 'what was asked for'
const RESULT = 'what was returned'

const processOf = (value: Json): Process =>
  value === -1 ? 'nemesis' : typeof value === 'number' ? value : String(value).replace(/^:/, '')

/** Converts Porcupine's `Kind`, which Go prints as 0 for a call and 1 for a return, to a boolean. */
function withKind(members: Members): Members {
  const { Kind, Id } = members
  return (Kind === 0 || Kind === 1) && typeof Id === 'number' ? { ...members, Kind: Kind === 1 } : members
}

interface Lane {
  readonly name: Process
  f: string | undefined
  /** Whether the function of the last invocation was a member of a structure. */
  isStructured: boolean
  id: Json | undefined
  isOpen: boolean
}

/** Gives overlapping operations of a client separate processes. */
class Lanes {
  readonly #byClient: Map<Process, Lane[]> = new Map()

  of(client: Process, type: EventType, id: Json | undefined): Lane {
    const lanes = this.#byClient.get(client) ?? []
    if (lanes.length === 0) this.#byClient.set(client, lanes)
    const isInvoke = type === 'invoke'
    let lane =
      id === undefined
        ? lanes[0]
        : (lanes.find((each) => (isInvoke ? !each.isOpen : each.isOpen && each.id === id)) ??
          (isInvoke ? undefined : lanes[0]))
    if (lane === undefined) {
      const name = lanes.length === 0 ? client : `${client}/${lanes.length + 1}`
      lane = { name, f: undefined, isStructured: false, id, isOpen: false }
      lanes.push(lane)
    }
    lane.id = isInvoke ? id : lane.id
    lane.isOpen = isInvoke
    return lane
  }
}
