import { findModel, type Model, type ModelName, modelEntry } from '@chaosproxy/checker'
import { didYouMean, usageError } from '@chaosproxy/history'
import { parseRequirement } from './requirement.ts'

/**
 * Refuses a requirement on a function that occurs nowhere, because it could never be decided.
 *
 * @param used The functions that clients call, or that the history has.
 * @throws UserError (usage) with the name that was probably meant.
 */
export function requireKnownFunctions(
  required: readonly string[],
  model: ModelName | Model<unknown>,
  used: readonly string[],
): void {
  const entry = typeof model === 'string' ? findModel(model) : modelEntry(model)
  if (entry?.functions === undefined) return
  const known = [...new Set([...used, ...entry.functions])]
  for (const text of required) {
    const requirement = parseRequirement(text, '--require')
    if (requirement.kind !== 'measure') continue
    const { of } = requirement
    if (of === undefined || known.includes(of) || entry.knows(of)) continue
    throw usageError(
      `--require ${JSON.stringify(text)}: there is no function ${of}.${didYouMean(of, known)} Known: ${known.join(', ')}.`,
    )
  }
}

/** The levels that must be decided to judge the requirements. */
export const levelsRequired = (required: readonly string[]): readonly string[] =>
  required.flatMap((text) => {
    const requirement = parseRequirement(text, '--require')
    if (requirement.kind === 'level') return [requirement.level]
    return requirement.kind === 'measure' && requirement.measure.name === 'lost' ? ['eventual'] : []
  })
