import { readFileSync } from 'node:fs'
import { isFullService, isService, parseServiceReference, type ServiceSpec } from '@chaosproxy/engine/references'
import { commandLine } from '@chaosproxy/engine/run'
import type { TrafficSpec } from '@chaosproxy/runner'
import { parseRequirement } from '@chaosproxy/runner/result'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { EXECUTED, isBinary, isDeclaration, isMaelstrom, isUserFile } from '@chaosproxy/targets/named'
import { type ParsedOptions, textsOf } from '../command.ts'

/** Code or a request that a data file names. Using the file runs it on this machine. */
export interface Brought {
  readonly kind: 'program' | 'cluster' | 'service' | 'beside' | 'client' | 'protocol' | 'workload' | 'probe' | 'command'
  /**
   * The command or path as in the file; for the kind `probe`, the requirement as in the file; for the kind `beside`,
   * `NAME=PROGRAM`.
   */
  readonly text: string
}

/** Returns the programs and files that a target names; empty for a target that is built in or configured. */
export function broughtTarget(name: string): readonly Brought[] {
  const reference = name.startsWith(SIMULATED) ? name.slice(SIMULATED.length) : name
  if (isBinary(reference)) return [{ kind: 'program', text: reference.slice(EXECUTED.length) }]
  if (isService(reference)) return isFullService(reference) ? broughtService(parseServiceReference(reference)) : []
  if (isMaelstrom(reference)) return [{ kind: 'cluster', text: reference }]
  if (isDeclaration(reference)) return [{ kind: 'cluster', text: reference }]
  return isUserFile(reference) ? [{ kind: 'protocol', text: reference }] : []
}

const broughtService = ({ program, beside = {}, client }: ServiceSpec): readonly Brought[] => [
  { kind: 'service', text: program },
  ...Object.entries(beside).map(([name, each]): Brought => ({ kind: 'beside', text: `${name}=${each.program}` })),
  ...(client === undefined ? [] : [{ kind: 'client', text: client } as const]),
]

export const broughtTraffic = (traffic: TrafficSpec | undefined): readonly Brought[] =>
  [...(traffic?.servers ?? []).map(({ serve }) => serve), traffic?.command].flatMap((words) =>
    words === undefined ? [] : [{ kind: 'command', text: commandLine(words) }],
  )

/** As `broughtTarget`. */
export const broughtWorkload = (name: string): readonly Brought[] =>
  isUserFile(name) ? [{ kind: 'workload', text: name }] : []

export const broughtProbes = (requirements: readonly string[]): readonly Brought[] =>
  requirements
    .filter((text) => parseRequirement(text, '--require').kind === 'probe')
    .map((text) => ({ kind: 'probe', text }))

const OPTIONS = {
  program: 'binary',
  cluster: 'target',
  service: 'program',
  beside: 'beside',
  client: 'client',
  protocol: 'protocol',
  workload: 'workload',
  probe: 'require',
} as const

/** Returns the option that names the reference, and its value. Empty if there is no such option. */
export const repeating = ({ kind, text }: Brought): readonly string[] =>
  kind === 'command' ? [] : [`--${OPTIONS[kind]}`, text]

/**
 * An option on the command line that names programs or files. Because of the option, a data file may run these programs
 * and files without `--trust`.
 */
interface Typed {
  readonly option: string
  /** The references of the option; empty for a built-in name. */
  readonly is: readonly Brought[]
}

export const typedIn = (options: ParsedOptions): readonly Typed[] =>
  (Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]).flatMap((kind) => {
    const option = OPTIONS[kind]
    return textsOf(options, option).map((text) => ({ option, is: readAs(kind, text) }))
  })

function readAs(kind: keyof typeof OPTIONS, text: string): readonly Brought[] {
  if (kind === 'cluster' || kind === 'protocol') return broughtTarget(text)
  return kind === 'workload' ? broughtWorkload(text) : [{ kind, text }]
}

/** Describes a reference: `the program ./node`, `the cluster x.json, which runs sh -c …`. */
export function describeBrought(brought: Brought): string {
  const { kind, text } = brought
  if (kind === 'beside') return `the program beside its nodes in ${fileOf(brought)}`
  if (kind === 'client') return `its clients in ${text}`
  if (kind !== 'cluster')
    return kind === 'program' || kind === 'probe' || kind === 'command'
      ? `the ${kind} ${text}`
      : `the ${kind} in ${text}`
  const commands = commandsOf(text)
  const listed = commands.slice(0, MOST_COMMANDS).join('; ')
  const more = commands.length > MOST_COMMANDS ? ` and ${commands.length - MOST_COMMANDS} more` : ''
  return `the cluster in ${text}${listed === '' ? '' : `, which runs ${listed}${more}`}`
}

/** Its path. */
export const fileOf = ({ kind, text }: Brought): string =>
  kind === 'beside' ? text.slice(text.indexOf('=') + 1) : text

const MOST_COMMANDS = 5

/** All commands and modules in a declaration; empty if it cannot be read. */
function commandsOf(path: string): readonly string[] {
  try {
    return [...new Set(commandsIn(JSON.parse(readFileSync(path, 'utf8')), undefined))]
  } catch {
    return []
  }
}

function commandsIn(value: unknown, member: string | undefined): readonly string[] {
  const isCommand = member !== undefined && COMMANDS.has(member)
  if (typeof value === 'string') return isCommand ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) {
    // A list contains either the words of a single command, or several commands.
    const isWords = member !== undefined && WORDS.has(member) && value.every((word) => typeof word === 'string')
    if (isWords) return [value.join(' ')]
    return value.flatMap((item) => commandsIn(item, Array.isArray(item) && isCommand ? 'command' : member))
  }
  return Object.entries(value).flatMap(([name, item]) => commandsIn(item, name))
}

const WORDS: ReadonlySet<string> = new Set(['command', 'do', 'undo'])
const COMMANDS: ReadonlySet<string> = new Set([...WORDS, 'before', 'prepare', 'after', 'file'])
