import { existsSync } from 'node:fs'
import type { Keeper } from '../keeper/keeper.ts'
import {
  ADDRESS,
  type AddressPair,
  type ContainerRules,
  connectionsIn,
  type DirectConnection,
  elements,
  elementsIn,
  FAMILIES,
  NOT_TCP,
  noteOpen,
  type OwnedTable,
  openSet,
  openTable,
  type RedirectedPort,
  type Refused,
  replaced,
  tableOf,
  UDP,
} from './redirection.ts'

interface InnerTable {
  readonly table: OwnedTable
  /** Maps each address that the container must not reach directly to the container's own address towards it. */
  readonly own: Map<string, string>
  /** The addresses to which only TCP may pass. */
  cut: readonly string[]
}

/**
 * Opens the same rules in the containers' own networks, for bridges that bypass the engine's rules. A restarted
 * container gets its rules at the next `redirect`.
 *
 * @param processes A process of each running container, by each of its addresses.
 */
export function openInnerRules(
  project: string,
  keeper: Keeper,
  processes: () => ReadonlyMap<string, number>,
): ContainerRules {
  const name = tableOf(project)
  const tables = new Map<number, InnerTable>()
  const past = emptyCount()
  const inAll = (command: string) => Promise.all([...tables.values()].map(({ table }) => table.run([command])))

  async function tableIn(pid: number): Promise<InnerTable | undefined> {
    const known = tables.get(pid)
    if (known !== undefined) return known
    try {
      const table = await openTable({ name, project, setup: emptyInnerTable(name), inside: pid, keeper })
      const opened: InnerTable = { table, own: new Map(), cut: [] }
      tables.set(pid, opened)
      return opened
    } catch (error) {
      if (existsSync(`/proc/${pid}`)) throw error
      return undefined
    }
  }

  async function closeTable(pid: number, { table, own }: InnerTable): Promise<void> {
    tables.delete(pid)
    // The network of an ended container lasts while a process is in it.
    const counted = await table.run([]).catch(() => '')
    addTo(past, counted, own)
    await table.close()
  }

  return {
    async redirect(ports, refused = []) {
      const pids = processes()
      const running = new Set(pids.values())
      await Promise.all([...tables].filter(([pid]) => !running.has(pid)).map(([pid, each]) => closeTable(pid, each)))
      await Promise.all(
        [...running].map(async (pid) => {
          const sent = ports.filter(({ from }) => pids.get(from) === pid)
          const received = ports.filter(({ to }) => pids.get(to) === pid)
          const own = refused.filter(([from]) => pids.get(from) === pid)
          const inner = await tableIn(pid)
          if (inner === undefined) return
          for (const [from, to] of own) inner.own.set(to, from)
          const pairs = FAMILIES.flatMap((each) => {
            const to = own.map(([, address]) => address).filter((address) => each.has(address))
            return [...elements(`${name} ${each.pairs}`, to), ...elements(`${name} ${each.datagrams}`, to)]
          })
          await inner.table.run([[...redirecting(name, sent, received), ...pairs].join('; ')])
        }),
      )
    },
    async cut(pairs) {
      const pids = processes()
      await Promise.all([...tables].map(([pid, inner]) => cutIn(name, inner, toFrom(pairs, pids, pid))))
    },
    async refused() {
      const all = emptyCount()
      for (const set of SETS) for (const [pair, count] of past[set]) all[set].set(pair, count)
      all.connections.push(...past.connections)
      for (const { table, own } of tables.values()) addTo(all, await table.run([]), own)
      return all
    },
    async release() {
      const emptied = FAMILIES.map(({ links }) => `flush map ${name} ${links}`)
      await inAll([...emptied, `flush chain ${name} direct`].join('; '))
    },
    async close() {
      await Promise.all([...tables.values()].map(({ table }) => table.close()))
      tables.clear()
    },
  }
}

const toFrom = (pairs: readonly AddressPair[], pids: ReadonlyMap<string, number>, pid: number): readonly string[] =>
  pairs.filter(([from]) => pids.get(from) === pid).map(([, to]) => to)

async function cutIn(table: string, inner: InnerTable, after: readonly string[]): Promise<void> {
  const commands = FAMILIES.flatMap((each) =>
    replaced(`${table} ${each.cut}`, {
      before: inner.cut.filter((to) => each.has(to)),
      after: after.filter((to) => each.has(to)),
    }),
  )
  inner.cut = after
  // The network of an ended container has no traffic left to cut.
  if (commands.length > 0) await inner.table.run([commands.join('; ')]).catch(() => '')
}

function redirecting(table: string, sent: readonly RedirectedPort[], received: readonly RedirectedPort[]): string[] {
  return FAMILIES.flatMap((each) => {
    const own = (ports: readonly RedirectedPort[]) => ports.filter(({ to }) => each.has(to))
    const links = own(sent).map(({ to, port, via }) => `${to} . ${port} : ${via.host} . ${via.port}`)
    const sources = [...new Set(own(received).map(({ via, from }) => `${via.host} : ${from}`))]
    return [`flush map ${table} ${each.links}`, `flush map ${table} ${each.sources}`].concat(
      elements(`${table} ${each.links}`, links),
      elements(`${table} ${each.sources}`, sources),
    )
  })
}

/**
 * Returns the commands that create an empty table. It redirects outgoing traffic, and restores the caller's address of
 * arriving traffic.
 */
const emptyInnerTable = (table: string): readonly string[] => [
  `add table ${table} { flags owner; }`,
  `add chain ${table} sent { type nat hook output priority -101; }`,
  `add chain ${table} received { type nat hook input priority 99; }`,
  `add chain ${table} direct { type filter hook output priority 0; }`,
  ...FAMILIES.flatMap((each) => [
    `add map ${table} ${each.links} { type ${each.type} . inet_service : ${each.type} . inet_service; }`,
    `add map ${table} ${each.sources} { type ${each.type} : ${each.type}; }`,
    `add set ${table} ${each.pairs} { type ${each.type}; counter; }`,
    openSet(table, each),
    `add set ${table} ${each.datagrams} { type ${each.type}; counter; }`,
    `add set ${table} ${each.cut} { type ${each.type}; counter; }`,
    `add rule ${table} sent meta l4proto tcp dnat ${each.ip} to ${each.ip} daddr . tcp dport map @${each.links}`,
    `add rule ${table} received meta l4proto tcp snat ${each.ip} to ${each.ip} saddr map @${each.sources}`,
    `add rule ${table} direct meta l4proto tcp ${each.ip} daddr @${each.pairs} ${noteOpen(each)}`,
    `add rule ${table} direct meta l4proto tcp ${each.ip} daddr @${each.pairs} reject with tcp reset`,
    `add rule ${table} direct ${NOT_TCP} ${each.ip} daddr @${each.cut} drop`,
    `add rule ${table} direct meta l4proto ${UDP} ${each.ip} daddr @${each.datagrams}`,
  ]),
]

/** Sets of addresses whose packets are counted. */
const SETS = ['packets', 'datagrams', 'cut'] as const
const NAME_OF = { packets: 'pairs', datagrams: 'datagrams', cut: 'cut' } as const

type Count = { readonly [set in (typeof SETS)[number]]: Map<string, number> } & {
  readonly connections: DirectConnection[]
}

const emptyCount = (): Count & Refused => ({
  packets: new Map(),
  datagrams: new Map(),
  cut: new Map(),
  connections: [],
})

function addTo(all: Count, listing: string, own: ReadonlyMap<string, string>): void {
  for (const set of SETS)
    for (const [, to = '', more] of elementsIn(listing, NAME_OF[set]).matchAll(COUNTED)) {
      const pair = `${own.get(to)}>${to}`
      all[set].set(pair, (all[set].get(pair) ?? 0) + Number(more))
    }
  all.connections.push(...connectionsIn(listing))
}

const COUNTED = new RegExp(`${ADDRESS} counter packets (\\d+)`, 'g')
