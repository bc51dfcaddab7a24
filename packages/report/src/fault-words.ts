import type { Fault, Link } from '@chaos/faults'

/** `{n1 | n2 n3}`: the islands that no link joins any more; undefined where the cut leaves everything joined somehow. */
export function islands(links: readonly Link[], nodes: readonly string[]): string[][] | undefined {
  const cut = new Set(links.map((link) => `${link.from}>${link.to}`))
  const everyone = [...new Set([...nodes, ...links.flatMap((link) => [link.from, link.to])])].sort(byName)
  const both = (a: string, b: string): boolean => cut.has(`${a}>${b}`) && cut.has(`${b}>${a}`)
  const island = new Map<string, number>()
  let found = 0
  for (const start of everyone) {
    if (island.has(start)) continue
    const queue = [start]
    island.set(start, found)
    for (let next = queue.pop(); next !== undefined; next = queue.pop())
      for (const other of everyone)
        if (!island.has(other) && !both(next, other)) {
          island.set(other, found)
          queue.push(other)
        }
    found++
  }
  const together = (link: Link): boolean => island.get(link.from) === island.get(link.to)
  if (found < 2 || links.some(together)) return undefined
  return Array.from({ length: found }, (_, i) => everyone.filter((node) => island.get(node) === i))
}

/** `n2` before `n10`, words before numbers. */
function byName(a: string, b: string): number {
  const number = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? -1)
  return number(a) - number(b) || (a < b ? -1 : a > b ? 1 : 0)
}

/** What is wrong, in a few words: `partition {n1 | n2 n3}`, `kill n4`, `latency 100 ms ± 20 ms`. */
export function faultText(fault: Fault, nodes: readonly string[]): string {
  switch (fault.kind) {
    case 'partition':
      return cutText(fault.links, nodes)
    case 'kill':
    case 'pause':
      return `${fault.kind} ${fault.nodes.join(' ')}`
    case 'latency':
      return `latency ${fault.latencyMs} ms${fault.jitterMs > 0 ? ` ± ${fault.jitterMs} ms` : ''}`
    case 'bandwidth':
      return `bandwidth ${fault.bytesPerSecond} B/s`
    case 'loss':
      return `loss of ${Math.round(fault.probability * 1000) / 10}%`
    case 'reset':
      return 'connections reset'
    default:
      return (fault satisfies never as Fault).kind
  }
}

function cutText(links: readonly Link[], nodes: readonly string[]): string {
  const groups = islands(links, nodes)
  if (groups !== undefined) return `partition {${groups.map((group) => group.join(' ')).join(' | ')}}`
  const cut = new Set(links.map((link) => `${link.from}>${link.to}`))
  const names = links.flatMap(({ from, to }) => {
    if (!cut.has(`${to}>${from}`)) return [`${from}→${to}`]
    return byName(from, to) < 0 ? [`${from}–${to}`] : []
  })
  const shown = names.slice(0, 4).join(' ')
  return `cut ${names.length > 4 ? `${shown} and ${names.length - 4} more` : shown}`
}

/** Several of a kind, in words: `6 partitions`. */
export const kindInPlural = (kind: string): string => {
  if (kind === 'latency') return 'spells of latency'
  if (kind === 'bandwidth') return 'spells of low bandwidth'
  if (kind === 'loss') return 'spells of loss'
  return `${kind}s`
}

/** The nodes a fault touches; none where it touches all links alike. */
export function nodesOfFault(fault: Fault): string[] {
  if (fault.kind === 'kill' || fault.kind === 'pause') return [...fault.nodes]
  return [...new Set(fault.links.flatMap((link) => [link.from, link.to]))]
    .filter((node) => node !== 'clients')
    .sort(byName)
}
