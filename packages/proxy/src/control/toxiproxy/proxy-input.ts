import type { ControlPlane } from '../plane/plane.ts'
import { ControlError } from '../state/errors.ts'
import type { ManagedProxy, ProxyChange, ProxySettings } from '../state/proxies.ts'
import { booleanMember, type Members, readList, readMembers, stringMember } from '../toxics/go-json.ts'

export interface ProxyInput {
  readonly settings: ProxySettings
  readonly toxics: readonly unknown[]
}

const STRUCT = 'Proxy'

const textOf = (members: Members, name: string): string | undefined => stringMember(members, { struct: STRUCT, name })

/** @throws ControlError (400) */
export function readProxyInput(members: Members): ProxyInput {
  return {
    settings: {
      name: textOf(members, 'name') ?? '',
      listen: textOf(members, 'listen') ?? '',
      upstream: textOf(members, 'upstream') ?? '',
      enabled: booleanMember(members, { struct: STRUCT, name: 'enabled' }) ?? true,
    },
    toxics: readList(members.get('toxics') ?? null, '[]Toxic'),
  }
}

/** Reads a change of a proxy: only given members change. Ignores the name. @throws ControlError (400) */
export function readProxyChange(members: Members): ProxyChange {
  const listen = textOf(members, 'listen')
  const upstream = textOf(members, 'upstream')
  const enabled = booleanMember(members, { struct: STRUCT, name: 'enabled' })
  return {
    // Clients send an empty string for a member that they did not set.
    ...(listen ? { listen } : {}),
    ...(upstream ? { upstream } : {}),
    ...(enabled === undefined ? {} : { enabled }),
  }
}

/** Reads the list of `POST /populate` or of a config file. The whole list is validated before any proxy is created. */
export function readPopulation(list: unknown): readonly ProxyInput[] {
  const inputs = readList(list, '[]Proxy').map((item) => readProxyInput(readMembers(item, STRUCT)))
  for (const [i, { settings }] of inputs.entries())
    for (const field of ['name', 'upstream'] as const)
      if (settings[field] === '') throw new ControlError(400, `missing required field: ${field} at proxy ${i + 1}`)
  return inputs
}

/**
 * Creates missing proxies. An existing proxy is replaced if its addresses differ. Otherwise, it keeps its toxics unless
 * new ones are given.
 *
 * @param made receives every finished proxy, even if a later one fails.
 */
export async function populate(
  plane: ControlPlane,
  inputs: readonly ProxyInput[],
  made: ManagedProxy[],
): Promise<void> {
  for (const { settings, toxics } of inputs) {
    const existing = plane.proxies.list().find(({ name }) => name === settings.name)
    if (existing === undefined) made.push(await plane.addProxy(settings, toxics))
    else if (await plane.proxies.isAt(existing.name, settings)) {
      if (toxics.length > 0) plane.replaceToxics(existing, toxics)
      made.push(existing)
    } else {
      await plane.removeProxy(existing.name)
      made.push(await plane.addProxy(settings, toxics))
    }
  }
}
