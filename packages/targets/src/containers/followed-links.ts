import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { type ContainerLinks, type ContainerLinksOptions, lostLinks, openContainerLinks } from './container-links.ts'
import type { EngineProgram } from './engine.ts'
import { isRootless } from './rights.ts'
import { holdRootlessNetwork } from './rootless-network.ts'
import { type ContainerEvent, watchContainers } from './watch.ts'

export interface FollowedLinksOptions extends ContainerLinksOptions {
  readonly engine: EngineProgram
  /** The start of every message. */
  readonly where: string
  readonly logDir: string
  /** What went wrong meanwhile, to which more is added. */
  readonly trouble: string[]
  /** Takes note of what happened to a container, of whatever project. */
  happened(event: ContainerEvent): Promise<void>
}

/** Links between containers that lead through the proxy wherever the containers move to. */
export interface FollowedLinks {
  /** Follows at once what has changed. */
  refresh(): Promise<void>
  /** Lets everything pass directly; what passes through the proxy goes on until it closes. */
  release(): Promise<void>
  close(): Promise<void>
}

/** A port that a container opens later is found within this time. */
const LOOK_EVERY_MS = 500

/**
 * Opens the links, follows containers that start and end and ports that they open, and proves each link by a probe.
 *
 * @throws UserError (environment) if the system refuses, or what nodes send each other passes elsewhere. Nothing is left.
 */
export async function followLinks(options: FollowedLinksOptions): Promise<FollowedLinks> {
  const links = await openContainerLinks(options)
  let unwatch = async () => {}
  let letGo = async () => {}
  try {
    letGo = await held(options)
    unwatch = await watched(links, options)
    await links.refresh()
    await links.endOlder()
    requireProof(await proved(links), options)
  } catch (error) {
    await unwatch()
    await links.close()
    await letGo()
    throw error
  }
  return {
    refresh: () => links.refresh(),
    async release() {
      await unwatch()
      await logDirect(links, options.logDir)
      await links.release()
    },
    async close() {
      await links.close()
      await letGo()
    },
  }
}

/** What keeps the network in which this process is, where the containers' engine may take it away. */
async function held({ engine, members, logDir, keeper }: FollowedLinksOptions): Promise<() => Promise<void>> {
  const [network] = members().flatMap(({ container: { networks } }) => networks)
  if (engine !== 'podman' || !isRootless() || network === undefined) return async () => {}
  return holdRootlessNetwork({ network: network.name, logDir, keeper })
}

/** Resolves to what ends the watching. */
async function watched(
  links: ContainerLinks,
  { engine, keeper, logDir, trouble, happened }: FollowedLinksOptions,
): Promise<() => Promise<void>> {
  const troubled = (error: Error): void => {
    const text = lostLinks(error)
    if (!trouble.includes(text)) trouble.push(text)
  }
  const refresh = () => links.refresh().catch(troubled)
  const events = await watchContainers(engine, {
    keeper,
    logPath: join(logDir, 'events.log'),
    happened: (event) => void happened(event).then(refresh).catch(troubled),
  })
  const timer = setInterval(refresh, LOOK_EVERY_MS)
  return async () => {
    clearInterval(timer)
    await events.kill()
  }
}

/** The links over which nothing passes, once the rules are wherever more of it does. */
async function proved(links: ContainerLinks): Promise<readonly string[]> {
  const unproved = await links.unproved()
  if (unproved.length === 0) return []
  await links.enter()
  await links.endOlder()
  return links.unproved()
}

/** A way past the proxy would make every cut of it a lie. */
function requireProof(unproved: readonly string[], { members, trouble, where }: FollowedLinksOptions): void {
  if (unproved.length === 0) return
  const nodes = new Set(members().flatMap(({ isNode, endpoint }) => (isNode ? [endpoint] : [])))
  const ofNodes = unproved.filter((link) => link.split('>').every((end) => nodes.has(end)))
  const text = `nothing passed from ${unproved.map((link) => link.replace('>', ' to ')).join(', ')}: what these containers send each other does not come through the proxy`
  if (ofNodes.length === 0) {
    trouble.push(text)
    return
  }
  throw new UserError(
    'environment',
    `${where}: ${text}. Either a firewall of the host drops what containers send to 198.19.0.0/16, or the network is internal and its bridge keeps it from the host's rules (modprobe br_netfilter; sysctl net.bridge.bridge-nf-call-iptables=1).`,
  )
}

/** Connections made before the rules, to ports that had just been opened, and to addresses that had just changed. */
async function logDirect(links: ContainerLinks, logDir: string): Promise<void> {
  const counts = [...(await links.direct())].map(([link, packets]) => `${link} ${packets}\n`)
  const text = `Packets between containers that were not for the proxy and were refused:\n${counts.join('') || 'none\n'}`
  writeFileSync(join(logDir, 'links.log'), text)
}
