import { resolve } from 'node:path'
import type { NodeId } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { RemoteProxiesDeclaration } from './declaration.ts'

export interface RemotePlan {
  readonly where: string
  readonly control: string
  readonly tokenFrom: string | undefined
  readonly ca: string | undefined
  readonly leaseMs: number
  /** The links of the host, each by the name of its proxy. */
  readonly links: ReadonlyMap<string, { readonly from: NodeId; readonly to: NodeId }>
}

const LEASE_MS = 10_000

interface Place {
  readonly ids: readonly NodeId[]
  readonly where: string
  readonly directory: string
}

/** @throws UserError (input) for links that do not lead from node to node. */
export const planRemotes = (
  declared: readonly RemoteProxiesDeclaration[],
  { ids, where, directory }: Place,
): readonly RemotePlan[] =>
  declared.map(({ control, token, ca, leaseMs = LEASE_MS, proxies }, i) => {
    const place = `${where}: proxies[${i}]`
    for (const [name, { from, to }] of Object.entries(proxies)) {
      for (const end of [from, to])
        if (!ids.includes(end))
          throw inputError(
            `${place}.proxies.${name}: ${
              end === 'clients'
                ? 'clients belong to this run, whose own proxy is already between them and the nodes. Leave this proxy out.'
                : `there is no node ${end}. The nodes are ${ids.join(', ')}.`
            }`,
          )
      if (from === to)
        throw inputError(`${place}.proxies.${name}: this proxy leads from ${from} to itself. Correct its name.`)
    }
    return {
      ...{ where: place, control, leaseMs },
      tokenFrom: token === undefined ? undefined : variableIn(token, place),
      ca: ca === undefined ? undefined : resolve(directory, ca),
      links: new Map(Object.entries(proxies)),
    }
  })

/**
 * Returns the name of the environment variable in `env:NAME`. Any other text may be a secret token, so the error
 * message does not repeat it.
 */
function variableIn(token: string, place: string): string {
  const name = /^env:(\w+)$/.exec(token)?.[1]
  if (name !== undefined) return name
  throw inputError(
    `${place}.token: each run stores the declaration, which must therefore not contain the token. Name the environment variable that holds the token, as in env:CHAOS_TOKEN.`,
  )
}
