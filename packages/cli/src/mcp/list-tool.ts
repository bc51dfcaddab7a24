import { knownName } from '@chaosproxy/engine/run'
import { type FaultFamily, familyOf, faultDefinitions, nemeses, type Parameter, parametersOf } from '@chaosproxy/faults'
import type { Target } from '@chaosproxy/runner'
import * as v from 'valibot'
import { namesOf } from '../arguments/names.ts'
import { faultSupportOf, usualPromise, withoutTwins } from '../arguments/target.ts'
import { describedWorkload, workloadsIn } from '../arguments/workload.ts'
import { readNames } from './own-names.ts'
import { objects, oneOf, text } from './schema.ts'
import type { Answer, CallContext, Tool } from './tool.ts'

const KINDS = ['targets', 'workloads', 'faults'] as const
type Kind = (typeof KINDS)[number]

const input = v.strictObject({
  what: v.optional(oneOf(KINDS, 'the list to return; the names of the lists if left out')),
  target: v.optional(text('(with targets or faults) return only what concerns this target')),
})

type Input = v.InferOutput<typeof input>

export const listTool: Tool = {
  name: 'list',
  title: 'List targets, workloads and faults',
  summary:
    'Lists targets with their deliberate bugs, workloads (what clients can do), or faults; without "what", it names these three lists. With a target, it lists only that target (its settings and bugs), or says of each fault whether the target can suffer the fault; if not, why, and what to use instead.',
  effect: 'reads',
  input: () => input,
  output: v.strictObject({
    lists: v.optional(objects('(without "what") the lists, each with a summary and its number of entries')),
    targets: v.optional(objects('name, summary, nodes, what it promises, bugs; of a single target also its settings')),
    workloads: v.optional(objects('name, summary, model, functions, the levels that it can judge, settings')),
    faults: v.optional(
      objects(
        'kind and summary; "runs": the names of the kind for "run"; "inject": its parameters for "inject", absent if "inject" refuses it; with a target: whether the target can suffer it, and if not, why and what to use instead',
      ),
    ),
  }),
  call: list,
}

async function list(input: Input, context: CallContext): Promise<Answer> {
  switch (input.what) {
    case 'workloads':
      return listWorkloads(context)
    case 'faults':
      return listFaults(input, context)
    case 'targets':
      return listTargets(input, context)
    case undefined:
      return input.target === undefined ? listLists(context) : listTargets(input, context)
  }
}

async function listLists({ settings }: CallContext): Promise<Answer> {
  const { targetNames, workloadNames } = (await readNames(settings)).registries
  const summaries: { readonly [kind in Kind]: readonly [summary: string, count: number] } = {
    targets: ['what can be tested', withoutTwins(targetNames).length],
    workloads: ['what clients can do', workloadNames.length],
    faults: ['what can go wrong', faultDefinitions.length],
  }
  const lists = KINDS.map((what) => ({ what, summary: summaries[what][0], count: summaries[what][1] }))
  const lines = lists.map(({ what, summary, count }) => `list {"what":"${what}"}: ${summary} (${count})`)
  return { data: { lists }, text: lines.join('\n') }
}

async function targetsOf({ target }: Input, { settings }: CallContext): Promise<readonly Target[]> {
  const { registries } = await readNames(settings)
  const known = registries.targetNames
  const names = target === undefined ? withoutTwins(known) : [target]
  return Promise.all(
    names.map(async (name) => {
      knownName(`list: ${name}`, 'target', name, known, withoutTwins(known))
      return { ...(await registries.target(name)), name }
    }),
  )
}

async function listTargets(input: Input, context: CallContext): Promise<Answer> {
  const isAlone = input.target !== undefined
  const listed = (await targetsOf(input, context)).map((target) => ({
    name: target.name,
    summary: target.summary,
    nodes: target.defaultNodes,
    promises: usualPromise(target),
    bugs: isAlone ? target.bugs.map(({ name, summary, under }) => ({ name, summary, under })) : namesOf(target.bugs),
    settings: isAlone ? target.settings : undefined,
  }))
  const lines = listed.map(({ name, summary, nodes, promises, bugs }) => {
    const named = bugs.map((bug) => (typeof bug === 'string' ? bug : `${bug.name} (${bug.summary})`))
    return `${name}: ${summary}; ${nodes} nodes, promises ${promises}${named.length === 0 ? '' : `; bugs: ${named.join(', ')}`}`
  })
  const settings = isAlone ? (listed[0]?.settings ?? []) : []
  const known = settings.map((setting) => `setting ${setting.name}=${setting.default}: ${setting.summary}`)
  return { data: { targets: listed }, text: [...lines, ...known].join('\n') }
}

async function listWorkloads({ settings }: CallContext): Promise<Answer> {
  const { registries } = await readNames(settings)
  const known = await workloadsIn(registries)
  const listed = known.map((workload) => ({ name: workload.name, ...describedWorkload(workload) }))
  const lines = known.map(({ name, summary, functions }) => `${name}: ${summary}; ${functions.join(', ')}`)
  return { data: { workloads: listed }, text: lines.join('\n') }
}

interface ListedFault {
  readonly kind: string
  readonly summary: string
  /** The names by which `run` injects this kind, if any. */
  readonly runs: readonly string[]
  readonly inject: object | undefined
  readonly suffers?: boolean
  readonly not?: string
  readonly instead?: string
}

async function listFaults(input: Input, context: CallContext): Promise<Answer> {
  const [target] = input.target === undefined ? [] : await targetsOf(input, context)
  const listed = faultDefinitions.map(({ kind, summary }): ListedFault => {
    const family = familyOf(kind)
    return {
      kind,
      summary,
      runs: namesOf(nemeses.filter((nemesis) => nemesis.kind === kind)),
      inject: family && parametersIn(family, kind),
      ...(target === undefined ? {} : faultSupportOf(target, kind)),
    }
  })
  const lines = listed.map((fault) => {
    const names = fault.runs.length === 0 ? '' : `; run with faults ${fault.runs.join(', ')}`
    const refused =
      fault.suffers === false ? `; ${target?.name} cannot suffer it: ${fault.not}; instead: ${fault.instead}` : ''
    return `${fault.kind}: ${fault.summary}${names}${refused}`
  })
  return { data: { faults: listed }, text: lines.join('\n') }
}

/** The arguments of `inject` for a kind of fault. */
function parametersIn({ kinds, match, when }: FaultFamily, kind: string) {
  const definition = kinds.find((each) => each.kind === kind)
  return {
    parameters: parametersOf({ ...definition?.parameters, ...definition?.shorthands }).map(described),
    match: namesOf(parametersOf(match)),
    when: namesOf(parametersOf(when)),
  }
}

const described = ({ name, unit, summary, default: usual, values }: Parameter) => ({
  name,
  unit,
  summary,
  default: usual,
  values,
})
