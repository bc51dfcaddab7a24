import { findModel, levels, models } from '@chaosproxy/checker'
import { type Json, UserError } from '@chaosproxy/history'
import { type Workload, workloads } from '@chaosproxy/workloads'

export interface TrafficModel {
  /** What is done, as route or command table have it. */
  readonly functions: readonly string[]
  /** What it is to be judged as, where that is said. */
  readonly wanted: string | undefined
  readonly initial: Json
  /** For messages: the table. */
  readonly where: string
}

/** What somebody else's clients do: what judges it, and what is read at the end. @throws UserError (usage) */
export function trafficWorkload({ functions, wanted, initial, where }: TrafficModel): Workload {
  const model = wanted === undefined ? modelOf(functions, where) : findModel(wanted)
  if (model === undefined)
    throw new UserError(
      'usage',
      `--model ${wanted}: there is none. Known: ${models.map(({ name }) => name).join(', ')}.`,
    )
  const like = workloads.find((workload) => workload.model === model.name)
  return {
    name: 'traffic',
    summary: 'what passes',
    model: model.name,
    initial,
    levels: levels.filter((level) => (model.levels as readonly string[]).includes(level)),
    object: 'register',
    functions,
    reads: like?.reads ?? ['read'],
    settings: [],
    create() {
      throw new Error('the clients are somebody else’s')
    },
    finale: (keys) => keys.map((key) => ({ f: 'read', key, value: null })),
    vacuous: (history) => like?.vacuous(history) ?? [],
  }
}

function modelOf(functions: readonly string[], where: string): (typeof models)[number] | undefined {
  const fitting = models.filter((model) => functions.every((f) => model.functions?.includes(f)))
  const register = fitting.find(({ name }) => name === 'register')
  if (register !== undefined || fitting.length === 1) return register ?? fitting[0]
  const names = fitting.map(({ name }) => name).join(' or ')
  throw new UserError(
    'usage',
    `${where}: what it records (${functions.join(', ')}) may be ${names}. Say which: --model ${fitting[0]?.name ?? 'NAME'}.`,
  )
}
