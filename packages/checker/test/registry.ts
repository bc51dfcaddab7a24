import { findModel, type ModelEntry, models } from '@chaosproxy/checker'
import type { ObjectJudge } from '../src/object/entry.ts'
import type { ObjectModel } from '../src/object/model/object-model.ts'

/** The models that are judged by levels of consistency. */
export const modelNames: readonly string[] = models
  .filter(({ levels }) => levels.includes('linearizable'))
  .map(({ name }) => name)

export function modelOf(name: string): ModelEntry {
  const entry = findModel(name)
  if (entry === undefined) throw new Error(`there is no model ${name}`)
  return entry as ModelEntry
}

/**
 * Returns the object model that is judged by its sequential specification; undefined for a model with its own judge.
 */
export function objectOf(name: string): ObjectModel | undefined {
  const { judge } = modelOf(name)
  return 'object' in judge ? (judge as ObjectJudge).object : undefined
}
