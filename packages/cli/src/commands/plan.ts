import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EXIT, makePlan, type Planned } from '@chaosproxy/engine'
import { didYouMean, UserError } from '@chaosproxy/history'
import { count, duration } from '@chaosproxy/runner'
import * as v from 'valibot'
import { asCount, asDuration, asSize, flag, valuesOf, word } from '../arguments/declare.ts'
import type { ValuesOf } from '../arguments/option.ts'
import { type Command, type ParsedOptions, textsOf } from '../command.ts'
import { pageOfPlan } from '../plan/page.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'

const LONGEST_MS = 1_000 * 3_600_000
const MOST = 1e12
const USUAL_CLIENTS = 10
const USUAL_KEYS = 1_000
const USUAL_TARGET = 'raft'
const SIMULATED = 'sim:'

const declared = {
  operations: asCount(v.optional(count('check: operations of the recording; fuzz: of each trial', 1, MOST))),
  keys: asCount(v.optional(count('check: keys of the recording', 1, MOST), USUAL_KEYS)),
  parts: asCount(v.optional(count('check: files that the recording consists of', 1, 1e6), 1)),
  clients: asCount(v.optional(count('how many clients', 1, 1_000)), {
    usual: `check: ${USUAL_CLIENTS}; fuzz: two to seven`,
  }),
  target: word('fuzz: the simulated protocol, such as sim:raft', USUAL_TARGET),
  workload: word('fuzz: what clients do', 'that of the target'),
  nodes: asCount(v.optional(count('fuzz: nodes of each trial', 1, 100)), { usual: 'three or five' }),
  length: word('fuzz: virtual time of each trial, such as 2s', '0.3 s to 3 s'),
  seeds: asCount(v.optional(count('fuzz: how many seeds', 1, MOST))),
  workers: asCount(v.optional(count('how many machines like the one that was measured', 1, 100_000), 1)),
  within: asDuration(v.optional(duration('say how many machines it takes to be done by then', 1, LONGEST_MS))),
  memory: asSize(v.optional(v.pipe(v.number(), v.description('memory of each machine')))),
  calibration: word('a file with measurements, of this machine or another; written if nothing like this is in it'),
  json: flag('print one JSON object on stdout'),
}
type Given = ValuesOf<typeof declared>

const WORK = ['check', 'fuzz'] as const

export const planCommand: Command = {
  name: 'plan',
  positional: '<what>',
  needs: 'what to plan: chaos plan check --operations 1e9, or chaos plan fuzz --seeds 1e6',
  summary: 'predict time, memory and machines for a check or a search, from runs measured now',
  words: WORK,
  options: declared,
  groups: {
    'How much is checked': ['operations', 'keys', 'clients', 'parts'],
    'How much is searched': ['seeds', 'target', 'workload', 'nodes', 'length'],
    'By what': ['workers', 'within', 'memory', 'calibration'],
    Output: ['json'],
  },
  examples: [
    ['chaos plan check --operations 1e9 --keys 1e6 --memory 16GB', 'time and memory, each with its error'],
    ['chaos plan fuzz --target sim:raft --seeds 1e6 --within 8h', 'how many machines it takes'],
    ['chaos plan fuzz --seeds 1e6 --calibration server.json', 'for the machine on which that file was written'],
  ],
  run: executePlan,
}

async function executePlan(options: ParsedOptions): Promise<number & typeof EXIT.met> {
  const given = valuesOf(options, declared)
  const { planned, size } = workOf(textsOf(options, 'what').at(-1) ?? '', given)
  const { workers: machines, within: withinMs, memory, calibration, json } = given
  const progress = await createProgress({ quiet: json })
  try {
    const measuring = {
      chaos: [process.execPath, PROGRAM] as const,
      listener: (text: string) => progress.update(`measuring this machine: ${text}`),
    }
    const { plan, measured } = await makePlan(
      planned,
      { size, machines, withinMs, calibration, memoryBytes: memory },
      measuring,
    )
    progress.stop()
    const told = { ...given, kind: planned.kind, size, plan, measured, memory: memory ?? measured.machine.memoryBytes }
    print(process.stdout, json ? `${JSON.stringify(resultOf(told))}\n` : pageOfPlan(told))
    return EXIT.met
  } finally {
    progress.stop()
  }
}

/** The command itself, whichever file this is in. */
const PROGRAM = join(dirname(createRequire(import.meta.url).resolve('chaosproxy/package.json')), 'bin', 'chaos.js')

/** @throws UserError (usage) for anything else than a check or a search, and for one without its size. */
function workOf(what: string, given: Given): { readonly planned: Planned; readonly size: number } {
  const { operations, keys, parts, clients = USUAL_CLIENTS, seeds } = given
  if (what === 'check') {
    if (operations === undefined)
      throw new UserError('usage', 'chaos plan check needs the size of the recording: --operations 1e9')
    if (keys > operations)
      throw new UserError('usage', `--keys ${keys}: a key takes an operation, and there are ${operations}.`)
    return { planned: { kind: 'check', sizes: { operations, keys, parts, clients } }, size: operations }
  }
  if (what === 'fuzz') {
    if (seeds === undefined) throw new UserError('usage', 'chaos plan fuzz needs how many seeds: --seeds 1e6')
    return { planned: { kind: 'fuzz', options: searchOptions(given) }, size: seeds }
  }
  throw new UserError('usage', `chaos plan ${what}: plans are of ${WORK.join(' and ')}.${didYouMean(what, WORK)}`)
}

/** What `chaos fuzz` is given, which says what is wrong with it. */
function searchOptions({
  target = USUAL_TARGET,
  workload,
  nodes,
  operations,
  clients,
  length,
}: Given): readonly string[] {
  const name = target.startsWith(SIMULATED) ? target.slice(SIMULATED.length) : target
  const chosen = { target: name, workload, nodes, operations, clients, length }
  return Object.entries(chosen).flatMap(([option, value]) => (value === undefined ? [] : [`--${option}`, `${value}`]))
}

const resultOf = ({ kind, size, plan, memory, within, measured }: Parameters<typeof pageOfPlan>[0]) => ({
  chaos: 1,
  kind,
  size,
  ...plan,
  fits: plan.memoryBytes.to <= memory,
  memoryLimitBytes: memory,
  withinMs: within,
  measured: { at: measured.at, machine: measured.machine, points: measured.points },
})
