import type { OperationSpec, RouteSpec } from '../table/route-table.ts'
import { isIgnored, keySpec, operationsOf, requestLine } from '../table/route-table.ts'
import { wrong } from './members.ts'

/** Functions on all objects at once, whose operations have no key. */
const KEYLESS: ReadonlySet<string> = new Set(['txn', 'transact', 'transfer', 'deposit', 'withdraw'])

/**
 * Refuses an operation without a key among others that have one: all that it does would be done to one more object, so
 * that what it writes is never read by the others.
 *
 * @throws UserError (input) that begins with `where`.
 */
export function refuseMissingKeys(routes: readonly RouteSpec[], where: string): void {
  const keyed = routes.find((route) => !isIgnored(route) && operationsOf(route).some((each) => hasKey(each, route)))
  if (keyed === undefined) return
  for (const [i, route] of routes.entries()) {
    if (isIgnored(route)) continue
    const keyless = operationsOf(route).find((each) => !hasKey(each, route) && !KEYLESS.has(each.f))
    if (keyless === undefined) continue
    const place = /^(GET|HEAD|DELETE)\b/.test(route.request) ? 'query.key' : 'json.key'
    throw wrong(
      `${where}: route ${i + 1} (${route.request}): its ${keyless.f} has no "key", and ${keyed.request} has one, so that they would never be about the same object. Say where the request has it, such as "key": "${place}"; of one fixed object: "key": {"const": "NAME"}.`,
    )
  }
}

const hasKey = (operation: OperationSpec, route: RouteSpec): boolean =>
  keySpec(operation, requestLine(route).path) !== undefined
