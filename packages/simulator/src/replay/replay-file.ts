import {
  ms,
  nodeNames,
  optional,
  parseFault,
  placesOf,
  printFault,
  quote,
  readObject,
  readParameters,
  text,
  wholeNumber,
} from '@chaosproxy/faults'
import { type Input, inputError, type Json, meaningOf, millisToNanos, nanosToMillis } from '@chaosproxy/history'
import type { ProtocolSettingValue } from '@chaosproxy/protocols'
import type { PlannedFault, PlannedOperation, Scenario } from '@chaosproxy/runner'
import { parsePlannedDelay, printPlannedDelay } from './delays.ts'
import { parsePlannedHold, printPlannedHold } from './holds.ts'

/** A failing scenario as a file that people can read, keep and edit. */
export interface Replay {
  readonly scenario: Scenario
  readonly found: string | undefined
  /**
   * The consistency level of the check, which affects how a run ends. Absent if it is the level that the target
   * promises, and in older files.
   */
  readonly level?: string | undefined
  /** The digest of the recorded history. A replay with a different digest is a different run. */
  readonly digest: string | undefined
  /** The digest of the user's protocol file; absent for built-in protocols and in older files. */
  readonly source?: string | undefined
  /** The version of Node.js in the run. The results of programs may depend on it. Absent in older files. */
  readonly node?: string | undefined
  /** Whether the failure is a broken invariant, which ends the run. Otherwise the history shows the failure. */
  readonly invariants: boolean
}

/** The version of the format, raised when older versions of chaos cannot read new files. */
const VERSION = 2
/** The oldest version that can still be read. In that version, reads have no value, and a cas has `old` and `new`. */
const OLDEST_VERSION = 1

const REGISTER = 'register'

const OLD_TARGET_SETTINGS = 'knobs'

export function printReplay({ scenario, found, level, digest, source, node, invariants }: Replay): string {
  const { target, workload, operations, faults, delays, holds, ...others } = scenario
  const head = {
    ...{ chaos: VERSION, kind: 'scenario', found, level, target, source, node, workload },
    ...{ settings: others.settings, bug: others.bug, targetSettings: others.targetSettings },
    ...{ nodes: others.nodes, besides: others.besides, seed: others.seed, timeoutMs: others.timeoutMs },
    ...{ invariants, digest },
  }
  const lines = Object.entries(head)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},`)
  return [
    '{',
    ...lines,
    ...(delays === undefined ? [] : [`  "delays": ${printList(delays.map(printPlannedDelay))},`]),
    ...(holds === undefined ? [] : [`  "holds": ${printList(holds.map(printPlannedHold))},`]),
    `  "operations": ${printList(operations.map(printOperation))},`,
    `  "faults": ${printList(faults.map(printPlannedFault))}`,
    '}',
    '',
  ].join('\n')
}

const printList = (items: readonly object[]): string =>
  items.length === 0 ? '[]' : `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`

function printOperation({ at, client, node, input }: PlannedOperation): object {
  const { value, ...withoutValue } = input
  const printed = value === null && meaningOf(withoutValue.f)?.effect !== 'replaces' ? withoutValue : input
  return { atMs: nanosToMillis(at), client, node, ...printed }
}

const printPlannedFault = ({ from, to, fault }: PlannedFault): object => ({
  fromMs: nanosToMillis(from),
  toMs: nanosToMillis(to),
  ...printFault(fault),
})

/**
 * @param source The file's name, with which every message begins. @throws UserError (input) with the place of the
 * mistake in the file, and what would be right.
 */
export function parseReplay(written: string, source: string): Replay {
  const members = readObject(parseJson(written, source), source)
  if ('spec' in members)
    throw inputError(`${source} describes a run, not a replay. Repeat the run with chaos run --spec ${source}`)
  if (members['kind'] !== 'scenario')
    throw inputError(
      `${source} is not a replay file: it has no "kind":"scenario". Give a replay that chaos fuzz wrote.`,
    )
  const version = members['chaos']
  if (version !== VERSION && version !== OLDEST_VERSION)
    throw inputError(
      `${source} is of version ${quote(version)}; this program reads versions ${OLDEST_VERSION} and ${VERSION}. Find the failure anew with chaos fuzz.`,
    )
  const head = readParameters(headParameters, members, source, HEAD_BESIDE)
  const { target, workload = REGISTER, bug, nodes, seed, timeoutMs, found, level, digest, node } = head
  const targetMember = OLD_TARGET_SETTINGS in members ? OLD_TARGET_SETTINGS : 'targetSettings'
  const besides = parseNames(members['besides'], `${source}: "besides"`)
  return {
    scenario: {
      target,
      workload,
      settings: parseSettings(members['settings'], `${source}: "settings"`),
      bug,
      targetSettings: parseSettings(members[targetMember], `${source}: "${targetMember}"`),
      nodes,
      ...(besides.length === 0 ? {} : { besides }),
      seed,
      timeoutMs,
      operations: parseList('operations', (value, where) => parseOperation(value, where, nodes)),
      faults: parseList('faults', (value, where) => parsePlannedFault(value, where, { nodes, besides })),
      ...(members['delays'] === undefined ? {} : { delays: parseList('delays', parsePlannedDelay) }),
      ...(members['holds'] === undefined ? {} : { holds: parseList('holds', parsePlannedHold) }),
    },
    ...{ found, level, digest, source: head.source },
    ...(node === undefined ? {} : { node }),
    invariants: parseFlag(members['invariants'], `${source}: "invariants"`),
  }

  function parseList<Item>(name: string, parse: (value: unknown, where: string) => Item): readonly Item[] {
    const list = members[name]
    if (Array.isArray(list)) return list.map((value: unknown, i) => parse(value, `${source}: ${name}[${i}]`))
    throw inputError(`${source}: "${name}" must be a list${list === undefined ? ', but is missing' : ''}.`)
  }
}

const headParameters = {
  target: text('the system under test'),
  workload: optional(text('the workload of the clients')),
  bug: optional(text('the bug of the target')),
  nodes: wholeNumber('the number of nodes', { least: 1, most: 15 }),
  seed: wholeNumber('the seed of delays and nodes'),
  timeoutMs: ms('the timeout of clients'),
  found: optional(text('the failure, in words')),
  level: optional(text('the level that is checked')),
  digest: optional(text('the digest of the history')),
  source: optional(text("the digest of the user's protocol file")),
  node: optional(text('the version of Node that ran the programs')),
}
const LISTS = ['operations', 'faults', 'delays', 'holds']
const HEAD_BESIDE = [
  'chaos',
  'kind',
  'settings',
  'targetSettings',
  OLD_TARGET_SETTINGS,
  'besides',
  'invariants',
  ...LISTS,
]

/** Matches the byte order mark that some editors write at the start of a file. */
const BYTE_ORDER_MARK = /^\ufeff/

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(BYTE_ORDER_MARK, ''))
  } catch (error) {
    const why = quote(error instanceof Error ? error.message : String(error))
    throw inputError(
      `${source} is not JSON (${why}): it is truncated, or not written by chaos fuzz. If it is a history, use chaos check.`,
    )
  }
}

function parseNames(value: unknown, where: string): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value
  throw inputError(`${where} must be a list of names.`)
}

function parseFlag(value: unknown, where: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? true
  throw inputError(`${where} is ${quote(value)}. Give true or false.`)
}

function parseSettings(value: unknown, where: string): { readonly [name: string]: ProtocolSettingValue } {
  const members = value === undefined ? {} : readObject(value, where)
  const settings: { [name: string]: ProtocolSettingValue } = {}
  for (const [name, setting] of Object.entries(members)) {
    if (typeof setting !== 'number' && typeof setting !== 'boolean' && typeof setting !== 'string')
      throw inputError(`${where}: "${name}" is ${quote(setting)}. Give a number, true, false or a string.`)
    settings[name] = setting
  }
  return settings
}

const operationParameters = {
  atMs: ms('the time of the beginning'),
  client: wholeNumber('the number of the client'),
  node: text('the node that is called'),
  f: text('the function that is called'),
  key: optional(text('the key')),
}

function parseOperation(value: unknown, where: string, nodes: number): PlannedOperation {
  const members = readObject(value, where)
  const { atMs, client, node, f, key } = readParameters(operationParameters, members, where, ['value', 'old', 'new'])
  requireNode(node, where, nodes)
  return {
    at: millisToNanos(atMs),
    client,
    node,
    input: parseInput(f, key === undefined ? {} : { key }, members, where),
  }
}

type Keyed = Pick<Input, 'key'>

function parseInput(f: string, keyed: Keyed, members: { readonly [name: string]: unknown }, where: string): Input {
  const { value, old } = members
  if (value !== undefined) return { f, ...keyed, value: value as Json }
  // The form of a cas in older files.
  if (f === 'cas' && old !== undefined && members['new'] !== undefined)
    return { f, ...keyed, value: [old as Json, members['new'] as Json] }
  if (meaningOf(f)?.effect === 'replaces') throw inputError(`${where}: a ${f} needs "value".`)
  // A read, a dequeue or an acquire without a value in the file has the value null.
  return { f, ...keyed, value: null }
}

const timeParameters = { fromMs: ms('the time of the beginning'), toMs: ms('the time of the end') }

function parsePlannedFault(
  value: unknown,
  where: string,
  { nodes, besides }: { readonly nodes: number; readonly besides: readonly string[] },
): PlannedFault {
  const members = readObject(value, where)
  const fault = parseFault(inPresentWords(members), where, ['fromMs', 'toMs'])
  const times = readParameters(timeParameters, { fromMs: members['fromMs'], toMs: members['toMs'] }, where)
  const [from, to] = [millisToNanos(times.fromMs), millisToNanos(times.toMs)]
  if (to < from) throw inputError(`${where} ends before it begins: "toMs" must not be below "fromMs".`)
  for (const name of placesOf(fault)) if (name !== 'clients' && !besides.includes(name)) requireNode(name, where, nodes)
  return { from, to, fault }
}

/** The former names of message faults, which implied a probability. */
const FORMER_KINDS: { readonly [kind: string]: string } = {
  loss: 'drop-message',
  duplicate: 'duplicate-message',
  reorder: 'reorder-message',
  corrupt: 'corrupt-message',
}

function inPresentWords(members: ReturnType<typeof readObject>): ReturnType<typeof readObject> {
  const { kind, probability, ...others } = members
  if (typeof kind !== 'string' || !Object.hasOwn(FORMER_KINDS, kind)) return members
  return { ...others, kind: FORMER_KINDS[kind], when: { probability } }
}

function requireNode(name: string, where: string, nodes: number): void {
  if (nodeNames(nodes).includes(name)) return
  throw inputError(`${where}: there is no node ${quote(name)}. The ${nodes} nodes are n1 to n${nodes}.`)
}
