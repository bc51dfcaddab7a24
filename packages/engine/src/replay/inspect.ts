import inspector from 'node:inspector'
import { UserError } from '@chaosproxy/history'
import { type ClientRequest, requestOf } from '../references/requests.ts'
import { type Shown, showScenario } from '../search/show.ts'
import { subjectOf } from '../worlds/subject.ts'
import type { Watching } from '../worlds/world.ts'
import { noPlays, type ReplayOutcome, type ReplaySpec, replay, withPlay } from './play-again.ts'

export interface InspectHooks {
  /** Called once a debugger can attach, before this process waits for one. */
  readonly waiting: (at: InspectedAt) => void
  readonly signal?: AbortSignal | undefined
}

export interface InspectedAt {
  /** Where debuggers attach: `ws://127.0.0.1:9229/…`. */
  readonly url: string
  /** The request that it stops at; undefined: the first, since no single answer is wrong. */
  readonly culprit: ClientRequest | undefined
}

const LOOPBACK = '127.0.0.1'

/**
 * Plays a scenario of a service twice: once to find the culprit, then on this thread under Node's inspector, where a
 * debugger stops in the program's own code, as the culprit's request begins. Virtual time stands still meanwhile.
 *
 * @throws UserError (environment) if nothing can listen on the port; (input) for a program that cannot be simulated.
 */
export async function inspectReplay(
  spec: ReplaySpec,
  port: number,
  { waiting, signal }: InspectHooks,
): Promise<ReplayOutcome> {
  const { scenario, subject, invariants, digest } = spec
  const before = await replay({ ...spec, times: 1, real: false }, { signal })
  if (before.interrupted) return before
  const { shown: found } = before
  const culprit = found === undefined ? undefined : culpritOf(found)
  const probed = await subjectOf(subject, { entered: stopsAt(culprit) })
  waiting({ url: openInspector(port), culprit })
  inspector.waitForDebugger()
  const shown = await probed.perform(() => showScenario(probed, scenario, invariants))
  return withPlay(noPlays, { ...shown, race: found?.digest === shown.digest ? found.race : undefined }, digest)
}

/** The request that was overtaken at an await and continued with stale data; else the one with the wrong answer. */
function culpritOf({ race, culprit, history }: Shown): ClientRequest | undefined {
  if (race === undefined) return culprit === undefined ? undefined : requestOf(history, culprit)
  const { name } = race.overtaken.request
  return Array.from(history.operations.process, (_, row) => requestOf(history, row)).find((each) => each.name === name)
}

/**
 * Stops once, at the first function of the program's own that serves this request; of any request, if none is given.
 */
function stopsAt(culprit: ClientRequest | undefined): NonNullable<Watching['entered']> {
  let stopped = false
  return (request) => {
    if (stopped || (culprit !== undefined && request !== culprit.name)) return false
    stopped = true
    return true
  }
}

/** @throws UserError (environment) */
function openInspector(port: number): string {
  // The process may have been started with an inspector.
  if (inspector.url() === undefined) inspector.open(port, LOOPBACK, false)
  const url = inspector.url()
  if (url !== undefined) return url
  throw new UserError(
    'environment',
    `--inspect: nothing can listen on ${LOOPBACK}:${port}. Give a free port with --inspect-port, or 0 for any.`,
  )
}
