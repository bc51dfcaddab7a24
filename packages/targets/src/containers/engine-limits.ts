import { cpus as processors, totalmem } from 'node:os'
import type { CommandFault } from '../cluster/command-fault.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { askEngine, type EngineProgram } from './engine.ts'

interface Limited {
  readonly engine: EngineProgram
  readonly name: string
}

interface Limits {
  readonly cpus: number
  readonly quota: number
  readonly period: number
  readonly memoryBytes: number
  /** The limit of memory and swap together. */
  readonly swapBytes: number
}

interface Limiting extends Pick<CommandFault, 'undo' | 'undoLast'> {
  readonly by: ProgramCommand
}

const PERIOD_MICROS = 100_000

const LIMITS = ['NanoCpus', 'CpuQuota', 'CpuPeriod', 'Memory', 'MemorySwap'].map((each) => `{{.HostConfig.${each}}}`)

/** @throws UserError (environment) */
export async function limitsOf({ engine, name }: Limited): Promise<Limits> {
  const output = await askEngine(engine, ['inspect', '--type', 'container', '--format', LIMITS.join(' '), name])
  const [nanoCpus = 0, quota = 0, period = 0, memoryBytes = 0, swapBytes = 0] = output.trim().split(' ').map(Number)
  return { cpus: nanoCpus / 1e9, quota, period, memoryBytes, swapBytes }
}

export function lessCpu(container: Limited, { cpus, quota, period }: Limits, share: number): Limiting {
  // A Compose file may limit the container by `cpus`. A quota cannot change this limit.
  if (cpus > 0)
    return { by: update(container, ['--cpus', String(share)]), undo: update(container, ['--cpus', String(cpus)]) }
  const by = update(container, quotaOf(share * PERIOD_MICROS, PERIOD_MICROS))
  if (quota > 0) return { by, undo: update(container, quotaOf(quota, period || PERIOD_MICROS)) }
  const all = quotaOf(processors().length * PERIOD_MICROS, PERIOD_MICROS)
  return { by, undo: unlimited(container, { limits: all, group: 'cpu', start: false }) }
}

export function lessMemory(
  container: Limited,
  { memoryBytes, swapBytes }: Limits,
  limitBytes: number,
): Required<Limiting> {
  const by = update(container, memoryOf(limitBytes, limitBytes))
  // Returns the command that restores the limits. With `start`, the command also starts the container, because the
  // kernel may have killed it for exceeding its memory.
  const backBy = (start: boolean): ProgramCommand => {
    if (memoryBytes === 0)
      return unlimited(container, { limits: memoryOf(totalmem(), 2 * totalmem()), group: 'memory', start })
    const back = memoryOf(memoryBytes, swapBytes || memoryBytes)
    return start ? shell(container, back, [UPDATE, START]) : update(container, back)
  }
  return { by, undo: backBy(false), undoLast: backBy(true) }
}

const update = ({ engine, name }: Limited, limits: readonly string[]): ProgramCommand => ({
  words: [engine, 'update', ...limits, name],
})

const quotaOf = (quotaMicros: number, periodMicros: number): readonly string[] => [
  `--cpu-period=${periodMicros}`,
  `--cpu-quota=${Math.round(quotaMicros)}`,
]

const memoryOf = (bytes: number, withSwapBytes: number): readonly string[] => [
  `--memory=${bytes}`,
  `--memory-swap=${withSwapBytes}`,
]

/**
 * Returns a command that removes a limit. Not every engine can remove limits, so the command sets the limit to all that
 * the machine has, and then removes the limit in the container's control group.
 */
const unlimited = (
  container: Limited,
  { limits, group, start }: { readonly limits: readonly string[]; readonly group: Group; readonly start: boolean },
): ProgramCommand => shell(container, limits, start ? [UPDATE, START, LIFT[group]] : [UPDATE, LIFT[group]])

type Group = 'cpu' | 'memory'

const shell = ({ engine, name }: Limited, limits: readonly string[], parts: readonly string[]): ProgramCommand => ({
  words: ['sh', '-c', [...parts, 'exit $code'].join('\n'), 'limits', engine, name, ...limits],
})

/** If the container is down, a failure counts as success, because some engines forget limits when a container ends. */
const UPDATE = `engine=$1 name=$2
shift 2
"$engine" update "$@" "$name"
code=$?
running() { pid=$("$engine" inspect --type container --format '{''{.State.Pid}''}' "$name") && [ "$pid" -gt 0 ]; }
running || code=0`

const START = `"$engine" start "$name"
code=$?`

/** The values to write into files to remove a limit, in an order that the kernel accepts. */
interface NoLimit {
  /** The files and values for version 1 of control groups, which has one hierarchy for each resource. */
  readonly old: readonly (readonly [file: string, value: string])[]
  /** The files and values for version 2 of control groups, which has one hierarchy for all resources. */
  readonly unified: readonly (readonly [file: string, value: string])[]
}

function lift(group: Group, { old, unified }: NoLimit): string {
  const lines = (path: string, files: NoLimit['old']) =>
    files.map(([file, value]) => `lift "$${path}" /${file} ${value}`).join('\n')
  return String.raw`running || exit $code
old=$(sed -n 's/^[0-9]*:\(.*,\)*${group}\(,.*\)*:\(\/..*\)/\/sys\/fs\/cgroup\/${group}\3/p' "/proc/$pid/cgroup")
unified=$(sed -n 's/^0::\(\/..*\)/\/sys\/fs\/cgroup\1/p' "/proc/$pid/cgroup")
lift() { [ -n "$1" ] && [ -w "$1$2" ] && echo "$3" >"$1$2"; }
${lines('old', old)}
${lines('unified', unified)}`
}

const LIFT: { readonly [group in Group]: string } = {
  cpu: lift('cpu', { old: [['cpu.cfs_quota_us', '-1']], unified: [['cpu.max', 'max']] }),
  memory: lift('memory', {
    old: [
      ['memory.memsw.limit_in_bytes', '-1'],
      ['memory.limit_in_bytes', '-1'],
    ],
    unified: [
      ['memory.swap.max', 'max'],
      ['memory.max', 'max'],
    ],
  }),
}
