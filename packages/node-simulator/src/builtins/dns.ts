import dns from 'node:dns'
import { type Life, runningLife } from '../world/life.ts'
import { refusedModule } from './refused.ts'

type Found = (error: Error | null, address?: unknown, family?: number) => void

interface LookupOptions {
  readonly all?: boolean | undefined
}

const INSTEAD = 'Only the names of nodes are known: dial them by name, or use lookup().'

function found(life: Life, host: string): string {
  const node = life.hosts.find(host, life.id)
  if (node === undefined) throw life.hosts.unknown(host)
  return node
}

function lookup(host: string, ...rest: readonly unknown[]): void {
  const life = runningLife()
  const done = rest.at(-1) as Found
  const { all = false } = typeof rest[0] === 'object' && rest[0] !== null ? (rest[0] as LookupOptions) : {}
  life.after(life.threadMs(), () => {
    try {
      const address = found(life, host)
      if (all) done(null, [{ address, family: 4 }])
      else done(null, address, 4)
    } catch (error) {
      done(error as Error)
    }
  })
}

async function lookupPromise(host: string, { all = false }: LookupOptions = {}): Promise<unknown> {
  const address = found(runningLife(), host)
  return all ? [{ address, family: 4 }] : { address, family: 4 }
}

const refused = refusedModule('dns', { ...dns }, 'asks servers outside of the simulation', INSTEAD)
const refusedPromises = refusedModule('dns.promises', { ...dns.promises }, 'asks servers outside of it', INSTEAD)

const setDefaultResultOrder = (): void => {}

export const dnsPromises: object = { ...refusedPromises, lookup: lookupPromise, setDefaultResultOrder }
export const dnsModule: object = { ...refused, lookup, promises: dnsPromises, setDefaultResultOrder }
