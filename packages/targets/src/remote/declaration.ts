import type { NodeId } from '@chaosproxy/faults'
import * as v from 'valibot'

/** Proxies on another host that carry links between nodes. */
export interface RemoteProxiesDeclaration {
  /** The address of the control interface of `chaos proxy`: `https://host-a:8474`. */
  readonly control: string
  /** The environment variable that holds the token of the control interface, as `env:NAME`. */
  readonly token?: string | undefined
  /**
   * The PEM file with the certificate to trust: an authority's, or the interface's own. Relative to the declaration.
   */
  readonly ca?: string | undefined
  /** How long faults stay in force without contact to the run, in milliseconds; by default 10 s. */
  readonly leaseMs?: number | undefined
  readonly proxies: { readonly [name: string]: { readonly from: NodeId; readonly to: NodeId } }
}

const EXAMPLE = 'must be an address such as https://host-a:8474'
const node = v.pipe(v.string('must be the name of a node'), v.nonEmpty('must be the name of a node'))

export const remoteProxiesSchema: v.GenericSchema<unknown, RemoteProxiesDeclaration> = v.strictObject({
  control: v.pipe(v.string(EXAMPLE), v.check(isControl, EXAMPLE)),
  token: v.optional(v.string('must be env:NAME')),
  ca: v.optional(v.pipe(v.string('must be a file'), v.nonEmpty('must be a file'))),
  leaseMs: v.optional(
    v.pipe(
      v.number('must be a number of milliseconds'),
      v.minValue(300, 'must be 300 ms or more'),
      v.maxValue(600_000, 'must be 10 minutes or less'),
    ),
  ),
  proxies: v.record(
    v.string(),
    v.strictObject({ from: node, to: node }),
    'must be an object such as {"to-n2": {"from": "n1", "to": "n2"}}',
  ),
})

function isControl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, search, username, password } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && `${pathname}${search}${username}${password}` === '/'
}
