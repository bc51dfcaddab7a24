import { profileNamed } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import { decidedLevels, type Settings, settingsFor, usualValue, type Workload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import type { Target } from '../ports/target.ts'
import type { RunSpec } from '../result/run-spec.ts'
import { leastTimeForAll } from './least-time.ts'
import { withProfilesNamed } from './plan-faults.ts'
import type { Registries } from './plan-run.ts'
import { draftEntries, type NamedPart, parseRunSpec, type RunDraft, withNames } from './run-spec.ts'
import { schemaProblems } from './schema.ts'

const draftSchema: v.GenericSchema<unknown, RunDraft> = v.strictObject(draftEntries)

/**
 * Parses the draft of a run from JSON. Error messages begin with `where`.
 *
 * @throws UserError (input): one line for each invalid member.
 */
export function parseRunDraft(json: unknown, where: string): RunDraft {
  const result = v.safeParse(draftSchema, withNames(json))
  if (result.success) return result.output
  throw inputError(schemaProblems(draftSchema, result.issues, { where, what: 'a run' }).join('\n'))
}

/** Returns only those members of `whole` that the draft of a run can have. */
export const draftIn = (whole: RunDraft): RunDraft =>
  Object.fromEntries(Object.entries(whole).filter(([member]) => Object.hasOwn(draftEntries, member)))

const partOf = (part: string | NamedPart | undefined): NamedPart =>
  typeof part === 'string' ? { name: part } : (part ?? {})

export const nameIn = (part: string | NamedPart | undefined): string | undefined => partOf(part).name

export const settingsIn = (part: string | NamedPart | undefined): Settings => partOf(part).settings ?? {}

/**
 * Returns the first draft, overridden by the second. If the second draft names another target or workload, the settings
 * and the bug of the first draft's target or workload are dropped.
 */
export function mergeDrafts(base: RunDraft, over: RunDraft): RunDraft {
  return {
    ...base,
    ...defined(over),
    target: mergeParts(base.target, over.target),
    workload: mergeParts(base.workload, over.workload),
  }
}

function mergeParts(base: string | NamedPart | undefined, over: string | NamedPart | undefined): NamedPart {
  const first = partOf(base)
  const second = partOf(over)
  if (second.name !== undefined && second.name !== first.name) return second
  return {
    name: first.name,
    bug: second.bug ?? first.bug,
    settings: { ...first.settings, ...second.settings },
  }
}

export const DEFAULT_TARGET = 'raft'
export const DEFAULT_WORKLOAD = 'register'
const READING_WORKLOAD = 'read-only'

/**
 * Completes a draft. Missing members come from the settings under which the bug is likely to appear, from the target,
 * or from the defaults. If the draft chooses all faults, the run lasts as long as they need. A draft without a seed
 * gets `seed`.
 *
 * @throws UserError for an unknown name or an invalid member.
 */
export async function completeRun(
  draft: RunDraft,
  registries: Registries,
  { where, seed }: { readonly where: string; readonly seed: number },
): Promise<RunSpec> {
  const { name = DEFAULT_TARGET, bug, settings } = partOf(draft.target)
  const chosen = partOf(draft.workload)
  const target = await registries.target(name)
  const under = target.bugs.find((each) => each.name === bug)?.under
  const workloadName = chosen.name ?? under?.workload ?? usualWorkload(target, { ...under?.settings, ...settings })
  const workload = await registries.workload(workloadName)
  const { expect, ...rest } = defined(draft)
  const spec = parseRunSpec(
    {
      seed,
      nodes: target.defaultNodes,
      ...target.usual?.load,
      ...(under?.faults === undefined ? usualFaults(target, rest) : { faults: under.faults }),
      ...rest,
      ...(expect === undefined ? {} : { expect }),
      target: { name, ...(bug === undefined ? {} : { bug }), settings: { ...under?.settings, ...settings } },
      workload: {
        name: workloadName,
        settings: {
          ...weakerSettings(workload, target, expect),
          ...usualSettings(workload, target),
          ...chosen.settings,
        },
      },
    },
    where,
  )
  if (draft.timeMs !== undefined || spec.faults.every((fault) => profileNamed(fault) === undefined)) return spec
  const nodes = spec.nodes ?? target.defaultNodes
  const usual = { ...settingsFor(target), ...spec.target.settings }
  const faults = withProfilesNamed(spec, { target, workload, settings: usual })
  return { ...spec, timeMs: leastTimeForAll({ ...spec, nodes, faults }, target) ?? spec.timeMs }
}

/** Returns the name of the default workload. If `read` is the only function of the target, this workload only reads. */
export function usualWorkload(target: Target, settings: Settings): string {
  if (target.usual !== undefined) return target.usual.workload.name
  const functions = target.functions({ ...settingsFor(target), ...settings })
  return functions.length === 1 && functions[0] === 'read' ? READING_WORKLOAD : DEFAULT_WORKLOAD
}

const usualFaults = ({ usual }: Target, { faults }: RunDraft): Partial<RunSpec> =>
  usual === undefined || faults !== undefined ? {} : { faults: usual.faults, usualFaults: true }

const usualSettings = ({ name }: Workload, { usual }: Target): Settings =>
  usual?.workload.name === name ? usual.workload.settings : {}

const defined = (draft: RunDraft): RunDraft =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined))

/** Returns the settings with which a workload distinguishes weaker levels; empty if this run does not need them. */
function weakerSettings(workload: Workload, target: Target, expect: string | undefined): Settings {
  const settings = settingsFor(target)
  const question = { workload: workload.name, object: workload.object, settings, faults: [] }
  const functions = target.functions(settings)
  const used = workload.uses?.(settingsFor(workload)) ?? workload.functions
  const isDecided =
    expect === undefined ||
    decidedLevels(workload, settingsFor(workload)).includes(expect) ||
    !decidedLevels(workload).includes(expect)
  if (isDecided && target.promises(question) === 'linearizable' && used.every((name) => functions.includes(name)))
    return {}
  const changed = workload.settings.filter(({ ifWeaker }) => ifWeaker !== undefined)
  return Object.fromEntries(changed.map((setting) => [setting.name, usualValue(setting, true)]))
}
