import { readsWhole } from '@chaosproxy/history'
import { encodeSegment } from '@chaosproxy/wire/http'
import { isIgnored, keySpec, operationsOf, type RouteTable, requestLine } from './route-table.ts'

/** The target of the GET that reads a key. */
export type TargetOf = (key: string) => string

/** Finds the first route that reads a key and needs only this key. Returns the target of its GET. */
export function initialReadOf({ routes }: RouteTable): TargetOf | undefined {
  for (const route of routes) {
    const { methods, path } = requestLine(route)
    if (isIgnored(route) || route.when !== undefined || !methods.includes('GET')) continue
    const [operation, ...others] = operationsOf(route)
    if (operation === undefined || others.length > 0 || operation.each !== undefined) continue
    if (!readsWhole(operation.f)) continue
    const target = targetFor(path, keySpec(operation, path))
    if (target !== undefined) return target
  }
  return undefined
}

function targetFor(path: string, key: unknown): TargetOf | undefined {
  if (typeof key !== 'string' || path.includes('*')) return undefined
  const [kind, name = ''] = key.split('.')
  if (kind === 'query' && !path.includes('{'))
    return (key) => `${path}?${encodeURIComponent(name)}=${encodeURIComponent(key)}`
  const rest = path.replace(`{${name}}`, '')
  if (kind !== 'path' || rest === path || rest.includes('{')) return undefined
  return (key) => path.replace(`{${name}}`, () => encodeSegment(key))
}
