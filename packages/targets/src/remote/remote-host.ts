import { readFileSync } from 'node:fs'
import { type Link, linkName, type TcpFault } from '@chaosproxy/faults'
import { environmentError, inputError, isObject, UserError, usageError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import { type ControlClient, createControlClient, parseAnswer, refusal } from '@chaosproxy/proxy/client'
import { beginLeasedFault, type LeasedFault } from './leased-fault.ts'
import type { RemotePlan } from './remote-plan.ts'

export interface RemoteHost {
  carried(links: readonly Link[]): readonly Link[]
  /**
   * Puts a fault in force on links of this host under a lease.
   *
   * @throws if the host refuses the fault.
   */
  apply(fault: TcpFault): Promise<LeasedFault>
}

/** The time limit of the first reply. */
const ANSWER_WITHIN_MS = 5_000

interface RemoteHostOptions {
  /** The owner of the leases, for the proxy's log. */
  readonly owner: string
  /** The version that the proxy must have; by default any. */
  readonly version?: string | undefined
}

/**
 * Connects to the control interface of another host, and checks its proxies.
 *
 * @throws UserError (usage) for a missing or refused token, (environment) if the host cannot be reached, has another
 * version, or lacks a proxy. Each message is one sentence.
 */
export async function openRemoteHost(plan: RemotePlan, options: RemoteHostOptions): Promise<RemoteHost> {
  const { where, control, leaseMs } = plan
  const words = { host: `${where}.control`, token: `"token" of ${where}`, authorities: `"ca" of ${where}` }
  const token = tokenOf(plan)
  const authorities = authoritiesOf(plan)
  const client = createControlClient({ host: control, token, authorities, words })
  const place = new URL(control).host
  const proxies = await proxiesAt(client, plan, { ...options, place, words, hasToken: token !== undefined })
  /** The proxies of each link: two if the host has one for each direction. */
  const named = new Map<string, string[]>()
  for (const [name, { from, to }] of plan.links) {
    const there = proxies.get(name)
    if (there === undefined) continue
    for (const [ours, theirs] of [
      [linkName({ from, to }), linkName({ from: there.from, to: there.to })],
      [linkName({ from: to, to: from }), linkName({ from: there.to, to: there.from })],
    ] as const)
      named.set(ours, [...new Set([...(named.get(ours) ?? []), theirs])])
  }
  let faults = 0
  return {
    carried: (links) => links.filter((link) => named.has(linkName(link))),
    apply(fault) {
      faults++
      const links = [...new Set(fault.links.flatMap((link) => named.get(linkName(link)) ?? []))]
      const name = `${options.owner}-${faults}`
      return beginLeasedFault({ client, place, leaseMs, owner: options.owner, fault: { ...fault, links, name } })
    },
  }
}

interface Expected extends RemoteHostOptions {
  readonly place: string
  readonly words: Parameters<typeof refusal>[2]['words']
  readonly hasToken: boolean
}

interface ProxyThere {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly enabled: boolean
  readonly protocol: string
}

async function proxiesAt(
  client: ControlClient,
  { where, links }: RemotePlan,
  { version, place, words, hasToken }: Expected,
): Promise<ReadonlyMap<string, ProxyThere>> {
  const inPlace = (error: UserError) => new UserError(error.code, `${where}: ${error.message}`)
  const answer = await client.ask('GET', '/v1/proxies', { timeoutMs: ANSWER_WITHIN_MS }).catch((error: UserError) => {
    throw inPlace(error)
  })
  if (answer.status !== 200) throw inPlace(refusal(answer.status, answer.text, { words, hasToken }))
  if (version !== undefined && answer.version !== version)
    throw environmentError(
      `${where}: the proxy at ${place} has version ${answer.version ?? 'unknown'}, and this run has ${version}. Install the same version on both machines.`,
    )
  const listed = parseAnswer(answer.text, place)
  const there = new Map((Array.isArray(listed) ? listed.filter(isProxy) : []).map((proxy) => [proxy.name, proxy]))
  for (const name of links.keys()) {
    const proxy = there.get(name)
    const wrong =
      proxy === undefined
        ? `has no proxy ${name}. It has: ${[...there.keys()].join(', ') || 'none'}.`
        : !proxy.enabled
          ? `has disabled its proxy ${name}: npx chaos ctl toggle ${name} enables it.`
          : proxy.protocol !== 'tcp'
            ? `has a proxy ${name} for datagrams: only connections can be cut there. Leave it out.`
            : undefined
    if (wrong !== undefined) throw environmentError(`${where}: the proxy at ${place} ${wrong}`)
  }
  return there
}

const isProxy = (value: unknown): value is ProxyThere =>
  isObject(value) &&
  ['name', 'from', 'to', 'protocol'].every((name) => typeof value[name] === 'string') &&
  typeof value['enabled'] === 'boolean'

function tokenOf({ where, tokenFrom }: RemotePlan): string | undefined {
  if (tokenFrom === undefined) return undefined
  const token = process.env[tokenFrom]
  if (token === undefined || token === '')
    throw usageError(`${where}.token: the environment variable ${tokenFrom} is not set. Set it: export ${tokenFrom}=…`)
  return token
}

function authoritiesOf({ where, ca }: RemotePlan): string | undefined {
  if (ca === undefined) return undefined
  try {
    const pem = readFileSync(ca, 'utf8')
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  } catch (error) {
    throw usageError(`${where}.ca: ${ca}: ${whyUnreadable(error)}`)
  }
  throw inputError(`${where}.ca: ${ca}: this is not a certificate. Give one in PEM.`)
}
