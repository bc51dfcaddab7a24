import { type Reason, verdictOf } from '@chaosproxy/checker'
import { type History, OK } from '@chaosproxy/history'
import { type Lack, type RunSummary, strongestOf } from '@chaosproxy/runner/result'
import { causesOf } from '../facts/causes.ts'
import type { Facts } from '../facts/facts.ts'
import { settingsIn } from '../facts/why.ts'
import { adjective } from '../level-words.ts'
import { answeredIn, underFaults, withoutFaults } from '../measured-words.ts'
import { nameText } from '../operation-words.ts'
import { listed } from '../words.ts'
import { onlyNode } from './only-node.ts'
import type { Outcome, TellingInput } from './outcome.ts'

export interface Next {
  /** The advice, in one or two sentences; empty if no remedy is known. */
  readonly text: string
  /** The command to type, printed after the advice; absent if the advice needs none. */
  readonly command?: string | undefined
}

/** Returns the next step for an outcome. */
export function nextOf(outcome: Outcome, facts: Facts, input: TellingInput): Next {
  const { history, run, again } = input
  const isRun = run !== undefined && run.spec.clients > 0
  switch (outcome) {
    case 'violated':
      return cured(facts, input)
    case 'missed':
      return { text: 'Compare the phases of the run with the requirements, then run it again.', command: again }
    case 'unknown':
      return decided(facts, input)
    case 'vacuous':
      return isRun
        ? supplied(history, run, again)
        : {
            text:
              run?.lacks?.[0] === 'faults'
                ? 'Keep the clients busy for longer, so that the faults take effect.'
                : 'Record more: reads and writes that overlap, with faults in force.',
          }
    case 'interrupted':
      return { text: 'Let it run to its end.', command: again }
    case 'unchecked':
      return { text: 'Run it again.', command: again }
    case 'weaker':
      return (
        hiddenBug(run, again) ??
        (isRun ? seldomAnswered(run, again) : undefined) ??
        promisedByOthers(facts, again) ?? {
          text: moreNeeded(facts, input),
          command: withOption(again, 'expect', strongestIn(facts)),
        }
      )
    case 'met':
      if (!isRun) return { text: 'A history shows what happened once. Record more under faults.' }
      return (
        hiddenBug(run, again) ??
        seldomAnswered(run, again) ??
        halfTried(history, run, again) ?? {
          text: 'One seed proves little. Try twenty.',
          command: withOption(again, 'times', '20'),
        }
      )
    default:
      return outcome satisfies never
  }
}

/** Suggests other seeds if the planted bug broke nothing: they may expose it. */
function hiddenBug(run: RunSummary | undefined, again: string | undefined): Next | undefined {
  const bug = run?.spec.target.bug
  if (bug === undefined) return undefined
  return {
    text: `In this run, the planted bug ${bug} violated no expectation. Try twenty seeds.`,
    command: withOption(again, 'times', '20'),
  }
}

/** Matches the last sentence of a remedy, if that sentence suggests a weaker expected level. */
const WEAKER_IS_FINE = / If [^.]*, expect [^.]*\.$/

/** Returns advice for the case that a level above the expected level is violated. */
function moreNeeded(facts: Facts, input: TellingInput): string {
  const strongest = strongestIn(facts)
  const remedy = facts.counterexample === undefined ? '' : remedyOf(facts, input).replace(WEAKER_IS_FINE, '')
  return `${remedy === '' ? '' : `If you rely on a stronger level: ${remedy} `}To make such a run fail, give --expect ${strongest}.`
}

/** Suggests the settings with which the target promises the violated level. */
function promisedByOthers({ setup }: Facts, again: string | undefined): Next | undefined {
  const { stronger = {}, strongerPromise, spec } = setup ?? {}
  const chosen = settingsIn(stronger)
  if (strongerPromise === undefined || chosen.length === 0 || spec?.target.bug !== undefined) return undefined
  return {
    text: `If you rely on a stronger level, try ${listed(chosen)}: the target then promises to be ${adjective(strongerPromise)}.`,
    command: again === undefined || isBySpec(again) ? undefined : withSettings(again, chosen),
  }
}

/** Below this share of answered requests, more runs of the same kind add no evidence. */
const SELDOM = 0.25

/** Suggests what to change if other seeds would not help. */
function halfTried(history: History, { spec, operations }: RunSummary, again: string | undefined): Next | undefined {
  if (operations.total > 0 && operations.reads === operations.total)
    return { text: 'Clients only read, so nothing could be lost. Try a workload that writes, if there is one.' }
  const only = onlyNode(history, spec.nodes)
  return only === undefined
    ? undefined
    : {
        text: `Only ${nameText(only)} answered. If others may answer too, let clients read from them; otherwise try twenty seeds.`,
        command: withOption(again, 'times', '20'),
      }
}

function seldomAnswered({ phases }: RunSummary, again: string | undefined): Next | undefined {
  const little = triedLittle(phases, again)
  const { requested, answered } = answeredIn(phases)
  if (little !== undefined || requested < MANY || answered >= SELDOM * requested) return little
  return { text: 'Most requests failed, so this run tried little. Remove the cause of the errors.', command: again }
}

/** Suggests what to do if most requests during faults had no answer. */
function triedLittle(phases: RunSummary['phases'], again: string | undefined, beginning = ''): Next | undefined {
  const { requested, answered } = answeredIn(underFaults(phases))
  if (requested < MANY || answered >= SELDOM * requested) return undefined
  const without = answeredIn(withoutFaults(phases))
  if (without.answered < SELDOM * without.requested)
    return {
      text: `${beginning}Most requests failed, with faults and without. Try it without faults first.`,
      command: withOption(again, 'faults', 'none'),
    }
  return {
    text: `${beginning}Most requests failed while faults were in force, so this run tried little. Try faults that only delay messages.`,
    command: withOption(again, 'faults', 'gentle'),
  }
}

const strongestIn = ({ report }: Facts): string => (report === undefined ? 'linearizable' : strongestOf(report))

/**
 * Suggests a run without the planted bug and with the changes of settings in `stronger` (see `RunSummary`). If there is
 * neither a planted bug nor such a change, suggests the usual remedy.
 */
function cured(facts: Facts, input: TellingInput): Next {
  const { run, again } = input
  const { report, setup, lease, leaseClock, may } = facts
  // If a lease may have expired, do not suggest other settings or a run without the planted bug, because a lease may
  // expire in any run.
  const {
    stronger = {},
    strongerPromise,
    spec,
  } = lease !== '' || leaseClock !== undefined || setup === undefined ? {} : setup
  const bug = spec?.target.bug
  const chosen = settingsIn(stronger)
  if (bug === undefined && chosen.length === 0) {
    const remedy = remedyOf(facts, input)
    return remedy === '' ? { text: '' } : { text: remedy, command: again }
  }
  const repeats = run === undefined ? setup?.again : again
  const promise = strongerPromise === undefined ? '' : `: the target then promises to be ${adjective(strongerPromise)}`
  const doAllow =
    strongerPromise !== undefined &&
    report !== undefined &&
    verdictOf(report, strongerPromise).result === 'violated' &&
    may({ claim: 'the settings allow', change: stronger, promise: strongerPromise })
  const text =
    bug === undefined
      ? `${doAllow ? 'The settings allow this. ' : ''}Try ${listed(chosen)}${promise}.`
      : `Without the planted bug${chosen.length === 0 ? '' : `, and with ${listed(chosen)},`} the run should pass.`
  if (repeats === undefined || isBySpec(repeats)) return { text }
  const command = withSettings(withoutOption(repeats, 'bug'), chosen)
  return { text, command: strongerPromise === undefined ? command : withOption(command, 'expect', strongerPromise) }
}

/** Returns the usual remedy of the most specific cause. */
function remedyOf(facts: Facts, { history, run }: TellingInput): string {
  const { report, counterexample: shown } = facts
  if (report === undefined || shown === undefined) return 'Run it again.'
  const [cause] = causesOf({ ...facts, report, history, counterexample: shown, backend: run?.views?.backend })
  return cause?.remedy ?? ''
}

const SUPPLY = 'The reason for the undecided verdict names what is missing. Supply it'

/** The advice for each kind of reason for an undecided level. */
const DECIDING: {
  readonly [kind in Reason['kind']]: {
    readonly text: string
    readonly run?: readonly [name: string, value: string]
    readonly check?: readonly [name: string, value: string]
  }
} = {
  time: { text: 'Give the checker more time.', run: ['check-timeout', '10m'], check: ['timeout', '10m'] },
  memory: { text: 'Give the checker more memory, by chaos check --memory.', check: ['memory', '8GB'] },
  operations: {
    text: 'This level is defined for reads and writes. Leave other operations out.',
    run: ['operations', 'read,write'],
  },
  'final reads': { text: 'Read every key at the end, after all faults are healed.' },
  record: { text: `${SUPPLY}, then check the record again.` },
  unasked: { text: 'Choose another level with --expect: one that the checker can decide for this model.' },
}

/** Simulated nodes have no logs. */
const unrecovered = (tier: RunSummary['tier']): string =>
  `No operation succeeded after the faults ended. Look at the errors of the operations${tier === 'simulated' ? '.' : ', and at the logs of the nodes. For nodes that chaos started, these are in nodes/ of the directory of the run.'}`

function decided({ report, requestedLevel }: Facts, { run, again }: TellingInput): Next {
  // No option of the checker can help if nothing was answered after the faults ended.
  if (run?.lacks?.includes('recovery') === true) return { text: unrecovered(run.tier), command: again }
  const verdict = report && verdictOf(report, requestedLevel ?? strongestOf(report))
  // The outcome is unknown, although the verdict on the consistency level is not. So a requirement is undecided.
  if (verdict?.result !== 'unknown')
    return {
      text: `${SUPPLY}, then check the record again.`,
      command: again,
    }
  const { kind } = verdict.reason
  const { text, ...options } = DECIDING[kind]
  const option = run === undefined ? options.check : options.run
  if (option !== undefined) return { text, command: withOption(again, ...option) }
  return { text, command: kind === 'record' ? again : undefined }
}

/** The approximate duration of a run that lets one fault take effect, in milliseconds. */
const MS_FOR_A_FAULT = 10_000

/** What a run may lack, the most urgent first. */
const BY_WORTH: readonly Lack[] = ['faults', 'recovery', 'concurrency', 'record', 'successes']

/** Says that every operation succeeded, or else that clients requested only reads. Undefined if neither is true. */
function missingOutcomesText({ ok, fail, info, reads, total }: RunSummary['operations']): string | undefined {
  if (ok > 0 && fail + info === 0) return 'All that clients asked for succeeded.'
  return reads > 0 && reads === total ? 'Clients asked for reads only.' : undefined
}

/** Minimum number of requests for a conclusion: fewer may fail by chance. */
const MANY = 10

/** Returns the functions that failed many times and never succeeded. */
function neverWorked({ operations, functions, errorOf }: History): readonly string[] {
  const tried = functions.map(() => 0)
  const worked = functions.map(() => false)
  for (let row = 0; row < operations.length; row++) {
    const f = operations.f[row] ?? 0
    // A cas that found another value has no error, because it worked as intended.
    if (errorOf(row) !== undefined) tried[f] = (tried[f] ?? 0) + 1
    if (operations.outcome[row] === OK) worked[f] = true
  }
  return functions.filter((_, f) => (tried[f] ?? 0) >= MANY && worked[f] !== true)
}

function supplied(
  history: History,
  { spec, operations, phases, trouble, tier, lacks = [] }: RunSummary,
  again: string | undefined,
): Next {
  const change = (text: string, name: string, value: string): Next => ({
    text,
    command: withOption(again, name, value),
  })
  const missingOutcomes = missingOutcomesText(operations)
  const broken = neverWorked(history)
  if (broken.length > 0 && lacks.includes('successes'))
    return (
      triedLittle(phases, again, `No ${listed(broken)} worked. `) ?? {
        text: `No ${listed(broken)} worked. Remove the cause of these errors, in the system or in how clients ask it.`,
        command: again,
      }
    )
  const first = BY_WORTH.find((each) => lacks.includes(each)) ?? 'successes'
  switch (first) {
    case 'faults': {
      if (trouble.length > 0) return { text: 'Remove the cause of the warnings.', command: again }
      const ms = Math.max(2 * spec.timeMs, MS_FOR_A_FAULT * Math.max(1, spec.faults.length))
      return change('Give the faults time to take effect.', 'time', `${Math.ceil(ms / 1000)}s`)
    }
    case 'recovery':
      return { text: unrecovered(tier), command: again }
    case 'concurrency':
      return change('Let more clients work at once.', 'clients', String(Math.max(10, 2 * spec.clients)))
    case 'record':
      return {
        text: `${SUPPLY}, then repeat the run.`,
        command: again,
      }
    case 'successes':
      // The settings of the workload may exclude the missing operations. A longer run would then not help.
      if (missingOutcomes !== undefined && Object.keys(spec.workload.settings).length > 0)
        return {
          text: `${missingOutcomes} Let the workload ask for the rest, too.`,
          command: again === undefined || isBySpec(again) ? undefined : withoutOption(again, 'workload-set'),
        }
      return (
        triedLittle(phases, again) ??
        change('Run longer, so that more requests succeed.', 'time', `${Math.ceil((3 * spec.timeMs) / 1000)}s`)
      )
    default:
      return first satisfies never
  }
}

/** Replaces or adds an option of a command; undefined if the command does not accept the option. */
export const withOption = (command: string | undefined, name: string, value: string): string | undefined =>
  command === undefined || (isBySpec(command) && name !== 'times')
    ? undefined
    : `${withoutOption(command, name)} --${name} ${value}`

function withSettings(command: string, settings: readonly string[]): string {
  const without = settings.reduce(
    (rest, setting) =>
      rest.replace(new RegExp(` --set[= ]'?${setting.split('=')[0]}=(?:[^ ']|\\s(?=[^']*'))*'?`, 'g'), ''),
    command,
  )
  return [without, ...settings.map((setting) => `--set ${setting}`)].join(' ')
}

/** Whether the command takes the whole run from a file. Options cannot change such a run. */
const isBySpec = (command: string): boolean => / --spec[= ]/.test(command)

const withoutOption = (command: string, name: string): string =>
  command.replace(new RegExp(` --${name}(?:=| )(?:'[^']*'|\\S+)`, 'g'), '')
