import { quote } from '@chaosproxy/faults'
import { inputError, isObject, type Json } from '@chaosproxy/history'

/** The members of settings, as the user wrote them. */
export interface Members {
  readonly [name: string]: unknown
}

/** @throws UserError (input) for an unknown member. */
export function refuseUnknown(given: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw inputError(
      `${where}: unknown member ${quote(unknown)}. Known: ${known.filter((name) => name !== '$schema').join(', ')}.`,
    )
}

/** Whether an initial value is given, as `{"value": …}`. */
export const isInitialValue = (initial: unknown): initial is { readonly value: Json } =>
  isObject(initial) && Object.keys(initial).join() === 'value'
