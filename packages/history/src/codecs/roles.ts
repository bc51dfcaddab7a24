import { inputError, usageError } from '../event/error.ts'
import type { Json } from '../event/event.ts'
import type { EventSink } from '../event/sink.ts'
import { keyWarning, type Taken, UnusedMembers } from '../event/taken.ts'
import { foundOrMade } from '../history/once-per-history.ts'
import { didYouMean } from '../text/suggest.ts'
import { isObject } from './json-text.ts'
import { durationOf, timeValue } from './time-units.ts'

// This file contains the meanings of members, with their common names. All readers of lines with named members (JSON,
// CSV or mapped by `--map`) use it.

export type Members = { readonly [member: string]: Json }

const NAMES = {
  process:
    'process client clientid pid worker workerid thread threadid proc session sessionid user connection conn goroutine actor',
  type: 'type eventtype optype kind event phase stage status',
  f: 'f op operation func function method verb action command cmd opname kind name type',
  key: 'key k',
  path: 'path url uri endpoint route',
  value: 'value val v',
  input: 'input in args arg argument arguments requestbody reqbody request req body payload',
  output:
    'output out result res response resp reply ret returnvalue returned responsebody respbody responsevalue readvalue',
  status:
    'status statuscode httpstatus httpcode responsestatus responsecode respstatus respcode code outcome ok success succeeded successful acknowledged acked committed state type',
  error: 'error err exception errormessage',
  call: 'call calltime called start starttime started begin begintime invoke invoked invocation invocationtime callts startts tstart tcall invoketime sent sentat requesttime requested',
  returned:
    'return returntime returned end endtime ended finish finished complete completed completion completiontime stop stoptime returnts endts tend treturn completetime finishtime responsetime received responded',
  took: 'duration latency elapsed took dur rtt elapsedtime durationtime latencytime',
  time: 'time t ts timestamp at when date datetime',
  id: 'id opid operationid requestid callid',
  index: 'index',
  node: 'node server replica host',
  final: 'final final?',
} as const

export type Role = keyof typeof NAMES

const roles = Object.keys(NAMES) as Role[]
const namesOf: ReadonlyMap<Role, readonly string[]> = new Map(roles.map((role) => [role, NAMES[role].split(' ')]))

/** For messages: what a member must contain to have the role. */
const WANTED: { readonly [role in Role]?: string } = {
  process: 'the name of a client',
  type: 'the type of an event',
  f: 'the name of an operation',
  call: 'a time',
  returned: 'a time',
  took: 'a duration',
  time: 'a time',
}

/** `--map`: the file's member for each role. */
export type Mapping = { readonly [role in Role]?: string }

const TYPED: { readonly [name: string]: Role } = { return: 'returned', outcome: 'status', client: 'process', op: 'f' }

/** Parses `process=client,f=op`. @throws UserError (usage) */
export function parseMapping(text: string): Mapping {
  const mapping: { [role in Role]?: string } = {}
  for (const part of text.split(',')) {
    const [, typed = '', member = ''] = /^\s*([a-z]+)\s*=\s*(.*\S)\s*$/.exec(part) ?? []
    if (member === '')
      throw usageError(`--map ${text}: write pairs of a role and a field, such as process=client,f=op.`)
    const role = TYPED[typed] ?? (Object.hasOwn(NAMES, typed) ? (typed as Role) : undefined)
    if (role === undefined)
      throw usageError(
        `--map ${typed}: there is no such role.${didYouMean(typed, Object.keys(NAMES))} Roles: ${roleNames().join(', ')}.`,
      )
    mapping[role] = member
  }
  return mapping
}

/** The names of roles for `--map`. */
export const roleNames = (): readonly string[] => roles.map((role) => (role === 'returned' ? 'return' : role))

const UNIT = /_?(?:unix_?)?(?:ns|nanos?|nanoseconds|us|micros|microseconds|ms|millis|milliseconds|s|sec|seconds|at)$/i
const TIMES: ReadonlySet<Role> = new Set<Role>(['call', 'returned', 'took', 'time'])

/** A name without case, separators and keyword marks. */
export const plain = (name: string): string => name.toLowerCase().replaceAll(/[_\- .:@]/g, '')

/** Inverts lists of words. Returns a map from each word to the name of its list. */
export const meaningsOf = <Meaning extends string>(lists: Record<Meaning, string>): ReadonlyMap<string, Meaning> =>
  new Map(
    (Object.keys(lists) as Meaning[]).flatMap((meaning) =>
      lists[meaning].split(/\s+/).map((word) => [word, meaning] as const),
    ),
  )

type Candidates = { readonly [role in Role]: readonly string[] }

export type Found = readonly [name: string, value: Json]

/** Finds members by their role, and counts the roles of each member. */
export class Roles {
  readonly #mapping: Mapping
  readonly #known: Map<string, Candidates> = new Map()
  readonly #taken: Map<string, Map<string, Count>> = new Map()
  readonly #seen: Set<string> = new Set()
  readonly #contents: Set<string> = new Set()
  readonly #unused: UnusedMembers = new UnusedMembers()
  lines = 0

  constructor(mapping: Mapping = {}) {
    this.#mapping = mapping
  }

  get isMapped(): boolean {
    return Object.keys(this.#mapping).length > 0
  }

  /** Whether `take` has counted any member, in a role or as unused. */
  get hasTaken(): boolean {
    return this.#taken.size > 0
  }

  isMappedTo(role: Role, member: string): boolean {
    return this.#mapping[role] === member
  }

  /** Returns the members that may have a role, best first. */
  all(members: Members, role: Role): readonly Found[] {
    return this.#candidatesOf(members)[role].map((name) => [name, members[name] ?? null])
  }

  found(members: Members, role: Role, passes: (value: Json) => boolean = () => true): Found | undefined {
    const name = this.#candidatesOf(members)[role].find((each) => passes(members[each] ?? null))
    return name === undefined ? undefined : [name, members[name] ?? null]
  }

  value(members: Members, role: Role): Json | undefined {
    return this.found(members, role)?.[1]
  }

  /**
   * Returns the first member with this role whose value is null or a time. For the role `took`, the value must be null
   * or a duration.
   */
  time(members: Members, role: 'call' | 'returned' | 'took' | 'time'): Found | undefined {
    const isTime = role === 'took' ? durationOf : timeValue
    return this.found(members, role, (value) => value === null || isTime(value) !== undefined)
  }

  /**
   * Returns what is wrong if `--map` names a member that a line lacks, or a member that cannot have its role. Undefined
   * if nothing is wrong.
   */
  troubleOf(role: Role, members: Members): string | undefined {
    const member = this.#mapping[role]
    if (member === undefined || member === NONE) return undefined
    const mapped = `--map ${role === 'returned' ? 'return' : role}=${member}`
    const value = members[member]
    return value === undefined
      ? `${mapped}: this line has no member ${JSON.stringify(member)}. Its members are ${Object.keys(members).join(', ')}.`
      : `${mapped}: ${JSON.stringify(member)} is ${JSON.stringify(value)} here, which is not ${WANTED[role] ?? 'a value of this role'}.`
  }

  /** Notes the members of a value that was written as a whole. An answer with these members is a value, too. */
  noteContent(value: Members): void {
    if (this.#contents.size < MOST_SIGNATURES) this.#contents.add(signatureOf(value))
  }

  isContent(value: Json): boolean {
    return isObject(value) && this.#contents.has(signatureOf(value))
  }

  /**
   * Counts the use of a member in a role. `word` is the member's value, if the member has only a few different values.
   */
  take(member: string, as: string, word?: string): void {
    const counts = foundOrMade(this.#taken, member, () => new Map<string, Count>())
    const count = foundOrMade(counts, as, () => ({ count: 0, words: new Map<string, number>() }))
    count.count += 1
    if (word === undefined) return
    if (count.words.has(word) || count.words.size < MOST_WORDS) count.words.set(word, (count.words.get(word) ?? 0) + 1)
  }

  /** Counts the members of a line that were not used in any role (see `Role`). */
  leave(members: Members, used: ReadonlySet<string>): void {
    for (const [name, value] of Object.entries(members)) {
      if (used.has(name)) continue
      this.take(name, UNUSED)
      this.#unused.add(name, value)
    }
  }

  /**
   * Reports the roles of members.
   *
   * @throws UserError if no line has a member that `--map` names. Members that only some lines need may be missing.
   */
  report(source: string, sink: EventSink, isNative = false): void {
    for (const [role, member] of Object.entries(this.#mapping))
      if (member !== NONE && !this.#seen.has(member) && !OPTIONAL.has(role))
        throw inputError(
          `${source}: --map ${role}=${member}: no line has this field. Its fields are ${[...this.#seen].join(', ')}.`,
        )
    const taken = this.#rolesTaken()
    const unnamed = keyWarning(taken)
    // Members without a role are normal in native events, unless one of these members may be the key.
    if (isNative && unnamed === undefined && taken.every(({ as }) => as === UNUSED)) return
    sink.taken?.(taken)
    if (unnamed !== undefined) sink.warn(`${source}: ${unnamed}`)
  }

  /** Returns the first member that was used in the role `as`, such as `the client`. */
  memberTaken(as: string): string | undefined {
    return [...this.#taken].find(([, counts]) => counts.has(as))?.[0]
  }

  /** The roles that each member was used for. */
  #rolesTaken(): readonly Taken[] {
    return [...this.#taken].flatMap(([member, counts]) =>
      Array.from(counts, ([as, { count, words }]) => {
        const mayBe = as === UNUSED && 2 * count >= this.lines ? this.#openRoles(member) : []
        return {
          ...{ member, as, count, of: this.lines, words: [...words] },
          ...(mayBe.length === 0 ? {} : { mayBe }),
        }
      }),
    )
  }

  /** Returns the roles that an unused member may have. Leaves out roles that are already assigned. */
  #openRoles(member: string): NonNullable<Taken['mayBe']> {
    return this.#unused
      .rolesOf(member)
      .filter((role) => this.#mapping[role] === undefined && this.memberTaken(ROLE_WORDS[role]) === undefined)
  }

  #candidatesOf(members: Members): Candidates {
    const names = Object.keys(members)
    const signature = names.join('\n')
    const known = this.#known.get(signature)
    if (known !== undefined) return known
    const candidates = candidatesOf(names, this.#mapping)
    for (const name of names) this.#seen.add(name)
    // The cache is of no use if every line has different members.
    if (this.#known.size < MOST_SIGNATURES) this.#known.set(signature, candidates)
    return candidates
  }
}

const MOST_SIGNATURES = 1000

const signatureOf = (value: Members): string => Object.keys(value).sort().join('\n')

/** Roles that a whole file may lack, such as the error, if no error occurred. */
const OPTIONAL: ReadonlySet<string> = new Set<Role>(['error', 'final', 'node', 'output', 'returned', 'status', 'took'])
const MOST_WORDS = 6
/** If a member was not used in any role, reports contain this text instead of a role. */
const UNUSED = 'nothing'
/** In `--map`: no member has the role. */
export const NONE = 'none'
/** The roles of members that name the client and the key. */
export const CLIENT = 'the process'
export const KEY = 'the key'
const ROLE_WORDS = { process: CLIENT, key: KEY } as const

interface Count {
  count: number
  readonly words: Map<string, number>
}

function candidatesOf(names: readonly string[], mapping: Mapping): Candidates {
  const taken = new Set(Object.values(mapping))
  const candidates: { [role in Role]?: readonly string[] } = {}
  for (const role of roles) {
    const mapped = mapping[role]
    // A member that `--map output=` names may also have the role `value` or `input`.
    const isValue = role === 'value' || role === 'input'
    const free = names.filter((name) => !taken.has(name) || (isValue && mapping.output === name))
    candidates[role] =
      mapped === undefined
        ? (namesOf.get(role) ?? []).flatMap((wanted) => free.filter((name) => isNamed(name, wanted, role)))
        : names.filter((name) => name === mapped && mapped !== NONE)
  }
  return candidates as Candidates
}

/** nginx's duration of a request, in seconds. */
export const REQUEST_TIME = 'request_time'

const isNamed = (name: string, wanted: string, role: Role): boolean =>
  plain(name) === wanted || (TIMES.has(role) && plain(name.replace(UNIT, '')) === wanted)

/** The name of an operation in lower case. Redis's `set` becomes a write. */
export function functionNamed(text: string): string {
  const name = text.replace(/^:/, '').toLowerCase()
  return name === 'set' ? 'write' : name
}
