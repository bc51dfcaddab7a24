import { ControlError } from '../errors.ts'
import type { ControlPlane } from '../plane.ts'
import type { ManagedProxy, ProxyChange, ProxySettings } from '../proxies.ts'
import { booleanMember, type Members, readList, readMembers, stringMember } from './go-json.ts'

/** A proxy, and the toxics it begins with. */
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

/** Only what is given changes; a name is ignored. @throws ControlError (400) */
export function readProxyChange(members: Members): ProxyChange {
  const listen = textOf(members, 'listen')
  const upstream = textOf(members, 'upstream')
  const enabled = booleanMember(members, { struct: STRUCT, name: 'enabled' })
  return {
    // An empty text is what a client sends that did not set it.
    ...(listen ? { listen } : {}),
    ...(upstream ? { upstream } : {}),
    ...(enabled === undefined ? {} : { enabled }),
  }
}

/** The list of POST /populate, and of a config file: checked as a whole before anything is made of it. */
export function readPopulation(list: unknown): readonly ProxyInput[] {
  const inputs = readList(list, '[]Proxy').map((item) => readProxyInput(readMembers(item, STRUCT)))
  for (const [i, { settings }] of inputs.entries())
    for (const field of ['name', 'upstream'] as const)
      if (settings[field] === '') throw new ControlError(400, `missing required field: ${field} at proxy ${i + 1}`)
  return inputs
}

/**
 * Makes what is not there yet, and replaces what listens or leads elsewhere; a proxy that is just as asked for stays
 * as it is, toxics included, unless toxics are given.
 *
 * @param made gets each proxy that is there, so that whoever catches an error knows how far it came.
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
