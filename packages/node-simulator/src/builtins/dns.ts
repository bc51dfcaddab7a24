import dns from 'node:dns'
import { type Life, runningLife } from '../world/life.ts'
import { refusedFunction, refusedModule } from './refused.ts'
import { acting, type Done } from './thread-pool.ts'

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
  const done = rest.at(-1) as Done
  const { all = false } = typeof rest[0] === 'object' && rest[0] !== null ? (rest[0] as LookupOptions) : {}
  acting(
    life,
    () => found(life, host),
    (error, address) => {
      if (error !== null) done(error)
      else if (all) done(null, [{ address, family: 4 }])
      else done(null, address, 4)
    },
  )
}

async function lookupPromise(host: string, { all = false }: LookupOptions = {}): Promise<unknown> {
  const address = found(runningLife(), host)
  return all ? [{ address, family: 4 }] : { address, family: 4 }
}

const OUTSIDE = 'asks servers outside of the simulation'
/** Throws the error for a DNS query of TXT records. A simulated node has only an address, and no such records. */
function noRecord(host: string): never {
  const { hosts, id } = runningLife()
  const code = hosts.find(host, id) === undefined ? 'ENOTFOUND' : 'ENODATA'
  throw Object.assign(new Error(`queryTxt ${code} ${host}`), {
    code,
    errno: undefined,
    syscall: 'queryTxt',
    hostname: host,
  })
}

const resolveTxtPromise = async (host: string): Promise<never> => noRecord(host)

const resolveTxt = (host: string, done: Done): void => acting(runningLife(), () => noRecord(host), done)

const refused = refusedModule('dns', { ...dns }, OUTSIDE, INSTEAD)
const refusedPromises = refusedModule('dns.promises', { ...dns.promises }, OUTSIDE, INSTEAD)

const setDefaultResultOrder = (): void => {}

const HARMLESS: ReadonlySet<string> = new Set(['constructor', 'cancel', 'setServers', 'setLocalAddress', 'resolveTxt'])

/**
 * Returns a class of resolvers that refuse calls. Some packages, such as gRPC's, create a resolver without using it.
 */
function resolverOf(real: object, name: string, txt: unknown): unknown {
  class Resolver {
    cancel(): void {}
    setServers(): void {}
    setLocalAddress(): void {}
    resolveTxt = txt
  }
  for (const method of Object.getOwnPropertyNames(real).filter((each) => !HARMLESS.has(each)))
    Object.defineProperty(Resolver.prototype, method, {
      value: refusedFunction(`${name}.${method}`, OUTSIDE, INSTEAD),
      ...{ configurable: true, writable: true },
    })
  return Resolver
}

const methodsOf = (made: object): object => {
  const methods = {}
  for (let from: unknown = Object.getPrototypeOf(made); from !== Object.prototype && from !== null; ) {
    Object.defineProperties(methods, Object.getOwnPropertyDescriptors(from as object))
    from = Object.getPrototypeOf(from)
  }
  return methods
}

export const dnsPromises: object = {
  ...refusedPromises,
  lookup: lookupPromise,
  resolveTxt: resolveTxtPromise,
  setDefaultResultOrder,
  Resolver: resolverOf(methodsOf(new dns.promises.Resolver()), 'dns.promises.Resolver', resolveTxtPromise),
}
export const dnsModule: object = {
  ...refused,
  lookup,
  resolveTxt,
  promises: dnsPromises,
  setDefaultResultOrder,
  Resolver: resolverOf(methodsOf(new dns.Resolver()), 'dns.Resolver', resolveTxt),
}
