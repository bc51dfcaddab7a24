import type { Refusal } from '../definition/definition.ts'
import { type Fault, type FaultKind, faultKinds } from '../families/registry.ts'
import type { Nemesis } from './nemesis.ts'
import { nemeses } from './registry.ts'

/**
 * Returns a fault's name in `--faults` and reports: `delay` for `latency`. A kind without a nemesis keeps its own name.
 */
export const faultName = (fault: Fault): string =>
  lossIn(fault) ?? nameOfKind(fault.kind, 'links' in fault && fault.links.every(isOfClients) ? 'clients' : 'nodes')

/** Outside HTTP, `lose-reply` and `lose-request` are injected as cuts of one direction between clients and servers. */
function lossIn(fault: Fault): FaultKind | undefined {
  if (fault.kind !== 'partition' || fault.mode !== 'drop' || fault.links.length === 0) return undefined
  if (fault.links.every(({ to }) => to === 'clients')) return 'lose-reply'
  return fault.links.every(({ from }) => from === 'clients') ? 'lose-request' : undefined
}

/** Returns a kind's name in `--faults`. Faults among nodes and among clients may have different names. */
export function nameOfKind(kind: FaultKind, among: Nemesis['among']): string {
  const own = nemeses.filter((nemesis) => nemesis.kind === kind)
  if (own.some(({ name }) => name === kind)) return kind
  return (own.find((nemesis) => nemesis.among === among) ?? own[0])?.name ?? kind
}

export const faultNames = (): readonly string[] => [
  ...new Set(faultKinds.flatMap((kind) => [nameOfKind(kind, 'nodes'), nameOfKind(kind, 'clients')])),
]

/** Returns the alternatives to a refused fault: `kill or pause, or with --sim`. */
export function insteadText({ instead, elsewhere }: Refusal): string {
  const last = instead.at(-1) ?? ''
  const names = instead.length > 1 ? `${instead.slice(0, -1).join(', ')} or ${last}` : last
  return [names, elsewhere === undefined ? '' : PLACES[elsewhere]].filter((text) => text !== '').join(', or ')
}

const PLACES: { readonly [place in NonNullable<Refusal['elsewhere']>]: string } = {
  simulator: 'with --sim',
  processes: 'run it on real processes',
}

/**
 * Returns why a fault is refused, and the alternatives: `all processes of a machine read the same clock. Instead:
 * pause, or with --sim.`
 */
export const refusalText = (refusal: Refusal): string => `${refusal.not}. Instead: ${insteadText(refusal)}.`

const isOfClients = ({ from, to }: { readonly from: string; readonly to: string }): boolean =>
  from === 'clients' || to === 'clients'
