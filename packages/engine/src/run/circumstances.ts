import { spawnSync } from 'node:child_process'
import { arch, availableParallelism, release, totalmem, type } from 'node:os'
import { basename } from 'node:path'
import type { JudgedRun } from '@chaosproxy/runner'
import {
  isSecret,
  jsonWithoutSecrets,
  REMOVED,
  textWithoutSecrets,
  wordsWithoutSecrets,
} from '@chaosproxy/runner/result'
import { packageVersion } from '../version.ts'

/** The circumstances that a run depended on besides its spec, for later readers. Excludes secrets. */
export interface Circumstances {
  /** The versions of chaos, Node and V8, and of the run's programs that ASKED lists. */
  readonly versions: { readonly [program: string]: string }
  readonly machine: { readonly system: string; readonly cores: number; readonly memoryBytes: number }
  readonly command: readonly string[]
  readonly directory: string
  readonly environment: { readonly [name: string]: string }
  readonly declared?: unknown
  /** How each node was started: command, environment and files. */
  readonly nodes?: unknown
}

interface TargetPrograms {
  readonly declared?: object | undefined
  readonly commands?: JudgedRun['commands']
}

export function circumstancesOf(
  { declared, commands = {} }: TargetPrograms,
  environment: NodeJS.ProcessEnv = process.env,
): Circumstances {
  return {
    versions: {
      chaos: packageVersion(),
      node: process.versions.node,
      v8: process.versions.v8,
      // Each word of a command may be the name of a program. Words in the text of a shell command also count.
      ...versionsOf([
        ...programsIn(declared),
        ...Object.values(commands).flatMap(({ words }) => words.flatMap((word) => word.split(/[\s;&|"']+/))),
      ]),
    },
    machine: { system: `${type()} ${release()} ${arch()}`, cores: availableParallelism(), memoryBytes: totalmem() },
    command: wordsWithoutSecrets(process.argv.slice(1)),
    directory: process.cwd(),
    environment: variablesThatMatter(environment),
    declared: declared && jsonWithoutSecrets(declared),
    ...(Object.keys(commands).length === 0 ? {} : { nodes: jsonWithoutSecrets(commands) }),
  }
}

/** Variables that change the behaviour of Node or chaos. `CI` is set in continuous integration. */
const MATTERS = /^(NODE_OPTIONS|NODE_ENV|UV_THREADPOOL_SIZE|CI|TZ|CHAOS_\w+)$/
const OWN = ['CHAOS_API']

function variablesThatMatter(environment: NodeJS.ProcessEnv): { [name: string]: string } {
  const kept = Object.entries(environment).filter(([name]) => MATTERS.test(name) && !OWN.includes(name))
  return Object.fromEntries(
    kept.map(([name, value]) => [name, isSecret(name) ? REMOVED : textWithoutSecrets(value ?? '')]),
  )
}

/**
 * Programs that are known to print their version with this option. Other programs are not run, because they might
 * do something else.
 */
const ASKED: { readonly [program: string]: string } = {
  'redis-server': '--version',
  'redis-sentinel': '--version',
  'valkey-server': '--version',
  etcd: '--version',
  'nats-server': '--version',
  postgres: '--version',
  mysqld: '--version',
  mongod: '--version',
  nginx: '-v',
  haproxy: '-v',
  python3: '--version',
  java: '-version',
}

function versionsOf(programs: readonly string[]): { [program: string]: string } {
  const versions: { [program: string]: string } = {}
  for (const program of new Set(programs)) {
    const name = basename(program)
    if (Object.hasOwn(versions, name)) continue
    const option = Object.hasOwn(ASKED, name) ? ASKED[name] : undefined
    const version = option === undefined ? undefined : answerOf(program, option)
    if (version !== undefined) versions[name] = version
  }
  return versions
}

const LONGEST_MS = 2_000

/** Returns the first line of a program's output, if it succeeds. */
function answerOf(program: string, option: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, [option], { encoding: 'utf8', timeout: LONGEST_MS })
  if (status !== 0) return undefined
  // nginx and java print their version to standard error.
  const [first = ''] = (stdout.trim() || stderr.trim()).split('\n')
  return first === '' ? undefined : first.slice(0, 200)
}

function programsIn(declared: unknown): string[] {
  const programs = new Set<string>()
  const look = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value)) {
      const first = Array.isArray(member) ? member[0] : member
      if (name === 'command' && typeof first === 'string') programs.add(first.trim().split(/\s/)[0] ?? '')
      else look(member)
    }
  }
  look(declared)
  return [...programs]
}
