import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { type ContainerLinks, type ContainerLinksOptions, lostLinks, openContainerLinks } from './container-links.ts'
import type { EngineProgram } from './engine.ts'
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
  try {
    unwatch = await watched(links, options)
    await links.refresh()
    await links.endOlder()
    await prove(links, options)
  } catch (error) {
    await unwatch()
    await links.close()
    throw error
  }
  return {
    refresh: () => links.refresh(),
    async release() {
      await unwatch()
      await logDirect(links, options.logDir)
      await links.release()
    },
    close: () => links.close(),
  }
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

/** A way past the proxy would make every cut of it a lie. */
async function prove(links: ContainerLinks, { members, trouble, where }: FollowedLinksOptions): Promise<void> {
  const unproved = await links.unproved()
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
    `${where}: ${text}. Either the bridge keeps it from the host's rules (modprobe br_netfilter; sysctl net.bridge.bridge-nf-call-iptables=1), or a firewall of the host drops what containers send to it.`,
  )
}

/** Connections made before the rules, to ports that had just been opened, and to addresses that had just changed. */
async function logDirect(links: ContainerLinks, logDir: string): Promise<void> {
  const counts = [...(await links.direct())].map(([link, packets]) => `${link} ${packets}\n`)
  const text = `Packets between containers that were not for the proxy and were refused:\n${counts.join('') || 'none\n'}`
  writeFileSync(join(logDir, 'links.log'), text)
}
