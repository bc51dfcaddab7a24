import { findModel, type Model, type ModelName } from '@chaosproxy/checker'
import { didYouMean, type Input, inputError, printable, usageError } from '@chaosproxy/history'
import {
  answerText,
  type Clients,
  findWorkload,
  missing,
  type Workload,
  type WorkloadClient,
  type WorkloadModule,
  workloads,
} from '@chaosproxy/workloads'
import { builtEntry } from '../processes/entry.ts'
import {
  callOwn,
  definitionIn,
  hasDefault,
  importUserFile,
  isTexts,
  isUserFile,
  objectIn,
  refusing,
  type Wrong,
} from './import.ts'
import { vetFile } from './vet-file.ts'

/**
 * Loads a workload by name, or from a user's file whose default export is a `WorkloadModule`. A file is first tried out
 * on a thread.
 *
 * @throws UserError (usage, input) if there is no such workload, or the file does not work.
 */
export async function workloadOf(reference: string): Promise<Workload> {
  if (isUserFile(reference)) await vetFile(reference, builtEntry('user-files'), { argv: ['workload'], hint: LOOP })
  return loadWorkload(reference)
}

const LOOP = 'look for a loop or an await that does not end, also in "next" and other functions'

/**
 * Loads a workload, but does not try it out. With `isTrial`, accepts unknown models, because the thread of a trial does
 * not know the configuration's models.
 */
export async function loadWorkload(reference: string, isTrial = false): Promise<Workload> {
  if (isUserFile(reference)) return workloadFrom(await importUserFile(reference), reference, isTrial)
  const workload = findWorkload(reference)
  if (workload !== undefined) return workload
  const names = workloads.map(({ name }) => name)
  throw usageError(
    `there is no workload ${printable(reference)}.${didYouMean(reference, names)} Known: ${names.join(', ')}; or give the path of a file.`,
  )
}

/** Validates a workload; messages begin with `path`. @throws UserError (usage) if it is invalid. */
export function workloadFrom(exported: unknown, path: string, isTrial = false): Workload {
  const wrong = refusing(path, '{ name, model, functions, create() } (type WorkloadModule)')
  const module = objectIn<WorkloadModule>(definitionIn(exported, 'workload'), wrong)
  const { name, functions, reads = [], settings = [], create } = module
  if (typeof name !== 'string' || name === '') throw wrong('"name" is not a string')
  if (typeof create !== 'function') throw wrong('"create" is not a function')
  if (!isTexts(functions) || functions.length === 0) throw wrong('"functions" is not a list of names')
  refuseUnknown(functions, module.model, wrong)
  if (!isTexts(reads) || reads.some((read) => !functions.includes(read)))
    throw wrong('"reads" is not a list of names from "functions"')
  for (const member of ['finale', 'vacuous', 'follow'] as const)
    if (module[member] !== undefined && typeof module[member] !== 'function')
      throw wrong(`"${member}" is not a function`)
  if (!Array.isArray(settings) || settings.some((setting) => typeof setting?.name !== 'string' || !hasDefault(setting)))
    throw wrong('"settings" is not a list of { name, summary, default }')
  return {
    summary: `from ${path}`,
    initial: null,
    object:
      typeof module.model === 'string'
        ? (workloads.find((workload) => workload.model === module.model)?.object ?? module.model)
        : 'register',
    finale: () => [],
    vacuous: (history) => missing(history, 'operation', functions),
    ...module,
    ...judgedBy(module, wrong, isTrial),
    name,
    functions,
    reads,
    settings,
    create(chosen, serial) {
      const clients: unknown = callOwn(path, 'create', () => create(chosen, serial))
      if (typeof (clients as Partial<Clients> | undefined)?.client !== 'function')
        throw wrong('the object that "create" returns has no function "client"')
      const { client } = clients as Clients
      return {
        client: (random, rank) =>
          checkedClient(
            callOwn(path, 'client', () => client(random, rank)),
            functions,
            path,
          ),
      }
    },
  }
}

/** @throws UserError for a function that the model does not know, because its operations could not be judged. */
function refuseUnknown(functions: readonly string[], model: Partial<WorkloadModule>['model'], wrong: Wrong): void {
  const entry = typeof model === 'string' ? findModel(model) : undefined
  const known = typeof model === 'object' ? model?.functions : entry?.functions
  if (known === undefined) return
  const strange = functions.find((f) => !known.includes(f) && entry?.knows(f) !== true)
  if (strange === undefined) return
  throw wrong(
    `"functions" has ${strange}, which its model does not know.${didYouMean(strange, known)} It knows: ${known.join(', ')}`,
  )
}

function judgedBy(module: Partial<WorkloadModule>, wrong: Wrong, isTrial: boolean): Pick<Workload, 'model' | 'levels'> {
  const { model, levels: wanted } = module
  if (isTrial && typeof model === 'string' && findModel(model) === undefined) return { model, levels: wanted ?? [] }
  const decided = decidedBy(model, wrong)
  if (wanted === undefined) return { model: model as ModelName | Model<unknown>, levels: decided }
  const unknown = Array.isArray(wanted) ? wanted.find((level) => !decided.includes(level)) : wanted
  if (unknown !== undefined) throw wrong(`its "levels" contain ${String(unknown)}, which its model cannot decide`)
  return { model: model as ModelName | Model<unknown>, levels: wanted }
}

function decidedBy(model: unknown, wrong: Wrong): readonly string[] {
  if (typeof model === 'string') {
    const entry = findModel(model)
    if (entry === undefined) throw wrong(`"model" names no model: ${model}`)
    return entry.levels
  }
  const own = model as Partial<Model<unknown>> | undefined | null
  if (typeof own?.name !== 'string' || typeof own.apply !== 'function' || typeof own.key !== 'function')
    throw wrong('"model" is neither the name of a model nor { name, initial, apply(), key() }')
  return ['linearizable']
}

function checkedClient(client: unknown, functions: readonly string[], path: string): WorkloadClient {
  const own = client as Partial<WorkloadClient> | undefined | null
  if (typeof own?.next !== 'function')
    throw inputError(`${path}: the object that "client" returns has no function "next".`)
  return {
    next() {
      const input: unknown = callOwn(path, 'next', () => own.next?.())
      const { f, key, value } = (input ?? {}) as Partial<Input>
      if (typeof f !== 'string' || !functions.includes(f) || (key !== undefined && typeof key !== 'string'))
        throw inputError(
          `${path}: "next" returned ${answerText(input)}, which is not a { f, key?, value } with an f of ${functions.join(', ')}.${typeof f === 'string' ? didYouMean(f, functions) : ''}`,
        )
      // Only JSON values reach the target and the history.
      return key === undefined ? { f, value: plain(value, path) } : { f, key, value: plain(value, path) }
    },
    learned: (input, completion) => callOwn(path, 'learned', () => own.learned?.(input, completion)),
  }
}

function plain(value: unknown, path: string): Input['value'] {
  if (value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)))
    return value as Input['value']
  const text = callOwn(path, 'next', () => JSON.stringify(value))
  return text === undefined ? null : JSON.parse(text)
}
