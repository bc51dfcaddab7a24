import { models } from '@chaosproxy/checker'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { checkFunctions } from '@chaosproxy/recorder/routes'

/**
 * Requires that some model, or the given one, has every function of the table.
 *
 * @throws UserError (input) whose message begins with `where`.
 */
export function checkTable(table: RouteTable, where: string, wanted?: string): void {
  const alias = models.find(({ aliases }) => wanted !== undefined && aliases.includes(wanted))
  const own = models.find(({ name }) => name === wanted)
  // A model without a list of functions may know any function.
  if (own !== undefined && own.functions === undefined) return
  const known = models.map(({ name, functions = [] }) => ({ name, functions }))
  checkFunctions(table, { models: known, wanted: alias?.name ?? wanted, where })
}
