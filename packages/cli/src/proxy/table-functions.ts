import { models } from '@chaosproxy/checker'
import { checkFunctions, type RouteTable } from '@chaosproxy/proxy'

/**
 * Checks that a model of the checker, or the wanted one, has all functions that the table records.
 *
 * @throws UserError (input) that begins with `where`.
 */
export function checkTable(table: RouteTable, where: string, wanted?: string): void {
  const alias = models.find(({ aliases }) => wanted !== undefined && aliases.includes(wanted))
  const known = models.map(({ name, functions = [] }) => ({ name, functions }))
  checkFunctions(table, { models: known, wanted: alias?.name ?? wanted, where })
}
