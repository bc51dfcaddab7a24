import { type Fault, type Link, linkName, type NodeEffect, type NodeId } from './fault.ts'

/** A fault in a few words, for people: `partition {n1 n3 | n2 n4 n5}`, `n1 killed`, `n2 paused`. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'partition':
      return `partition ${describeCut(fault.links)}${fault.mode === 'drop' ? ' (dropping)' : ''}`
    case 'latency':
      return `${fault.latencyMs} ± ${fault.jitterMs} ms of delay on ${countLinks(fault.links)}`
    case 'bandwidth':
      return `${fault.bytesPerSecond} bytes/s on ${countLinks(fault.links)}`
    case 'loss':
      return `${percent(fault.probability)} of messages lost on ${countLinks(fault.links)}`
    case 'duplicate':
      return `${percent(fault.probability)} of messages twice on ${countLinks(fault.links)}`
    case 'reorder':
      return `${percent(fault.probability)} of messages overtaken within ${fault.withinMs} ms on ${countLinks(fault.links)}`
    case 'corrupt':
      return `${percent(fault.probability)} of messages damaged on ${countLinks(fault.links)}`
    case 'reset':
      return `connections reset on ${countLinks(fault.links)}`
    case 'kill':
      return `${fault.nodes.join(' ')} killed`
    case 'crash':
      return `${fault.nodes.join(' ')} killed before ${effectNames[fault.before]} ${fault.nth}`
    case 'pause':
      return `${fault.nodes.join(' ')} paused`
    case 'clock':
      return `${fault.nodes.length === 1 ? 'clock' : 'clocks'} of ${fault.nodes.join(' ')} ${describeClock(fault.offsetMs, fault.driftPpm)}`
  }
}

const effectNames: { readonly [effect in NodeEffect]: string } = { persist: 'write', send: 'message', reply: 'answer' }

const percent = (probability: number): string => `${Math.round(probability * 100)}%`

function describeClock(offsetMs: number, driftPpm: number): string {
  const jump = offsetMs === 0 ? [] : [`${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'ahead' : 'behind'}`]
  const drift = driftPpm === 0 ? [] : [`${Math.abs(driftPpm) / 10_000}% too ${driftPpm > 0 ? 'fast' : 'slow'}`]
  return [...jump, ...drift].join(' and ') || 'right'
}

const countLinks = (links: readonly Link[]): string => `${links.length} link${links.length === 1 ? '' : 's'}`

/** `{n1 | n2 n3}` where the cut splits nodes into groups that are whole inside; otherwise the links themselves. */
function describeCut(links: readonly Link[]): string {
  const names = new Set(links.map(linkName))
  const nodes = [...new Set(links.flatMap((link) => [link.from, link.to]))].sort()
  const symmetric = links.every((link) => names.has(linkName({ from: link.to, to: link.from })))
  const groups = symmetric ? groupsOf(nodes, names) : undefined
  if (groups !== undefined) return `{${groups.map((group) => group.join(' ')).join(' | ')}}`
  const cuts = symmetric ? pairNames(links) : [...names]
  return cuts.length <= MOST_CUTS_NAMED ? `{${cuts.join(', ')}}` : `{${countLinks(links)}}`
}

const MOST_CUTS_NAMED = 6

/** Both directions of a cut as one: `n1–n3`. */
const pairNames = (links: readonly Link[]): string[] =>
  links
    .filter(({ from, to }) => from < to)
    .map(({ from, to }) => `${from}–${to}`)
    .sort()

/** Nodes that no cut separates belong together; undefined where that is no equivalence, as in a majority ring. */
function groupsOf(nodes: readonly NodeId[], cut: ReadonlySet<string>): NodeId[][] | undefined {
  const groups: NodeId[][] = []
  const connected = (a: NodeId, b: NodeId) => !cut.has(linkName({ from: a, to: b }))
  for (const node of nodes) {
    const home = groups.find((group) => group.every((member) => connected(member, node)))
    if (home !== undefined) home.push(node)
    else groups.push([node])
  }
  const separated = groups.every((group, i) =>
    groups.every((other, j) => i === j || group.every((a) => other.every((b) => !connected(a, b)))),
  )
  return separated ? groups : undefined
}
