import { type Fault, parseFault, placesOf, refusalText, stopsNodes } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { PlannedRun, RunHandle } from '@chaosproxy/runner'
import type { Order } from '../browser/frames.ts'
import type { LiveRun } from '../live/live-run.ts'

/** The run that users control from its pages. */
interface Steered {
  readonly run: PlannedRun
  readonly live: LiveRun
  readonly handle: RunHandle | undefined
  readonly nodes: readonly string[]
}

/** Why an order was not carried out; undefined if it was. */
type Outcome = string | undefined

const NOT_NOW = 'The run takes no faults now.'

/** Injects a fault. Resolves with the reason if it cannot. */
export async function injectFor(
  steered: Steered,
  order: Extract<Order, { readonly type: 'inject' }>,
): Promise<Outcome> {
  const { handle, live } = steered
  if (handle === undefined || live.stage !== 'working') return NOT_NOW
  let fault: Fault
  try {
    fault = parseFault(order.fault, 'the fault')
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  const problem = unknownPlace(fault, steered.nodes) ?? whyUnsupported(fault, steered.run) ?? alreadyDown(fault, live)
  if (problem !== undefined) return problem
  return new Promise((resolve) => {
    handle.inject(fault, (outcome) => resolve(outcome.type === 'failed' ? outcome.error : undefined))
  })
}

export async function healFor(
  { handle }: Steered,
  { id }: Extract<Order, { readonly type: 'heal' }>,
): Promise<Outcome> {
  if (handle === undefined) return NOT_NOW
  return new Promise((resolve) => {
    handle.heal(id, (outcome) => resolve(outcome.type === 'failed' ? outcome.error : undefined))
  })
}

function unknownPlace(fault: Fault, nodes: readonly string[]): string | undefined {
  const unknown = placesOf(fault).find((place) => place !== 'clients' && !nodes.includes(place))
  return unknown === undefined ? undefined : `There is no node ${unknown}: the nodes are ${nodes.join(', ')}.`
}

function whyUnsupported(fault: Fault, { target }: PlannedRun): string | undefined {
  const among =
    'links' in fault && fault.links.every(({ from, to }) => from === 'clients' || to === 'clients')
      ? 'clients'
      : 'nodes'
  const support = target.supports(fault.kind, among)
  if (support === true) return undefined
  return `${target.name} cannot suffer ${fault.kind}: ${refusalText(support)}`
}

/** Refuses a fault on a node that another fault already stops, because healing both would conflict. */
function alreadyDown(fault: Fault, { faults }: LiveRun): string | undefined {
  if (!('nodes' in fault) || !stopsNodes(fault.kind)) return undefined
  const other = faults.rows.find(
    ({ kind, to, nodes }) => to === undefined && stopsNodes(kind) && nodes.some((node) => fault.nodes.includes(node)),
  )
  return other && `${other.text} already: heal that first.`
}
