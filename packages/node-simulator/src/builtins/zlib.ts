import zlib from 'node:zlib'
import { runningLife } from '../world/life.ts'
import { refusedModule } from './refused.ts'
import { computed, type Done } from './thread-pool.ts'

const INSTEAD = 'Use the …Sync functions or those with a callback, or leave compression out if CHAOS_SIMULATED is set.'

/** `gzip`, `inflate` and similar functions: computed immediately, answered in virtual time. */
const answered =
  (name: string, twin: (...args: unknown[]) => unknown) =>
  (...args: unknown[]): void => {
    const done = args.pop()
    if (typeof done !== 'function') throw new TypeError(`zlib.${name}: the last argument must be of type function.`)
    computed(runningLife(), () => twin(...args), done as Done)
  }

/** `node:zlib` without its streams, which work in threads. */
export function zlibModule(): object {
  const real = zlib as unknown as { readonly [name: string]: unknown }
  const streams = Object.fromEntries(
    Object.entries(real).filter(([name, value]) => typeof value === 'function' && /^(create|[A-Z])/.test(name)),
  )
  const twins = Object.entries(real).flatMap(([name, value]) =>
    name.endsWith('Sync') && typeof value === 'function'
      ? [[name.slice(0, -4), answered(name.slice(0, -4), value as (...args: unknown[]) => unknown)] as const]
      : [],
  )
  return {
    ...real,
    ...refusedModule('zlib', streams, 'compresses in a thread, whose timing the simulator does not control', INSTEAD),
    ...Object.fromEntries(twins),
  }
}
