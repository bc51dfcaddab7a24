import type { Model } from '@chaosproxy/checker'
import type { FaultDefinition, Nemesis, Parameters } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import { type OwnProtocol, ownProtocol } from '@chaosproxy/recorder/own-protocol'
import type { Finding } from '@chaosproxy/report'
import type { OwnLevel } from '@chaosproxy/runner/result'
import type { Story, Tale } from '@chaosproxy/scenarios'
import type { ClusterDeclaration } from '@chaosproxy/targets'
import type { WorkloadModule } from '@chaosproxy/workloads'
import type { Extension, OwnFault, OwnHarm, OwnNemesis } from './extension.ts'
import { requireName, requireShape, type Shape } from './shape.ts'

// Each function checks a definition, and returns it as an extension.

const DOES = {
  bytes: { stage: 'a function' },
  messages: { meet: 'a function' },
  requests: { meet: 'a function' },
  nodes: { strike: 'a function', heal: 'a function' },
} as const satisfies { readonly [on in OwnHarm['on']]: Shape }

/**
 * A kind of fault. Schedules, `chaos proxy` and its control interface refer to it by its `kind`; reports describe it.
 *
 * ```ts
 * export const stutter = defineFault({
 *   kind: 'stutter',
 *   summary: 'large chunks wait',
 *   parameters: { aboveBytes: parameter.bytes('larger than this'), pauseMs: parameter.ms('for how long') },
 *   on: 'bytes',
 *   stage: ({ harm }) => ({
 *     countsArriving: 'bytes',
 *     delayMs: ({ bytes }) => (bytes.length > harm().aboveBytes ? harm().pauseMs : 0),
 *   }),
 * })
 * ```
 *
 * @throws UserError (input) for a definition that lacks something.
 */
export function defineFault<const Kind extends string, Entries extends Parameters>(
  own: OwnFault<Kind, Entries>,
): Extension {
  requireShape('defineFault', own, { kind: 'a string', summary: 'a string', parameters: 'an object', on: 'a string' })
  requireName('defineFault', own.kind)
  if (!Object.hasOwn(DOES, own.on))
    throw inputError(`defineFault: "on" is "${own.on}". Give one of ${Object.keys(DOES).join(', ')}.`)
  requireShape(`defineFault: ${own.kind}`, own, DOES[own.on])
  // The registries do not know the type of this fault's parameters, but pass only parameters of this type.
  return { kind: 'fault', fault: own as FaultDefinition, harm: own as OwnHarm }
}

/**
 * A nemesis: a name for `--faults`, which plans faults of one kind from the seed.
 *
 * @throws UserError (input)
 */
export function defineNemesis(own: OwnNemesis): Extension {
  requireShape('defineNemesis', own, { name: 'a string', summary: 'a string', kind: 'a string', plan: 'a function' })
  requireName('defineNemesis', own.name)
  if (own.among !== 'nodes' && own.among !== 'clients')
    throw inputError(`defineNemesis: "among" of ${own.name} is neither "nodes" nor "clients". Give one of the two.`)
  // A nemesis may plan a user's fault, which has no static type.
  return { kind: 'nemesis', nemesis: own as Nemesis }
}

/**
 * A protocol without a route table: `--as NAME`. Its server answers each request by one message, in order.
 *
 * @throws UserError (input)
 */
export function defineRecordedProtocol(own: OwnProtocol): Extension {
  const functions = { scanner: 'a function', asked: 'a function', answered: 'a function' } as const
  requireShape(
    'defineRecordedProtocol',
    own,
    { name: 'a string', model: 'a string', ...functions },
    { finalReads: 'an object' },
  )
  requireName('defineRecordedProtocol', own.name)
  if (!Number.isInteger(own.port) || own.port < 1 || own.port > 65_535)
    throw inputError(`defineRecordedProtocol: "port" of ${own.name} is not a port number. Give 1 to 65535.`)
  return { kind: 'recorded protocol', protocol: ownProtocol(own) }
}

/**
 * Defines a model. The option `--model`, workloads and recorded protocols can refer to the model by its name.
 *
 * @throws UserError (input)
 */
export function defineModel<State>(own: Model<State>): Extension {
  requireShape(
    'defineModel',
    own,
    { name: 'a string', apply: 'a function', key: 'a function' },
    { functions: 'a list of strings', reads: 'a list of strings', aliases: 'a list of strings', summary: 'a string' },
  )
  if (!('initial' in own))
    throw inputError(`defineModel: ${own['name']} has no "initial". Give the state at the start.`)
  // The type of the states does not matter, because a model receives only its own states.
  return { kind: 'model', model: own as Model<unknown> }
}

/**
 * A level: `--require NAME` calls `judge` with all operations of a history, in the order of their calls.
 *
 * ```ts
 * export const oneWriter = defineLevel({
 *   name: 'one-writer',
 *   summary: 'all writes come from one client',
 *   judge(operations) {
 *     const writers = new Set(operations.filter(({ f }) => f === 'write').map(({ client }) => client))
 *     return { met: writers.size < 2, found: `${writers.size} clients wrote` }
 *   },
 * })
 * ```
 *
 * @throws UserError (input) for a definition that lacks something.
 */
export function defineLevel(own: OwnLevel): Extension {
  requireShape('defineLevel', own, { name: 'a string', summary: 'a string', judge: 'a function' })
  requireName('defineLevel', own.name)
  return { kind: 'level', level: own }
}

/**
 * A reporter: `--reporter NAME`. It turns all findings into one text.
 *
 * @throws UserError (input)
 */
export function defineReporter(own: {
  readonly name: string
  readonly summary: string
  report(findings: readonly Finding[]): string
}): Extension {
  requireShape('defineReporter', own, { name: 'a string', summary: 'a string', report: 'a function' })
  requireName('defineReporter', own.name)
  const { name, summary } = own
  return {
    kind: 'reporter',
    report: (findings) => own.report(findings),
    reporter: { name, summary, end: (findings) => own.report(findings) },
  }
}

/**
 * A story for `chaos scenario NAME`. `storyWords` contains the functions to write a story with.
 *
 * @throws UserError (input)
 */
export function defineStory(own: Story): Extension {
  requireShape('defineStory', own, {
    ...({ name: 'a string', summary: 'a string', told: 'a list', fix: 'an object', lesson: 'a string' } as const),
    source: 'a string',
  })
  requireName('defineStory', own.name)
  for (const tale of [...own.told, own.fix]) requirePlayable(tale, `defineStory: ${own.name}`)
  return { kind: 'story', story: own }
}

function requirePlayable(tale: Tale, who: string): void {
  requireShape(who, tale, {
    ...({ title: 'a string', target: 'a string', workload: 'a string', cast: 'a list of strings' } as const),
    ...({ beats: 'a list', ending: 'an object' } as const),
  })
  let before = 0
  for (const beat of tale.beats) {
    const at = `${who}: "${tale.title}", beat at ${beat.atMs} ms`
    if (beat.atMs < before) throw inputError(`${at}: the beat before is at ${before} ms. Sort the beats by time.`)
    before = beat.atMs
    if (beat.type === 'asking' && !tale.cast.includes(beat.who))
      throw inputError(`${at}: "cast" has no ${beat.who}. Add the client.`)
    for (const node of nodesOf(beat))
      if (node !== 'clients' && !(/^n[1-9]\d*$/.test(node) && Number(node.slice(1)) <= tale.nodes))
        throw inputError(`${at}: there is no node ${node}. The nodes are n1 to n${tale.nodes}.`)
  }
}

function nodesOf(beat: Tale['beats'][number]): readonly string[] {
  if (beat.type === 'asking') return [beat.node]
  if (beat.type === 'remark') return []
  const { fault } = beat
  return 'nodes' in fault ? fault.nodes : fault.links.flatMap(({ from, to }) => [from, to])
}

/**
 * A workload: `--workload NAME`.
 *
 * @throws UserError (input)
 */
export function defineWorkload(own: WorkloadModule): Extension {
  requireShape('defineWorkload', own, { name: 'a string', functions: 'a list of strings', create: 'a function' })
  return { kind: 'workload', workload: own }
}

/**
 * A target for `--target NAME`: a cluster's declaration, or the path of a file that exports a declaration or a
 * protocol.
 *
 * @throws UserError (input)
 */
export function defineTarget(name: string, target: ClusterDeclaration | string): Extension {
  requireName('defineTarget', name)
  if (typeof target !== 'string') requireShape(`defineTarget: ${name}`, target, {})
  return { kind: 'target', name, target }
}
