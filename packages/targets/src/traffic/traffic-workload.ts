import { findModel, models } from '@chaosproxy/checker'
import { type Json, usageError } from '@chaosproxy/history'
import { type Workload, workloads } from '@chaosproxy/workloads'

interface TrafficModel {
  readonly functions: readonly string[]
  readonly wanted: string | undefined
  readonly initial: Json
  readonly where: string
}

/**
 * Returns the workload of uncontrolled clients: a model to judge by, and the final reads.
 *
 * @throws UserError (usage)
 */
export function trafficWorkload({ functions, wanted, initial, where }: TrafficModel): Workload {
  const model = wanted === undefined ? modelOf(functions, where) : findModel(wanted)
  if (model === undefined)
    throw usageError(`--model ${wanted}: there is no such model. Known: ${models.map(({ name }) => name).join(', ')}.`)
  const entry = model.ofRecordings ?? model
  const like = workloads.find((workload) => workload.model === model.name)
  return {
    name: 'traffic',
    summary: 'what passes',
    model: model.name,
    initial,
    levels: entry.judge.ladder.levels.filter((level) => entry.levels.includes(level)),
    object: 'register',
    functions,
    reads: like?.reads ?? ['read'],
    settings: [],
    create() {
      throw new Error('the clients are not chaos’s own')
    },
    finale: (keys) => keys.map((key) => ({ f: 'read', key, value: null })),
    ...(like?.races && { races: like.races }),
    vacuous: (history) => like?.vacuous(history) ?? [],
  }
}

function modelOf(functions: readonly string[], where: string): (typeof models)[number] | undefined {
  const fitting = models.filter((model) => functions.every((f) => model.functions?.includes(f)))
  const register = fitting.find(({ name }) => name === 'register')
  if (register !== undefined || fitting.length === 1) return register ?? fitting[0]
  if (fitting.length === 0)
    throw usageError(
      `${where}: no model has all functions that these proxies record (${functions.join(', ')}). Run chaos proxy once for each server, or record all servers in one history file: --out history.jsonl.`,
    )
  const names = fitting.map(({ name }) => name).join(' or ')
  throw usageError(
    `${where}: its functions (${functions.join(', ')}) fit several models: ${names}. Choose one: --model ${fitting[0]?.name ?? 'NAME'}.`,
  )
}
