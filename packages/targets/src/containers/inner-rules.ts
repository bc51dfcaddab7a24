import { existsSync } from 'node:fs'
import {
  type ContainerRules,
  elements,
  type OwnedTable,
  openTable,
  type RedirectedPort,
  tableOf,
} from './redirection.ts'

/** The rules in the network of one container. */
interface InnerTable {
  readonly table: OwnedTable
  /** The container's own address towards each address that it may not reach directly. */
  readonly own: Map<string, string>
}

/**
 * The same rules in the containers' own networks, for bridges that keep what passes within them from the rules of the
 * engine's network. A container that starts anew gets its table with the next redirected ports.
 *
 * @param processes A process of each container that runs, by every address of the container.
 */
export function openInnerRules(project: string, processes: () => ReadonlyMap<string, number>): ContainerRules {
  const name = tableOf(project)
  const tables = new Map<number, InnerTable>()
  /** What tables counted that are closed. */
  const past = new Map<string, number>()
  const inAll = (command: string) => Promise.all([...tables.values()].map(({ table }) => table.run([command])))

  /** Undefined if the container has ended meanwhile. */
  async function tableIn(pid: number): Promise<InnerTable | undefined> {
    const known = tables.get(pid)
    if (known !== undefined) return known
    try {
      const table = await openTable({ name, project, setup: emptyInnerTable(name), inside: pid })
      const opened: InnerTable = { table, own: new Map() }
      tables.set(pid, opened)
      return opened
    } catch (error) {
      if (existsSync(`/proc/${pid}`)) throw error
      return undefined
    }
  }

  async function closeTable(pid: number, { table, own }: InnerTable): Promise<void> {
    tables.delete(pid)
    // The network of a container that has ended lasts as long as somebody is in it.
    const counted = await table.run([]).catch(() => '')
    for (const [pair, packets] of countsIn(counted, own)) past.set(pair, (past.get(pair) ?? 0) + packets)
    await table.close()
  }

  return {
    async redirect(ports) {
      const pids = processes()
      const running = new Set(pids.values())
      await Promise.all([...tables].filter(([pid]) => !running.has(pid)).map(([pid, each]) => closeTable(pid, each)))
      await Promise.all(
        [...running].map(async (pid) => {
          const sent = ports.filter(({ from }) => pids.get(from) === pid)
          const received = ports.filter(({ to }) => pids.get(to) === pid)
          const inner = await tableIn(pid)
          await inner?.table.run(redirecting(name, sent, received))
        }),
      )
    },
    async refuseDirect(pairs) {
      const pids = processes()
      await Promise.all(
        [...new Set(pids.values())].map(async (pid) => {
          const own = pairs.filter(([from]) => pids.get(from) === pid)
          const inner = await tableIn(pid)
          if (inner === undefined) return
          for (const [from, to] of own) inner.own.set(to, from)
          await inner.table.run(
            elements(
              `${name} pairs`,
              own.map(([, to]) => to),
            ),
          )
        }),
      )
    },
    async refused() {
      const counts = new Map(past)
      for (const { table, own } of tables.values())
        for (const [pair, packets] of countsIn(await table.run([]), own))
          counts.set(pair, (counts.get(pair) ?? 0) + packets)
      return counts
    },
    async release() {
      await inAll(`flush map ${name} links; flush chain ${name} direct`)
    },
    async close() {
      await Promise.all([...tables.values()].map(({ table }) => table.close()))
      tables.clear()
    },
  }
}

/** Replaces what one container's table redirects. */
function redirecting(table: string, sent: readonly RedirectedPort[], received: readonly RedirectedPort[]): string[] {
  const links = sent.map(({ to, port, via }) => `${to} . ${port} : ${via.host} . ${via.port}`)
  const sources = [...new Set(received.map(({ via, from }) => `${via.host} : ${from}`))]
  return [
    [`flush map ${table} links`, `flush map ${table} sources`]
      .concat(elements(`${table} links`, links), elements(`${table} sources`, sources))
      .join('; '),
  ]
}

/** What the container sends is redirected as it leaves; what the proxy sends it gets the caller's address as it arrives. */
const emptyInnerTable = (table: string): readonly string[] => [
  `add table ${table} { flags owner; }`,
  `add map ${table} links { type ipv4_addr . inet_service : ipv4_addr . inet_service; }`,
  `add map ${table} sources { type ipv4_addr : ipv4_addr; }`,
  `add set ${table} pairs { type ipv4_addr; counter; }`,
  `add chain ${table} sent { type nat hook output priority -101; }`,
  `add chain ${table} received { type nat hook input priority 99; }`,
  `add chain ${table} direct { type filter hook output priority 0; }`,
  `add rule ${table} sent meta l4proto tcp dnat ip to ip daddr . tcp dport map @links`,
  `add rule ${table} received meta l4proto tcp snat ip to ip saddr map @sources`,
  `add rule ${table} direct meta l4proto tcp ip daddr @pairs reject with tcp reset`,
]

const COUNTED = /([\d.]+) counter packets (\d+)/g

const countsIn = (listing: string, own: ReadonlyMap<string, string>): ReadonlyMap<string, number> =>
  new Map([...listing.matchAll(COUNTED)].map(([, to = '', count]) => [`${own.get(to)}>${to}`, Number(count)]))
