import { quote, readObject } from '@chaosproxy/faults'
import { compilePath } from '@chaosproxy/wire/http'
import type { RouteSpec } from '../table/route-table.ts'
import { parseMembers, refuseUnknown, type Scope, TABLE_SCOPE, type Written, wrong } from './members.ts'
import { operationMembers, parseOperation } from './parse-operation.ts'
import { recordedMembers, requestMembers, routeMembers } from './route-members.ts'

/** @throws UserError (input) that begins with `where`. */
export function parseRoute(value: unknown, where: string): RouteSpec {
  const written = readObject(value, where)
  refuseUnknown(written, routeMembers, where)
  const request = requestMembers.request.parse(written['request'], `${where}: "request"`, TABLE_SCOPE)
  const at = `${where} (${request})`
  const scope: Scope = { names: compilePath(request.split(' ')[1] ?? '').names, hasItem: false }
  const { when, ignore } = parseMembers(written, requestMembers, at, scope)
  const requests = { request, ...(when && { when }) }
  if (ignore) {
    refuseBesideIgnore(written, at)
    return { ...requests, ignore }
  }
  const { operations, ...recorded } = parseMembers(written, recordedMembers, at, scope)
  if (operations === undefined) return { ...requests, ...recorded, ...parseOperation(written, at, scope.names) }
  const beside = Object.keys(operationMembers).find((name) => written[name] !== undefined)
  if (beside !== undefined)
    throw wrong(`${at}: "${beside}" is beside "operations". Give it in each of the operations instead.`)
  return { ...requests, ...recorded, operations }
}

function refuseBesideIgnore(written: Written, at: string): void {
  const beside = Object.keys(written).find((name) => !Object.hasOwn(requestMembers, name))
  if (beside !== undefined)
    throw wrong(
      `${at}: ${quote(beside)} does not go with "ignore": an ignored request is not an operation. Leave one of them out.`,
    )
}
