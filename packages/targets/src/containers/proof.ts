import { environmentError } from '@chaosproxy/history'
import { askEngine, type EngineProgram, type Family } from './engine.ts'
import type { Member } from './members.ts'

interface ProofOptions {
  readonly engine: EngineProgram
  readonly members: () => readonly Member[]
  readonly where: string
  /** Problems of the run. The run adds further problems to this list. */
  readonly trouble: string[]
}

export interface Unproved {
  readonly from: string
  readonly to: string
  readonly family: Family
}

/**
 * Requires every link between nodes to lead through the proxy, as traffic would otherwise bypass cuts. Other links are
 * only reported.
 *
 * @throws UserError (environment)
 */
export async function requireProof(unproved: readonly Unproved[], options: ProofOptions): Promise<void> {
  if (unproved.length === 0) return
  const { engine, members, trouble, where } = options
  const nodes = members().filter(({ isNode }) => isNode)
  const ofNodes = unproved.filter(({ from, to }) =>
    [from, to].every((end) => nodes.some(({ endpoint }) => endpoint === end)),
  )
  const families = [...new Set(unproved.map(({ family }) => family))]
  const named = [...new Set(unproved.map(({ from, to }) => `${from} to ${to}`))].join(', ')
  const text = `nothing passed from ${named}${families.includes(4) ? '' : ' over IPv6'}: traffic between these containers does not pass the proxy`
  if (ofNodes.length === 0) {
    trouble.push(text)
    return
  }
  const names = new Set(nodes.flatMap(({ container: { networks } }) => networks.map(({ name }) => name)))
  const drivers = await Promise.all(
    [...names].map(
      async (name) =>
        [
          name,
          await askEngine(engine, ['network', 'inspect', '--format', '{{.Driver}}', name]).then(
            (output) => output.trim(),
            () => '',
          ),
        ] as const,
    ),
  )
  throw environmentError(`${where}: ${text}. ${whyBypassed(new Map(drivers), families.includes(4) ? 4 : 6)}`)
}

/** Explains why the proxy cannot get between containers, and what to do. */
export function whyBypassed(drivers: ReadonlyMap<string, string>, family: Family = 4): string {
  const other = [...drivers].find(([, driver]) => driver !== '' && driver !== 'bridge')
  if (other !== undefined) {
    const [network, driver] = other
    return `Their network ${network} has driver "${driver}", which bypasses this machine's rules: use one with driver "bridge".`
  }
  const { range, tables, setting } = FIREWALL[family]
  return `Either a firewall of this machine drops what containers send to ${range} (to allow it: ${tables} -I INPUT -d ${range} -j ACCEPT); or their network is "internal: true", and its traffic bypasses the host's rules (to prevent that: modprobe br_netfilter; sysctl net.bridge.${setting}=1).`
}

const FIREWALL = {
  4: { range: '198.19.0.0/16', tables: 'iptables', setting: 'bridge-nf-call-iptables' },
  6: { range: '2001:2::/48', tables: 'ip6tables', setting: 'bridge-nf-call-ip6tables' },
} as const
