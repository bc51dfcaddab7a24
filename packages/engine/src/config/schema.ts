import { didYouMean, inputError, isObject, usageError } from '@chaosproxy/history'
import { draftEntries, schemaProblems, withNames } from '@chaosproxy/runner'
import { workloads } from '@chaosproxy/workloads'
import * as v from 'valibot'
import type { Extension } from '../extend/extension.ts'
import { serviceSchema } from '../references/services.ts'
import { targetNames } from '../worlds/databases.ts'
import type { Config } from './config.ts'
import { baselineEntries, pathSchema, recordingSchema, upstreamSchema } from './members.ts'

const name = v.pipe(v.string('must be a name'), v.regex(/^[A-Za-z][\w-]*$/, 'must consist of letters, digits, - and _'))
const object = (what: string) => v.custom<object>((value) => typeof value === 'object' && value !== null, what)

const TARGET = 'must be a cluster, or the path of a file with a cluster or a protocol'
const WORKLOAD = 'must be a workload, or the path of a file that exports one'

/** The schema of a configuration. Other functions validate its clusters and workloads. */
export const configSchema: v.GenericSchema = v.strictObject({
  $schema: v.optional(v.string('must be a string')),
  ...draftEntries,
  targets: v.optional(
    v.pipe(
      v.record(name, v.union([pathSchema, object(TARGET)], TARGET), 'must be an object of targets'),
      v.description('systems of your own: clusters, or the paths of files with a cluster or a protocol'),
    ),
  ),
  workloads: v.optional(
    v.pipe(
      v.record(name, v.union([pathSchema, object(WORKLOAD)], WORKLOAD), 'must be an object of workloads'),
      v.description('workloads of your own, or the paths of their files'),
    ),
  ),
  services: v.optional(
    v.pipe(
      v.record(name, serviceSchema, 'must be an object of services'),
      v.description(
        'Node services of your own, for chaos simulate and as targets service:NAME: program, arguments, environment, nodes',
      ),
    ),
  ),
  upstreams: v.optional(
    v.pipe(
      v.record(name, upstreamSchema, 'must be an object of servers'),
      v.description('servers for chaos record and chaos proxy, each with its address or the command that starts it'),
    ),
  ),
  recording: v.optional(
    v.pipe(
      recordingSchema,
      v.description('requirements for recordings of chaos record: a level, bounds, an earlier recording'),
    ),
  ),
  extend: v.optional(
    v.pipe(
      v.custom<readonly Extension[]>(Array.isArray, 'must be a list of what the define… functions return'),
      v.description(
        'extensions of your own, made by defineFault, defineNemesis, defineRecordedProtocol, defineModel, defineReporter, defineStory, defineWorkload, defineTarget; only in a configuration that is code',
      ),
    ),
  ),
  runs: v.optional(
    v.pipe(
      v.record(name, v.strictObject({ ...draftEntries, ...baselineEntries }), 'must be an object of runs'),
      v.description(
        'named runs for chaos run NAME, each with the members in which it differs from the rest of the configuration',
      ),
    ),
  ),
  ...baselineEntries,
  out: v.optional(v.pipe(pathSchema, v.description('where to create the directories of runs'))),
})

/** @throws UserError (input): one line for each invalid member, beginning with `where`. */
export async function parseConfig(json: unknown, where: string): Promise<Config> {
  const result = v.safeParse(configSchema, withNamesInRuns(json))
  if (!result.success)
    throw inputError(schemaProblems(configSchema, result.issues, { where, what: 'a configuration' }).join('\n'))
  const config = await withExtensions(result.output as Config, where)
  for (const [own, declared] of Object.entries(config.targets ?? {})) {
    refuseTaken(own, targetNames, `${where}: targets.${own}`)
    if (typeof declared === 'string') continue
    const { parseDeclaration } = await import('@chaosproxy/targets')
    parseDeclaration(declared, `${where}: targets.${own}`)
  }
  const workloadNames = workloads.map(({ name }) => name)
  for (const own of Object.keys(config.workloads ?? {})) refuseTaken(own, workloadNames, `${where}: workloads.${own}`)
  return config
}

/**
 * Adds the targets and workloads of `extend`.
 *
 * @throws UserError (input)
 */
async function withExtensions(config: Config, where: string): Promise<Config> {
  if (config.extend === undefined) return config
  const { extensionsIn, isMerged } = await import('../extend/from-file.ts')
  const targets = { ...config.targets }
  const workloads = { ...config.workloads }
  for (const extension of extensionsIn(config, where)) {
    if (extension.kind === 'target') {
      refuseTwice(extension.name, targets, `${where}: targets`)
      targets[extension.name] = extension.target
    } else if (extension.kind === 'workload') {
      refuseTwice(extension.workload.name, workloads, `${where}: workloads`)
      workloads[extension.workload.name] = extension.workload
    } else if (!isMerged(where))
      throw inputError(
        `${where}: "extend" comes from another file, but chaos reads "extend" before it loads any other file. Write extend: [ … ] in this file.`,
      )
  }
  return { ...config, targets, workloads }
}

function refuseTaken(own: string, ours: readonly string[], where: string): void {
  if (ours.includes(own)) throw inputError(`${where}: ${own} is built into chaos. Give yours another name.`)
}

function refuseTwice(own: string, others: object, where: string): void {
  if (Object.hasOwn(others, own))
    throw inputError(`${where} and "extend" both declare ${own}. Give one of the two another name.`)
}

/** Requires that the configuration has the named run. @throws UserError (usage) */
export function requireRun({ runs = {} }: Config, wanted: string, where: string): void {
  if (Object.hasOwn(runs, wanted)) return
  const known = Object.keys(runs)
  const hint = known.length === 0 ? ' It names no runs.' : `${didYouMean(wanted, known)} Known: ${known.join(', ')}.`
  throw usageError(`${where}: there is no run ${wanted}.${hint}`)
}

function withNamesInRuns(json: unknown): unknown {
  const config = withNames(json)
  if (!isObject(config) || !isObject(config['runs'])) return config
  const runs = Object.entries(config['runs']).map(([run, draft]) => [run, withNames(draft)])
  return { ...config, runs: Object.fromEntries(runs) }
}
