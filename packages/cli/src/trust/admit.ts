import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { isFullService, parseServiceReference, serviceReference } from '@chaosproxy/engine/references'
import { commandLine, withPaths } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { printableLines } from '@chaosproxy/report'
import { nameIn, type RunSpec, type TrafficSpec } from '@chaosproxy/runner'
import { REMOVED, textWithoutSecrets } from '@chaosproxy/runner/result'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { EXECUTED } from '@chaosproxy/targets/named'
import { flag } from '../arguments/declare.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import type { OwnConfig } from '../config/own.ts'
import type { Option } from '../option.ts'
import { printNotice } from '../terminal/output.ts'
import {
  type Brought,
  broughtProbes,
  broughtTarget,
  broughtWorkload,
  describeBrought,
  fileOf,
  repeating,
  typedIn,
} from './brought.ts'

/** The option `--trust` of commands that read files with specs or scenarios. */
export const trustOption: { readonly trust: Option<boolean> } = {
  trust: flag('allow chaos to execute all code, commands and probes that the spec or the replay names'),
}

/**
 * Checks the code that a file names. The code runs only if the command line or the configuration names it too, or with
 * `--trust`.
 *
 * @throws UserError (usage) that lists what the file would run, and how to allow it.
 */
export function admit(file: string, brought: readonly Brought[], options: ParsedOptions, config: OwnConfig): void {
  const own = [...typedIn(options).flatMap(({ is }) => is), ...namedBy(config)]
  const strange = brought.filter((one) => !own.some((other) => isSame(one, other)))
  if (strange.length === 0) return
  const what = strange.map((one) => `${describeBrought(one)}${placeOf(one, file)}`).join(', ')
  if (flagOf(options, 'trust')) {
    printNotice(`  ${printableLines(`${file} brings ${what}`)}\n`)
    return
  }
  const isTypeable = strange.every((one) => repeating(one).length > 0)
  const repeats = commandLine([...new Set(strange.flatMap((one) => repeating(one)))])
  const remedy = isTypeable ? `repeat it on the command line (${repeats}), or give --trust` : 'give --trust'
  throw usageError(`${file} would run ${what}. To allow it, ${remedy}.`)
}

/** Rejects options that name a program, file or probe that the spec does not name. @throws UserError (usage) */
export function refuseOthers(file: string, brought: readonly Brought[], options: ParsedOptions): void {
  const others = typedIn(options).filter(
    ({ is: [named] }) => named === undefined || !brought.some((one) => isSame(one, named)),
  )
  if (others.length === 0) return
  const names = [...new Set(others.map(({ option }) => option))]
  throw usageError(
    `--spec ${file} defines the whole run: leave --${names.join(', --')} out, or edit the file. These options may only repeat programs, files and probes that the file names.`,
  )
}

/**
 * Returns the spec with the secrets that chaos removed when it stored the spec. The secrets come from the command line
 * or the environment.
 *
 * @throws UserError (usage) if an environment variable with a secret is not set, or if a secret was removed from a
 * stored command: only the user can put this secret back.
 */
export function withTypedSecrets(file: string, spec: RunSpec, options: ParsedOptions): RunSpec {
  const { target, require } = spec
  const binary = textOf(options, 'binary')
  const required = textsOf(options, 'require')
  const named = binary === undefined ? [] : [`${EXECUTED}${binary}`, `${SIMULATED}${EXECUTED}${binary}`]
  const name = named.find((typed) => textWithoutSecrets(typed) === target.name) ?? target.name
  return {
    ...spec,
    target: {
      ...target,
      name: completeService(file, name),
      traffic: target.traffic && withOwnVariables(file, complete(file, target.traffic)),
    },
    require: require?.map((stored) => required.find((text) => textWithoutSecrets(text) === stored) ?? stored),
  }
}

/**
 * Returns the reference of a service, with the environment variables that were removed when it was stored. Takes their
 * values from the environment of this process.
 */
function completeService(file: string, name: string): string {
  const [before, after] = name.startsWith(SIMULATED) ? [SIMULATED, name.slice(SIMULATED.length)] : ['', name]
  if (!isFullService(after) || !after.includes(REMOVED)) return name
  const { environment = {}, args = [], ...service } = parseServiceReference(after)
  requireWhole(file, [args])
  return before + serviceReference({ ...service, args, environment: ownVariables(file, environment) })
}

/**
 * Returns the traffic. @throws UserError (usage) if one of its commands was stored without a secret that it contained.
 */
function complete(file: string, traffic: TrafficSpec): TrafficSpec {
  requireWhole(file, [...traffic.servers.map(({ serve }) => serve ?? []), traffic.command ?? []])
  return traffic
}

function requireWhole(file: string, commands: readonly (readonly string[])[]): void {
  const lacking = commands.find((words) => words.some((word) => word.includes(REMOVED)))
  if (lacking === undefined) return
  const remedy =
    'Put the secret back into the command in this file, or let the command read the secret from an environment variable.'
  throw usageError(`${file}: chaos stored the command ${commandLine(lacking)} without its secret. ${remedy}`)
}

const withOwnVariables = (file: string, traffic: TrafficSpec): TrafficSpec =>
  traffic.environment === undefined ? traffic : { ...traffic, environment: ownVariables(file, traffic.environment) }

interface Variables {
  readonly [name: string]: string
}

/**
 * Returns the environment variables that a stored file contains. If chaos removed a secret from a value when it stored
 * the file, takes the variable from the environment of this process.
 *
 * @throws UserError (usage) if the environment of this process lacks such a variable.
 */
const ownVariables = (file: string, kept: Variables): Variables =>
  Object.fromEntries(
    Object.entries(kept).map(([name, value]): [string, string] => {
      const own = value.includes(REMOVED) ? process.env[name] : value
      if (own !== undefined) return [name, own]
      throw usageError(`chaos stored ${file} without the value of the environment variable ${name}. Set this variable.`)
    }),
  )

function namedBy({ loaded, own }: OwnConfig): readonly Brought[] {
  if (loaded === undefined) return []
  const { targets = {}, workloads = {}, runs = {}, services = {} } = loaded.config
  const drafts = [
    loaded.config,
    ...Object.values(runs),
    ...Object.keys(targets).map((target) => ({ target })),
    ...Object.keys(workloads).map((workload) => ({ workload })),
  ]
  const at = (path: string): string => resolve(own.directory, path)
  const programs = Object.values(services).flatMap(({ entry, beside = {}, client }): readonly Brought[] => [
    { kind: 'service', text: at(entry) },
    ...Object.entries(beside).flatMap(([name, each]): Brought | readonly [] =>
      // Only programs need permission. A PostgreSQL beside the nodes runs its SQL in memory and can access nothing
      // else.
      typeof each === 'object' && 'entry' in each ? { kind: 'beside', text: `${name}=${at(each.entry)}` } : [],
    ),
    ...(client === undefined ? [] : [{ kind: 'client', text: at(client) } as const]),
  ])
  const named = drafts.flatMap((draft) => {
    const { target, workload, require = [] } = withPaths(draft, own)
    return [
      ...broughtTarget(nameIn(target) ?? ''),
      ...broughtWorkload(nameIn(workload) ?? ''),
      ...broughtProbes(require),
    ]
  })
  return [...programs, ...named]
}

/** Compares normalised paths, and commands without their secrets. */
function isSame(one: Brought, other: Brought): boolean {
  if (one.kind !== other.kind) return false
  if (one.text === other.text) return true
  if (one.kind === 'program' || one.kind === 'probe') return one.text === textWithoutSecrets(other.text)
  const prefix = ({ text }: Brought): string => (one.kind === 'beside' ? text.slice(0, text.indexOf('=')) : '')
  return prefix(one) === prefix(other) && resolve(fileOf(one)) === resolve(fileOf(other))
}

/** Returns a remark if the file in `brought` is outside the directory that contains `file`. */
function placeOf(brought: Brought, file: string): string {
  const { kind } = brought
  if (kind === 'program' || kind === 'probe' || kind === 'command') return ''
  const way = relative(resolve(dirname(file)), resolve(fileOf(brought)))
  return way.startsWith('..') || isAbsolute(way) ? ` (outside of the directory of ${file})` : ''
}
