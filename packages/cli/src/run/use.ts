import type { Level } from '@chaosproxy/checker'
import { onlyService } from '@chaosproxy/engine/references'
import type { ChosenBaseline, LoadedConfig } from '@chaosproxy/engine/run'
import { type NamedRegistries, type OwnNames, readSpecFile, requireRun, withPaths } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import {
  completeRun,
  count,
  DEFAULT_WORKLOAD,
  draftIn,
  mergeDrafts,
  nameIn,
  type PlannedRun,
  planRun,
  RUN_DEFAULTS,
  type RunDraft,
  type RunSpec,
  runMembers,
  settingsIn,
  type Target,
  usualWorkload,
} from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { register, type Settings, type SettingValue, type Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { baselineOptions, parseBaselineOptions, requireSameRun } from '../arguments/baseline.ts'
import {
  asCount,
  asDuration,
  asName,
  asRead,
  flag,
  ifTyped,
  inGroup,
  membersOf,
  unlessTyped,
  valuesOf,
  word,
  words,
} from '../arguments/declare.ts'
import { parseFaultChoices, printFaults, requireFaults } from '../arguments/faults.ts'
import { type LoadChoice, loadOptions, parseLoad } from '../arguments/load.ts'
import { listed, oneOf } from '../arguments/names.ts'
import { judgingOptions, withImpliedLevel } from '../arguments/require.ts'
import {
  chooseTarget,
  isTargetTyped,
  normalizeMaelstrom,
  parseBug,
  parseTargetSettings,
  requireSettings,
  targetOptions,
  usualPromise,
} from '../arguments/target.ts'
import { parseUi, type UiSettings } from '../arguments/ui.ts'
import { chooseWorkload, parseWorkloadSettings, workloadOptions } from '../arguments/workload.ts'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'
import { configOption, type OwnConfig, readOwnConfig } from '../config/own.ts'
import type { Option, ValuesOf } from '../option.ts'
import { isSilent } from '../reporting/choice.ts'
import { admit, refuseOthers, trustOption, withTypedSecrets } from '../trust/admit.ts'
import { broughtProbes, broughtTarget, broughtTraffic, broughtWorkload } from '../trust/brought.ts'
import type { Use } from '../use.ts'
import type { Interrupts } from './interrupts.ts'
import { outputOptions, parseOutput, type RunOutput } from './output.ts'
import { recordingsWithAddresses } from './recording-addresses.ts'

/** The settings of `chaos run`: the run itself, and its output. */
export interface RunSettings extends RunOutput {
  readonly run: PlannedRun
  /** The repetitions of the run, with the following seeds. */
  readonly repeats?: readonly PlannedRun[] | undefined
  readonly config?: string | undefined
  /** Whether to perform a simulated run twice and compare the results. */
  readonly twice?: boolean | undefined
  /** Whether to print a violation on stderr as soon as it is certain; by default true. */
  readonly announces?: boolean | undefined
  readonly ui?: UiSettings | undefined
  /** An earlier result that the run's result must match. */
  readonly baseline?: ChosenBaseline | undefined
  /** The command as typed, if it repeats the run. */
  readonly again?: string | undefined
  /** The queue whose workers drive the clients, if this process does not. */
  readonly load?: LoadChoice | undefined
  /** Ends the run early; given if the caller handles Ctrl-C. */
  readonly interrupts?: Interrupts | undefined
}

const MOST_TIMES = 1_000
const MOST_KEYS = 10_000

const REHEARSAL =
  'before a run that uses a route table, write one value and read it back; if this fails, do not start the run; --no-rehearsal skips the check'

/**
 * Each option with a `member` sets this member of the run's configuration. If the user does not give the option, the
 * value in the configuration is used.
 */
const declared = {
  ...inGroup('What is tested', ['nodes'], {
    ...targetOptions,
    isolation: word('isolation level of transactions, if the target has this setting: short for --set isolation=…'),
    nodes: ifTyped(asCount(runMembers.nodes, { usual: 'the default of the target', member: 'nodes' })),
    ...configOption,
    spec: word('read the run from this JSON file instead of options, such as the run.json of an earlier run'),
    program: word('(with --spec) allow chaos to run this Node program, which the spec names'),
    beside: words('(with --spec) allow chaos to run the program FILE beside the nodes; give NAME=FILE as in the spec'),
    client: word('(with --spec) allow chaos to run the clients in this file, which the spec names'),
    ...trustOption,
  }),
  ...inGroup('What clients do', ['workload', 'time'], {
    ...workloadOptions(
      `${DEFAULT_WORKLOAD}, or the usual workload of the target; with --bug, a workload that exposes the bug`,
    ),
    time: ifTyped(asDuration(runMembers.timeMs, { such: '500ms, 20s, 2m', member: 'timeMs' })),
    rate: ifTyped(asCount(runMembers.rate, { member: 'rate' })),
    clients: ifTyped(asCount(runMembers.clients, { member: 'clients' })),
    keys: asCount(v.optional(count('number of keys that clients use', 1, MOST_KEYS)), {
      usual: `the workload decides; ${usualSetting(register, 'keys')} for registers`,
    }),
    operations: asRead(
      'operations of the register workload: read,write or read,write,cas',
      parseOperations,
      'read,write; also cas if the target promises linearizability',
    ),
    timeout: ifTyped(asDuration(runMembers.timeoutMs, { member: 'timeoutMs' })),
    rehearsal: { ...unlessTyped(REHEARSAL), member: 'rehearsal' },
  }),
  ...inGroup('Who drives the clients', [], loadOptions),
  ...inGroup('What goes wrong', ['faults', 'seed', 'sim'], {
    faults: {
      ...asRead(
        'names of faults or profiles (everything, gentle, network, …), comma-separated; or the word none; or a JSON file with a schedule; chaos targets --faults lists the names',
        parseFaultChoices,
        `${RUN_DEFAULTS.faults.join(',')}; with --bug, faults that expose the bug`,
      ),
      member: 'faults',
      print: printFaults,
    },
    seed: ifTyped(asCount(runMembers.seed, { usual: 'drawn at random', member: 'seed' })),
    times: asCount(v.optional(count('run N times with consecutive seeds and count the violations', 1, MOST_TIMES), 1)),
    sim: flag('simulate the run in virtual time, in this process; a seed always gives the same history'),
    'verify-determinism': flag('(with --sim) perform the run twice, and compare the two histories byte for byte'),
  }),
  ...inGroup('What must hold', ['expect'], {
    expect: asName(runMembers.expect, 'level', {
      text: `exit with 1 unless this level is met, such as ${'linearizable' satisfies Level}; none: require no level`,
      usual: 'what the target promises',
      member: 'expect',
    }),
    ...judgingOptions,
    ...baselineOptions,
  }),
  ...outputOptions,
}

export const use: Use<RunSettings> = {
  name: 'run',
  positional: '[run]',
  summary: 'inject faults into a cluster under load, and report which consistency levels it met',
  positionals: { run: 'name of a run in chaos.config.ts; without a name, options and defaults define the run' },
  options: declared,
  examples: [
    ['chaos run', 'a 5-node Raft, partitioned, killed and paused for 20 s'],
    ['chaos run --target primary-replica --expect linearizable', 'finds a stale read and exits with 1'],
    ['chaos run --bug ack-before-majority', 'this Raft has a bug and is not linearizable, so chaos exits with 1'],
    [
      'chaos run --require "availability >= 99%" --require "lost == 0"',
      'also require availability, and no lost writes',
    ],
    ['chaos run --times 20 --sim', '20 seeds, and how many of them show a violation'],
    ['chaos run --spec chaos-results/DIR/run.json', 'repeat a run'],
    ['chaos run nightly', 'the run that chaos.config.ts calls nightly'],
    ['chaos run --ui', 'watch the run on a live page, and cut links by hand'],
    ['chaos run --sim --seed 7 --faults partition,loss', 'a simulated Raft under partitions and message loss'],
    ['chaos run --target maelstrom --bin ./node -w lin-kv', "a program that speaks Maelstrom's protocol"],
  ],
  normalize: (argv) => normalizeMaelstrom(argv, 'run'),
  read: parseRunSettings,
}

type Typed = ValuesOf<typeof declared>

/** Options that are part of a spec, and so cannot be combined with `--spec`. */
const OF_SPEC = [
  ...Object.entries<Option>(declared).flatMap(([name, { member = 'require' }]) => (member === 'require' ? [] : [name])),
  ...['workload-set', 'keys', 'operations', 'bug', 'set', 'isolation', 'sim'],
]

/** @throws UserError (usage) naming the invalid option. */
export async function parseRunSettings(options: ParsedOptions): Promise<RunSettings> {
  const typed = valuesOf(options, declared)
  const { spec: file, times } = typed
  const { loaded, own, registries: named } = await readOwnConfig(options, 'chaos run')
  const output = parseOutput(options, loaded?.config.out)
  const registries = { ...named, traffic: recordingsWithAddresses(isSilent(output.reporters) ? 'stderr' : 'stdout') }
  // `--rehearsal` may be combined with `--spec`, because whether to rehearse is not part of the run itself.
  const spec =
    file === undefined
      ? await specOfOptions({ options, typed }, withPaths(baseDraft(options, loaded), own), {
          registries,
          own,
          whereIs: (member) => placeOf(member, loaded, textOf(options, 'run')),
        })
      : {
          ...specOfFile(file, options, { loaded, own, registries }),
          ...(typed.rehearsal === undefined ? {} : { rehearsal: typed.rehearsal }),
        }
  const ofRun = (planned: PlannedRun) => ({
    twice: parseVerify(typed['verify-determinism'], planned.target),
    ui: parseUi(options, planned, times),
    load: parseLoad(options, planned),
  })
  const run = await planRun(spec, registries, file ?? 'chaos run', ofRun)
  const repeats = await plannedRepeats(times, run, (next) => planRun(next, registries, file ?? 'chaos run'))
  const baseline = parseBaselineOptions(options, loaded, textOf(options, 'run'))
  if (baseline !== undefined) requireSameRun(baseline, run)
  if (output.prove !== undefined && repeats.length > 0)
    throw usageError(`--prove ${output.prove}: a proof covers one run. Leave out --times.`)
  return {
    run,
    repeats,
    config: loaded?.path,
    ...ofRun(run),
    ...output,
    baseline,
  }
}

async function plannedRepeats(
  times: number,
  { spec }: PlannedRun,
  plan: (spec: RunSpec) => Promise<PlannedRun>,
): Promise<readonly PlannedRun[]> {
  const repeats: PlannedRun[] = []
  while (repeats.length < times - 1) repeats.push(await plan({ ...spec, seed: spec.seed + repeats.length + 1 }))
  return repeats
}

function specOfFile(file: string, options: ParsedOptions, config: OwnConfig): RunSpec {
  const name = textOf(options, 'run')
  if (name !== undefined) throw usageError(`--spec ${file} defines the whole run: leave ${name} out.`)
  const given = OF_SPEC.filter((option) => options[option] !== undefined && options[option] !== false)
  if (given.length > 0)
    throw usageError(`--spec ${file} defines the whole run: leave --${given.join(', --')} out, or edit the file.`)
  const spec = readSpecFile(file)
  const { target, workload, require } = spec
  const brought = [
    ...broughtTarget(target.name),
    ...broughtTraffic(target.traffic),
    ...broughtWorkload(workload.name),
    ...broughtProbes(require ?? []),
  ]
  refuseOthers(file, brought, options)
  admit(file, brought, options, config)
  return withTypedSecrets(file, spec, options)
}

/** The configuration's defaults, overridden by the named run. */
function baseDraft(options: ParsedOptions, loaded: LoadedConfig | undefined): RunDraft {
  const name = textOf(options, 'run')
  if (loaded === undefined) {
    if (name === undefined) return {}
    throw usageError(
      `chaos run ${name}: chaos took ${name} for the name of a run in chaos.config.ts, but this file does not exist. If ${name} is a value of the preceding option, separate values by commas. Otherwise write chaos.config.ts with chaos init, or name what to test with --target.`,
    )
  }
  const { runs = {} } = loaded.config
  const draft = draftIn(loaded.config)
  if (name === undefined) return draft
  requireRun(loaded.config, name, loaded.path)
  return mergeDrafts(draft, draftIn(runs[name] ?? {}))
}

/** The place of a member in the configuration: `chaos.config.ts: runs.nightly.target`. */
function placeOf(member: 'target' | 'faults', loaded: LoadedConfig | undefined, run: string | undefined): string {
  const isOfRun = run !== undefined && loaded?.config.runs?.[run]?.[member] !== undefined
  return `${loaded?.path ?? 'chaos run'}: ${isOfRun ? `runs.${run}.` : ''}${member}`
}

interface Surroundings {
  readonly own: OwnNames
  readonly registries: NamedRegistries
  readonly whereIs: (member: 'target' | 'faults') => string
}

/** The spec: options override the base, and defaults complete it. */
async function specOfOptions(
  { options, typed }: { readonly options: ParsedOptions; readonly typed: Typed },
  base: RunDraft,
  { registries, own, whereIs }: Surroundings,
): Promise<RunSpec> {
  requireFaults(base.faults ?? [], whereIs('faults'))
  // If no target is named, the default is the only service of the configuration.
  const usual = nameIn(base.target) ?? (isTargetTyped(options) ? undefined : onlyService(own))
  const { target, reference } = await chooseTarget(options, {
    ...{ registries, usual, usualIn: whereIs('target'), simulates: typed.sim },
  })
  if (nameIn(base.target) === reference) requireSettings(target, settingsIn(base.target), whereIs('target'))
  const bug = parseBug(target, textOf(options, 'bug'))
  const settings = parseTargetSettings(target, [...textsOf(options, 'set'), ...isolationSetting(target, typed)])
  const workload = await chooseWorkload(options, {
    find: registries.workload,
    usual:
      nameIn(base.workload) ??
      workloadUnder(target, bug, typed) ??
      (typed.operations === undefined ? usualWorkload(target, { ...settingsIn(base.target), ...settings }) : undefined),
  })
  const draft = mergeDrafts(base, {
    target: { name: reference, bug, settings },
    workload: { name: workload.reference, settings: workloadSettings(workload.workload, { options, typed }, target) },
    ...withImpliedLevel(membersOf(typed, declared)),
  })
  const whole = typed.sim
    ? {
        ...draft,
        target: {
          ...(typeof draft.target === 'string' ? {} : draft.target),
          name: reference.startsWith(SIMULATED) ? reference : `${SIMULATED}${reference}`,
        },
      }
    : draft
  return completeRun(whole, registries, { where: 'chaos run', seed: Math.floor(Math.random() * 10_000) })
}

/** `--isolation` abbreviates a setting of some targets. */
function isolationSetting({ name, settings }: Target, { isolation }: Typed): readonly string[] {
  if (isolation === undefined) return []
  if (settings.some((setting) => setting.name === 'isolation')) return [`isolation=${isolation}`]
  throw usageError(
    `--isolation ${isolation}: ${name} has no isolation levels to choose from. Leave --isolation out, or give --target postgres, which has them.`,
  )
}

/** `--operations` implies the register workload. */
const workloadUnder = (target: Target, bug: string | undefined, { operations }: Typed): string | undefined =>
  operations === undefined ? target.bugs.find(({ name }) => name === bug)?.under?.workload : undefined

function workloadSettings(
  workload: Workload,
  { options, typed }: { readonly options: ParsedOptions; readonly typed: Typed },
  target: Target,
): Settings {
  const { keys, operations } = typed
  const settings = parseWorkloadSettings(workload, options, keys)
  if (operations === undefined) return settings
  if (workload.name !== 'register')
    throw usageError(
      `--operations ${operations.join(',')}: this option works only with the workload register. The workload ${workload.name} has ${workload.functions.join(', ')}.`,
    )
  if (!operations.includes('cas')) return { cas: 0, ...settings }
  return usualOperations(target).includes('cas') ? settings : { cas: usualSetting(workload, 'cas'), ...settings }
}

/** The default of a workload's setting. */
export function usualSetting({ settings }: Workload, name: string): SettingValue {
  return settings.find((setting) => setting.name === name)?.default ?? 0
}

function parseVerify(wanted: boolean, { tier }: Target): boolean {
  if (wanted && tier !== 'simulated')
    throw usageError(
      '--verify-determinism needs a simulated run, because real processes are not deterministic. Add --sim.',
    )
  return wanted
}

const operationNames = ['read', 'write', 'cas'] as const
type Operation = (typeof operationNames)[number]

/** The default operations. Without cas, more levels below linearizability can be judged. */
export const usualOperations = (target: Target): readonly Operation[] =>
  usualPromise(target) === 'linearizable' ? operationNames : ['read', 'write']

function parseOperations(typed: string): readonly Operation[] {
  const named = listed(typed).map((name) => oneOf('operations', 'operation', name, operationNames))
  for (const needed of ['read', 'write'] as const)
    if (!named.includes(needed))
      throw usageError(
        `--operations ${typed}: a history without ${needed}s proves nothing. Give "read,write" or "read,write,cas".`,
      )
  return operationNames.filter((name) => named.includes(name))
}
