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
  emptyTable,
  FAMILIES,
  type OwnedTable,
  openTable,
  type RedirectedPort,
  type Refused,
  redirecting,
  releasing,
  replaced,
  tableOf,
} from './redirection.ts'

interface InnerTable {
  readonly table: OwnedTable
  /** For each address that the container must not reach directly: the container's own address, from which it dials. */
  readonly own: Map<string, string>
  /** The addresses to which only TCP may pass. */
  cut: readonly string[]
}

/**
 * Opens the rules of `openRules`, but in the containers' own networks, for bridges whose traffic bypasses the engine's
 * rules. A restarted container gets its rules at the next `redirect`.
 *
 * @param processes Maps every address of each running container to the id of a process in the container.
 */
export function openInnerRules(
  project: string,
  keeper: Keeper,
  processes: () => ReadonlyMap<string, number>,
): ContainerRules {
  const name = tableOf(project)
  const setup = emptyTable(name, ['output', 'input', 'output priority 0'], true)
  const tables = new Map<number, InnerTable>()
  const past = emptyCount()

  async function tableIn(pid: number): Promise<InnerTable | undefined> {
    const known = tables.get(pid)
    if (known !== undefined) return known
    try {
      const table = await openTable({ name, project, setup, inside: pid, keeper })
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
    // Reads the last packet counts before the table is closed. The counts still exist if the container has ended,
    // because its network exists as long as a process, such as nft, is in it.
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
          const nameOf = ({ to, port }: RedirectedPort) => `${to} . ${port}`
          const redirected = FAMILIES.flatMap((each) => redirecting(name, each, { sent, received, nameOf }))
          const pairs = FAMILIES.flatMap((each) => {
            const to = own.map(([, address]) => address).filter((address) => each.has(address))
            return [...elements(`${name} ${each.pairs}`, to), ...elements(`${name} ${each.datagrams}`, to)]
          })
          await inner.table.run([[...redirected, ...pairs].join('; ')])
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
      await Promise.all([...tables.values()].map(({ table }) => table.run([releasing(name)])))
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

/** Names for the sets of addresses whose packets are counted. */
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
