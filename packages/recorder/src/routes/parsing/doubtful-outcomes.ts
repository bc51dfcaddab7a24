import { inputError, readsWhole } from '@chaosproxy/history'
import { isIgnored, operationsOf, type RecordedRoute, type RouteSpec, requestLine } from '../table/route-table.ts'

/**
 * Refuses declarations that contradict the meaning of statuses and methods. With such a declaration, the checker would
 * blame the service for a mistake of the table.
 *
 * @throws UserError (input) that begins with `where`.
 */
export function refuseDoubtfulOutcomes(routes: readonly RouteSpec[], where: string): void {
  for (const [i, route] of routes.entries()) {
    const at = `${where}: route ${i + 1} (${route.request})`
    if (isIgnored(route)) refuseIgnoredChange(route, routes, at)
    else refuseDoubtful(route, at)
  }
}

function refuseDoubtful(route: RecordedRoute, at: string): void {
  const changes = operationsOf(route).some(({ f, harmless }) => !(harmless ?? readsWhole(f)))
  for (const [status, outcome] of Object.entries(route.outcomes ?? {})) {
    if (outcome === 'absent' && SAYS_NO_ABSENCE.test(status))
      throw inputError(
        `${at}: "${status}" is "absent", but ${status.endsWith('xx') ? 'some of these statuses mean' : 'this status means'} that the request was refused or not executed, which does not show whether there is a value. Name the status that means that there is no value: "404": "absent".`,
      )
    if (outcome === 'fail' && changes && IS_TIMEOUT.test(status))
      throw inputError(
        `${at}: "${status}" is "fail", which says that the request certainly had no effect. After a timeout it may still have one. Write "${status}": "info".`,
      )
  }
}

/** Matches statuses and classes that do not show that a value is absent: those of refused, late and failed requests. */
const SAYS_NO_ABSENCE = /^(?:[345]xx|401|407|408|425|429|5\d\d)$/

/** Matches the statuses Request Timeout and Gateway Timeout, and gRPC's DEADLINE_EXCEEDED. */
const IS_TIMEOUT = /^(?:408|504|grpc (?:4|DEADLINE_EXCEEDED))$/

/**
 * @throws UserError (input) if the route ignores a PUT or DELETE of a recorded resource. Such a request replaces or
 * removes the resource (RFC 9110 §9.3).
 */
function refuseIgnoredChange(route: RouteSpec, routes: readonly RouteSpec[], at: string): void {
  if (route.when !== undefined) return
  const { methods, path } = requestLine(route)
  const method = methods.find((each) => each === 'PUT' || each === 'DELETE')
  if (method === undefined) return
  const recorded = routes.find((other) => !isIgnored(other) && shapeOf(requestLine(other).path) === shapeOf(path))
  if (recorded === undefined) return
  const instead = method === 'DELETE' ? '"f": "write", "value": {"const": null}' : '"f": "write", and its "value"'
  throw inputError(
    `${at}: "ignore" hides changes by ${method} to the object of ${recorded.request}, so later reads look wrong. Record the ${method} (${instead}), or remove this route: then the key is unknown after each ${method}.`,
  )
}

const shapeOf = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}')
