import { type Nemesis, nemeses } from '@chaos/faults'
import { type Millis, millis, UserError } from '@chaos/history'
import type { KnobValue, ProtocolDefinition } from '@chaos/protocols'
import type { RunExpectation } from '@chaos/runner'
import type { TargetDefinition } from '@chaos/targets'
import { parseNemeses } from '../arguments/names.ts'
import { oneOf } from '../arguments/one-of.ts'
import { parseCount, parseDuration } from '../arguments/quantities.ts'
import { chooseTarget, parseBug, parseKnobs } from '../arguments/target.ts'
import { flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { parseExpectation, promiseOfRun } from './expectation.ts'

export const operationNames = ['read', 'write', 'cas'] as const
export type Operation = (typeof operationNames)[number]

/** Everything `chaos run` was told, checked and with its defaults filled in. */
export interface RunSettings {
  readonly protocol: ProtocolDefinition
  /** Its name or, where it is the user's own, its file. */
  readonly reference: string
  readonly bug: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
  readonly simulated: boolean
  /** Whether a simulated run is made twice, to see that it is the same. */
  readonly verifyDeterminism: boolean
  readonly nodes: number
  readonly clients: number
  readonly rate: number
  readonly keys: number
  readonly operations: readonly Operation[]
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  readonly checkTimeoutMs: Millis
  readonly nemeses: readonly Nemesis[]
  readonly seed: number
  /** Absent: the run only looks. */
  readonly expect: RunExpectation | undefined
  readonly json: boolean
  /** Where run directories are made. */
  readonly out: string
}

/** As they are typed. The rate is what two cores carry; clients are enough to keep it up while some wait for an answer. */
export const RUN_DEFAULTS = {
  time: '20s',
  rate: 2000,
  clients: 20,
  keys: 20,
  timeout: '1s',
  faults: 'partition,kill,pause',
} as const

/** Throws a usage error that names the option, for anything that cannot be. */
export async function parseRunSettings(options: ParsedOptions): Promise<RunSettings> {
  const simulated = flagOf(options, 'sim')
  const { target, reference } = await chooseTarget(options)
  const { protocol } = target
  const bug = parseBug(protocol, textOf(options, 'bug'))
  const under = protocol.bugs.find(({ name }) => name === bug)?.under
  const knobs = { ...under?.knobs, ...parseKnobs(protocol, textsOf(options, 'set')) }
  const faults = textOf(options, 'faults') ?? under?.faults?.join(',') ?? RUN_DEFAULTS.faults
  const chosenNemeses = parseFaults(faults, target, simulated)
  return {
    protocol,
    reference,
    bug,
    knobs,
    simulated,
    verifyDeterminism: parseVerify(flagOf(options, 'verify-determinism'), simulated),
    nodes: parseCount('nodes', textOf(options, 'nodes') ?? protocol.defaultNodes, { min: 1, max: 15 }),
    clients: parseCount('clients', textOf(options, 'clients'), { min: 1, max: 200 }),
    rate: parseCount('rate', textOf(options, 'rate'), { min: 1, max: 1_000_000 }),
    keys: parseCount('keys', textOf(options, 'keys'), { min: 1, max: 10_000 }),
    operations: parseOperations(textOf(options, 'operations'), protocol),
    timeMs: parseRunTime(textOf(options, 'time') ?? ''),
    timeoutMs: parseDuration('timeout', textOf(options, 'timeout') ?? ''),
    checkTimeoutMs: parseDuration('check-timeout', textOf(options, 'check-timeout') ?? ''),
    nemeses: chosenNemeses,
    seed: parseCount('seed', textOf(options, 'seed') ?? Math.floor(Math.random() * 10_000), {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    }),
    expect: parseExpectation(textOf(options, 'expect'), promiseOfRun({ protocol, knobs, nemeses: chosenNemeses })),
    json: flagOf(options, 'json'),
    out: textOf(options, 'out') ?? 'chaos-results',
  }
}

function parseVerify(wanted: boolean, simulated: boolean): boolean {
  if (wanted && !simulated)
    throw new UserError('usage', '--verify-determinism: real processes never do the same twice. Add --sim.')
  return wanted
}

/** What promises less than one order for all is judged more finely by reads and writes alone. */
export const usualOperations = ({ promises }: ProtocolDefinition): readonly Operation[] =>
  promises === 'linearizable' ? operationNames : ['read', 'write']

function parseOperations(typed: string | undefined, protocol: ProtocolDefinition): readonly Operation[] {
  if (typed === undefined) return usualOperations(protocol)
  const named = typed.split(',').map((name) => oneOf('operations', 'operation', name.trim(), operationNames))
  for (const needed of ['read', 'write'] as const)
    if (!named.includes(needed))
      throw new UserError(
        'usage',
        `--operations ${typed}: without ${needed}s nothing can be proved. Write read,write or read,write,cas.`,
      )
  return operationNames.filter((name) => named.includes(name))
}

const SHORTEST_RUN_MS = millis(100)
const LONGEST_RUN_MS = millis(24 * 3_600_000)

function parseRunTime(typed: string): Millis {
  const timeMs = parseDuration('time', typed)
  if (timeMs < SHORTEST_RUN_MS || timeMs > LONGEST_RUN_MS)
    throw new UserError('usage', `--time ${typed}: must be between 100ms and 24h.`)
  return timeMs
}

/** A fault that the target cannot suffer is refused before the run starts, never silently weakened. */
function parseFaults(typed: string, target: TargetDefinition, simulated: boolean): readonly Nemesis[] {
  const chosen = parseNemeses(typed)
  if (simulated) return chosen
  for (const { name, kind } of chosen) {
    const suffering = target.faults[kind]
    if (suffering.possible) continue
    const possible = nemeses.filter((other) => target.faults[other.kind].possible).map((other) => other.name)
    throw new UserError(
      'usage',
      `--faults ${name}: ${target.name} as real processes cannot suffer it: ${suffering.reason}. With --sim it can. Faults it can suffer: ${possible.join(', ')}.`,
    )
  }
  return chosen
}
